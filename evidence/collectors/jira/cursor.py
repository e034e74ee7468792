"""Where a read of Jira got to: opaque JSON for the store, lenient when it is read back."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.collectors import cursors
from evidence.collectors.jira.reading import items, text

LATER_LIMIT = 1000
"""Issues that are asked for again by the next run at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """`reached` is where a run that was cut goes on, `mark` where the next whole run begins."""

    mark: int = 0
    """Microseconds UTC by Jira's clock: all that changed before it has been read."""
    reached: int = 0
    """Microseconds UTC of the newest change read by a run that is not over; 0: none is."""
    started: int = 0
    """Jira's clock when that run began: the next mark."""
    projects: tuple[str, ...] = ()
    """Projects that the mark is about; another one is read from its beginning."""
    later: tuple[str, ...] = ()
    """Ids of issues that could not be read whole, to be asked for again."""

    def written(self) -> str:
        """The cursor as text."""
        values = {
            "mark": self.mark,
            "reached": self.reached,
            "started": self.started,
            "projects": self.projects,
            "later": self.later[:LATER_LIMIT],
        }
        return cursors.dumped(values)


def read_cursor(written: str) -> Cursor:
    """The cursor that a text holds; a text that is none means the beginning."""
    found = cursors.loaded(written)
    times = {
        name: found[name] if type(found.get(name)) is int else 0
        for name in ("mark", "reached", "started")
    }
    return Cursor(
        **times,
        projects=tuple(text(one) for one in items(found.get("projects"))),
        later=tuple(text(one) for one in items(found.get("later"))),
    )
