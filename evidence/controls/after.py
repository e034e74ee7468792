"""ADD A CONTROL HERE whose unit is a deployment and that looks at what came before or after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from evidence.controls.attributes import cm_15, cm_16
from evidence.controls.catalog import by_id
from evidence.controls.evaluate import in_scope
from evidence.model.aftermath import Aftermath
from evidence.model.capture import Gap
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

AfterRule = Callable[[ProductionDeployment, Aftermath, Policy, int, Sequence[Gap]], Determination]

AFTER_RULES: dict[str, AfterRule] = {"CM-15": cm_15.determine, "CM-16": cm_16.determine}
"""Control id -> how it is tested on a production deployment and what became of it."""


def evaluate_after(
    deployment: ProductionDeployment,
    after: Aftermath,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
) -> tuple[Determination, ...]:
    """One determination per control in scope; `as_of` microseconds UTC."""
    return tuple(
        replace(
            rule(deployment, after, policy, as_of, gaps), rule_version=by_id(control).rule_version
        )
        for control, rule in AFTER_RULES.items()
        if in_scope(policy, control)
    )
