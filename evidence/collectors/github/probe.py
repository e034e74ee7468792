"""What changed since the last run, asked for a hundred repositories at once (one point).

A repository is left alone when its newest update of a merged pull request, their number and the
tips of its branches are those of the last whole pass, and that pass was long enough after the
update for all of GitHub's servers to know of it. Everything else is read as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.github.context import Context
from evidence.collectors.github.paging import OVERLAP
from evidence.collectors.github.reading import at, identifier, integer, items, mapping, text
from evidence.collectors.github.state import RepositoryState
from evidence.collectors.github.transport import TooHeavyError, Transport

_BATCH = 100
_REFS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One repository as the probe saw it."""

    at: int
    """Microseconds UTC, by the server."""
    top: str
    tips: Mapping[str, str]
    """Branch -> sha at its tip, for the branches that were asked for."""

    def pulls_unchanged(self, state: RepositoryState) -> bool:
        """Whether the last pass read everything that the list of pull requests shows."""
        return (
            self.top == state.top
            and state.sweep is None
            and state.short is None
            and not state.again
            and state.top_at < state.mark - OVERLAP
        )

    def branch_unchanged(self, state: RepositoryState, branch: str) -> bool:
        """Whether the last listing of a branch began at this tip, and is not too young for it."""
        known = state.branches.get(branch)
        if known is None or known.run is not None or self.tips.get(branch) != known.tip:
            return False
        return bool(known.tip) and (known.settled or self.at - known.listed < OVERLAP)


@dataclass(slots=True, kw_only=True)
class Probe:
    """Asks about repositories that were read whole before."""

    seen: dict[str, Seen] = field(default_factory=dict, init=False)
    """By configured repository id."""
    now: int = field(default=0, init=False)
    """Microseconds UTC, by the server; 0 where nothing was asked."""

    def read(
        self, transport: Transport, asked: Mapping[str, tuple[Context, tuple[str, ...]]]
    ) -> None:
        """Fills `seen`; `asked` is repository id -> its context and the branches that matter."""
        known = [key for key, (context, _) in asked.items() if _is_known(context.state)]
        for start in range(0, len(known), _BATCH):
            batch = known[start : start + _BATCH]
            try:
                self._ask(transport, {key: asked[key] for key in batch})
            except TooHeavyError:
                continue  # without an answer each of them is read as ever

    def _ask(
        self, transport: Transport, batch: Mapping[str, tuple[Context, tuple[str, ...]]]
    ) -> None:
        refs = _common([branches for _, branches in batch.values()])
        variables: dict[str, Any] = {
            "ids": [context.state.node_id for context, _ in batch.values()],
            **{f"ref{place}": f"refs/heads/{name}" for place, name in enumerate(refs)},
        }
        answer = transport.ask("RepositoriesNow", variables, adaptive=True)
        self.now = answer.observed_at
        found = {text(at(node, "id")): mapping(node) for node in items(answer.data.get("nodes"))}
        for key, (context, _) in batch.items():
            node = found.get(context.state.node_id, {})
            same = identifier({"databaseId": node.get("databaseId")}) == context.state.database_id
            if same and text(node.get("nameWithOwner")) != context.state.name:
                context.name = text(node.get("nameWithOwner")) or context.name
            elif same:
                tips = {
                    name: text(at(node, f"ref{place}", "target", "oid"))
                    for place, name in enumerate(refs)
                }
                top = top_of(mapping(node.get("pullRequests")))
                self.seen[key] = Seen(at=answer.observed_at, top=top, tips=tips)


def top_of(connection: Mapping[str, Any]) -> str:
    """The newest pull request of a list with its `updatedAt`, and how many there are."""
    total = integer(connection.get("totalCount"))
    first = mapping(next(iter(items(connection.get("nodes"))), None))
    if total < 0 or (total and not text(first.get("id"))):
        return ""
    return f"{text(first.get('id'))} {text(first.get('updatedAt'))} {total}"


def _is_known(state: RepositoryState) -> bool:
    return bool(state.node_id and state.mark and state.top)


def _common(branches: Iterable[tuple[str, ...]]) -> list[str]:
    """The branch names that most repositories have: so many as the query has places for."""
    counts: dict[str, int] = {}
    for names in branches:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    chosen = sorted(counts, key=lambda name: (-counts[name], name))[:_REFS]
    return (chosen + ["main"] * _REFS)[:_REFS]
