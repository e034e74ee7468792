"""What the determinations on deployments rest on beside their rows, from the drafts of one run."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.chain.aftermath import aftermaths
from evidence.chain.deployments import Operation
from evidence.chain.hop import Hop
from evidence.chain.looks import Looks
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft
from evidence.chain.sources import Locator
from evidence.chain.stages import staged
from evidence.model.aftermath import Aftermath
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy


def after(
    policy: Policy,
    inputs: PopulationInputs,
    rows: Sequence[ProductionDeployment],
    drafts: Sequence[Draft],
    operations: Sequence[Operation],
    locator: Locator,
    hop: Hop,
) -> dict[str, Aftermath]:
    """Deployment id -> what became of it and how its content stood before."""
    return aftermaths(
        policy,
        rows,
        {draft.operation.id: draft.operation for draft in drafts},
        Looks(inputs.states, inputs.runs),
        staged(policy, drafts, operations, locator, inputs, hop),
    )
