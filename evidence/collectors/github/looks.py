"""Looks again at the checks of pull requests that were merged lately.

`updatedAt` does not promise to move with checks, and what was read before a deployment says nothing
of the moment at which it began. So for a week after its merge each pull request is looked at when
its age has grown to four times that of the last look (an hour at least), in every run while a check
has not ended, and once more when the week is over. Many repositories share a call; a run makes at
most one call for each 25 repositories, and what it did not reach stays due. Each look is a version
of its own: that nothing had changed by then is evidence, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import slice_each, slice_json, splice_array, splice_object
from evidence.collectors.github.attempts import Attempts, repeated
from evidence.collectors.github.context import COMMIT_CHECKS, Context
from evidence.collectors.github.paging import HOUR, WATCHED, iso
from evidence.collectors.github.reading import at, items, mapping, text
from evidence.collectors.github.state import Look
from evidence.collectors.github.tails import next_page, unread_below
from evidence.collectors.github.transport import GraphAnswer, TooHeavyError, Transport
from evidence.model.capture import Capture, Exchange, Gap, GapReason, Page

_BATCHES = (100, 25, 5, 1)
_REPOSITORIES_PER_CALL = 25
_FACTOR = 3


def due(look: Look, now: int) -> int:
    """For how long (microseconds) a look has been due; 0 or less where it is not."""
    if look.open:
        return now - look.seen
    waits = max(HOUR, _FACTOR * (look.seen - look.merged))
    return now - min(look.seen + waits, max(look.merged + WATCHED, look.seen + HOUR))


@dataclass(slots=True, kw_only=True)
class Looks:
    """The looks of one run, over all repositories of a source."""

    transport: Transport
    contexts: Mapping[str, Context]
    """By configured repository id."""
    now: int
    """Microseconds UTC, by the server."""
    step: int = 0
    calls: int = field(default=0, init=False)

    def pages(self) -> Iterator[Page]:
        """A page for each call."""
        limit = max(1, -(-len(self.contexts) // _REPOSITORIES_PER_CALL))
        waiting = self._due()
        while waiting and self.calls < limit:
            batch = waiting[: _BATCHES[self.step]]
            try:
                page = self._look(batch)
            except TooHeavyError:
                if len(batch) > 1:
                    self.step = next(n for n, size in enumerate(_BATCHES) if size < len(batch))
                    continue
                page = Page(gaps=(self._gap(*batch[0]),))
            self.calls += 1
            waiting = waiting[len(batch) :]
            yield page

    def _due(self) -> list[tuple[str, str]]:
        """(repository id, node id) of what is due, the longest first."""
        found = [
            (due(look, self.now), key, node_id)
            for key, context in self.contexts.items()
            for node_id, look in context.state.looks.items()
            if node_id
        ]
        return [(key, node_id) for since, key, node_id in sorted(found, reverse=True) if since > 0]

    def _look(self, batch: list[tuple[str, str]]) -> Page:
        ids = [node_id for _, node_id in batch]
        answer = self.transport.ask("CheckLooks", {"ids": ids}, adaptive=len(ids) > 1)
        owners = {node_id: self.contexts[key] for key, node_id in batch}
        for node_id, context in owners.items():
            _seen(context, node_id, answer.observed_at)
        if not isinstance(answer.data.get("nodes"), list):
            return Page()
        captures: list[Capture] = []
        cut = slice_each(answer.text, ("data", "nodes"))
        for index, (exact, node) in enumerate(cut):
            owner = owners.get(text(mapping(node).get("id")))
            if owner is not None:
                captures += _One(owner, answer, index, exact, mapping(node)).captures()
        return Page(captures=tuple(captures))

    def _gap(self, key: str, node_id: str) -> Gap:
        context = self.contexts[key]
        number = context.state.looks[node_id].number
        detail = f"GitHub could not answer for the checks of pull request #{number}."
        return context.gap(COMMIT_CHECKS, "*", GapReason.UNAVAILABLE, detail)


def _seen(context: Context, node_id: str, now: int) -> None:
    """Notes the look; the last one, at the end of the week, takes it off the list."""
    look = context.state.looks[node_id]
    look.seen, look.open = now, False
    if look.merged <= now - WATCHED:
        del context.state.looks[node_id]


@dataclass(frozen=True, slots=True)
class _One:
    """What was seen of one pull request: the checks of its head and of its merge commit."""

    context: Context
    answer: GraphAnswer
    index: int
    exact: str
    node: Mapping[str, Any]

    def captures(self) -> Iterator[Capture]:
        head, landed = at(self.node, "headRollup", "commit"), self.node.get("mergeCommit")
        places = {
            text(at(head, "oid")): (mapping(head), ("headRollup",)),
            text(at(landed, "oid")): (mapping(landed), ("mergeCommit", "statusCheckRollup")),
        }
        for sha, (commit, path) in places.items():
            if sha and mapping(at(self.node, *path[:-1]) if path[1:] else self.node).keys() >= {
                path[-1]
            }:
                yield self._capture(sha, commit, path)

    def _capture(self, sha: str, commit: Mapping[str, Any], path: tuple[str, ...]) -> Capture:
        tails, exchanges = self._tails(commit, at(self.node, *path, "contexts"))
        runs = [at(self.node, *path, "contexts"), *(at(t, *_ROLLUP) for _, t in tails)]
        self._follow(commit, [row for page in runs for row in items(mapping(page).get("nodes"))])
        unread = [
            pointer.replace("/" + "/".join(path), "/statusCheckRollup", 1)
            for pointer in unread_below(self.answer, ("nodes", self.index))
            if not pointer or pointer.startswith("/" + path[0])
        ]
        payload = splice_object(
            [
                ("commit", self._commit(sha, commit, path)),
                ("tails", splice_array([exact for exact, _ in tails])),
                ("unread", json.dumps(sorted(set(unread)))),
                ("looked", json.dumps(iso(self.answer.observed_at))),
            ]
        )
        return self.context.checks_capture(
            sha, payload, self.answer.observed_at, tuple(exchanges), "CheckLooks"
        )

    def _commit(self, sha: str, commit: Mapping[str, Any], path: tuple[str, ...]) -> str:
        """The commit in the shape that CommitChecks answers."""
        return splice_object(
            [
                ("id", json.dumps(commit.get("id"))),
                ("oid", json.dumps(sha)),
                ("statusCheckRollup", slice_json(self.exact, path)),
            ]
        )

    def _tails(
        self, commit: Mapping[str, Any], contexts: object
    ) -> tuple[list[tuple[str, Mapping[str, Any]]], list[Exchange]]:
        tails: list[tuple[str, Mapping[str, Any]]] = []
        exchanges = [self.answer.exchange]
        after = next_page(contexts)
        while after:
            variables = {"commitId": commit.get("id"), "after": after}
            further = self.context.transport.ask("CheckTail", variables)
            tail = mapping(further.data.get("node"))
            if tail.get("id") != commit.get("id"):
                break
            tails.append((slice_json(further.text, ("data", "node")), tail))
            exchanges.append(further.exchange)
            after = next_page(at(tail, *_ROLLUP), after)
        return tails, exchanges

    def _follow(self, commit: Mapping[str, Any], runs: list[Any]) -> None:
        """What the look shows: checks that have not ended, and attempts that it hides."""
        checks = [row for row in map(mapping, runs) if row.get("__typename") == "CheckRun"]
        look = self.context.state.looks.get(text(self.node.get("id")))
        if look is not None:
            look.open = look.open or any(not run.get("conclusion") for run in checks)
        if repeated(checks) and text(commit.get("id")):
            Attempts(self.context).note([text(commit.get("id"))])


_ROLLUP = ("statusCheckRollup", "contexts")
