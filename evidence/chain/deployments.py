"""What deployers did, brought together: one operation per (source, application uid, start).

The same operation is seen in several places (history row, operation state) and at several times
(running, then finished): the latest observation speaks, every origin is listed, and sightings
that contradict each other are flagged and not resolved by guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from evidence.chain.deliveries import Delivery, deliveries, join
from evidence.chain.live import observed_live
from evidence.in_scope import Application
from evidence.model.actor import Actor
from evidence.model.capture import Gap, GapReason
from evidence.model.deployment import RUN, ApplicationState, Deployment, run_number
from evidence.model.rollout import RolloutStep, Verdict

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a deployer, as all its sightings together tell it."""

    deployment: Deployment
    """The sighting that speaks: observed last, a finished one before a running one."""
    origins: tuple[str, ...]
    entries: tuple[int, ...]
    contradictions: tuple[str, ...] = ()
    """Names of the fields on which finished sightings differ."""
    deliveries: tuple[Delivery, ...] = ()
    """Rollouts and canaries that carried it out."""

    @property
    def key(self) -> Key:
        """Identity of the operation."""
        return operation_key(self.deployment)

    @property
    def id(self) -> str:
        """`<source id>:<application uid>:<started_at>`."""
        source, uid, started = self.key
        return f"{source}:{uid}:{started}"

    @property
    def succeeded(self) -> bool:
        """The deployer calls it done and well."""
        return self.deployment.phase.casefold() == "succeeded"

    @property
    def running(self) -> bool:
        """It had not ended when it was last seen."""
        return self.deployment.phase.casefold() in {"running", "terminating", "progressing"}

    @property
    def settles(self) -> bool:
        """Afterwards production as a whole stands at its revision: success, and not in part."""
        promoted = all(one.verdict is Verdict.PROMOTED for one in self.deliveries)
        return self.succeeded and not self.deployment.selective and promoted

    @property
    def all_entries(self) -> tuple[int, ...]:
        """Ledger entries of its sightings and of what carried it out, ascending."""
        more = {seq for one in self.deliveries for seq in one.entries}
        return tuple(sorted({*self.entries, *more})) if more else self.entries

    @property
    def stopped(self) -> bool:
        """It reached production by a canary that was aborted or taken back."""
        return any(one.stopped for one in self.deliveries)

    @property
    def gate_unread(self) -> bool:
        """A workflow run made it, and who let that run pass was not read."""
        return bool(run_number(self.deployment.url)) and RUN not in self.origins

    @property
    def revisions(self) -> tuple[str, ...]:
        """Deployed revision of each source."""
        return tuple(source.revision for source in self.deployment.sources)

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """Deployed revision of each source, and what its application's definition gave it."""
        return tuple((source.revision, source.inline) for source in self.deployment.sources)


def operation_key(deployment: Deployment) -> Key:
    """(source, application uid or name, start): what makes two sightings one operation."""
    uid = deployment.application_uid or deployment.application
    return (deployment.source, uid, deployment.started_at)


def unite(
    deployments: Sequence[Deployment],
    rollouts: Iterable[RolloutStep] = (),
    states: Iterable[ApplicationState] = (),
) -> list[Operation]:
    """All operations in order of start, each once, whatever the order of the sightings.

    `states` bring those that only their result shows (`evidence.chain.live`).
    """
    sightings: dict[Key, list[Deployment]] = defaultdict(list)
    for deployment in (*deployments, *observed_live(deployments, states)):
        sightings[operation_key(deployment)].append(deployment)
    united = [_unite(sightings[key]) for key in sorted(sightings, key=lambda key: (key[2], key))]
    carried = join(united, deliveries(rollouts))
    return [
        replace(one, deliveries=carried[one.key]) if one.key in carried else one for one in united
    ]


def _unite(sightings: list[Deployment]) -> Operation:
    if len(sightings) == 1:
        (only,) = sightings
        return Operation(
            deployment=only,
            origins=(only.origin,) if only.origin else (),
            entries=(only.entry_seq,) if only.entry_seq else (),
        )
    ordered = sorted(sightings, key=_authority)
    finished = [one for one in ordered if one.phase.casefold() not in {"running", "terminating"}]
    return Operation(
        deployment=_with_gate(ordered),
        origins=tuple(sorted({one.origin for one in sightings if one.origin})),
        entries=tuple(sorted({one.entry_seq for one in sightings if one.entry_seq})),
        contradictions=_contradictions(finished),
    )


def _with_gate(ordered: Sequence[Deployment]) -> Deployment:
    """The sighting that speaks, with who started it and let it pass by whichever tells that."""
    approvers: dict[Actor, None] = {one: None for each in ordered for one in each.approvers}
    starters = [one.started_by for one in ordered if one.started_by is not None]
    started_by = starters[-1] if starters else None
    return replace(ordered[-1], approvers=tuple(approvers), started_by=started_by)


def _authority(deployment: Deployment) -> tuple[bool, int, int, str, str]:
    """Sorts sightings so that the one that speaks stands last."""
    running = deployment.phase.casefold() in {"running", "terminating"}
    return (
        not running,
        deployment.observed_at,
        deployment.entry_seq,
        deployment.origin,
        repr(deployment.sources),
    )


def _contradictions(finished: Sequence[Deployment]) -> tuple[str, ...]:
    if len(finished) < 2:
        return ()
    revisions = {tuple(source.revision for source in one.sources) for one in finished}
    revisions = {one for one in revisions if any(one)}
    phases = {one.phase.casefold() for one in finished if one.phase}
    operations = {one.operation_id for one in finished if one.operation_id}
    found = [
        ("identity", len(operations) > 1),
        ("phase", len(phases) > 1),
        ("revision", len(revisions) > 1),
    ]
    return tuple(name for name, differs in found if differs)


def select_application(
    deployment: Deployment, applications: Iterable[Application]
) -> Application | None:
    """The configured application an operation belongs to; the most exact selector wins.

    Uid before `namespace/name` before bare name; among equals the one configured first.
    """
    best: tuple[int, Application] | None = None
    for application in applications:
        score = _match(application, deployment)
        if score and (best is None or score > best[0]):
            best = (score, application)
    return best[1] if best else None


def _match(application: Application, deployment: Deployment) -> int:
    if application.deployer and application.deployer != deployment.source:
        return 0
    selector = application.selector or application.id
    if deployment.application_uid and selector == deployment.application_uid:
        return 3
    if selector == deployment.application:
        return 2
    return 1 if selector == deployment.application.rpartition("/")[2] else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNumbers:
    """The auto-increment of one application's history, as observed (reconciliation R5)."""

    source: str
    application_uid: str
    application: str
    first: int
    last: int
    observed: int
    missing: tuple[int, ...]
    """Ids between first and last that no observation holds: operations that were lost."""


MISSING_LISTED = 1000
"""Ids printed one by one; a longer gap is cut here, its size follows from the other numbers."""


def history_numbers(operations: Iterable[Operation]) -> list[HistoryNumbers]:
    """Observed history ids of each application and what is missing between them."""
    ids: dict[tuple[str, str], set[int]] = defaultdict(set)
    names: dict[tuple[str, str], str] = {}
    for operation in operations:
        if operation.deployment.history_id >= 0:
            key = operation.key[:2]
            ids[key].add(operation.deployment.history_id)
            names[key] = operation.deployment.application
    return [
        HistoryNumbers(
            source=key[0],
            application_uid=key[1],
            application=names[key],
            first=min(seen),
            last=max(seen),
            observed=len(seen),
            missing=tuple(_missing(sorted(seen))),
        )
        for key, seen in sorted(ids.items())
    ]


def _missing(seen: list[int]) -> list[int]:
    missing: list[int] = []
    for before, after in pairwise(seen):
        missing.extend(range(before + 1, min(after, before + 1 + MISSING_LISTED)))
    return missing[:MISSING_LISTED]


def after_a_gap(operations: Sequence[Operation], gaps: Iterable[Gap]) -> set[Key]:
    """Operations before which others were lost: a jump of the history id, or a recorded gap.

    `operations` are those of one application, in order of start.
    """
    found: set[Key] = set()
    last: dict[tuple[str, str], int] = {}
    for operation in operations:
        number = operation.deployment.history_id
        application = operation.key[:2]
        if number < 0:
            continue
        if application in last and number > last[application] + 1:
            found.add(operation.key)
        last[application] = max(number, last.get(application, number))
    for gap in gaps:
        if gap.reason == GapReason.HISTORY_LOST and gap.window_from:
            found.update(_first_after(operations, gap))
    return found


def _first_after(operations: Sequence[Operation], gap: Gap) -> list[Key]:
    """The first operation of the gap's application that ended the gap's window."""
    for operation in operations:
        same = gap.source == operation.key[0] and gap.key in {"*", operation.key[1]}
        if same and operation.deployment.started_at >= gap.window_from:
            return [operation.key]
    return []
