"""The counts of a packet: outcomes per control, deviation rates, unknowns, one line per change.

Pure: computed from `PacketData` once and shared by every section and by results.json.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evidence.controls.dispositions import accepted
from evidence.controls.evaluate import Counts, count, roll_up, verdict
from evidence.model.change import Change
from evidence.model.determination import Determination, Outcome, SubjectKind, Verdict
from evidence.model.production import ProductionDeployment
from evidence.report.data import PacketData
from evidence.report.lanes import LaneCount, PopulationFlag, lane_counts, population_flags
from evidence.report.text import percent

CHANGES = "changes"
PROMOTIONS = "promotions"
SETTINGS = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownGroup:
    """Unknown determinations with one control and reason."""

    control: str
    reason: str
    count: int
    action: str
    """What would decide most of them, as the determinations say."""
    clears: int
    """How many of the group name exactly this action."""
    example: str
    """A subject."""
    stratum: str = CHANGES
    """`changes` (with deployments), `promotions` or `settings` (intervals)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do, and how many unknown determinations name it."""

    text: str
    clears: int
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything counted. Changes are in `change_id` order, deployments in order of time."""

    population: tuple[Change, ...]
    promotions: tuple[Change, ...]
    """Counted apart from the population."""
    promotion_ids: frozenset[str]
    undeployed: tuple[Change, ...]
    deployments: tuple[ProductionDeployment, ...]
    deployment_by_id: Mapping[str, ProductionDeployment]
    outcomes: Mapping[str, Verdict]
    """Roll-up by change id: the worst of its own and of its deployments' determinations."""
    accepted: frozenset[tuple[str, str]]
    """(control, subject) of the deviations for which a disposition holds, and of the unknowns
    for which alternative evidence does."""
    counts: tuple[Counts, ...]
    """Over the population (and the deployments, for controls tested on them)."""
    undeployed_counts: tuple[Counts, ...]
    promotion_counts: tuple[Counts, ...]
    setting_counts: tuple[Counts, ...]
    """Over intervals of settings: in no rate of changes."""
    deviations: tuple[Determination, ...]
    unknown: tuple[UnknownGroup, ...]
    actions: tuple[Action, ...]
    lanes: tuple[LaneCount, ...]
    flags: tuple[PopulationFlag, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All that have a dossier: population, promotions and undeployed, by `change_id`."""
        every = (*self.population, *self.promotions, *self.undeployed)
        return tuple(sorted(every, key=_change_key))

    def rolled_up(self) -> Counts:
        """How many changes of the population have which worst outcome."""
        worst = Counter(self.outcomes[row.change_id] for row in self.population)
        return Counts(
            control="",
            passed=worst[Verdict.PASS],
            failed=worst[Verdict.FAIL],
            accepted=worst[Verdict.ACCEPTED],
            alternative=worst[Verdict.ALTERNATIVE],
            unknown=worst[Verdict.UNKNOWN],
            not_applicable=worst[Verdict.NOT_APPLICABLE],
        )

    def verdict(self, one: Determination) -> Verdict:
        """How a determination is counted."""
        return verdict(one, self.accepted)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The roll-up of `evidence.controls`, but nothing tested at all is `unknown` here."""
    found = list(verdicts)
    return roll_up(found) if found else Verdict.UNKNOWN


def rate(counts: Counts) -> str:
    """Deviations per decided determination in percent; `n/a` where none was decided."""
    return percent(counts.deviations, counts.tested)


def total(counts: Counts) -> int:
    """All determinations, the unknown and not applicable ones too."""
    return counts.tested + counts.unknown + counts.not_applicable


def summarise(data: PacketData) -> Summary:
    """Counts everything in `data` except chains and captures, which are read while writing."""
    population = tuple(sorted(data.population, key=_change_key))
    promotions = tuple(sorted(data.promotions, key=_change_key))
    undeployed = tuple(sorted(data.undeployed, key=_change_key))
    deployments = tuple(sorted(data.deployments, key=_deployment_key))
    tested = _of(data, [row.change_id for row in population])
    promoted = _of(data, [row.change_id for row in promotions])
    later = _of(data, [row.change_id for row in undeployed])
    operated = _of(data, [row.deployment_id for row in deployments])
    held = [row.determination for row in data.settings]
    spans = [row.id for row in data.controls if row.unit is SubjectKind.INTERVAL]
    order = [row.id for row in data.controls if row.unit is not SubjectKind.INTERVAL]
    lanes = lane_counts(data.determinations, population, promotions)
    everything = [*tested, *later, *operated, *promoted, *held]
    events = [row.determination for row in data.events]
    disposed = accepted(data.rulings)
    return Summary(
        population=population,
        promotions=promotions,
        promotion_ids=frozenset(row.change_id for row in promotions),
        undeployed=undeployed,
        deployments=deployments,
        deployment_by_id={row.deployment_id: row for row in deployments},
        outcomes=_outcomes(data, (*population, *promotions, *undeployed), disposed),
        accepted=disposed,
        counts=_counts([*tested, *operated], order, disposed),
        undeployed_counts=_counts(later, [], disposed),
        promotion_counts=_counts(promoted, [], disposed),
        setting_counts=_counts(held, spans, disposed),
        deviations=tuple(
            sorted(
                (row for row in (*everything, *events) if row.outcome is Outcome.FAIL),
                key=lambda row: (row.control, row.subject),
            )
        ),
        unknown=(
            *_unknown(_open([*tested, *later, *operated], disposed), CHANGES),
            *_unknown(_open(promoted, disposed), PROMOTIONS),
            *_unknown(_open(held, disposed), SETTINGS),
        ),
        actions=_actions(_open(everything, disposed)),
        lanes=lanes,
        flags=population_flags(lanes, data.emergency_share_limit),
    )


def _change_key(change: Change) -> bytes:
    return change.change_id.encode("utf-8", "surrogatepass")


def _deployment_key(row: ProductionDeployment) -> tuple[int, bytes]:
    return (row.finished_at or row.started_at, row.deployment_id.encode("utf-8", "surrogatepass"))


def _of(data: PacketData, subjects: Sequence[str]) -> list[Determination]:
    return [row for subject in subjects for row in data.determinations.get(subject, ())]


def _outcomes(
    data: PacketData, changes: Iterable[Change], disposed: frozenset[tuple[str, str]]
) -> dict[str, Verdict]:
    return {
        change.change_id: worst(
            verdict(row, disposed) for row in _of(data, [change.change_id, *change.deployments])
        )
        for change in changes
    }


def _counts(
    rows: Iterable[Determination], order: Sequence[str], disposed: frozenset[tuple[str, str]]
) -> tuple[Counts, ...]:
    found = {row.control: row for row in count(rows, disposed)}
    every = sorted({*found, *order})
    return tuple(found.get(control, Counts(control=control)) for control in every)


def _open(
    rows: Iterable[Determination], disposed: frozenset[tuple[str, str]]
) -> list[Determination]:
    """Those beside which no record of the register holds."""
    return [row for row in rows if (row.control, row.subject) not in disposed]


def _unknown(rows: Iterable[Determination], stratum: str) -> tuple[UnknownGroup, ...]:
    groups: dict[tuple[str, str], list[Determination]] = defaultdict(list)
    for row in rows:
        if row.outcome is Outcome.UNKNOWN:
            groups[row.control, row.reason].append(row)
    told = [_group(*key, members, stratum) for key, members in groups.items()]
    return tuple(sorted(told, key=lambda row: (-row.count, row.control, row.reason)))


def _group(
    control: str, reason: str, members: Sequence[Determination], stratum: str
) -> UnknownGroup:
    action, clears = _commonest(Counter(row.missing for row in members))
    return UnknownGroup(
        control=control,
        reason=reason,
        count=len(members),
        action=action,
        clears=clears,
        example=min(row.subject for row in members),
        stratum=stratum,
    )


def _commonest(counter: Counter[str]) -> tuple[str, int]:
    return min(counter.items(), key=lambda item: (-item[1], item[0]))


def _actions(rows: Iterable[Determination]) -> tuple[Action, ...]:
    controls: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.outcome is Outcome.UNKNOWN and row.missing:
            controls[row.missing][row.control] += 1
    told = [
        Action(text=text, clears=sum(by.values()), controls=tuple(sorted(by)))
        for text, by in controls.items()
    ]
    return tuple(sorted(told, key=lambda row: (-row.clears, row.text)))
