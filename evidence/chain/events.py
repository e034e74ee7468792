"""Drift and acts beside the deployers, brought together: one event per thing, or per day of it.

Drift is what a look showed to differ from the manifests that were last synced; the looks between
which it stood are one event. Self-heals and writes of one day that say the same are one, counted.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.chain.event_tickets import with_ticket
from evidence.chain.looks import Looks, Object, Seen
from evidence.chain.scenes import Scenes, told
from evidence.model.event import ROLLBACK, OutOfBand
from evidence.model.production import DeploymentKind, ProductionDeployment
from evidence.model.runtime import RuntimeEvent, RuntimeKind
from evidence.model.ticket import Ticket, TrackerRead
from evidence.policy import Policy

_DAY = 86_400_000_000
_ATTRIBUTED = 15 * 60_000_000
"""Microseconds before a self-heal within which a write explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInputs:
    """What events are built from."""

    events: Sequence[RuntimeEvent]
    looks: Looks
    rows: Sequence[ProductionDeployment] = ()
    tickets: Sequence[Ticket] = ()
    """The newest version of each."""
    trackers: Sequence[TrackerRead] = ()


def out_of_band(policy: Policy, inputs: EventInputs) -> tuple[OutOfBand, ...]:
    """Every event of production, in order of begin, then id. Deterministic."""
    scenes = Scenes(policy, inputs.looks)
    happened = [
        (application, one)
        for one in inputs.events
        if scenes.counts(one) and (application := scenes.application_of(one)) is not None
    ]
    found = [
        *_drifts(scenes, inputs.looks),
        *_series(scenes, happened),
        *_by_rows(inputs.rows),
        *_rollbacks(inputs.rows),
    ]
    heals, writes = _timed(happened, scenes.is_heal), _timed(happened, scenes.is_write)
    settled = (_settled(one, heals[one.application], scenes, inputs) for one in found)
    known = (_attributed(one, writes[one.application]) for one in settled)
    named = (with_ticket(policy, one, inputs.tickets, inputs.trackers) for one in known)
    return tuple(sorted(named, key=lambda one: (one.begin, one.event_id)))


def _timed(
    happened: Iterable[tuple[str, RuntimeEvent]], wanted: Callable[[RuntimeEvent], bool]
) -> dict[str, list[RuntimeEvent]]:
    """Application id -> the events of one sort, in order of time."""
    found: dict[str, list[RuntimeEvent]] = defaultdict(list)
    for name, one in happened:
        if wanted(one):
            found[name].append(one)
    for own in found.values():
        own.sort(key=_when)
    return found


def _when(event: RuntimeEvent) -> tuple[int, str]:
    return event.at, event.event_id


# --- what happened


def _drifts(scenes: Scenes, looks: Looks) -> Iterator[OutOfBand]:
    """Looks in a row that showed drift are one event; the look that did not ends it."""
    for key, application in scenes.production():
        open_since: list[Seen] = []
        for one in looks.of(key):
            if one.state.drift:
                open_since.append(one)
                continue
            if open_since:
                yield _drift(key, application, open_since)
            open_since = []
        if open_since:
            yield _drift(key, application, open_since)


def _drift(key: Object, application: str, seen: Sequence[Seen]) -> OutOfBand:
    begin = seen[0].begin
    resources = dict.fromkeys(what for one in seen for what in one.state.drift)
    return OutOfBand(
        event_id=f"{key[0]}:{application}:drift:{begin}",
        application=application,
        kind=str(RuntimeKind.DRIFT),
        begin=begin,
        end=seen[-1].end,
        count=1,
        what="; ".join(resources),
        entries=tuple(sorted({one.state.entry_seq for one in seen})),
    )


def _series(scenes: Scenes, happened: Iterable[tuple[str, RuntimeEvent]]) -> Iterator[OutOfBand]:
    """Self-heals, writes and suspensions: those of one day that say the same are one."""
    groups: dict[tuple[str, ...], list[RuntimeEvent]] = defaultdict(list)
    for application, one in happened:
        day = str(one.at // _DAY) if one.kind is not RuntimeKind.SUSPENDED else one.event_id
        who = one.actor.key if one.actor else ""
        success = str(one.outcome.casefold() == "succeeded")
        groups[application, one.source, str(one.kind), day, who, told(one), success].append(one)
    for (application, source, kind, day, *rest), own in sorted(groups.items()):
        first = min(own, key=_when)
        yield OutOfBand(
            event_id=f"{source}:{application}:{kind}:{_name(day, *rest)}",
            application=application,
            kind=kind,
            begin=first.at,
            end=max(one.last_at for one in own),
            # Argo CD counts the tries of one series itself.
            count=max(len({one.event_id for one in own}), *(one.count for one in own)),
            what=told(first),
            actor=first.actor,
            resolved_at=scenes.healed_at(own),
            resolution="self_healed" if scenes.healed_at(own) else "",
            shown_by_looks=scenes.shows(first),
            entries=tuple(sorted({one.entry_seq for one in own})),
        )


def _name(day: str, *rest: str) -> str:
    digest = hashlib.sha256("\n".join(rest).encode("utf-8", "replace")).hexdigest()
    return f"{day[:100]}:{digest[:16]}"


def _by_rows(rows: Iterable[ProductionDeployment]) -> Iterator[OutOfBand]:
    """Production altered by a deployer, with content that stands in no commit."""
    for row in rows:
        if row.kind == DeploymentKind.NO_COMMIT and "local_manifests" in row.flags:
            yield OutOfBand(
                event_id=f"{row.deployment_id}:local_manifests",
                application=row.application,
                kind="local_manifests",
                begin=row.started_at,
                end=row.finished_at or row.started_at,
                count=1,
                what="a sync of manifests that the caller sent",
                actor=row.initiator,
                entries=row.entries,
            )


def _rollbacks(rows: Iterable[ProductionDeployment]) -> Iterator[OutOfBand]:
    """Production taken back to what ran before, by no change: nothing else tells who asked."""
    for row in rows:
        if row.kind == DeploymentKind.ROLLBACK and not row.changes and row.automated is not True:
            yield OutOfBand(
                event_id=f"{row.deployment_id}:{ROLLBACK}",
                application=row.application,
                kind=ROLLBACK,
                begin=row.started_at,
                end=row.finished_at or row.started_at,
                count=1,
                what=_taken_back(row),
                actor=row.initiator,
                entries=row.entries,
            )


def _taken_back(row: ProductionDeployment) -> str:
    """The revisions that a rollback left and came to."""
    spans = (one for one in row.ranges if one.kind == DeploymentKind.ROLLBACK)
    return "; ".join(f"{one.path or '.'} {one.previous[:12]}..{one.revision[:12]}" for one in spans)


# --- what became of it


def _settled(
    event: OutOfBand,
    heals: Sequence[RuntimeEvent],
    scenes: Scenes,
    inputs: EventInputs,
) -> OutOfBand:
    """The event with the first sign that it was put back, and until when it is known to stand."""
    if event.resolved_at or event.kind == ROLLBACK:
        return event
    signs = scenes.clean_looks(event)
    first = bisect_left(heals, event.end, key=lambda one: one.at)
    if first < len(heals) and event.shown_by_looks:
        signs.append((heals[first].last_at, "self_healed", heals[first].entry_seq))
    if event.kind == "local_manifests":
        signs += _later_rows(event, inputs.rows)
    stands = scenes.stands_until(event, min(signs)[0] if signs else 0)
    if not signs:
        return replace(event, end=max(event.end, stands))
    at, how, entry = min(signs)
    return replace(
        event,
        end=max(event.end, stands),
        resolved_at=at,
        resolution=how,
        entries=tuple(sorted({*event.entries, entry})),
    )


def _later_rows(
    event: OutOfBand, rows: Iterable[ProductionDeployment]
) -> list[tuple[int, str, int]]:
    """A later sync of everything from Git."""
    return [
        (row.finished_at or row.started_at, "reverted", max(row.entries, default=-1))
        for row in rows
        if row.application == event.application
        and row.started_at > event.begin
        and row.kind != DeploymentKind.NO_COMMIT
        and row.phase.casefold() == "succeeded"
        and "selective" not in row.flags
    ]


def _attributed(event: OutOfBand, writes: Sequence[RuntimeEvent]) -> OutOfBand:
    """Who wrote just before what a deployer noticed."""
    if event.actor is not None or event.kind not in {"drift", "self_heal"}:
        return event
    place = bisect_right(writes, event.begin, key=lambda one: one.at) - 1
    last = writes[place] if place >= 0 else None
    if last is None or last.actor is None or last.at < event.begin - _ATTRIBUTED:
        return event
    entries = tuple(sorted({*event.entries, last.entry_seq}))
    return replace(event, actor=last.actor, entries=entries)
