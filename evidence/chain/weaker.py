"""The strategies that read texts and times: asked only where nothing else names a commit.

A message, a branch or a body was written by whoever pushed it. What it names must be exactly one
commit of the mapped repository, and then it is inferred. A version beside the image and the time of
a commit name none: they are candidates, shown for whoever looks on.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.chain.claims import Claim, Linked, is_of_digest
from evidence.chain.inquiry import Inquiry
from evidence.chain.matches import Match, Reference
from evidence.chain.shas import sha_texts
from evidence.model.change import Strength

TOLD = frozenset({"bump_message", "config_pull_request"})
"""Bases that rest on texts alone; anything else goes before them."""
GUESSED = frozenset({"version_label", "time_window"})
"""Bases that never name a commit."""


def bump_message(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """The tag that the message of the commit that set the image gives it."""
    yield from _claimed(inquiry, repository, reference, "bump_message")


def config_pull_request(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """The tag in the branch of the pull request that set the image, and the changes it links to."""
    yield from _claimed(inquiry, repository, reference, "config_pull_request")
    named: dict[str, Linked] = {}
    for one in reference.links:
        found = inquiry.resolve(repository, one.commit)
        named.update((commit, one) for commit in (found.commits if found else ()))
    strength = Strength.INFERRED if len(named) == 1 else Strength.CANDIDATE
    for commit, one in sorted(named.items()):
        yield Match(
            commit=commit, basis="config_pull_request", strength=strength, detail=one.said_by
        )


def version_label(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """`app.kubernetes.io/version` of what runs the image, or `appVersion` of its chart."""
    for text in version_texts(reference.version):
        for commit, _made in _named(inquiry, repository, text):
            yield Match(
                commit=commit,
                basis="version_label",
                strength=Strength.CANDIDATE,
                detail="the version beside the image",
            )


def time_window(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """What landed last before the operation: it may be in the image, and nothing says so."""
    del inquiry, repository
    if reference.landed_last:
        yield Match(
            commit=reference.landed_last,
            basis="time_window",
            strength=Strength.CANDIDATE,
            detail="the last pull request that was merged before it",
        )


def told_texts(reference: Reference) -> list[str]:
    """Every text that these strategies ask Git about."""
    claimed = [text for one in reference.claims for text in _texts(one, reference.digest)]
    linked = [one.commit for one in reference.links]
    return [*claimed, *linked, *version_texts(reference.version)]


def version_texts(version: str) -> list[str]:
    """A version as a tag may spell it: as it is, and with the `v` that many tags begin with."""
    if not version:
        return []
    return [*sha_texts(version), version, *([f"v{version}"] if version[0].isdigit() else [])]


def _claimed(
    inquiry: Inquiry, repository: str, reference: Reference, basis: str
) -> Iterator[Match]:
    """Commits that the claims of one strategy name: inferred where they all name one."""
    named: dict[str, tuple[int, Claim]] = {}
    for one in (one for one in reference.claims if one.basis == basis):
        for text in _texts(one, reference.digest):
            for commit, made in _named(inquiry, repository, text):
                named.setdefault(commit, (made, one))
    strength = Strength.INFERRED if len(named) == 1 else Strength.CANDIDATE
    for commit, (made, one) in sorted(named.items()):
        yield Match(commit=commit, basis=basis, strength=strength, made=made, detail=one.said_by)


def _texts(claim: Claim, digest: str) -> list[str]:
    """The tag, and the SHAs in it; nothing where it only repeats the digest."""
    texts = [*sha_texts(claim.tag), claim.tag]
    return [text for text in texts if not is_of_digest(text, digest)]


def _named(inquiry: Inquiry, repository: str, text: str) -> Iterator[tuple[str, int]]:
    """(commit, moment of its tag) of everything that a text names."""
    found = inquiry.resolve(repository, text)
    if found is None:
        return
    commits = found.commits if sha_texts(text) == [text] else ()
    yield from ((commit, 0) for commit in commits)
    yield from ((commit, found.made) for _ref, commit in found.tags)
