"""ADD A RULE HERE: how an image reference names the source commit it was built from.

Each strategy is a small function that yields every commit it sees behind a reference, with its
basis and strength. A tag is a claim by whoever pushed it: only provenance that a trusted key signed
is proved, and nothing trusts a name alone: the commit must exist in the mapped repository. Those
that read texts and times stand in `evidence.chain.weaker`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.chain.inquiry import Inquiry
from evidence.chain.matches import Match, Reference, Resolution, Strategy
from evidence.chain.shas import is_digest_like, sha_texts
from evidence.chain.weaker import (
    GUESSED,
    TOLD,
    bump_message,
    config_pull_request,
    time_window,
    told_texts,
    version_label,
)
from evidence.model.change import Strength
from evidence.model.production import ImageMatch


def provenance_of_digest(
    inquiry: Inquiry, repository: str, reference: Reference
) -> Iterator[Match]:
    """A builder's statement about the digest: proved under a trusted key, else what is claimed."""
    for one in reference.statements:
        found = inquiry.resolve(repository, one.provenance.commit)
        for commit in found.commits if found and not one.against else ():
            yield Match(
                commit=commit,
                basis="provenance" if one.by else "claimed_provenance",
                strength=Strength.PROVED if one.by else Strength.INFERRED,
                detail=one.told,
                entries=(one.provenance.entry_seq,) if one.provenance.entry_seq else (),
            )


def commit_trailer(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """`Argocd-reference-commit-sha` of the commit that set the image.

    Inferred, because whoever may push there can write it.
    """
    for trailer in reference.trailers:
        found = inquiry.resolve(repository, trailer.commit)
        commits = found.commits if found else ()
        for commit in commits:
            yield Match(
                commit=commit,
                basis="commit_trailer",
                strength=Strength.INFERRED if len(commits) == 1 else Strength.CANDIDATE,
                detail=f"named by configuration commit {trailer.said_by[:12]}",
            )


def image_label(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """`org.opencontainers.image.revision` beside a `.source` that is the mapped repository.

    Strong for a whole SHA, inferred for a short one or a tag. Without a source it may be the label
    of a base image: a candidate.
    """
    for one in reference.labels:
        found = inquiry.resolve(repository, one.revision)
        commits = set(found.commits) if found else set()
        commits |= {commit for _ref, commit in found.tags} if found else set()
        strength = Strength.STRONG if one.provenance.commit else Strength.INFERRED
        certain = one.named and len(commits) == 1
        for commit in sorted(commits):
            yield Match(
                commit=commit,
                basis="image_label",
                strength=strength if certain else Strength.CANDIDATE,
                detail=f"revision {one.provenance.ref}"
                f"{'' if one.named else ', without a source: a base image may have said it'}",
                entries=(one.provenance.entry_seq,) if one.provenance.entry_seq else (),
            )


def tag_contains_sha(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """A full SHA in the tag is strong, a shorter one inferred; one of several commits is neither.

    64 hexadecimal digits are a digest and never a commit.
    """
    for text in sha_texts(reference.tag):
        found = inquiry.resolve(repository, text)
        commits = found.commits if found else ()
        strength = Strength.STRONG if len(text) == 40 else Strength.INFERRED
        for commit in commits:
            yield Match(
                commit=commit,
                basis="tag_contains_sha",
                strength=strength if len(commits) == 1 else Strength.CANDIDATE,
            )


def tag_is_git_tag(inquiry: Inquiry, repository: str, reference: Reference) -> Iterator[Match]:
    """A Git tag of exactly that name; inferred, because tags move."""
    named = reference.tag and not is_digest_like(reference.tag)
    found = inquiry.resolve(repository, reference.tag) if named else None
    for _ref, commit in found.tags if found else ():
        yield Match(
            commit=commit,
            basis="tag_is_git_tag",
            strength=Strength.INFERRED,
            made=found.made if found else 0,
        )


STRATEGIES: dict[str, Strategy] = {
    "provenance": provenance_of_digest,
    "commit_trailer": commit_trailer,
    "image_label": image_label,
    "tag_contains_sha": tag_contains_sha,
    "tag_is_git_tag": tag_is_git_tag,
    "bump_message": bump_message,
    "config_pull_request": config_pull_request,
    "version_label": version_label,
    "time_window": time_window,
}
"""Every strategy by its basis, the more telling first. All are tried; all matches are kept."""

_ORDER = list(Strength)


def _asked(reference: Reference) -> list[str]:
    """Every text that a strategy asks Git about."""
    tag = reference.tag
    texts = [*sha_texts(tag), tag] if tag and not is_digest_like(tag) else []
    texts += [one.provenance.commit for one in reference.statements if not one.against]
    texts += [one.revision for one in reference.labels]
    texts += [one.commit for one in reference.trailers]
    return [*texts, *told_texts(reference)]


def resolve_reference(inquiry: Inquiry, repository: str, reference: Reference) -> Resolution:
    """The one commit that a reference names in a repository, or why there is none.

    What a trusted key signed goes before everything else, and what rests on texts alone after it;
    matches of one rank must agree. Candidates are kept and decide nothing: one alone names no
    commit, and none contradicts what does.
    """
    matches = [
        match for rule in STRATEGIES.values() for match in rule(inquiry, repository, reference)
    ]
    if any(inquiry.unresolved(repository, text) for text in _asked(reference) if text):
        return Resolution(pending=True, problem="not_resolved_yet")
    kept = tuple(dict.fromkeys(match.kept for match in matches))
    deciding = _deciding(matches)
    commits = sorted({match.commit for match in deciding})
    if not commits:
        return _open(reference, kept)
    if len(commits) > 1:
        return Resolution(problem="ambiguous", candidates=tuple(commits), matches=kept)
    best = min(deciding, key=lambda match: _ORDER.index(match.strength))
    return Resolution(
        commit=best.commit,
        basis=best.basis,
        strength=best.strength,
        made=best.made,
        matches=kept,
    )


def _deciding(matches: Iterable[Match]) -> list[Match]:
    """The matches of the highest rank that has any."""
    certain = [match for match in matches if match.strength is not Strength.CANDIDATE]
    proved = [match for match in certain if match.strength is Strength.PROVED]
    return proved or [match for match in certain if match.basis not in TOLD] or certain


def _open(reference: Reference, kept: tuple[ImageMatch, ...]) -> Resolution:
    """No commit, and those that it may be; what is guessed alone leaves the problem as it is."""
    commits = tuple(sorted({one.commit for one in kept}))
    named = {one.commit for one in kept if one.basis not in GUESSED}
    problem = "ambiguous" if len(named) > 1 else "candidate_only"
    return Resolution(
        problem=problem if named else _nothing(reference), candidates=commits, matches=kept
    )


def _nothing(reference: Reference) -> str:
    if not reference.tag:
        return "digest_only"
    if is_digest_like(reference.tag) or sha_texts(reference.tag):
        return "not_a_commit"
    return "no_such_tag"
