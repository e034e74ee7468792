"""What stands beside the determinations of one stored change: rulings and responses, as of now.

Only this part of a look-up needs the policy. Where nothing of the register concerns the change,
nothing more is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evidence.collecting import now
from evidence.config.load import load
from evidence.config.yardstick import build_policy
from evidence.controls.register import answers
from evidence.deciding.case import Case
from evidence.deciding.dispositions import Rulings, rulings_on
from evidence.discovered import with_discovered
from evidence.model.change import Change
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import Register, Response
from evidence.model.production import ProductionDeployment
from evidence.store.session import Store


def beside(
    store: Store,
    register: Register,
    change: Change,
    deployments: Sequence[ProductionDeployment],
    found: Sequence[Determination],
    config: Path | None,
) -> tuple[Rulings, tuple[Response, ...]]:
    """Rulings by (control, subject), and management's responses to deviations among `found`.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    ids = {change.change_id, *change.aliases, *(one.deployment_id for one in deployments)}
    own = register.about(ids)
    failed = [one for one in found if one.outcome is Outcome.FAIL]
    responses = tuple(said for one in failed for said in answers(own, one))
    if own.controls.isdisjoint(one.control for one in found):
        return {}, responses
    policy = build_policy(with_discovered(load(config), store).settings)
    case = Case(store=store, policy=policy, as_of=now())
    return rulings_on(case, own, change, deployments, found), responses
