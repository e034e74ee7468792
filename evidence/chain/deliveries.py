"""Progressive deliveries (Argo Rollouts, Flagger) joined to the operation that they carried out.

A deployer says "synced" when the manifests are applied; whether production runs them is said by
the rollout. What was stopped on the way was in production and does not settle anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.model.change import Link, LinkKind, Strength
from evidence.model.deployment import Deployment
from evidence.model.rollout import RolloutStep, Verdict

STOPPED = frozenset({Verdict.ABORTED, Verdict.ROLLED_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one workload, as all looks at it together tell it."""

    step: RolloutStep
    """The look that speaks: the last one."""
    verdict: Verdict
    weight: int
    """Highest percent seen before it was stopped; -1 where none was."""
    entries: tuple[int, ...]
    strength: Strength = Strength.INFERRED
    """How well it is known to belong to its operation."""

    @property
    def reference(self) -> str:
        """`rollout:<source>:<uid>:<revision>`."""
        return f"rollout:{self.step.source}:{self.step.uid}:{self.step.revision}"

    @property
    def stopped(self) -> bool:
        """It was taken back: the stable version serves again."""
        return self.verdict in STOPPED

    @property
    def told(self) -> str:
        """For the reader: what became of it."""
        share = f" at {self.weight} %" if self.stopped and self.weight > 0 else ""
        why = f": {self.step.message}" if self.step.message else ""
        return f"{self.step.tool} {self.step.name} {self.verdict}{share}{why}"


class Operated(Protocol):
    """An operation of a deployer, as far as a delivery is joined to it."""

    @property
    def key(self) -> tuple[str, str, int]: ...

    @property
    def deployment(self) -> Deployment: ...

    @property
    def revisions(self) -> tuple[str, ...]: ...


class Carried(Protocol):
    """An operation with the deliveries that carried it out."""

    @property
    def id(self) -> str: ...

    @property
    def deliveries(self) -> tuple[Delivery, ...]: ...


def deliveries(steps: Iterable[RolloutStep]) -> list[Delivery]:
    """One per (source, uid, revision) and try, in order of their last look.

    What was stopped and then goes on is tried again: another delivery of the same revision.
    """
    looks: dict[tuple[str, str, str], list[RolloutStep]] = defaultdict(list)
    stable: dict[tuple[str, str], set[str]] = defaultdict(set)
    for step in steps:
        looks[step.source, step.uid, step.revision].append(step)
    for (source, uid, revision), own in looks.items():
        stable[source, uid].update(one.stable for one in own if one.stable != revision)
    found = [
        _united(tried, revision in stable[source, uid])
        for (source, uid, revision), own in looks.items()
        for tried in _tries(own)
    ]
    return sorted(found, key=lambda one: (one.step.observed_at, one.step.entry_seq, one.reference))


def _tries(own: Iterable[RolloutStep]) -> list[list[RolloutStep]]:
    """Looks in order, cut where something that was stopped goes on."""
    tries: list[list[RolloutStep]] = [[]]
    for step in sorted(own, key=lambda one: (one.observed_at, one.entry_seq, one.verdict)):
        if tries[-1] and tries[-1][-1].verdict in STOPPED and step.verdict not in STOPPED:
            tries.append([])
        tries[-1].append(step)
    return tries


def _united(own: Sequence[RolloutStep], served: bool) -> Delivery:
    """`served`: a later delivery of the workload names this one as what serves: it was promoted."""
    last = own[-1]
    open_end = last.verdict in (Verdict.PROGRESSING, Verdict.PAUSED, Verdict.UNKNOWN)
    return Delivery(
        step=last,
        verdict=Verdict.PROMOTED if served and open_end else last.verdict,
        weight=max((one.weight for one in own if one.verdict is not Verdict.PROMOTED), default=-1),
        entries=tuple(sorted({one.entry_seq for one in own})),
    )


def join(
    operations: Sequence[Operated], found: Iterable[Delivery]
) -> Mapping[tuple[str, str, int], tuple[Delivery, ...]]:
    """Operation key -> the deliveries that carried it out. `operations` in order of start.

    A delivery belongs to the last operation of its application that had begun when it ended (or
    was seen, where its tool gives no time). An application that several deployers have by that
    name is no match. What was stopped holds for further operations at the same revisions that
    no delivery of the workload carried out.
    """
    by_name = _by_name(operations)
    joined: dict[tuple[str, str, int], list[Delivery]] = defaultdict(list)
    stopped: list[tuple[Delivery, Sequence[Operated]]] = []
    for one in found:
        own = by_name.get(one.step.application, []) if one.step.application else []
        if len({operation.key[0] for operation in own}) != 1:
            continue
        place = _place(own, one.step)
        if place < 0:
            continue
        joined[own[place].key].append(_strengthened(one, own[place].deployment))
        if one.stopped:
            stopped.append((one, own[place:]))
    for one, (first, *later) in stopped:
        for operation in later:
            carried = {each.step.uid for each in joined[operation.key] if each is not one}
            if operation.revisions != first.revisions or one.step.uid in carried:
                break
            joined[operation.key].append(one)
    return {key: tuple(own) for key, own in joined.items() if own}


def _by_name(operations: Iterable[Operated]) -> dict[str, list[Operated]]:
    """Full name and bare name -> operations that may have been carried out progressively."""
    found: dict[str, list[Operated]] = defaultdict(list)
    for operation in operations:
        deployment = operation.deployment
        if deployment.dry_run or deployment.self_heal:
            continue
        name = deployment.application
        for each in {name, name.rpartition("/")[2]}:
            found[each].append(operation)
    return found


def _place(own: Sequence[Operated], step: RolloutStep) -> int:
    moment = step.aborted_at or step.ended_at or step.started_at or step.observed_at
    begun = [place for place, one in enumerate(own) if one.deployment.started_at <= moment]
    return begun[-1] if begun else -1


def delivery_links(operation: Carried) -> Iterator[Link]:
    """What rollouts and canaries made of an operation."""
    for one in operation.deliveries:
        yield Link(
            kind=LinkKind.DEPLOYMENT,
            source=f"deployment:{operation.id}",
            target=one.reference,
            basis=f"carried_out_by_{one.step.tool.replace('-', '_')}",
            strength=one.strength,
            detail=one.told,
            entries=one.entries,
        )


def _strengthened(one: Delivery, deployment: Deployment) -> Delivery:
    """An image that both name makes the join strong: else it rests on name and time."""
    if not set(one.step.images) & set(deployment.images):
        return one
    return Delivery(
        step=one.step,
        verdict=one.verdict,
        weight=one.weight,
        entries=one.entries,
        strength=Strength.STRONG,
    )
