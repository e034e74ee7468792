"""Gathers, for many changes at once, everything stored that their chains may rest on.

By identity only: a pull request's number, a commit's sha, a ticket's key. What it means is
decided elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from evidence.model.capture import Gap
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, Link, LinkKind
from evidence.model.check import CheckCoverage, CheckRun, attempts_of, logs_of
from evidence.model.fact import Fact
from evidence.model.policy_result import TOLD_BY
from evidence.model.protection import LandingRecords
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.ticket import Ticket, TicketEvent
from evidence.store import queries
from evidence.store.scanned import with_scans
from evidence.store.session import Store
from evidence.store.surroundings import Surroundings

F = TypeVar("F", bound=Fact)


def gather_stored(
    store: Store, change: Change, links: Sequence[Link], around: Surroundings, at: int | None
) -> ChangeEvidence:
    """The evidence of one stored change, its tickets as its links name them, without answers."""
    plain = with_scans(store, of_repository(store, change.repository, [change], around, at), at)
    keys = {change.change_id: linked_tickets(links)}
    return with_tickets(store, keys, plain, at)[change.change_id]


def of_repository(
    store: Store,
    repository: str,
    changes: Sequence[Change],
    around: Surroundings,
    at: int | None,
) -> dict[str, ChangeEvidence]:
    """Change id -> evidence, without tickets and answers of Git."""
    numbers = {change.number for change in changes if change.number}

    def by_number(cls: type[F], *, versions: bool = False) -> Mapping[int, tuple[F, ...]]:
        rows = queries.load_in(
            store, cls, "number", numbers, at=at, versions=versions, repository=repository
        )
        return _grouped(rows, lambda row: row.number)  # type: ignore[attr-defined]

    pulls = by_number(PullRequest, versions=True)
    reviews = by_number(Review, versions=True)
    listed = by_number(PullRequestCommit)
    events = by_number(PullRequestEvent)
    shas = {change.change_id: _shas(change, listed.get(change.number, ())) for change in changes}
    more = {
        one.change_id: around.unlisted(
            one,
            events.get(one.number, ()),
            cut=_is_cut(pulls.get(one.number, ()), listed.get(one.number, ())),
        )
        for one in changes
    }
    every = set().union(*shas.values()) if shas else set()
    read = every.union(*more.values())
    commits = _grouped(queries.commits_in(store, repository, read), lambda row: row.sha)
    checks = _by_sha(store, CheckRun, repository, every, at)
    coverage = _by_sha(store, CheckCoverage, repository, every, at)
    found: dict[str, ChangeEvidence] = {}
    for change in changes:
        own = sorted(shas[change.change_id])
        versions = tuple(sorted(pulls.get(change.number, ()), key=lambda one: one.entry_seq))
        found[change.change_id] = ChangeEvidence(
            change=change,
            pull_request=versions[-1] if versions else None,
            pull_request_versions=versions,
            reviews=tuple(sorted(reviews.get(change.number, ()), key=lambda one: one.entry_seq)),
            pull_request_commits=tuple(
                sorted(listed.get(change.number, ()), key=lambda one: one.position)
            ),
            events=tuple(sorted(events.get(change.number, ()), key=lambda one: one.position)),
            commits=_flat(commits, [*own, *sorted(more[change.change_id] - set(own))]),
            checks=attempts_of(_flat(checks, own)),
            logs=logs_of(_flat(checks, own)),
            coverage=_flat(coverage, own),
            trackers=around.trackers,
            deployments=tuple(
                around.deployments[one] for one in change.deployments if one in around.deployments
            ),
            returns=around.returns.get(change.change_id, ()),
            gaps=_gaps_of(change, own, around),
            settings=around.settings(repository),
            landing=_landing(change, versions, {*own, *more[change.change_id]}, around),
            identities=around.identities(change),
            forge_read_to=around.read_to(repository),
            github_observed=_observed(change, versions, around),
        )
    return found


def _landing(
    change: Change, versions: Sequence[PullRequest], shas: set[str], around: Surroundings
) -> LandingRecords:
    landing = around.landing(change)
    if not versions or not versions[-1].head_ref:
        return landing
    ref = f"refs/heads/{versions[-1].head_ref}"
    pushes = around.pushes(change.repository, ref, sorted(shas))
    lost = [
        one
        for one in around.lost(change.repository, ref)
        if pushes
        and pushes[0].at <= one.until
        and one.since <= change.merged_at
        # What came after the head that was merged is no part of it.
        and one.before_sha != change.head_sha
    ]
    return replace(landing, pushes=pushes, lost=(*landing.lost, *lost))


def _is_cut(versions: Iterable[PullRequest], listed: Iterable[PullRequestCommit]) -> bool:
    """Whether the source counts more commits than were listed (GitHub lists 250)."""
    counted = max((one.commits_total for one in versions), default=0)
    return counted > len({row.sha for row in listed})


def _shas(change: Change, listed: Iterable[PullRequestCommit]) -> set[str]:
    own = {change.head_sha, change.landing_sha, *change.commits, *(row.sha for row in listed)}
    return own - {""}


def with_checks(
    store: Store,
    repository: str,
    found: Mapping[str, ChangeEvidence],
    commits: Mapping[str, set[str]],
    at: int | None,
) -> dict[str, ChangeEvidence]:
    """Adds the checks of further commits (change id -> shas) that are none of its own."""
    more = {
        change_id: shas - _shas(found[change_id].change, found[change_id].pull_request_commits)
        for change_id, shas in commits.items()
    }
    every = set().union(*more.values()) if more else set()
    if not every:
        return dict(found)
    checks = _by_sha(store, CheckRun, repository, every, at)
    coverage = _by_sha(store, CheckCoverage, repository, every, at)
    return {
        change_id: replace(
            one,
            checks=one.checks + attempts_of(_flat(checks, sorted(more[change_id]))),
            logs=one.logs + logs_of(_flat(checks, sorted(more[change_id]))),
            coverage=one.coverage + _flat(coverage, sorted(more[change_id])),
        )
        for change_id, one in found.items()
    }


def _by_sha(
    store: Store, cls: type[F], repository: str, shas: set[str], at: int | None
) -> Mapping[str, tuple[F, ...]]:
    rows = queries.load_in(store, cls, "sha", shas, at=at, repository=repository)
    return _grouped(rows, lambda row: row.sha)  # type: ignore[attr-defined]


def _grouped(rows: Iterable[F], key: Callable[[F], Any]) -> dict[Any, tuple[F, ...]]:
    found: dict[Any, list[F]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return {name: tuple(group) for name, group in found.items()}


def _flat(groups: Mapping[str, tuple[F, ...]], shas: Iterable[str]) -> tuple[F, ...]:
    return tuple(row for sha in shas for row in groups.get(sha, ()))


def _observed(change: Change, versions: Sequence[PullRequest], around: Surroundings) -> bool:
    if versions:
        return True
    asked = around.asked.get(change.repository, frozenset())
    return bool(change.landing_sha) and change.landing_sha in asked


def _gaps_of(change: Change, shas: Sequence[str], around: Surroundings) -> tuple[Gap, ...]:
    """Open gaps of its repository that are about the whole of it or about this change.

    One in what tells of scans may be about any commit.
    """
    number = f":{change.number}"
    return tuple(
        gap
        for gap in around.gaps.get(change.repository, ())
        if gap.key in ("*", change.repository)
        or gap.kind in TOLD_BY
        or (change.number and gap.key.endswith(number))
        or any(sha in gap.key for sha in shas)
    )


def with_tickets(
    store: Store,
    keys: Mapping[str, set[str]],
    found: Mapping[str, ChangeEvidence],
    at: int | None,
) -> dict[str, ChangeEvidence]:
    """Adds the tickets of these keys (change id -> keys) that are stored, with their events."""
    every = set().union(*keys.values()) if keys else set()
    tickets = queries.load_in(store, Ticket, "key", every, at=at) if every else []
    by_key: dict[str, tuple[Ticket, ...]] = {
        **_grouped(tickets, lambda row: row.key),
        **_moved(store, every - {ticket.key for ticket in tickets}, at),
    }
    tickets = [ticket for rows in by_key.values() for ticket in rows]
    ids = {ticket.ticket_id for ticket in tickets}
    rows = queries.load_in(store, TicketEvent, "ticket_id", ids, at=at) if ids else []
    events = _grouped(rows, lambda row: (row.tracker, row.ticket_id))
    complete: dict[str, ChangeEvidence] = {}
    for change_id, one in found.items():
        own = _flat(by_key, sorted(keys[change_id]))
        complete[change_id] = replace(
            one,
            tickets=own,
            ticket_events=tuple(
                event
                for ticket in own
                for event in sorted(
                    events.get((ticket.tracker, ticket.ticket_id), ()),
                    key=lambda row: (row.at, row.event_id),
                )
            ),
        )
    return complete


def _moved(store: Store, keys: set[str], at: int | None) -> dict[str, tuple[Ticket, ...]]:
    """Former key -> the tickets that had it; only those with keys like `SHOP-12` are moved."""
    former = {key for key in keys if "#" not in key}
    rows = queries.load_in(store, TicketEvent, "previous", former, at=at) if former else []
    moves = [row for row in rows if row.kind == "moved"]
    ids = {(row.tracker, row.ticket_id) for row in moves}
    tickets = queries.load_in(store, Ticket, "ticket_id", {i for _, i in ids}, at=at) if ids else []
    by_id = _grouped(tickets, lambda row: (row.tracker, row.ticket_id))
    return {
        key: tuple(ticket for row in some for ticket in by_id.get((row.tracker, row.ticket_id), ()))
        for key, some in _grouped(moves, lambda row: row.previous).items()
    }


def linked_tickets(links: Iterable[Link]) -> set[str]:
    """Ticket keys that request links name."""
    return {link.target.removeprefix("ticket:") for link in links if link.kind is LinkKind.REQUEST}
