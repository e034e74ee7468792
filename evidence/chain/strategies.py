"""ADD A RULE HERE: how an image tag names the source commit it was built from.

Each strategy is a small function that yields every commit it sees in a tag, with its basis and
strength. A tag is a claim by whoever pushed it: no strategy here is more than strong, and none
trusts a name alone: the commit must exist in the mapped repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evidence.chain.inquiry import Inquiry
from evidence.model.change import Strength

_SHA_IN_TAG = re.compile(r"(?:^|[-_.])([0-9a-f]{7,40})(?=$|[-_.])")
_DIGEST_LIKE = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One commit that one strategy sees in a tag."""

    commit: str
    basis: str
    strength: Strength
    made: int = 0
    """Microseconds UTC since when it can have named the commit; 0 where nothing says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What all strategies together make of one tag."""

    commit: str = ""
    """Empty where they see none, or several that differ."""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    made: int = 0
    problem: str = ""
    candidates: tuple[str, ...] = ()
    pending: bool = False
    """Git was not asked yet: nothing is decided."""


Strategy = Callable[[Inquiry, str, str], Iterator[Match]]


def tag_contains_sha(inquiry: Inquiry, repository: str, tag: str) -> Iterator[Match]:
    """A full SHA in the tag is strong, a shorter one inferred; one of several commits is neither.

    64 hexadecimal digits are a digest and never a commit.
    """
    for text in _sha_texts(tag):
        found = inquiry.resolve(repository, text)
        commits = found.commits if found else ()
        strength = Strength.STRONG if len(text) == 40 else Strength.INFERRED
        for commit in commits:
            yield Match(
                commit=commit,
                basis="tag_contains_sha",
                strength=strength if len(commits) == 1 else Strength.CANDIDATE,
            )


def tag_is_git_tag(inquiry: Inquiry, repository: str, tag: str) -> Iterator[Match]:
    """A Git tag of exactly that name; inferred, because tags move."""
    found = inquiry.resolve(repository, tag)
    for _ref, commit in found.tags if found else ():
        yield Match(
            commit=commit,
            basis="tag_is_git_tag",
            strength=Strength.INFERRED,
            made=found.made if found else 0,
        )


STRATEGIES: dict[str, Strategy] = {
    "tag_contains_sha": tag_contains_sha,
    "tag_is_git_tag": tag_is_git_tag,
}
"""Every strategy by its basis, the more telling first. All are tried; all matches are kept."""

_ORDER = list(Strength)


def _sha_texts(tag: str) -> list[str]:
    return [] if _DIGEST_LIKE.match(tag) else _SHA_IN_TAG.findall(tag)


def resolve_tag(inquiry: Inquiry, repository: str, tag: str) -> Resolution:
    """The one commit that the tag names in a repository, or why there is none."""
    if _DIGEST_LIKE.match(tag):
        return Resolution(problem="not_a_commit")
    matches = [match for rule in STRATEGIES.values() for match in rule(inquiry, repository, tag)]
    texts = [*_sha_texts(tag), tag]
    if any(inquiry.unresolved(repository, text) for text in texts):
        return Resolution(pending=True, problem="not_resolved_yet")
    commits = sorted({match.commit for match in matches})
    if not commits:
        return Resolution(problem="not_a_commit" if _sha_texts(tag) else "no_such_tag")
    if len(commits) > 1:
        return Resolution(problem="ambiguous", candidates=tuple(commits))
    best = min(matches, key=lambda match: _ORDER.index(match.strength))
    return Resolution(commit=best.commit, basis=best.basis, strength=best.strength, made=best.made)
