"""Reading Jira page by page: searches that miss nothing, whole changelogs, projects.

A search is ordered by the time of the last change, so an issue that changes while it is read moves
to the end and is met again. What slips from a page of Cloud to one that was read is looked for at
the end. Offsets of Server shift as well: each page begins with the last issue of the page before,
and where it does not, the search starts anew from where it got to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from evidence import canonical
from evidence.collectors.http import Answer, PoliteSession
from evidence.collectors.jira.answers import Read, issue_of, issues_in, members_of, updated_at
from evidence.collectors.jira.dialect import FIELDS, Dialect, query
from evidence.collectors.jira.parse import whole
from evidence.collectors.jira.reading import at, count, items, mapping, text
from evidence.collectors.steady import ServerClock
from evidence.errors import AuthError, MalformedError, SourceError, UnavailableError
from evidence.model.capture import Exchange, GapReason

PAGE = 100
RESTARTS = 50
"""How often one search may start anew before it is given up."""


APPROVALS = "/rest/servicedeskapi/request/{}/approval"
_SERVICE_DESK = "service_desk"


@dataclass(slots=True, kw_only=True)
class Reader:
    """Asks one Jira in one dialect, and counts what it asks."""

    session: PoliteSession
    dialect: Dialect
    projects: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    calls: int = 0
    restarts: int = field(default=0, init=False)
    server_clock: ServerClock = field(default_factory=ServerClock, init=False, repr=False)

    def taken(self) -> int:
        """Requests sent since the last time this was asked."""
        calls, self.calls = self.calls, 0
        return calls

    def ask(self, path: str, parameters: dict[str, str] | None = None) -> Answer:
        """One answer, its tries counted; 404 is an answer."""
        answer = self.session.get(self.dialect.api + path, parameters)
        self.calls += answer.tries
        self.server_clock.leaps(answer.exchange.date, self.session.clock.micros())
        return answer

    def earliest(self, moment: int) -> int:
        """A moment that an answer told (microseconds UTC), as far as it may be a mark."""
        return self.server_clock.earliest(moment, self.session.clock.micros())

    def pages(self, since: int) -> Iterator[list[Read]]:
        """Issues that changed at `since` (microseconds UTC) or later, by time of change."""
        reader = self._by_token(since, FIELDS) if self.dialect.tokens else self._by_offset(since)
        seen: dict[str, object] = {}
        pages = 0
        for answer, rows in reader:
            pages += 1
            seen |= {text(at(body, "id")): at(body, "fields", "updated") for _, body in rows}
            yield [self._approved(self._whole(answer, exact, body), body) for exact, body in rows]
        if pages > 1 and self.dialect.tokens:
            yield from self._slipped(since, seen)

    def _slipped(self, since: int, seen: Mapping[str, object]) -> Iterator[list[Read]]:
        """Issues that stood on no page, because those before them went while pages were read."""
        for _, rows in self._by_token(since, "updated"):
            missed = [
                text(at(body, "id"))
                for _, body in rows
                if seen.get(text(at(body, "id"))) != at(body, "fields", "updated")
            ]
            if missed:
                yield [self.issue(number) for number in missed if number]

    def _approved(self, read: Read, body: Any) -> Read:
        """The issue with its approvals, where it belongs to a service desk.

        A word stands for those that were not had: `forbidden` or `not_found`. Source: Jira Service
        Management REST, `GET /rest/servicedeskapi/request/{issueIdOrKey}/approval`.
        """
        if read.reason or at(body, "fields", "project", "projectTypeKey") != _SERVICE_DESK:
            return read
        found: list[str] = []
        exchanges: list[Exchange] = []
        told = '"not_found"'
        while True:
            try:
                page = self._approvals(read.id, len(found))
            except AuthError:
                told = '"forbidden"'
                break
            exchanges.append(page.exchange)
            if page.status == 404:  # an issue that nobody requested has none, or hides them
                break
            rows = canonical.slice_each(page.body.decode("utf-8-sig"), ("values",))
            found += [each for each, _ in rows if each not in found]
            if not rows or at(canonical.loads(page.body), "isLastPage") is not False:
                told = canonical.splice_array(found)
                break
        members = [*members_of(read.exact), ("approvals", told)]
        return replace(
            read,
            exact=canonical.splice_object(members),
            exchanges=(*read.exchanges, *exchanges),
        )

    def _approvals(self, number: str, start: int) -> Answer:
        """A page of approvals; one without any is believed the second time."""
        for _ in range(2):
            parameters = {"start": str(start), "limit": "50"}
            answer = self.session.get(APPROVALS.format(number), parameters)
            self.calls += answer.tries
            if answer.status != 200 or items(mapping(canonical.loads(answer.body)).get("values")):
                break
        return answer

    def issue(self, number: str) -> Read:
        """One issue by its id; absent (or hidden) and forbidden are told apart."""
        parameters = {"fields": FIELDS, "expand": "changelog"}
        try:
            answer = self.ask(f"/issue/{number}", parameters)
        except AuthError:
            return _unread(number, GapReason.FORBIDDEN, "the credential may not read it")
        if answer.status == 404:
            detail = "it was deleted, or the credential may not see it"
            return _unread(number, GapReason.NOT_FOUND_OR_FORBIDDEN, detail)
        whole_text = answer.body.decode("utf-8-sig", "replace")
        body = mapping(canonical.loads(answer.body))
        return self._approved(self._whole(answer, whole_text, body), body)

    # --- searches

    def _by_token(self, since: int, fields: str) -> Iterator[tuple[Answer, list[tuple[str, Any]]]]:
        token, seen = "", set[str]()
        jql = query(self.projects, since, self.zone)
        while True:
            place = {"nextPageToken": token} if token else {}
            answer = self._search(jql, {"fields": fields, **place})
            yield answer, issues_in(answer)
            found = mapping(canonical.loads(answer.body))
            token = text(found.get("nextPageToken"))
            if not token or found.get("isLast") is True:
                return
            if token in seen:
                raise MalformedError("Jira gives the same page of a search again.")
            seen.add(token)

    def _by_offset(self, since: int) -> Iterator[tuple[Answer, list[tuple[str, Any]]]]:
        start, last, reached = 0, "", since
        jql = query(self.projects, since, self.zone)
        while True:
            answer = self._search(jql, {"startAt": str(start)})
            rows = issues_in(answer)
            if last and (not rows or text(mapping(rows[0][1]).get("id")) != last):
                self._restart()
                start, last, jql = 0, "", query(self.projects, reached, self.zone)
                continue
            fresh = rows[1:] if last else rows
            yield answer, fresh
            total = count(at(canonical.loads(answer.body), "total"))
            if not fresh or start + len(rows) >= total:
                return
            reached = max([reached, *(updated_at(body) for _, body in rows)])
            last = text(mapping(rows[-1][1]).get("id"))
            start += len(rows) - 1

    def _restart(self) -> None:
        self.restarts += 1
        if self.restarts > RESTARTS:
            raise UnavailableError("Issues change faster than Jira's search can be read.")

    def _search(self, jql: str, more: dict[str, str]) -> Answer:
        parameters = {"jql": jql, "fields": FIELDS, "maxResults": str(PAGE), **more}
        if parameters["fields"] == FIELDS:
            parameters["expand"] = "changelog"
        answer = self.ask(self.dialect.search, parameters)
        if answer.status == 200 and not issues_in(answer):
            answer = self.ask(self.dialect.search, parameters)  # believed the second time
        if answer.status != 200:
            raise SourceError(
                f"{answer.exchange.url.partition('?')[0]} is not there.",
                next_step="Check the source's `url` and `deployment` (cloud or server).",
            )
        return answer

    # --- one issue

    def _whole(self, answer: Answer, exact: str, body: Any) -> Read:
        """The issue with its whole changelog, which may need pages of its own."""
        number = text(at(body, "id"))
        if not number:
            return _unread("*", GapReason.MALFORMED, "an issue without an id was listed")
        inline = at(body, "changelog", "histories")
        read = len(items(inline))
        if isinstance(inline, list) and whole(at(body, "changelog"), read):
            histories = canonical.slice_each(exact, ("changelog", "histories"))
            return issue_of(answer, exact, body, [each for each, _ in histories], ())
        if not self.dialect.changelog:
            detail = f"only {read} changes of its changelog were sent"
            return _unread(number, GapReason.TRUNCATED, detail)
        return self._with_changelog(answer, exact, body, number)

    def _with_changelog(self, answer: Answer, exact: str, body: Any, number: str) -> Read:
        """The issue with a changelog that is read page by page, no row twice."""
        found: dict[str, str] = {}
        exchanges: list[Exchange] = []
        total = count(at(body, "changelog", "total"))
        again = False
        while True:
            parameters = {"startAt": str(len(found)), "maxResults": str(PAGE)}
            try:
                page = self.ask(f"/issue/{number}/changelog", parameters)
            except AuthError:
                detail = "the credential may not read its changelog"
                return _unread(number, GapReason.FORBIDDEN, detail)
            if page.status == 404:
                detail = "it was deleted while it was read, or the credential may not see it"
                return _unread(number, GapReason.NOT_FOUND_OR_FORBIDDEN, detail)
            before = len(found)
            for each, row in canonical.slice_each(page.body.decode("utf-8-sig"), ("values",)):
                found[text(at(row, "id")) or each] = each
            exchanges.append(page.exchange)
            told = count(at(canonical.loads(page.body), "total"))
            if told >= 0 and len(found) >= max(total, told) and (found or again):
                return issue_of(answer, exact, body, list(found.values()), tuple(exchanges))
            if len(found) == before:
                if again:
                    detail = f"only {len(found)} changes of its changelog were sent"
                    return _unread(number, GapReason.TRUNCATED, detail)
                again = True  # a page without anything new is asked for once more
            total = max(total, told if found else -1)


def _unread(number: str, reason: GapReason, detail: str) -> Read:
    return Read(id=number, reason=reason, detail=detail)
