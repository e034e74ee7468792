"""The collector of artifact deployment records: at which places GitHub was told that a digest runs.

What is wanted is told by whoever knows what runs (`wanted`): digests, each with when it was last
brought. A digest is asked for when it is new or was brought again; then once a day for a week,
until a record is as young as what brought it. Records that say so are not asked for again.
Interface: https://docs.github.com/rest/orgs/artifact-metadata (organisations alone have them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from evidence.collectors import cursors
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.of_digests import (
    BATCH,
    PATIENCE,
    DigestList,
    Held,
    batches,
    holdings,
)
from evidence.collectors.github.paging import DAY, HOUR
from evidence.collectors.github.parse_artifact_records import ARTIFACT_RECORD, LIST, parse
from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Page, Window

COLLECTOR, VERSION = "github_records", "1"
_LISTS = DigestList(
    kind=ARTIFACT_RECORD,
    title="deployment records",
    path="artifacts/{digest}/metadata/deployment-records",
    member=LIST,
    permission="artifact metadata: read",
    of_persons=False,
    none_is_404=False,
    collector=COLLECTOR,
    version=VERSION,
)
EARLY = 2 * HOUR
"""Microseconds by which a record may be older than the operation that it tells of."""


def _nothing() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """When a digest was asked for, first and last, and when it had been brought: microseconds."""

    first: int
    last: int
    brought: int
    told: bool = False
    """Whether a record was as young as that."""

    def due(self, now: int, brought: int) -> bool:
        waits = now - self.last >= DAY and now - self.first < PATIENCE
        return brought > self.brought or (not self.told and waits)


@dataclass(slots=True)
class _State:
    """What a cursor holds."""

    asked: dict[str, _Asked] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    """Owners who answered once: where one has nothing of a digest (404), there is nothing."""

    def dumps(self) -> str:
        each = self.asked.items()
        rows = {key: [one.first, one.last, one.brought, one.told] for key, one in each}
        known = {"asked": rows, "opened": sorted(self.opened)}
        return cursors.dumped(known)


@dataclass(slots=True, kw_only=True)
class GitHubArtifactRecords(GitHubAccount):
    """The deployment records of wanted digests, in some organisations.

    Raises AuthError, SourceError, MalformedError and UnavailableError; an organisation that does
    not show them is a gap, and a person has none.
    """

    owners: tuple[str, ...]
    wanted: Callable[[], Mapping[str, int]] = _nothing
    """Gives digests, `sha256:<64 hexadecimal digits>`, and when each was last brought, microseconds
    UTC; 0: not known."""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(ARTIFACT_RECORD,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for some digests; the last one is empty and complete."""
        del window
        wanted, now, state = self.wanted(), self.clock.micros(), _known(cursor)
        state.asked = {digest: one for digest, one in state.asked.items() if digest in wanted}
        due = [
            digest
            for digest, brought in sorted(wanted.items())
            if digest not in state.asked or state.asked[digest].due(now, brought)
        ]
        if due:
            held = holdings(self, _LISTS, self.owners, state.opened)
            for place, batch in enumerate(batches(due)):
                progress(_LISTS.title, place * BATCH, len(due))
                captures = []
                for digest in batch:
                    found = tuple(held.of(digest))
                    captures += [one.capture for one in found]
                    if not held.closed:  # what an organisation did not show is asked for again
                        _note(state, digest, now, wanted[digest], _newest(found))
                state.opened = held.opened
                yield held.page(captures, state.dumps())
        yield Page(cursor=state.dumps(), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)


def _newest(found: Iterable[Held]) -> int:
    """When something of a digest was told last, microseconds UTC; 0: nothing is."""
    rows = (row for one in found for row in one.rows)
    return max((iso_micros(mapping(row).get("updated_at")) for row in rows), default=0)


def _note(state: _State, digest: str, now: int, brought: int, newest: int) -> None:
    """That a digest was asked for; its patience begins anew with what brought it again."""
    before = state.asked.get(digest)
    began = before.first if before and brought <= before.brought else now
    told = newest > 0 and newest >= brought - EARLY
    state.asked[digest] = _Asked(first=began, last=now, brought=brought, told=told)


def _known(cursor: str) -> _State:
    """What the last page left; an unreadable cursor is none."""
    body = cursors.loaded(cursor)
    state = _State(opened={text(one) for one in items(body.get("opened"))} - {""})
    for digest, row in mapping(body.get("asked")).items():
        first, last, brought, told = (*items(row), 0, 0, 0, False)[:4]
        times = [max(0, integer(one, 0)) for one in (first, last, brought)]
        one = _Asked(first=times[0], last=times[1], brought=times[2])
        state.asked[digest] = replace(one, told=told is True)
    return state
