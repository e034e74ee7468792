"""One GraphQL conversation with one GitHub: named operations, exact about bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import query_digest
from evidence.collectors.github import queries
from evidence.collectors.github.answers import Broken, Heavy, Usable, Wait, meaning, pending_wait
from evidence.collectors.github.conversation import Conversation
from evidence.collectors.github.doubts import Places, contradiction
from evidence.collectors.http import date_micros, redact_url
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Exchange


class TooHeavyError(UnavailableError):
    """GitHub could not answer a query in its time; a smaller page may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAnswer:
    """A usable answer: its exact text, its data, and where null means unknown."""

    text: str
    data: Mapping[str, Any]
    unread: tuple[tuple[tuple[str | int, ...], str], ...]
    exchange: Exchange
    observed_at: int


@dataclass(slots=True, kw_only=True)
class Transport(Conversation):
    """Asks named operations.

    Raises AuthError, SourceError (redirect, refused query), MalformedError, UnavailableError and
    TooHeavyError.
    """

    places: Places = field(default_factory=Places, init=False, repr=False)

    def ask(
        self, operation: str, variables: Mapping[str, Any], *, adaptive: bool = False
    ) -> GraphAnswer:
        """The answer to one operation of `queries.graphql`.

        With `adaptive`, TooHeavyError comes at once: the caller asks for a smaller page.
        """
        why: Broken | Heavy | Wait | None = None
        doubted = False
        for tried in self._tries():
            outcome = self._try(operation, variables)
            if isinstance(outcome, GraphAnswer):
                doubt = self._doubt(operation, variables, outcome, again=doubted)
                if doubt is None:
                    return outcome
                outcome, doubted = doubt, True
            why = outcome
            if adaptive and isinstance(why, Heavy):
                break
            self._back_off(tried, outcome)
        if isinstance(why, Heavy):
            raise TooHeavyError(f"GitHub could not answer {operation} in its time: {why.why}.")
        if isinstance(why, Broken) and why.malformed:
            raise MalformedError(f"GitHub's answers to {operation} were unusable: {why.why}.")
        raise UnavailableError(f"GitHub did not answer {operation}: {why.why if why else ''}.")

    def _doubt(
        self, operation: str, variables: Mapping[str, Any], answer: GraphAnswer, *, again: bool
    ) -> Broken | None:
        """Why an answer is asked for once more; a page that was given before is never taken."""
        if self.places.repeated(variables, operation, answer.data):
            return Broken(why="the same page of a list came again", malformed=True)
        leaps = self.server_clock.leaps(answer.exchange.date, self.clock.micros())
        why = contradiction(variables, answer.data) or ("its clock leaps" if leaps else "")
        return Broken(why=why, malformed=True) if why and not again else None

    def _try(
        self, operation: str, variables: Mapping[str, Any]
    ) -> GraphAnswer | Wait | Heavy | Broken:
        text, address = queries.document(operation), self._open().graphql_url
        sent = self._send("POST", address, input={"query": text, "variables": dict(variables)})
        if isinstance(sent, Broken):
            return sent
        status, headers, body = sent
        now = self.clock.now()
        outcome = meaning(status, headers, body, now)
        if not isinstance(outcome, Usable):
            return outcome
        self._account(outcome.data, headers, now)
        exchange = Exchange(
            method="POST",
            url=redact_url(address),
            query_digest=query_digest(text, variables),
            status=status,
            date=headers.get("date", ""),
            request_id=headers.get("x-github-request-id", ""),
            etag=headers.get("etag", ""),
        )
        return GraphAnswer(
            text=body,
            data=outcome.data,
            unread=outcome.unread,
            exchange=exchange,
            observed_at=date_micros(exchange.date) or self.clock.micros(),
        )

    def _account(self, data: Mapping[str, Any], headers: Mapping[str, str], now: float) -> None:
        limit = data.get("rateLimit")
        if isinstance(limit, dict):
            cost, remaining = limit.get("cost"), limit.get("remaining")
            self.usage.points += cost if isinstance(cost, int) else 0
            self.usage.remaining = remaining if isinstance(remaining, int) else -1
        self._stay_silent(pending_wait(headers, now))
