"""The end of each application that new entries tell of: its operations from an anchor on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from evidence.chain.deployments import operation_key, select_application
from evidence.chain.handover import Anchor, ApplicationEnd, Handover
from evidence.chain.parents import parents_of
from evidence.deciding.window import Whole
from evidence.in_scope import Application
from evidence.model.capture import Gap, GapReason
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.fact import Fact
from evidence.policy import Policy
from evidence.store import since
from evidence.store.session import Store

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The operations and states of one application from its anchor on."""

    application: Application
    known: ApplicationEnd
    anchor: Anchor
    operations: tuple[Deployment, ...]
    states: tuple[ApplicationState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What new entries tell of the applications of production."""

    operations: Mapping[str, tuple[Deployment, ...]]
    """Application -> new sightings of operations."""
    states: Mapping[str, tuple[ApplicationState, ...]]
    """Application -> new versions of its state."""


def told_of(store: Store, policy: Policy, begin: int) -> Told:
    """What entries from `begin` on tell of each application; the others are no rows."""
    operations: dict[str, list[Deployment]] = defaultdict(list)
    for one in since.facts_since(store, Deployment, begin):
        application = select_application(one, policy.applications)
        if application is not None and application.production:
            operations[application.id].append(one)
    states: dict[str, list[ApplicationState]] = defaultdict(list)
    for state in since.facts_since(store, ApplicationState, begin):
        application = select_application(_as_operation(state), policy.applications)
        if application is not None and application.production:
            states[application.id].append(state)
    return Told(
        operations={key: tuple(own) for key, own in operations.items()},
        states={key: tuple(own) for key, own in states.items()},
    )


def ends_of(
    store: Store,
    policy: Policy,
    known: Handover,
    told: Told,
    gaps: Iterable[Gap],
    ran: Mapping[str, int],
    *,
    far: bool,
) -> list[End]:
    """The end of each application that is told of, or of which a look may tell more.

    From the newest anchor before all that is told, and before what `ran` (application -> start of
    its first deployment that is told of otherwise); from the oldest one where `far`.

    Raises:
        Whole: there is none, or what is told reaches beyond it.
    """
    gaps = tuple(gaps)
    ends = {one.application: one for one in known.applications}
    looked = {one.application for one in known.applications if one.open_since}
    by_id = {one.id: one for one in policy.applications}
    found: list[End] = []
    for name in sorted(looked | told.operations.keys() | told.states.keys() | ran.keys()):
        if name not in ends:
            raise Whole("an application that is new, or not one single object of its deployer")
        start = [ran[name]] if name in ran else []
        found.append(_end(store, policy, by_id[name], ends[name], told, gaps, start, far=far))
    return found


def check_parents(
    store: Store, policy: Policy, known: Handover, told: Told, ends: Iterable[End]
) -> None:
    """Refuses operations of children that their parent may have changed, and parents told late.

    Raises:
        Whole: there is one.
    """
    for end in ends:
        above = parents_of(policy, told.states.get(end.application.id, ())).get(end.application.id)
        if above is not None and above != end.known.parent:
            raise Whole("an application has another parent")
        own = [one.started_at for one in end.operations if one.started_at > end.anchor.started_at]
        if end.known.parent and own:
            moved = _starts(store, told, end.known.parent, end.anchor.started_at)
            if any(one <= max(own) for one in moved):
                raise Whole("the parent of an application was deployed, too")
    for one in known.applications:
        late = min((each.started_at for each in told.operations.get(one.parent, ())), default=0)
        if late and since.deployments_after(store, one.application, late - 1):
            raise Whole("an older deployment of a parent is told only now")


def _starts(store: Store, told: Told, application: str, begin: int) -> set[int]:
    """When operations of an application started after a moment, decided or told now."""
    decided = since.deployments_after(store, application, begin)
    new = {one.started_at for one in told.operations.get(application, ())}
    return {int(one.rpartition(":")[2]) for one in decided} | {one for one in new if one > begin}


def _end(
    store: Store,
    policy: Policy,
    application: Application,
    known: ApplicationEnd,
    told: Told,
    gaps: Iterable[Gap],
    ran: Iterable[int],
    *,
    far: bool,
) -> End:
    own = told.operations.get(application.id, ())
    seen = told.states.get(application.id, ())
    identity = (known.source, known.uid)
    identities = {operation_key(one)[:2] for one in own}
    identities |= {(one.source, one.application_uid) for one in seen}
    if identities - {identity}:
        raise Whole("an application was made again, or is told of by another source")
    anchor = _anchor(known, [*(one.started_at for one in own), *ran], far=far)
    operations = since.operations_from(store, *identity, anchor.started_at)
    if any(select_application(one, policy.applications) is not application for one in operations):
        raise Whole("an object of a deployer was another application before")
    for gap in gaps:
        concerns = gap.source == known.source and gap.key in {"*", known.uid}
        lost = gap.reason == GapReason.HISTORY_LOST and gap.window_from > anchor.started_at
        if concerns and lost:
            raise Whole("operations of the application were lost")
    return End(
        application=application,
        known=known,
        anchor=anchor,
        operations=tuple(operations),
        states=tuple(since.states_from(store, *identity, anchor.started_at)),
    )


def _anchor(known: ApplicationEnd, starts: Iterable[int], *, far: bool) -> Anchor:
    first = min([*starts, *([known.open_since] if known.open_since else [])], default=2**63)
    before = [one for one in known.anchors if one.started_at < first]
    if not before:
        raise Whole("what is told reaches beyond the operations that were handed over")
    return before[0] if far else before[-1]


def _as_operation(state: ApplicationState) -> Deployment:
    return Deployment(
        source=state.source,
        application_uid=state.application_uid,
        application=state.application,
        started_at=0,
        finished_at=0,
        phase="",
        sources=(),
        initiator=None,
        automated=None,
    )
