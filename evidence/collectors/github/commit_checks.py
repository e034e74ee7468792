"""Checks of production commits that no pull request brings.

The rollups of a pull request cover its head and its merge commit. What stands on the mainline
besides (a direct push, a commit inside a rebase merge) can be deployed as well, and without a look
nobody could say whether anything was tested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import slice_json, splice_array, splice_object
from evidence.collectors.github.attempts import Attempts, repeated
from evidence.collectors.github.commit_batches import CommitBatches
from evidence.collectors.github.context import COMMIT_CHECKS, Context
from evidence.collectors.github.reading import at, items, mapping, text
from evidence.collectors.github.state import BranchRun
from evidence.collectors.github.tails import next_page, unread_below
from evidence.collectors.github.transport import GraphAnswer
from evidence.model.capture import Capture, Gap, GapReason

_BATCHES = (100, 25, 5, 1)
_ROLLUP = ("statusCheckRollup", "contexts")


def note(run: BranchRun, node: Mapping[str, Any]) -> None:
    """Remembers a listed commit to be asked for, if it is on the mainline and no request's own."""
    sha, node_id = text(node.get("oid")), text(node.get("id"))
    if run.mainline not in ("", sha):
        return
    parents = items(at(node, "parents", "nodes"))
    run.mainline = text(at(parents[0], "oid")) if parents else "-"
    if node_id and not _brought(sha, node):
        run.waiting.append(node_id)


def _brought(sha: str, node: Mapping[str, Any]) -> bool:
    """Whether a merged pull request brings the checks of this commit with it."""
    linked = [each for each in items(at(node, "associatedPullRequests", "nodes")) if each]
    return any(
        sha in (at(each, "mergeCommit", "oid"), at(each, "headRefOid"))
        for each in linked
        if mapping(each).get("state") == "MERGED"
    )


@dataclass(slots=True)
class CommitChecks:
    """Asks for the checks of waiting commits, in batches that GitHub can answer."""

    context: Context
    _batches: CommitBatches = field(init=False)

    def __post_init__(self) -> None:
        self._batches = CommitBatches(
            transport=self.context.transport,
            operation="CommitChecks",
            sizes=_BATCHES,
            whole=self._whole,
        )

    def read(self, run: BranchRun, *, rest: bool) -> tuple[list[Capture], list[Gap]]:
        """Whole batches of what waits, and with `rest` all of it."""
        captures, refused = self._batches.read(run.waiting, rest=rest)
        self.context.state.heavy_checks += refused
        return captures, [self._gap(node_id) for node_id in refused]

    def owed(self) -> tuple[list[Capture], list[Gap]]:
        """What was too much for an answer in the run before."""
        state = self.context.state
        run = BranchRun(tip="", total=0, waiting=state.heavy_checks)
        state.heavy_checks = []
        return self.read(run, rest=True)

    def _whole(
        self, answer: GraphAnswer, index: int, exact: str, commit: Mapping[str, Any]
    ) -> Capture:
        """The capture of one commit, further pages of its checks included."""
        tails, exchanges = [], [answer.exchange]
        unread = unread_below(answer, ("nodes", index))
        after = next_page(at(commit, *_ROLLUP))
        while after:
            variables = {"commitId": commit.get("id"), "after": after}
            further = self.context.transport.ask("CheckTail", variables)
            tail = mapping(further.data.get("node"))
            if tail.get("id") != commit.get("id"):
                break
            tails.append(slice_json(further.text, ("data", "node")))
            exchanges.append(further.exchange)
            unread += unread_below(further, ("node",))
            after = next_page(at(tail, *_ROLLUP), after)
        if repeated(map(mapping, items(at(commit, *_ROLLUP, "nodes")))):
            Attempts(self.context).note([text(commit.get("id"))])
        payload = splice_object(
            [
                ("commit", exact),
                ("tails", splice_array(tails)),
                ("unread", json.dumps(sorted(set(unread)))),
            ]
        )
        sha = text(commit.get("oid"))
        return self.context.checks_capture(sha, payload, answer.observed_at, tuple(exchanges))

    def _gap(self, node_id: str) -> Gap:
        detail = f"GitHub could not answer for the checks of commit {node_id} within its limits."
        return self.context.gap(COMMIT_CHECKS, "*", GapReason.UNAVAILABLE, detail)
