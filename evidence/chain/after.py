"""What the determinations on deployments rest on beside their rows, from the drafts of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.chain.aftermath import aftermaths
from evidence.chain.deployments import Operation
from evidence.chain.hop import Hop
from evidence.chain.looks import Looks
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft
from evidence.chain.sources import Locator
from evidence.chain.stages import staged
from evidence.model.aftermath import Aftermath, Staged
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What came after deployments whose rows are still to be written."""

    policy: Policy
    operations: Mapping[str, Operation]
    """By deployment id."""
    looks: Looks
    staged: Mapping[str, Staged]

    def of(self, rows: Sequence[ProductionDeployment]) -> dict[str, Aftermath]:
        """Deployment id -> what became of it and how its content stood before."""
        return aftermaths(self.policy, rows, self.operations, self.looks, self.staged)


def after(
    policy: Policy,
    inputs: PopulationInputs,
    drafts: Sequence[Draft],
    operations: Sequence[Operation],
    locator: Locator,
    hop: Hop,
) -> After:
    """Asks Git what it takes, and keeps nothing of the drafts but their operations."""
    return After(
        policy=policy,
        operations={draft.operation.id: draft.operation for draft in drafts},
        looks=Looks(inputs.states, inputs.runs),
        staged=staged(policy, drafts, operations, locator, inputs, hop),
    )
