"""Reads again what the last runs left open: pull requests that were too heavy to be answered."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.collectors.github.context import PULL_REQUEST, Context
from evidence.collectors.github.paging import WATCHED, PageSize
from evidence.collectors.github.tails import drafts, finish
from evidence.collectors.github.transport import TooHeavyError
from evidence.model.capture import Gap, GapReason, Page


def watched_pages(context: Context, page_size: PageSize) -> Iterator[Page]:
    """Whole pull requests by id, page by page; each leaves the list once it was read."""
    waiting = [node_id for node_id in context.state.again if node_id]
    while waiting:
        batch = waiting[: page_size.size]
        try:
            page = _read(context, batch)
        except TooHeavyError:
            if len(batch) > 1 and page_size.shrink():
                continue
            page = Page(gaps=(too_heavy(context, context.state.again[batch[0]][0]),))
        waiting = waiting[len(batch) :]
        yield page


def too_heavy(context: Context, number: int) -> Gap:
    """The gap of a pull request that GitHub cannot show within its own limits."""
    detail = f"GitHub could not answer for pull request #{number} within its own limits."
    key = f"{context.state.database_id}:{number}"
    return context.gap(PULL_REQUEST, key, GapReason.UNAVAILABLE, detail)


def _read(context: Context, batch: list[str]) -> Page:
    answer = context.transport.ask("PullRequestsById", {"ids": batch}, adaptive=len(batch) > 1)
    found = [draft for draft in drafts(answer, ("nodes",)) if draft.node.get("id") in batch]
    captures = tuple(finish(context, draft) for draft in found)
    there = {draft.node.get("id") for draft in found}
    for node_id in batch:
        # One that is not shown any more is asked for until its time is over: it may come back.
        if node_id in there or context.state.again[node_id][1] <= answer.observed_at - WATCHED:
            del context.state.again[node_id]
    return Page(captures=captures)
