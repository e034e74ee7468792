"""Applies the register of dispositions to what was determined, as of the case's moment.

On reading and never on storing: a determination is the same whatever management says of it, and a
new disposition has nothing decided again (docs/adr/0010).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evidence.chain.population import Population, Reconciliation
from evidence.controls import occasions
from evidence.controls.alternatives import support
from evidence.controls.contribution import Contributors
from evidence.controls.contributors import contributors_of
from evidence.controls.dispositions import Event, EventOf, dispose
from evidence.deciding.brought import stored_changes
from evidence.deciding.case import Case
from evidence.model.chain import Chain
from evidence.model.change import Change
from evidence.model.determination import Determination, SettingInterval
from evidence.model.disposition import Register, Ruling
from evidence.model.event import EventDetermination
from evidence.model.production import ProductionDeployment
from evidence.store import dispositions

Rulings = dict[tuple[str, str], tuple[Ruling, ...]]


@dataclass(slots=True, kw_only=True)
class Disposing:
    """Holds the register against one subject after the other; `rulings` gathers what came out."""

    case: Case
    register: Register
    rulings: Rulings = field(default_factory=dict)
    """(control, subject) -> rulings, for deviations that a disposition concerns and unknowns to
    which alternative evidence was attached."""
    _known: dict[str, Contributors] = field(default_factory=dict)

    def change(self, chain: Chain, found: Sequence[Determination]) -> None:
        """A change, by its chain and all that was determined of it."""
        policy = self.case.policy
        self._dispose(
            found, lambda one: occasions.of_change(chain, policy, found, control=one.control)
        )

    def deployment(self, deployment: ProductionDeployment, found: Sequence[Determination]) -> None:
        """A deployment; who contributed to its changes is read where a disposition needs it."""
        policy = self.case.policy

        def event(_: Determination) -> Event:
            took_part = self._contributors(deployment.changes)
            return occasions.of_deployment(deployment, policy, found, took_part)

        self._dispose(found, event)

    def interval(self, interval: SettingInterval) -> None:
        """A span of a setting."""
        self._dispose((interval.determination,), lambda _: occasions.of_interval(interval))

    def event(self, told: EventDetermination) -> None:
        """Drift, or an act beside the deployer."""
        policy = self.case.policy
        self._dispose((told.determination,), lambda _: occasions.of_event(told.event, policy))

    def _dispose(self, found: Iterable[Determination], event_of: EventOf) -> None:
        found = tuple(found)
        for judge in (dispose, support):
            self.rulings |= judge(found, self.register, event_of, self.case.policy, self.case.as_of)

    def _contributors(self, change_ids: Sequence[str]) -> list[Contributors]:
        missing = set(change_ids) - self._known.keys()
        wanted = [one for one in self.case.population.changes if one.change_id in missing]
        for chain in self.case.chains(wanted):
            known = contributors_of(chain, self.case.policy)
            self._known[chain.change.change_id] = known
        return [self._known.get(one) or _not_read(one) for one in change_ids]


def disposing(case: Case) -> Disposing:
    """The register as of the case's ledger size, ready to be held against determinations."""
    return Disposing(case=case, register=dispositions.register(case.store, at=case.at))


def rulings_on(
    case: Case,
    register: Register,
    change: Change,
    deployments: Iterable[ProductionDeployment],
    found: Iterable[Determination],
) -> Rulings:
    """The rulings on one stored change and the deployments that carried it."""
    by_subject: dict[str, list[Determination]] = defaultdict(list)
    for one in found:
        by_subject[one.subject].append(one)
    ids = {change.change_id, *(name for one in deployments for name in one.changes)}
    narrow = few(case, ids)
    held = Disposing(case=narrow, register=register)
    for chain in narrow.chains([change]):
        held.change(chain, by_subject[change.change_id])
    for each in deployments:
        held.deployment(each, by_subject[each.deployment_id])
    return held.rulings


def few(case: Case, change_ids: Iterable[str]) -> Case:
    """The same case on a few stored changes alone: no population is built for them."""
    held = Population(
        deployments=(),
        changes=tuple(stored_changes(case.store, change_ids)),
        questions=frozenset(),
        reconciliation=Reconciliation(),
    )
    return case.narrowed(case.inputs, held)


def _not_read(change_id: str) -> Contributors:
    nobody = Contributors()
    nobody.leave_open("not-collected", f"who contributed to {change_id} was not read")
    return nobody
