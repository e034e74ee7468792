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
from evidence.collectors.http import date_micros, redact_url
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange

PAGES = 1_000
"""Pages of one list that are followed; more is treated as a list that does not end."""
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

    @property
    def ok(self) -> bool:
        """Whether it is a whole answer."""
        return self.status == 200

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
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> RestAnswer:
        """One answer; with `etag` only if the resource is another one by now (else status 304)."""
        why: Broken | Wait | None = None
        for tried in self._tries():
            outcome = self._try(path, parameters or {}, etag)
            if isinstance(outcome, RestAnswer):
                return outcome
            why = outcome
            self._back_off(tried, outcome)
        if isinstance(why, Broken) and why.malformed:
            raise MalformedError(f"GitHub's answers to {path} were unusable: {why.why}.")
        raise UnavailableError(f"GitHub did not answer {path}: {why.why if why else ''}.")

    def pages(
        self, path: str, parameters: Mapping[str, str] | None = None, *, etag: str = ""
    ) -> Iterator[RestAnswer]:
        """The pages of a list, following `Link`; the first answer that is not whole ends it."""
        asked = {"per_page": "100", **(parameters or {})}
        seen: set[str] = set()
        for _ in range(PAGES):
            answer = self.get(path, asked, etag=etag)
            yield answer
            found = _NEXT.search(answer.headers.get("link", ""))
            if not answer.ok or found is None or found[1] in seen:
                return
            seen.add(found[1])
            asked, etag = {**asked, **dict(parse_qsl(urlsplit(found[1]).query))}, ""

    def _try(
        self, path: str, parameters: Mapping[str, str], etag: str
    ) -> RestAnswer | Wait | Broken:
        target = path + ("?" + urlencode(sorted(parameters.items())) if parameters else "")
        conditional = {"If-None-Match": etag} if etag else {}
        accepting = {"Accept": "application/vnd.github+json", **conditional}
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
        )


def _lenient(body: str) -> Any:
    try:
        return canonical.loads(body)
    except MalformedError:
        return None
