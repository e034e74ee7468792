"""How each change came to its branch, as far as a deployment of it depends on that.

What runs is what was approved only where every change in it is what a pull request came to, an
image bump whose source was approved, or a standard change; and where merging added nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.chain.answers import MergeContent, merge_content
from evidence.controls.attributes import cm_03
from evidence.controls.words import clip
from evidence.model.chain import Chain
from evidence.model.change import PROMOTION, ChangeKind
from evidence.model.check import CheckRun
from evidence.model.determination import Outcome
from evidence.policy import Policy


class Landing(StrEnum):
    """What a change is to a deployment that carries it."""

    REVIEWED = "reviewed"
    """A pull request whose landed tree is the merge of its two sides."""
    STANDARD = "standard"
    PROMOTION = "promotion"
    """It only moves images of ours, whose sources are judged by themselves."""
    BASELINE = "baseline"
    """It was there when observation began."""
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """One change, judged. `reason` is a code where it failed or is open."""

    landing: Landing
    reason: str = ""
    words: str = ""
    merged_at: int = 0
    """Microseconds UTC by the forge; 0 for what no pull request brought."""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What deployments are judged on beside their own rows."""

    landed: Mapping[str, Landed] = field(default_factory=dict)
    """Change id -> how it landed; one that is not a key was not read."""
    checks: Mapping[tuple[str, str], tuple[CheckRun, ...]] = field(default_factory=dict)
    """(repository, commit) -> checks on it, where a build is declared."""


def landed_of(chain: Chain, policy: Policy, as_of: int) -> Landed:
    """How the change of a chain landed; `as_of` in microseconds UTC."""
    early = cm_03.not_testable("CM-03", chain, as_of)
    if early is not None and early.reason == "baseline":
        return Landed(landing=Landing.BASELINE)
    if early is not None:
        return _open(chain, early.reason if early.outcome == Outcome.UNKNOWN else "not-collected")
    if chain.change.kind == ChangeKind.DIRECT:
        return _direct(chain, policy, as_of)
    merged = merge_content(chain)
    told = f"{chain.change.change_id}: {merged.detail}"
    reasons = {
        MergeContent.DIFFERENT: "content-added-at-merge",
        MergeContent.NOT_REPRODUCIBLE: "merge-not-reproducible",
        MergeContent.UNKNOWN: "merge-content-not-read",
    }
    landings = {
        MergeContent.EQUAL: Landing.REVIEWED,
        MergeContent.DIFFERENT: Landing.FAILED,
    }
    return Landed(
        landing=landings.get(merged.outcome, Landing.OPEN),
        reason=reasons.get(merged.outcome, ""),
        words=told,
        merged_at=chain.change.merged_at,
        entries=merged.entries,
    )


def _direct(chain: Chain, policy: Policy, as_of: int) -> Landed:
    if chain.change.change_type == PROMOTION:
        return Landed(landing=Landing.PROMOTION)
    approval = cm_03.determine(chain, policy, as_of)
    if approval.reason == "standard-lane":
        return Landed(landing=Landing.STANDARD)
    if approval.outcome == Outcome.FAIL:
        words = f"{clip(chain.change.change_id)} came to its branch without a pull request"
        return Landed(landing=Landing.FAILED, reason="no-pull-request", words=words)
    return _open(chain, approval.reason)


def _open(chain: Chain, reason: str) -> Landed:
    words = f"how {clip(chain.change.change_id)} came to its branch is open"
    return Landed(landing=Landing.OPEN, reason=reason, words=words)
