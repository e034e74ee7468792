"""Later pull requests that hold commits of a change: their approvals may cover what it deployed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from evidence.model.chain import ChangeEvidence, FollowUp
from evidence.model.fact import Fact
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.store import queries
from evidence.store.session import Store

F = TypeVar("F", bound=Fact)


def with_follow_ups(
    store: Store,
    repository: str,
    found: Mapping[str, ChangeEvidence],
    at: int | None,
) -> dict[str, ChangeEvidence]:
    """The evidence of changes of one repository (by change id) with their follow-ups."""
    numbers = _numbers(store, repository, found, at)
    known = _known(store, repository, {one for some in numbers.values() for one in some}, at)
    return {
        change_id: replace(
            one,
            follow_ups=tuple(known[each] for each in sorted(numbers[change_id]) if each in known),
        )
        for change_id, one in found.items()
    }


def _numbers(
    store: Store, repository: str, found: Mapping[str, ChangeEvidence], at: int | None
) -> dict[str, set[int]]:
    """Change id -> numbers of the other pull requests that list a commit of it."""
    own = {
        change_id: {one.change.landing_sha, *one.change.commits} - {""}
        for change_id, one in found.items()
    }
    every = set().union(*own.values()) if own else set()
    listed: dict[str, set[int]] = defaultdict(set)
    if every:
        for row in queries.load_in(
            store, PullRequestCommit, "sha", every, at=at, repository=repository
        ):
            listed[row.sha].add(row.number)
    return {
        change_id: {number for sha in shas for number in listed.get(sha, ())}
        - {found[change_id].change.number}
        for change_id, shas in own.items()
    }


def _known(store: Store, repository: str, numbers: set[int], at: int | None) -> dict[int, FollowUp]:
    if not numbers:
        return {}

    def by_number(cls: type[F], *, versions: bool = False) -> dict[int, list[F]]:
        grouped: dict[int, list[F]] = defaultdict(list)
        for row in queries.load_in(
            store, cls, "number", numbers, at=at, versions=versions, repository=repository
        ):
            grouped[row.number].append(row)  # type: ignore[attr-defined]
        return grouped

    reviews, events = by_number(Review, versions=True), by_number(PullRequestEvent)
    listed = by_number(PullRequestCommit)
    return {
        number: FollowUp(
            pull_request=pulls[-1],
            reviews=_sorted(reviews[number], "entry_seq"),
            pull_request_commits=_sorted(listed[number], "position"),
            events=_sorted(events[number], "position"),
        )
        for number, pulls in by_number(PullRequest).items()
    }


def _sorted(rows: Iterable[F], name: str) -> tuple[F, ...]:
    return tuple(sorted(rows, key=lambda one: int(getattr(one, name))))
