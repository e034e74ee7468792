"""ADD A CONTROL HERE: which function tests which control, and how outcomes are counted.

Everything here is pure: `as_of` is an argument, and the same chain, policy and catalogue give the
same determinations.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from evidence.controls.attributes import (
    cm_01,
    cm_02,
    cm_03,
    cm_04,
    cm_05,
    cm_06,
    cm_07,
    cm_08,
    cm_09,
    cm_10,
    cm_11,
    cm_12,
    cm_14,
    cm_17,
    cm_18,
)
from evidence.controls.catalog import by_id
from evidence.controls.enforcing import noted
from evidence.controls.landed import Brought
from evidence.controls.lanes import follow
from evidence.in_scope import Repository
from evidence.model.capture import Gap
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome, SettingInterval, Verdict
from evidence.model.production import ProductionDeployment
from evidence.model.protection import SettingsHistory
from evidence.policy import Policy

ChangeRule = Callable[[Chain, Policy, int], Determination]
DeploymentRule = Callable[
    [ProductionDeployment, Policy, int, Sequence[Gap], Brought | None], Determination
]

CHANGE_RULES: dict[str, ChangeRule] = {
    "CM-02": cm_02.determine,
    "CM-03": cm_03.determine,
    "CM-04": cm_04.determine,
    "CM-05": cm_05.determine,
    "CM-06": cm_06.determine,
    "CM-07": cm_07.determine,
    "CM-08": cm_08.determine,
    "CM-10": cm_10.determine,
    "CM-12": cm_12.determine,
    "CM-14": cm_14.determine,
    "CM-17": cm_17.determine,
}
"""Control id -> how it is tested on a change. Order is the order of the determinations."""

DEPLOYMENT_RULES: dict[str, DeploymentRule] = {
    "CM-01": cm_01.determine,
    "CM-11": cm_11.determine,
}
"""Control id -> how it is tested on a production deployment."""

IntervalRule = Callable[
    [SettingsHistory, Repository, Policy, int, int], tuple[SettingInterval, ...]
]

INTERVAL_RULES: dict[str, IntervalRule] = {
    "CM-09": cm_09.determine,
    "CM-18": cm_18.determine,
}
"""Control id -> how it is tested on the settings of a repository over a span of time."""


def evaluate_change(chain: Chain, policy: Policy, as_of: int) -> tuple[Determination, ...]:
    """One determination per control in scope whose unit is a change; `as_of` microseconds UTC.

    Deployments that started later are not seen: they cannot change what held then.
    """
    seen = _until(chain, as_of)
    found = [
        _versioned(rule(seen, policy, as_of))
        for control, rule in CHANGE_RULES.items()
        if in_scope(policy, control)
    ]
    return follow(seen, policy, as_of, found)


def evaluate_deployment(
    deployment: ProductionDeployment,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
    brought: Brought | None = None,
) -> tuple[Determination, ...]:
    """One determination per control in scope whose unit is a deployment.

    `gaps` are those that concern its deployer or its repositories; `brought` tells how the changes
    in it landed, and which builds succeeded.
    """
    return tuple(
        _versioned(rule(deployment, policy, as_of, gaps, brought))
        for control, rule in DEPLOYMENT_RULES.items()
        if in_scope(policy, control)
    )


def evaluate_settings(
    settings: SettingsHistory, repository: Repository, policy: Policy, begin: int, end: int
) -> tuple[SettingInterval, ...]:
    """Intervals of `begin`..`end` (microseconds UTC) per control in scope whose unit they are."""
    return tuple(
        replace(one, determination=_versioned(noted(one, settings.reporting)))
        for control, rule in INTERVAL_RULES.items()
        if in_scope(policy, control) and begin < end
        for one in rule(settings, repository, policy, begin, end)
    )


def _until(chain: Chain, as_of: int) -> Chain:
    """The chain without the deployments that started after a moment."""
    later = {one.deployment_id for one in chain.evidence.deployments if one.started_at > as_of}
    change = chain.change
    returns = tuple(one for one in chain.evidence.returns if one.started_at <= as_of)
    if returns != chain.evidence.returns:
        chain = replace(chain, evidence=replace(chain.evidence, returns=returns))
    if not later and change.first_deployed_at <= as_of:
        return chain
    starts = [
        one.started_at for one in chain.evidence.deployments if one.deployment_id not in later
    ]
    first = change.first_deployed_at if change.first_deployed_at <= as_of else 0
    trimmed = replace(
        change,
        deployments=tuple(one for one in change.deployments if one not in later),
        first_deployed_at=min(starts, default=first),
    )
    evidence = replace(
        chain.evidence,
        change=trimmed,
        deployments=tuple(
            one for one in chain.evidence.deployments if one.deployment_id not in later
        ),
    )
    return replace(chain, evidence=evidence)


def in_scope(policy: Policy, control: str) -> bool:
    """Whether the entity tests this control; without a word about it, it does."""
    return all(scope.in_scope for scope in policy.controls if scope.id == control)


def _versioned(determination: Determination) -> Determination:
    return replace(determination, rule_version=by_id(determination.control).rule_version)


# --- counting

_ORDER = (
    Verdict.FAIL,
    Verdict.UNKNOWN,
    Verdict.ACCEPTED,
    Verdict.ALTERNATIVE,
    Verdict.PASS,
)


def verdict(one: Determination, accepted: Container[tuple[str, str]] = ()) -> Verdict:
    """How a determination is counted; `accepted` holds (control, subject) with a record that holds.

    Of a fail that is a disposition, of an unknown alternative evidence; nothing else has any.
    """
    beside = _BESIDE.get(one.outcome)
    if beside and (one.control, one.subject) in accepted:
        return beside
    return Verdict(one.outcome)


_BESIDE = {Outcome.FAIL: Verdict.ACCEPTED, Outcome.UNKNOWN: Verdict.ALTERNATIVE}


def roll_up(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst verdict: fail, unknown, accepted, alternative, pass.

    `not_applicable` is left out, and comes back only where there is nothing else.
    """
    found = set(verdicts)
    return next((one for one in _ORDER if one in found), Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How one control came out over a population."""

    control: str
    passed: int = 0
    alternative: int = 0
    """Unknowns that alternative evidence resolves: passes that are counted apart."""
    failed: int = 0
    """Deviations without a disposition."""
    accepted: int = 0
    """Deviations with a valid disposition: still deviations, never passes."""
    unknown: int = 0
    not_applicable: int = 0

    @property
    def deviations(self) -> int:
        """All deviations, accepted ones too."""
        return self.failed + self.accepted

    @property
    def tested(self) -> int:
        """The denominator of the rate: what was decided."""
        return self.passed + self.alternative + self.deviations

    @property
    def rate(self) -> Fraction | None:
        """The deviation rate, exact; None where nothing was decided. Unknown stands beside it."""
        return Fraction(self.deviations, self.tested) if self.tested else None


def count(
    determinations: Iterable[Determination], accepted: Iterable[tuple[str, str]] = ()
) -> tuple[Counts, ...]:
    """Counts per control, in order of id; `accepted` as `verdict` has it."""
    disposed = frozenset(accepted)
    tallies: dict[str, dict[str, int]] = {}
    for one in determinations:
        tally = tallies.setdefault(one.control, {})
        name = _COLUMN[verdict(one, disposed)]
        tally[name] = tally.get(name, 0) + 1
    return tuple(Counts(control=control, **tallies[control]) for control in sorted(tallies))


_COLUMN = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.ACCEPTED: "accepted",
    Verdict.ALTERNATIVE: "alternative",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not_applicable",
}
