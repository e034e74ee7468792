"""ADD A RULE HERE: how an image reference names the source commit it was built from.

Each strategy is a small function that yields every commit it sees behind a reference, with its
basis and strength. A tag is a claim by whoever pushed it: only provenance that a trusted key signed
is proved, and nothing trusts a name alone: the commit must exist in the mapped repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evidence.chain.inquiry import Inquiry
from evidence.chain.provenance import Label, Statement
from evidence.chain.trailers import Trailer
from evidence.model.change import Strength
from evidence.model.production import ImageMatch

_SHA_IN_TAG = re.compile(r"(?:^|[-_.])([0-9a-f]{7,40})(?=$|[-_.])")
_DIGEST_LIKE = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image reference with everything that is stated of it."""

    tag: str = ""
    digest: str = ""
    statements: tuple[Statement, ...] = ()
    """What builders state of its digest."""
    labels: tuple[Label, ...] = ()
    """What the image of its digest says of itself."""
    trailers: tuple[Trailer, ...] = ()
    """What the commits that set it say of the commit they refer to, of the mapped repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One commit that one strategy sees behind a reference."""

    commit: str
    basis: str
    strength: Strength
    made: int = 0
    """Microseconds UTC since when it can have named the commit; 0 where nothing says so."""
    detail: str = ""
    entries: tuple[int, ...] = ()

    @property
    def kept(self) -> ImageMatch:
        """The match as a record."""
        return ImageMatch(
            basis=self.basis,
            commit=self.commit,
            strength=self.strength,
            detail=self.detail,
            entries=self.entries,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What all strategies together make of one reference."""

    commit: str = ""
    """Empty where they see none, or several that differ."""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    made: int = 0
    problem: str = ""
    candidates: tuple[str, ...] = ()
    matches: tuple[ImageMatch, ...] = ()
    """Every match of every strategy, in the order of the table."""
    pending: bool = False
    """Git was not asked yet: nothing is decided."""


Strategy = Callable[[Inquiry, str, Reference], Iterator[Match]]


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
    for text in _sha_texts(reference.tag):
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
    named = reference.tag and not _DIGEST_LIKE.match(reference.tag)
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
}
"""Every strategy by its basis, the more telling first. All are tried; all matches are kept."""

_ORDER = list(Strength)


def _sha_texts(tag: str) -> list[str]:
    return [] if _DIGEST_LIKE.match(tag) else _SHA_IN_TAG.findall(tag)


def _asked(reference: Reference) -> list[str]:
    """Every text that a strategy asks Git about."""
    tag = reference.tag
    texts = [*_sha_texts(tag), tag] if tag and not _DIGEST_LIKE.match(tag) else []
    texts += [one.provenance.commit for one in reference.statements if not one.against]
    texts += [one.revision for one in reference.labels]
    return [*texts, *(one.commit for one in reference.trailers)]


def resolve_reference(inquiry: Inquiry, repository: str, reference: Reference) -> Resolution:
    """The one commit that a reference names in a repository, or why there is none.

    What a trusted key signed goes before everything else; all other matches must agree. Candidates
    are kept and decide nothing: one alone names no commit, and none contradicts what does.
    """
    matches = [
        match for rule in STRATEGIES.values() for match in rule(inquiry, repository, reference)
    ]
    if any(inquiry.unresolved(repository, text) for text in _asked(reference) if text):
        return Resolution(pending=True, problem="not_resolved_yet")
    kept = tuple(dict.fromkeys(match.kept for match in matches))
    proved = [match for match in matches if match.strength is Strength.PROVED]
    certain = [match for match in matches if match.strength is not Strength.CANDIDATE]
    deciding = proved or certain
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


def _open(reference: Reference, kept: tuple[ImageMatch, ...]) -> Resolution:
    """No commit, and those that it may be."""
    commits = tuple(sorted({one.commit for one in kept}))
    problem = "ambiguous" if len(commits) > 1 else "candidate_only"
    return Resolution(
        problem=problem if commits else _nothing(reference), candidates=commits, matches=kept
    )


def _nothing(reference: Reference) -> str:
    if not reference.tag:
        return "digest_only"
    if _DIGEST_LIKE.match(reference.tag) or _sha_texts(reference.tag):
        return "not_a_commit"
    return "no_such_tag"
