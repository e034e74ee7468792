"""The collector of artifact deployment records: at which places GitHub was told that a digest runs.

What is wanted is told by whoever knows what runs (`wanted`): digests, each with when it was last
brought. A digest is asked for when it is new or was brought again; then once a day for a week,
until a record is as young as what brought it. Records that say so are not asked for again.
Interface: https://docs.github.com/rest/orgs/artifact-metadata (organisations alone have them).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from evidence import canonical
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.owned import Owned, spent
from evidence.collectors.github.paging import DAY, HOUR
from evidence.collectors.github.parse_artifact_records import ARTIFACT_RECORD, LIST, parse
from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window

COLLECTOR, VERSION = "github_records", "1"
PATIENCE = 7 * DAY
"""How long a digest is asked for again of which no record is as young as what brought it."""
EARLY = 2 * HOUR
"""By how much a record may be older than the operation that it tells of."""
BATCH = 20
"""Digests of a page."""


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
        return json.dumps(known, sort_keys=True, separators=(",", ":"))


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
            credential = self.sign_in()
            owned = [Owned(owner=one, rest=self.rest(credential, one)) for one in self.owners]
            closed: dict[str, Gap] = {}
            for start in range(0, len(due), BATCH):
                progress("deployment records", start, len(due))
                batch = due[start : start + BATCH]
                captures = []
                for digest in batch:
                    found = tuple(self._of(digest, owned, closed, state))
                    captures += [capture for capture, _ in found]
                    if not closed:  # what an organisation did not show is asked for again
                        newest = max((when for _, when in found), default=0)
                        _note(state, digest, now, wanted[digest], newest)
                calls, retries = spent(owned)
                yield Page(
                    captures=tuple(captures),
                    gaps=tuple(closed.values()),
                    cursor=state.dumps(),
                    calls=calls,
                    retries=retries,
                )
        yield Page(cursor=state.dumps(), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)

    def _of(
        self, digest: str, owned: list[Owned], closed: dict[str, Gap], state: _State
    ) -> Iterator[tuple[Capture, int]]:
        """What each organisation was told of one digest, and when it was told last."""
        below = f"artifacts/{quote(digest, safe='')}/metadata/deployment-records"
        for one in owned:
            if one.owner in closed:
                continue
            try:
                pages = one.pages(below, of_persons=False)
            except NotInstalledError as error:
                closed[one.owner] = self._gap(error.message)
                continue
            last = pages[-1]
            rows = [row for page in pages for row in items(mapping(page.data).get(LIST))]
            if last.ok:
                state.opened.add(one.owner)
                if rows:
                    newest = max(iso_micros(mapping(row).get("updated_at")) for row in rows)
                    yield self._capture(one.owner, digest, pages), newest
            elif last.status != 404 or not (one.owner in state.opened or one.is_person):
                closed[one.owner] = self._gap(_refused(one.owner, last))

    def _capture(self, owner: str, digest: str, pages: tuple[RestAnswer, ...]) -> Capture:
        texts = canonical.splice_array(one.text for one in pages)
        return Capture(
            source=self.source,
            kind=ARTIFACT_RECORD,
            key=f"{owner}/{digest}",
            series=f"{ARTIFACT_RECORD}/1",
            observed_at=pages[0].observed_at,
            form=Form.SLICE,
            payload=canonical.splice_object([("pages", texts)]).encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=tuple(one.exchange for one in pages),
            context={"digest": digest, "owner": owner},
        )

    def _gap(self, detail: str) -> Gap:
        return Gap(
            source=self.source,
            kind=ARTIFACT_RECORD,
            key="*",
            reason=GapReason.FORBIDDEN,
            detail=detail,
        )


def _refused(owner: str, answer: RestAnswer) -> str:
    hidden = ": it has none, or does not show them" if answer.status == 404 else ""
    return (
        f"GitHub does not show the deployment records of {owner} (status {answer.status}: "
        f"{answer.message}{hidden}); grant the permission `artifact metadata: read`."
    )


def _note(state: _State, digest: str, now: int, brought: int, newest: int) -> None:
    """That a digest was asked for; its patience begins anew with what brought it again."""
    before = state.asked.get(digest)
    began = before.first if before and brought <= before.brought else now
    told = newest > 0 and newest >= brought - EARLY
    state.asked[digest] = _Asked(first=began, last=now, brought=brought, told=told)


def _known(cursor: str) -> _State:
    """What the last page left; an unreadable cursor is none."""
    try:
        body = mapping(canonical.loads(cursor)) if cursor else {}
    except MalformedError:
        return _State()
    state = _State(opened={text(one) for one in items(body.get("opened"))} - {""})
    for digest, row in mapping(body.get("asked")).items():
        first, last, brought, told = (*items(row), 0, 0, 0, False)[:4]
        times = [max(0, integer(one, 0)) for one in (first, last, brought)]
        one = _Asked(first=times[0], last=times[1], brought=times[2])
        state.asked[digest] = replace(one, told=told is True)
    return state
