"""Promotions of reviewed commits: a pull request that brings nothing but what others approved.

Only where the policy says so. Each commit must belong to a pull request of its own that was
approved as it was merged, and the landed tree must be the clean merge: then those approvals are the
approval of the promotion. A single commit that nobody approved makes it an ordinary change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.chain.answers import MergeContent, merge_content
from evidence.controls.words import clip, listing
from evidence.model.chain import Chain
from evidence.policy import Policy

REASON = "promotion-of-reviewed"
OPEN = "promotion-open"
NAMED = 5
"""Pull requests that a sentence names."""


class Promoted(StrEnum):
    """How a change stands to the policy on promotions."""

    REVIEWED = "reviewed"
    OPEN = "open"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Whether earlier approvals are those of a change, and why."""

    state: Promoted
    words: str = ""
    entries: tuple[int, ...] = ()


_NOT = Promotion(state=Promoted.NOT)


def promotion_of(chain: Chain, policy: Policy) -> Promotion:
    """Whether all that a change brought was approved before, and merging it added nothing."""
    brought = chain.evidence.promoted
    if not policy.promotion_of_reviewed_commits or not brought:
        return _NOT
    if any(one.approved is False for one in brought):
        return _NOT
    merged = merge_content(chain)
    if merged.outcome is MergeContent.DIFFERENT:
        return _NOT
    named = listing(clip(one.change_id) for one in brought[:NAMED])
    more = f" and {len(brought) - NAMED} more" if len(brought) > NAMED else ""
    told = f"It promotes what {named}{more} brought"
    entries = tuple(sorted({*merged.entries, *(seq for one in brought for seq in one.entries)}))
    waits = [one for one in brought if one.approved is None]
    if waits:
        open_ones = listing(clip(one.change_id) for one in waits[:NAMED])
        words = f"{told}; whether {open_ones} was approved is open."
        return Promotion(state=Promoted.OPEN, words=words, entries=entries)
    if merged.outcome is not MergeContent.EQUAL:
        words = f"{told}; whether merging it added nothing is open: {merged.detail}."
        return Promotion(state=Promoted.OPEN, words=words, entries=entries)
    words = (
        f"{told}, each approved by itself, and merging it added nothing ({merged.detail}): the "
        "policy takes those approvals for its own."
    )
    return Promotion(state=Promoted.REVIEWED, words=words, entries=entries)
