"""A chain with what was gathered about its people and reviews, once for all its controls."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.controls.approvals import Approvals, approvals_of
from evidence.controls.contribution import Contributors
from evidence.controls.contributors import contributors_of
from evidence.controls.timeline import Timeline, timeline_of
from evidence.model.chain import Chain
from evidence.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the controls on people and approvals share. Read only."""

    chain: Chain
    policy: Policy
    contributors: Contributors
    approvals: Approvals
    timeline: Timeline


_LAST: list[Case] = []


def case_of(chain: Chain, policy: Policy) -> Case:
    """The case of a chain; the last one is kept, as its controls are judged one after another."""
    for last in tuple(_LAST):
        if last.chain is chain and last.policy is policy:
            return last
    contributors = contributors_of(chain, policy)
    found = Case(
        chain=chain,
        policy=policy,
        contributors=contributors,
        approvals=approvals_of(chain, policy, contributors),
        timeline=timeline_of(chain.evidence),
    )
    _LAST[:] = [found]
    return found
