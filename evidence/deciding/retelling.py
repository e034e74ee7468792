"""A decided change whose pull request is described in other words now: title, labels, people."""

from __future__ import annotations

from dataclasses import replace

from evidence.chain.book import change_type, told
from evidence.chain.changes import PullRequestHead
from evidence.deciding.window import Whole
from evidence.model.change import IMPORT, PROMOTION, Change
from evidence.policy import Policy


def structure(head: PullRequestHead) -> PullRequestHead:
    """Without what only names and describes it."""
    return head._replace(
        head_ref="",
        base_sha="",
        created_at=0,
        entry_seq=0,
        title="",
        author=None,
        merged_by=None,
        url="",
        labels=(),
    )


def retold(policy: Policy, change: Change, head: PullRequestHead) -> Change:
    """A decided change as its pull request describes it now.

    Raises:
        Whole: what is grouped with it may differ, too.
    """
    accounts = frozenset(one for each in policy.automations for one in each.accounts)
    kind = change_type(
        policy,
        head,
        accounts,
        promotion=change.change_type == PROMOTION,
        imported=change.change_type == IMPORT,
    )
    roles = {one.id: one.role for one in policy.repositories}
    # A label says `emergency` of what may be a promotion or an import as well.
    other = roles.get(change.repository) == "configuration" or len(change.commits) > 1
    hidden = change.change_type == "emergency" and other
    if kind != change.change_type and ("revert" in (kind, change.change_type) or hidden):
        raise Whole("a change became a revert, or is one no more")
    return replace(change, change_type=kind, **told(head))  # type: ignore[arg-type]
