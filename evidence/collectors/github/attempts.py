"""All attempts of the checks of those commits of which the newest ones do not say enough.

GitHub's rollup holds the newest attempt of each check, and all attempts of every commit would cost
three points per ten commits. So they are read where something shows that there were others: a
check of the head that began or ended after the merge; a time in which nothing ran between two
visible runs (a re-run begins when all else has ended); a commit that waited long for its first
visible check. What decides here costs calls only: no time that a client could have set is ever
taken as evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import slice_json, splice_array, splice_object
from evidence.collectors.github.commit_batches import CommitBatches
from evidence.collectors.github.context import CHECK_ATTEMPTS, Context
from evidence.collectors.github.paging import MINUTE
from evidence.collectors.github.reading import at, items, mapping, text
from evidence.collectors.github.tails import Draft, next_page, unread_below
from evidence.collectors.github.transport import GraphAnswer
from evidence.collectors.http import iso_micros
from evidence.model.capture import Capture, Exchange, Gap, GapReason

_BATCHES = (10, 5, 1)
_IDLE = MINUTE
"""Microseconds without any visible run, after which another attempt is taken to be possible."""
_WAITED = 15 * MINUTE
"""Microseconds between a commit (or its pull request) and its first visible check."""


def wanted_of(draft: Draft) -> list[str]:
    """Node ids of a pull request's head and merge commit, where they need a closer look."""
    node = draft.node
    merged = iso_micros(node.get("mergedAt"))
    head = at(node, "headRollup", "commit")
    runs = _contexts(draft, at(node, "headRollup"), text(at(head, "oid")))
    since = max(iso_micros(node.get("createdAt")), _committed(node))
    found = []
    if repeated(runs) or _late(runs, merged) or _waited(runs, since):
        found.append(text(at(head, "id")))
    landed = node.get("mergeCommit")
    rollup = at(landed, "statusCheckRollup")
    if repeated(_contexts(draft, rollup, text(at(landed, "oid")))):
        found.append(text(at(landed, "id")))
    return [each for each in found if each]


def repeated(runs: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a time in which nothing ran stands between the visible runs of one commit."""
    spans: list[tuple[int, int]] = []
    for run in runs:
        started = iso_micros(run.get("startedAt"))
        made = iso_micros(at(run, "checkSuite", "createdAt"))
        spans += [(made, made)] if made else []
        spans += [(started, max(started, iso_micros(run.get("completedAt"))))] if started else []
    busy = 0
    for started, ended in sorted(spans):
        if busy and started - busy > _IDLE:
            return True
        busy = max(busy, ended)
    return False


def _late(runs: list[Mapping[str, Any]], merged: int) -> bool:
    """A check of the head that began or ended after the merge hides what stood there before."""
    return merged > 0 and any(
        iso_micros(run.get("startedAt")) > merged or iso_micros(run.get("completedAt")) > merged
        for run in runs
    )


def _waited(runs: list[Mapping[str, Any]], since: int) -> bool:
    starts = [iso_micros(run.get("startedAt")) for run in runs]
    known = [start for start in starts if start]
    return bool(since and known) and min(known) - since > _WAITED


def _committed(node: Mapping[str, Any]) -> int:
    """The date that the head commit claims; 0 where it is not among those read."""
    head = node.get("headRefOid")
    for row in items(at(node, "commits", "nodes")):
        if at(row, "commit", "oid") == head:
            return iso_micros(at(row, "commit", "committedDate"))
    return 0


def _contexts(draft: Draft, rollup: object, sha: str) -> list[Mapping[str, Any]]:
    """The check runs of a rollup, those of its tails included; statuses are left out."""
    pages = [at(rollup, "contexts")]
    for tail in draft.tails:
        node = json.loads(tail)
        if mapping(node).get("oid") == sha:
            pages.append(at(node, "statusCheckRollup", "contexts"))
    rows = (row for page in pages for row in items(mapping(page).get("nodes")))
    return [row for row in rows if mapping(row).get("__typename") == "CheckRun"]


@dataclass(slots=True)
class Attempts:
    """Asks for the attempts of waiting commits, ten at a time."""

    context: Context
    _batches: CommitBatches = field(init=False)

    def __post_init__(self) -> None:
        self._batches = CommitBatches(
            transport=self.context.transport,
            operation="CheckAttempts",
            sizes=_BATCHES,
            whole=self._whole,
        )

    def note(self, node_ids: Iterable[str]) -> None:
        """Remembers commits to be asked for."""
        waiting = self.context.state.attempts
        waiting.extend(each for each in node_ids if each not in waiting)

    def read(self, *, rest: bool) -> tuple[tuple[Capture, ...], tuple[Gap, ...]]:
        """Whole batches of what waits, and with `rest` all of it."""
        captures, refused = self._batches.read(self.context.state.attempts, rest=rest)
        self.context.state.heavy_attempts += refused
        return tuple(captures), tuple(self._gap(node_id) for node_id in refused)

    def _whole(
        self, answer: GraphAnswer, index: int, exact: str, commit: Mapping[str, Any]
    ) -> Capture:
        """The capture of one commit, further suites and runs included."""
        tails = _Tails(
            context=self.context,
            texts=[],
            exchanges=[answer.exchange],
            unread=unread_below(answer, ("nodes", index)),
        )
        tails.read(commit)
        payload = splice_object(
            [
                ("commit", exact),
                ("tails", splice_array(tails.texts)),
                ("unread", json.dumps(sorted(set(tails.unread)))),
            ]
        )
        sha, exchanges = text(commit.get("oid")), tuple(tails.exchanges)
        return self.context.attempts_capture(sha, payload, answer.observed_at, exchanges)

    def _gap(self, node_id: str) -> Gap:
        detail = f"GitHub could not answer for all attempts of commit {node_id} within its limits."
        return self.context.gap(CHECK_ATTEMPTS, "*", GapReason.UNAVAILABLE, detail)


@dataclass(slots=True, kw_only=True)
class _Tails:
    """What did not fit: more than 30 suites on a commit, more than 100 runs in a suite."""

    context: Context
    texts: list[str]
    exchanges: list[Exchange]
    unread: list[str]

    def read(self, commit: Mapping[str, Any]) -> None:
        self._runs(commit)
        after = next_page(commit.get("checkSuites"))
        while after:
            tail = self._ask("SuiteTail", commit.get("id"), after)
            self._runs(tail)
            after = next_page(tail.get("checkSuites"), after)

    def _runs(self, commit: Mapping[str, Any]) -> None:
        for suite in map(mapping, items(at(commit, "checkSuites", "nodes"))):
            after = next_page(suite.get("checkRuns"))
            while after:
                tail = self._ask("RunTail", suite.get("id"), after)
                after = next_page(tail.get("checkRuns"), after)

    def _ask(self, operation: str, node_id: object, after: str) -> Mapping[str, Any]:
        """One further page; an answer about another object is left out, and the count is short."""
        answer = self.context.transport.ask(operation, {"id": node_id, "after": after})
        tail = mapping(answer.data.get("node"))
        if tail.get("id") != node_id:
            return {}
        self.texts.append(slice_json(answer.text, ("data", "node")))
        self.exchanges.append(answer.exchange)
        self.unread.extend(unread_below(answer, ("node",)))
        return tail
