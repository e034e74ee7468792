"""When a branch was there, and when a repository came into use: what the forge recorded of it."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.model.activity import RepositoryActivity
from evidence.model.protection import SettingsHistory

MADE, GONE = "branch_creation", "branch_deletion"


def movements(settings: SettingsHistory, branch: str) -> tuple[RepositoryActivity, ...]:
    """Makings and deletions of a branch (short name) by time; one that was renamed has both."""
    ref = f"refs/heads/{branch}"
    return tuple(one for one in settings.movements if one.ref == ref)


def is_there(settings: SettingsHistory, branch: str, moment: int) -> bool:
    """Whether the branch may have been there at a moment, microseconds UTC.

    False only where records say so: it was deleted before and not made again, or made only later.
    """
    own = movements(settings, branch)
    before = [one for one in own if one.at <= moment]
    if before:
        return before[-1].kind == MADE
    return not own or own[0].kind == GONE


def made_at(settings: SettingsHistory, branches: Sequence[str]) -> int:
    """When the first of a repository's branches was made, microseconds UTC.

    0 where any of them was there before the first that is recorded, or nothing is.
    """
    first = [own[0] for branch in branches if (own := movements(settings, branch))]
    if not first or any(one.kind != MADE for one in first) or len(first) != len(branches):
        return 0
    return min(one.at for one in first)


def renamed_at(settings: SettingsHistory, old: str, new: str, begin: int, end: int) -> int:
    """When a branch got another name between two moments; 0 where no record shows it.

    The forge records both at the same moment: the one was deleted, the other made.
    """
    gone = {one.at for one in movements(settings, old) if one.kind == GONE}
    made = {one.at for one in movements(settings, new) if one.kind == MADE}
    return max((at for at in gone & made if begin <= at <= end), default=0)
