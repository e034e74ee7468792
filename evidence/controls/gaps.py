"""Which gaps a determination may rest on: those that lose what a deployer did, or hide approvals.

Whatever else could not be read shows by its absence, which each rule judges by itself.
"""

from __future__ import annotations

from evidence.model.capture import Gap, GapReason

_LOST = frozenset({GapReason.HISTORY_LOST, GapReason.SYNC_GAP, GapReason.RETENTION})
_NO_DEPLOYER = ("github.", "git.")


def loses(gap: Gap) -> bool:
    """Whether something that once could be read is lost; every other gap decides nothing."""
    return gap.reason in _LOST


def loses_deployments(gap: Gap) -> bool:
    """Whether a gap of its repository may hide a deployment."""
    return loses(gap) and not gap.kind.startswith(_NO_DEPLOYER)


def hides_approvals(gap: Gap) -> bool:
    """Whether a gap of its repository may hide a review that was given after a merge."""
    return gap.kind == "github.pull_request"
