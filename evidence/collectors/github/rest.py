"""REST reads of one GitHub: serial, conditional, patient within bounds, exact about bytes.

The same rules as the GraphQL `Transport`. An answer 304 costs nothing of the hourly budget;
refusals (403, 404, 410...) are answers, for which of them means what is for the caller to say.
Source: docs.github.com "Best practices for using the REST API".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from evidence import canonical
from evidence.collectors.github.answers import Broken, Wait, pending_wait, refusal
from evidence.collectors.github.conversation import Conversation
from evidence.collectors.github.doubts import rows
from evidence.collectors.http import date_micros, redact_url
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange

JSON = "application/vnd.github+json"
"""The form that GitHub recommends to ask for."""
PER_PAGE = 100
"""Rows of a page that are asked for: the most that GitHub gives."""
PAGES = 1_000
"""Pages of one list that are followed; more is treated as a list that does not end."""
_READINGS = 4
"""How often a list that changes while it is read is read."""
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;\s*rel="next"')


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """One answer: its exact text, what it holds, and where it came from."""

    status: int
    text: str
    data: Any
    """The decoded JSON; None for 304 and for a body that is none."""
    headers: Mapping[str, str]
    exchange: Exchange
    observed_at: int
    target: str = ""
    """Path and query that were asked for."""

    @property
    def ok(self) -> bool:
        """Whether it is a whole answer."""
        return self.status == 200

    @property
    def could_go_on(self) -> bool:
        """Whether the page is full: the next row would stand on another, and change no tag here."""
        return len(rows(self.data) or ()) >= PER_PAGE

    @property
    def message(self) -> str:
        """What GitHub says of a refusal; empty where it says nothing."""
        said = self.data.get("message") if isinstance(self.data, dict) else None
        return said[:200] if isinstance(said, str) else ""


@dataclass(slots=True, kw_only=True)
class Rest(Conversation):
    """GET requests.

    Raises AuthError, RedirectError, MalformedError and UnavailableError.
    """

    def get(
        self,
        path: str,
        parameters: Mapping[str, str] | None = None,
        *,
        etag: str = "",
        accept: str = JSON,
    ) -> RestAnswer:
        """One answer; with `etag` only if the resource is another one by now (else status 304).

        `accept` names the form that is asked for, where GitHub has several.
        """
        why: Broken | Wait | None = None
        doubted = False
        for tried in self._tries():
            outcome = self._try(path, parameters or {}, etag, accept)
            if isinstance(outcome, RestAnswer):
                leaps = self.server_clock.leaps(outcome.exchange.date, self.clock.micros())
                foreign = outcome.status >= 400 and outcome.data is None
                if doubted or not (leaps or foreign):
                    return outcome
                said = "its clock leaps" if leaps else "a refusal without GitHub's own words"
                outcome, doubted = Broken(why=said, malformed=True), True
            why = outcome
            self._back_off(tried, outcome)
        if isinstance(why, Broken) and why.malformed:
            raise MalformedError(f"GitHub's answers to {path} were unusable: {why.why}.")
        raise UnavailableError(f"GitHub did not answer {path}: {why.why if why else ''}.")

    def pages(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> Iterator[RestAnswer]:
        """The pages of a list, following `Link`; the first answer that is not whole ends it."""
        asked = {"per_page": str(PER_PAGE), **(parameters or {})}
        seen: set[str] = set()
        for _ in range(PAGES):
            answer = self._page(path, asked, etag, seen)
            yield answer
            onward = _onward(answer)
            if not answer.ok or not onward:
                return
            seen.add(onward)
            asked, etag = {**asked, **dict(parse_qsl(urlsplit(onward).query))}, ""
        raise UnavailableError(f"GitHub's list {path} does not end.")

    def settled(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> tuple[RestAnswer, ...]:
        """All pages of a list that stood still while it was read.

        Pages by number shift when a row before them goes, and then one row is on none of them. So
        each page but the last is asked for once more, which costs nothing where it is unchanged.

        Raises:
            UnavailableError: the list changed each time while it was read.
        """
        for _ in range(_READINGS):
            found = tuple(self.pages(path, parameters, etag=etag))
            if not found[-1].ok or all(self._stands(one) for one in found[:-1]):
                return found
        raise UnavailableError(f"GitHub's list {path} changes faster than it can be read.")

    def _stands(self, page: RestAnswer) -> bool:
        """Whether a page is still what it was."""
        path, _, query = page.target.partition("?")
        if "page=" not in query.replace("per_page=", ""):
            return True  # by a mark in the list, which does not shift
        again = self.get(path, dict(parse_qsl(query)), etag=page.exchange.etag)
        return again.status == 304 or again.text == page.text

    def _page(self, path: str, asked: Mapping[str, str], etag: str, seen: set[str]) -> RestAnswer:
        """One page, looked at twice where it is empty or leads where the list has been."""
        answer = self.get(path, asked, etag=etag)
        if not answer.ok or (rows(answer.data) and _onward(answer) not in seen):
            return answer
        again = self.get(path, asked)
        if again.ok and rows(again.data) is None:
            raise MalformedError(f"GitHub's answer to {path} is no list.")
        if again.ok and _onward(again) in seen:
            raise MalformedError(f"GitHub gives the same page of {path} again.")
        return again

    def _try(
        self, path: str, parameters: Mapping[str, str], etag: str, accept: str
    ) -> RestAnswer | Wait | Broken:
        target = path + ("?" + urlencode(sorted(parameters.items())) if parameters else "")
        conditional = {"If-None-Match": etag} if etag else {}
        accepting = {"Accept": accept, **conditional}
        sent = self._send("GET", target, headers=accepting)
        if isinstance(sent, Broken):
            return sent
        status, headers, body = sent
        now = self.clock.now()
        self._stay_silent(pending_wait(headers, now))
        problem = refusal(status, headers, body, now)
        if problem is not None:
            return problem
        return self._answer(target, status, headers, body)

    def _answer(
        self, target: str, status: int, headers: Mapping[str, str], body: str
    ) -> RestAnswer | Broken:
        data = None
        if status == 200:
            try:
                data = canonical.loads(body)
            except MalformedError as error:
                return Broken(why=error.message, malformed=True)
        elif status != 304:
            data = _lenient(body)
        exchange = Exchange(
            method="GET",
            url=redact_url(self.api_url + target),
            status=status,
            date=headers.get("date", ""),
            request_id=headers.get("x-github-request-id", ""),
            etag=headers.get("etag", ""),
        )
        return RestAnswer(
            status=status,
            text=body,
            data=data,
            headers=headers,
            exchange=exchange,
            observed_at=date_micros(exchange.date) or self.clock.micros(),
            target=target,
        )


def _onward(answer: RestAnswer) -> str:
    """Address of the next page; empty where there is none."""
    found = _NEXT.search(answer.headers.get("link", ""))
    return found[1] if found else ""


def _lenient(body: str) -> Any:
    try:
        return canonical.loads(body)
    except MalformedError:
        return None
