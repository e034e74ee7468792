"""Changes that were reverted before production carried them alone: superseded.

A title only says where to look; the content decides: the revert must turn every file back to what
it was, blob by blob. A revert that was itself reverted supersedes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evidence.chain.answers import ask, member
from evidence.chain.book import BASELINE
from evidence.chain.inquiry import Inquiry
from evidence.model.change import Change
from evidence.model.git import QuestionKind

SUPERSEDED = "superseded"
_LOOK_BACK = 100
"""Changes before a revert that are compared with it, newest first."""

Company = tuple[str, str, tuple[str, ...]]
"""(repository, branch, deployments): changes that went out together, or wait together."""


def mark_superseded(changes: Iterable[Change], inquiry: Inquiry) -> list[Change]:
    """The same changes; those undone by a revert that went out with them carry the flag.

    Also where neither went out yet. Server times of the merges give the order.
    """
    listed = list(changes)
    companies: dict[Company, list[Change]] = defaultdict(list)
    for change in listed:
        if change.landing_sha and change.merged_at and BASELINE not in change.flags:
            companies[change.repository, change.branch, change.deployments].append(change)
    gone: set[str] = set()
    for company in companies.values():
        if any(change.change_type == "revert" for change in company):
            gone |= _undone(company, inquiry)
    return [
        replace(one, flags=(*one.flags, SUPERSEDED)) if one.change_id in gone else one
        for one in listed
    ]


def _undone(company: Sequence[Change], inquiry: Inquiry) -> set[str]:
    ordered = sorted(company, key=lambda one: (one.merged_at, one.change_id))
    times = [one.merged_at for one in ordered]
    gone: set[str] = set()
    for revert in reversed(ordered):
        if revert.change_type != "revert" or revert.change_id in gone:
            continue
        place = bisect_left(times, revert.merged_at)
        for change in reversed(ordered[max(0, place - _LOOK_BACK) : place]):
            if change.change_id not in gone and _inverse(change, revert, inquiry):
                gone.add(change.change_id)
                break
    return gone


def _inverse(change: Change, revert: Change, inquiry: Inquiry) -> bool:
    """Whether the revert turns back exactly what the change did; False while not answered."""
    if not (change.base_sha and revert.base_sha):
        return False
    repository, kind = change.repository, QuestionKind.RANGE_DIFF
    done = ask(repository, kind, change.base_sha, change.landing_sha)
    undone = ask(repository, kind, revert.landing_sha, revert.base_sha)
    digests = [member(inquiry.value(question), "digest") for question in (done, undone)]
    return isinstance(digests[0], str) and digests[0] != "" and digests[0] == digests[1]
