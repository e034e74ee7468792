"""Git tags that were seen to name other commits: a tag moves, what was deployed by it does not.

The commit that a deployer recorded stands. Where only the name of the tag is known, what it named
is what the looks at the repository tell: one after the deployment that shows another commit than
the one that is taken flags it, and one before it that does leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

TAG_BASIS = "tag_is_git_tag"
"""Basis of a commit that only the name of a tag gives."""
MOVED = "tag_moved"
"""Flag of a deployment: a tag that it rests on was moved after it."""
PROBLEM = "tag_moved_since"
"""Problem of a name that may have named another commit when it was deployed."""


class TagSight(NamedTuple):
    """One look at which a tag named another commit than at the look before it."""

    observed_at: int
    """Microseconds UTC."""
    commit: str


class Tags(Protocol):
    """What tags were seen to name."""

    def seen(self, repository: str, name: str, /) -> Sequence[TagSight]:
        """Looks at the tag of that short name, oldest first; () where there is none."""


class NoTags:
    """No tag was ever seen."""

    def seen(self, _repository: str, _name: str, /) -> Sequence[TagSight]:
        """None."""
        return ()


def moved_after(sights: Iterable[TagSight], commit: str, moment: int) -> bool:
    """Whether a look after a moment showed another commit."""
    return any(one.commit != commit for one in sights if one.observed_at > moment)


def other_before(sights: Iterable[TagSight], commit: str, moment: int) -> str:
    """The other commit that the last look up to a moment showed; empty where it showed this one."""
    before = [one.commit for one in sights if one.observed_at <= moment]
    return before[-1] if before and before[-1] != commit else ""
