"""Reading single answers of Jira: issues, their members, and when they changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence import canonical
from evidence.collectors.http import Answer, iso_micros
from evidence.collectors.jira.reading import at, text
from evidence.model.capture import Exchange, GapReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One issue as it was read: its exact text, or why it was not had whole."""

    id: str
    exact: str = ""
    updated: int = 0
    observed_at: int = 0
    exchanges: tuple[Exchange, ...] = ()
    reason: GapReason | None = None
    detail: str = ""


def members_of(exact: str) -> list[tuple[str, str]]:
    """The members of an object, each as it stands."""
    return [(name, canonical.slice_json(exact, (name,))) for name in canonical.loads(exact)]


def issues_in(answer: Answer) -> list[tuple[str, Any]]:
    """Exact text and value of each issue of a search.

    Raises:
        MalformedError: the answer is no search result.
    """
    canonical.loads(answer.body)
    return canonical.slice_each(answer.body.decode("utf-8-sig"), ("issues",))


def updated_at(body: Any) -> int:
    """When an issue changed last, microseconds UTC; 0 where it does not say."""
    return iso_micros(at(body, "fields", "updated"))


def issue_of(
    answer: Answer, exact: str, body: Any, histories: list[str], more: tuple[Exchange, ...]
) -> Read:
    """Id, key and fields cut out as they stand, and every row of the changelog."""
    members = [
        (name, canonical.slice_json(exact, (name,)))
        for name in ("id", "key", "fields")
        if name in body
    ]
    members.append(("histories", canonical.splice_array(sorted(histories, key=place_of))))
    return Read(
        id=text(at(body, "id")),
        exact=canonical.splice_object(members),
        updated=updated_at(body),
        observed_at=answer.observed_at,
        exchanges=(answer.exchange, *more),
    )


def place_of(history: str) -> tuple[int, str]:
    """Rows by their rising ids: the two ways to read a changelog give it in opposite order."""
    number = text(at(canonical.loads(history), "id"))
    return (len(number), number)
