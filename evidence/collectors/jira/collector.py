"""The Jira collector: every issue of the projects in scope that changed, with its whole changelog.

Incremental by `updated`, with an overlap: the index of a search lags, and its times are minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from evidence.collectors.http import Clock
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.collectors.jira import parse as parsing
from evidence.collectors.jira.access import introduce, session_of
from evidence.collectors.jira.answers import Read
from evidence.collectors.jira.cursor import Cursor, read_cursor
from evidence.collectors.jira.dialect import DIALECTS, SERIES
from evidence.collectors.jira.pages import Reader
from evidence.collectors.jira.projects import ProjectRead, read_project
from evidence.errors import AuthError, ConfigError
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Total, Window

COLLECTOR = "jira"
VERSION = "1"
OVERLAP = 10 * 60 * 1_000_000
"""Microseconds read again before the last mark: Cloud's search is eventually consistent."""
_VOLATILE = (
    "/fields/creator/avatarUrls",
    "/fields/reporter/avatarUrls",
    "/fields/assignee/avatarUrls",
    "/histories/*/author/avatarUrls",
)
"""Pictures of people say nothing about an issue."""


@dataclass(slots=True, kw_only=True)
class JiraCollector:
    """One Jira, by its REST interface.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError. An issue whose
    changelog was not had whole is a gap, and is asked for again by the next run.
    """

    source: str
    url: str
    token: str = field(default="", repr=False)
    email: str = ""
    """Of the account, for Cloud; without one the token is sent as a bearer token."""
    deployment: str = "cloud"
    projects: tuple[str, ...] = ()
    """Keys of the projects in scope; empty: all that the credential sees."""
    system: str = ""
    """The system instance that accounts belong to; by default the host of `url`."""
    credential: str = ""
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(parsing.ISSUE, parsing.PROJECT), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """What changed since the cursor; the window does not matter, for tickets precede it."""
        del window
        reader = self._reader()
        stored, now = read_cursor(cursor), introduce(reader).observed_at
        projects = [read_project(reader, key) for key in self.projects]
        reader.projects = tuple(one.key for one in projects if one.exact)
        state = _begun(stored, reader.projects, everything=not self.projects, now=now)
        yield self._projects_page(reader, state, projects)
        failed: list[str] = []
        if state.later:
            rows = [reader.issue(number) for number in state.later]
            failed = _remembered([], [one for one in rows if not _gone(one)])
            state = replace(state, later=tuple(failed))
            yield self._page(reader, rows, state)
        seeing = bool(reader.projects or not self.projects)
        done = 0
        for rows in reader.pages(_since(state)) if seeing else ():
            done += len(rows)
            progress("issues", done, None)
            failed = _remembered(failed, rows)
            newest = max([state.reached, *(one.updated for one in rows)])
            state = replace(state, reached=newest, later=tuple(failed))
            yield self._page(reader, rows, state)
        yield self._last_page(reader, state, projects, seeing=seeing)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _reader(self) -> Reader:
        if not self.url:
            raise ConfigError(f"Source {self.source} has no url.")
        if not self.token:
            raise AuthError(f"Source {self.source} has no Jira token.")
        session = session_of(self.url, self.email, self.token, verify=self.verify, clock=self.clock)
        return Reader(session=session, dialect=DIALECTS[self.deployment])

    def _projects_page(self, reader: Reader, state: Cursor, projects: list[ProjectRead]) -> Page:
        captures = [
            self._capture(parsing.PROJECT, one.id, one.exact, one.observed_at, one.exchanges)
            for one in projects
            if one.exact
        ]
        gaps = [
            self._gap(parsing.PROJECT, one.key, GapReason.NOT_FOUND_OR_FORBIDDEN, one.detail)
            for one in projects
            if not one.exact
        ]
        return Page(
            captures=tuple(captures),
            gaps=tuple(gaps),
            cursor=state.written(),
            calls=reader.taken(),
        )

    def _last_page(
        self, reader: Reader, state: Cursor, projects: list[ProjectRead], *, seeing: bool
    ) -> Page:
        """The mark of the next run, and the projects all of whose issues were visible to this."""
        final = Cursor(
            mark=reader.earliest(state.started) if seeing else 0,
            projects=reader.projects,
            later=state.later,
        )
        seen = tuple(
            Total(kind=parsing.PROJECT, scope=one.key, reported=1, stored=1)
            for one in projects
            if one.unrestricted
        )
        return Page(
            cursor=final.written(),
            complete=True,
            totals=seen,
            calls=reader.taken(),
            read_to=max(0, reader.earliest(state.started) - OVERLAP) if seeing else 0,
        )

    def _page(self, reader: Reader, rows: list[Read], state: Cursor) -> Page:
        captures = [
            self._capture(parsing.ISSUE, one.id, one.exact, one.observed_at, one.exchanges)
            for one in rows
            if one.reason is None
        ]
        gaps = [
            self._gap(parsing.ISSUE, one.id, one.reason, f"Issue {one.id}: {one.detail}.")
            for one in rows
            if one.reason is not None
        ]
        return Page(
            captures=tuple(captures), gaps=tuple(gaps), cursor=state.written(), calls=reader.taken()
        )

    def _capture(
        self, kind: str, key: str, exact: str, observed_at: int, exchanges: tuple[Exchange, ...]
    ) -> Capture:
        host = urlsplit(self.url).hostname
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=SERIES,
            observed_at=observed_at,
            form=Form.SLICE,
            payload=exact.encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=exchanges,
            volatile=_VOLATILE if kind == parsing.ISSUE else (),
            context={"system": self.system or host or self.source, "url": self.url.rstrip("/")},
        )

    def _gap(self, kind: str, key: str, reason: GapReason, detail: str) -> Gap:
        return Gap(source=self.source, kind=kind, key=key, reason=reason, detail=detail)


def _begun(stored: Cursor, projects: tuple[str, ...], *, everything: bool, now: int) -> Cursor:
    """The cursor of this run: a cut run goes on; where a project is new all is read again."""
    if stored.reached and stored.projects == projects:
        return stored
    covered = not stored.projects or (not everything and set(projects) <= set(stored.projects))
    mark = stored.mark if covered else 0
    return Cursor(mark=mark, started=now, projects=projects, later=stored.later)


def _since(state: Cursor) -> int:
    """From when on changes are asked for, microseconds UTC."""
    return max(0, (state.reached or state.mark) - OVERLAP)


def _gone(one: Read) -> bool:
    return one.reason is GapReason.NOT_FOUND_OR_FORBIDDEN


def _remembered(failed: list[str], rows: list[Read]) -> list[str]:
    """The ids to be asked for again, after these rows."""
    read = {one.id for one in rows if one.reason is None}
    more = [one.id for one in rows if one.reason is not None and one.id != "*"]
    return list(dict.fromkeys([*(one for one in failed if one not in read), *more]))
