"""The audit log collector: what an organisation's own log says was done to its settings.

A stream of its own, read where it is asked for and as often as the settings. Only Enterprise Cloud
(and an Enterprise Server) has such a log. Entries appear late: each reading begins before the end
of the one before it, and none is believed whole up to its own moment. Git events are not asked
for: the record of pushes tells more of them and is kept longer.
Source: docs.github.com "REST API endpoints for organizations" (audit log), "Searching the audit
log for your organization" (the qualifier `created` takes a date).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from evidence.collectors.github import audit_kinds as kinds
from evidence.collectors.github import parse_audit
from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.audit_entries import Entries
from evidence.collectors.github.audit_state import AuditState, Known, LogState
from evidence.collectors.github.connection import RedirectError
from evidence.collectors.github.conversation import spent
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.paging import DAY, HOUR
from evidence.collectors.github.reading import at, mapping, text
from evidence.collectors.github.rest import Rest, RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Gap, GapReason, Page, Window

KEPT = 180 * DAY
"""Microseconds for which GitHub keeps the log without its Git events."""
LATE = HOUR
"""Microseconds after which an entry is taken to be in the log."""
OVERLAP = HOUR
"""Microseconds by which a reading begins before what is believed whole."""

_Rests = Callable[[str], Rest]


@dataclass(slots=True, kw_only=True)
class GitHubAuditLog(GitHubAccount):
    """The audit logs of the organisations that own some repositories. Serial, REST only.

    Raises AuthError, SourceError, MalformedError and UnavailableError; a log that is not shown is a
    gap, and a person's repositories have none.
    """

    repositories: tuple[GitHubRepository, ...]
    every: int = 24 * HOUR
    """Microseconds between two readings; 0: one in every sync."""
    name: str = field(default=kinds.COLLECTOR, init=False)
    version: str = field(default=kinds.VERSION, init=False)
    kinds: tuple[str, ...] = field(default=kinds.KINDS, init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for each hundred entries; the last one is empty and complete."""
        del window  # the last reading is the mark
        state, credential = AuditState.loads(cursor), self.sign_in()
        rests: dict[str, Rest] = {}

        def rest(owner: str) -> Rest:
            return rests.setdefault(owner, self.rest(credential, owner))

        def stamped(page: Page) -> Page:
            calls, retries = spent(one.usage for one in rests.values())
            return replace(page, cursor=state.dumps(), calls=calls, retries=retries)

        yield from map(stamped, self._identified(state, rest))
        present = {one.id for one in self.repositories}
        owners = {one.organisation for key, one in state.repositories.items() if key in present}
        for done, owner in enumerate(sorted(owners - {""})):
            log, began = state.logs.setdefault(owner, LogState()), self.clock.micros()
            if log.looked_at and 0 <= began - log.looked_at < self.every:
                continue
            progress(f"{owner} audit log", done, len(owners))
            try:
                for page in self._pages(owner, state, rest(owner), began):
                    yield stamped(page)
            except NotInstalledError as error:
                log.looked_at = began
                yield stamped(Page(gaps=(self._gap(owner, GapReason.FORBIDDEN, error.message),)))
        yield stamped(Page(complete=True))

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse_audit.parse(capture)

    # --- which repositories

    def _identified(self, state: AuditState, rest: _Rests) -> Iterator[Page]:
        """Asks GitHub once for the number of each repository: entries name it by that."""
        gaps: list[Gap] = []
        lists: list[tuple[str, str]] = []
        for one in self.repositories:
            owner, key = one.name.partition("/")[0].lower(), f"repository/{one.id}"
            before = state.repositories.get(one.id)
            if not owner or (before and before.number == (one.number or before.number)):
                continue
            try:
                known = _known(rest(owner), one)
            except NotInstalledError:
                known = None
            if known is None:
                detail = (
                    f"GitHub shows no {one.name}, so what the audit log says of it is not told."
                )
                gaps.append(
                    replace(
                        self._gap(key, GapReason.NOT_FOUND_OR_FORBIDDEN, detail), repository=one.id
                    )
                )
            else:
                state.repositories[one.id] = known
                lists.append((kinds.LOG, key))
        if gaps or lists:
            yield Page(gaps=tuple(gaps), lists=tuple(lists))

    # --- one log

    def _pages(self, owner: str, state: AuditState, rest: Rest, began: int) -> Iterator[Page]:
        log, present = state.logs[owner], {one.id for one in self.repositories}
        own = {
            key: one
            for key, one in state.repositories.items()
            if one.organisation == owner and key in present
        }
        entries = Entries(source=self.source, host=self.host, organisation=owner, own=own, log=log)
        _begin(log, sorted(own), rest)
        gaps: tuple[Gap, ...] = ()
        start = log.reached - OVERLAP
        asked = {"phrase": f"created:>={_date(start)}", "include": "web", "order": "asc"}
        first: RestAnswer | None = None
        for answer in rest.pages(f"/orgs/{owner}/audit-log", asked):
            if not answer.ok:
                log.looked_at = began
                reason, detail = _refusal(owner, answer)
                look = entries.look(answer, "not_visible")
                yield Page(captures=(look,), gaps=(self._gap(owner, reason, detail),))
                return
            if first is None:
                first, gaps = answer, self._lost(owner, log, answer.observed_at)
            yield Page(captures=tuple(entries.captures(answer, start)), gaps=gaps)
            gaps = ()
        if first is not None:
            until = max(log.since, first.observed_at - LATE)
            look = entries.look(first, "read", (log.since, until))
            log.until, log.since, log.reached = until, 0, 0
            log.listed, log.looked_at = {}, began
            log.seen = {key: when for key, when in log.seen.items() if when >= until - OVERLAP}
            yield Page(captures=(look,), lists=((kinds.LOG, owner),))

    def _lost(self, owner: str, log: LogState, now: int) -> tuple[Gap, ...]:
        """What is kept no more was not read; told where it lies behind the last reading."""
        whole = log.until
        log.since = max(log.since, now - KEPT)
        if not whole or log.since <= whole:
            return ()
        detail = (
            f"Part of the audit log of {owner} between the last reading and this one is kept no "
            "more; read it more often."
        )
        gap = self._gap(owner, GapReason.RETENTION, detail)
        return (replace(gap, window_from=whole, window_to=log.since),)

    def _gap(self, key: str, reason: GapReason, detail: str) -> Gap:
        return Gap(source=self.source, kind=kinds.LOG, key=key, reason=reason, detail=detail)


def _begin(log: LogState, own: list[str], rest: Rest) -> None:
    """Begins a reading, or goes on with one that was cut."""
    if log.since and log.among == own:
        return
    if log.until:
        log.since = log.until - OVERLAP
    else:
        rest.get("/rate_limit")  # free; tells GitHub's clock
        log.since = rest.present() - KEPT
    log.reached, log.among, log.listed = log.since, own, {}


def _known(rest: Rest, one: GitHubRepository) -> Known | None:
    """Number and owner of a repository; None where it is not shown."""
    try:
        answer = rest.get(one.root)
    except RedirectError as moved:
        number = moved.to.rstrip("/").rpartition("/repositories/")[2]
        if not number.isdecimal():
            return None
        answer = rest.get(f"/repositories/{number}")
    found = mapping(answer.data) if answer.ok else {}
    number, owner = stable(found.get("id")), text(at(found, "owner", "login")).lower()
    if not number or not owner:
        return None
    person = at(found, "owner", "type") == "User"
    full = text(found.get("full_name")).lower()
    return Known(number=number, name=full, organisation="" if person else owner)


def _refusal(owner: str, answer: RestAnswer) -> tuple[GapReason, str]:
    said = f": {answer.message}" if answer.message else ""
    detail = (
        f"GitHub did not show the audit log of {owner} (status {answer.status}{said}). There is "
        "one on Enterprise Cloud; it takes an owner's token with `read:audit_log`, or an App with "
        "Administration: read of the organisation."
    )
    if answer.status == 404:
        return GapReason.NOT_FOUND_OR_FORBIDDEN, detail
    return GapReason.FORBIDDEN if answer.status == 403 else GapReason.UNAVAILABLE, detail


def _date(moment: int) -> str:
    return datetime.fromtimestamp(max(0, moment) // 1_000_000, UTC).strftime("%Y-%m-%d")
