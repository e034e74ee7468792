"""All merged pull requests of one repository, newest-updated first, in resumable pages.

The rule: a pass goes down from the newest update to the mark of the last whole pass (less an
overlap); its own mark is the server's time of its first page and holds only once its last page is
in. A pull request that changes during a pass jumps to the top and is met by the next pass; the
others only move down, so a page mark never skips one. At the end GitHub's search counts what was
merged in the window; a shortfall is looked for once more at the top and then is a gap, told in
every run until its window was read whole: that is tried once a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.collectors.github.attempts import Attempts, wanted_of
from evidence.collectors.github.context import PULL_REQUEST, Context
from evidence.collectors.github.paging import DAY, OVERLAP, WATCHED, PageSize, iso
from evidence.collectors.github.probe import top_of
from evidence.collectors.github.reading import at, integer, items, mapping, text
from evidence.collectors.github.state import Look, Shortfall, SweepRun
from evidence.collectors.github.tails import Draft, drafts, finish
from evidence.collectors.github.transport import GraphAnswer, TooHeavyError
from evidence.collectors.github.watch import too_heavy, watched_pages
from evidence.collectors.http import iso_micros
from evidence.model.capture import Gap, GapReason, Page, Total

_PLACE = ("repository", "pullRequests", "nodes")
_MERGED_ROLLUP = ("mergeCommit", "statusCheckRollup")
_LARGEST_NUMBER = 10_000_000
"""A larger pull request number is not counted: the bitmap of numbers read stays small."""


@dataclass(slots=True)
class PullRequestSweep:
    """The stream of one repository's merged pull requests."""

    context: Context
    since: int
    """Microseconds UTC: the first pass reads no pull request updated before; 0 for all."""
    page_size: PageSize = field(default_factory=PageSize)
    done: int = 0
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.context)

    def pages(self) -> Iterator[Page]:
        """Pages without cursor; the state in the context is that after each page."""
        state = self.context.state
        if state.mark and state.sweep is None:
            yield from watched_pages(self.context, self.page_size)
        resumed = state.sweep is not None
        yield from self._whole_pass()
        if resumed:  # what changed since the cut is above the first page of the cut pass
            yield from self._whole_pass()

    def _whole_pass(self) -> Iterator[Page]:
        run = self._open()
        yield from self._pass(run)
        total = self._count(run)
        if total.reported > total.stored and not run.second:
            run.stop, run.after = max(run.low, run.mark - OVERLAP), ""
            run.second, run.done = True, False
            yield from self._pass(run)
            total = self._count(run)
        self._close(run, total)
        yield Page(totals=(total,), gaps=self._short())

    def _close(self, run: SweepRun, total: Total) -> None:
        """Ends a pass: its mark holds, and what is short is remembered or made good."""
        state = self.context.state
        mark = self.context.transport.earliest(run.mark)
        state.mark, state.sweep = max(state.mark, mark), None
        state.top = run.top if not run.refused else ""
        if run.refused or total.reported > total.stored:
            before = state.short
            state.short = Shortfall(
                low=min(run.low, before.low) if before else run.low,
                high=run.mark,
                reported=total.reported,
                stored=total.stored,
                refused=run.refused,
            )
        elif state.short is not None and run.low <= state.short.low:
            state.short = None

    def _open(self) -> SweepRun:
        """The pass that was cut, or a new one."""
        state = self.context.state
        if state.sweep is None:
            if state.mark == 0 or self.since < state.floor:
                state.mark, state.floor = 0, self.since
            low = max(0, state.mark - OVERLAP) if state.mark else self.since
            if state.short and self.context.transport.clock.micros() - state.short.high > DAY:
                low = min(low, state.short.low)
            state.sweep = SweepRun(low=low, stop=low)
        return state.sweep

    def _pass(self, run: SweepRun) -> Iterator[Page]:
        while not run.done:
            first = run.mark == 0
            try:
                answer, page = self._page(run)
            except TooHeavyError:
                if self.page_size.shrink():
                    self.context.transport.usage.retries += 1
                    continue
                answer, page = self._step_over(run)
            identity = (self.context.repository_capture(answer),) if first else ()
            yield replace(page, captures=identity + page.captures)

    def _page(self, run: SweepRun) -> tuple[GraphAnswer, Page]:
        """The next page, its tails read."""
        size = self.page_size.size
        counting = run.mark == 0 and run.low > 0
        name = self.context.name
        asked = {
            "pageSize": size,
            "after": run.after or None,
            "count": counting,
            "q": self._query(f">={iso(run.low)}"),
        }
        answer, found = self.context.ask_repository("PullRequestSweep", asked, adaptive=size > 1)
        self.page_size.grow()
        connection = mapping(found.get("pullRequests"))
        mark = run.mark or answer.observed_at
        if run.mark == 0:
            self._note_top(run, connection)
        captures = []
        for draft in drafts(answer, _PLACE):
            if iso_micros(draft.node.get("updatedAt")) >= run.stop:
                captures.append(finish(self.context, draft))
                self._note(draft, run, mark)
                self.attempts.note(wanted_of(draft))
        run.refused = run.refused or _has_refusal(connection)
        self._advance(run, connection, mark)
        if counting and run.done and name == self.context.name:
            run.counted = integer(at(answer.data, "search", "issueCount"))
        self.done += len(captures)
        total = integer(connection.get("totalCount"), 0)
        self.context.progress(f"{self.context.name} pull requests", self.done, total)
        more, gaps = self.attempts.read(rest=False)
        return answer, Page(captures=(*captures, *more), gaps=gaps)

    def _note_top(self, run: SweepRun, connection: Mapping[str, Any]) -> None:
        """Remembers the top of the list, by which a probe tells whether anything changed."""
        newest = mapping(next(iter(items(connection.get("nodes"))), None))
        run.top = top_of(connection)
        self.context.state.top_at = iso_micros(newest.get("updatedAt"))

    def _step_over(self, run: SweepRun) -> tuple[GraphAnswer, Page]:
        """Past one pull request that GitHub cannot answer for: a gap now, tried again next run."""
        answer, found = self.context.ask_repository(
            "PullRequestOutline", {"after": run.after or None}
        )
        connection = mapping(found.get("pullRequests"))
        gaps = []
        for node in map(mapping, items(connection.get("nodes"))):
            number, merged = integer(node.get("number"), 0), iso_micros(node.get("mergedAt"))
            if iso_micros(node.get("updatedAt")) >= run.stop:
                self.context.state.again[text(node.get("id"))] = (number, merged)
                gaps.append(too_heavy(self.context, number))
        self._advance(run, connection, run.mark or answer.observed_at)
        return answer, Page(gaps=tuple(gaps))

    def _advance(self, run: SweepRun, connection: Mapping[str, Any], mark: int) -> None:
        info = mapping(connection.get("pageInfo"))
        after = text(info.get("endCursor")) if info.get("hasNextPage") is True else ""
        times = [iso_micros(mapping(n).get("updatedAt")) for n in items(connection.get("nodes"))]
        older = any(0 < time < run.stop for time in times)
        run.mark, run.done = mark, older or not after or after == run.after
        run.after = after

    def _note(self, draft: Draft, run: SweepRun, mark: int) -> None:
        """Counts a pull request for the reconciliation and remembers whose checks may move."""
        merged, number = iso_micros(draft.node.get("mergedAt")), integer(draft.node.get("number"))
        if run.low <= merged <= mark and number <= _LARGEST_NUMBER:
            run.merged = f"{int(run.merged, 16) | 1 << number:x}"
        if merged > mark - WATCHED:
            look = Look(number=number, merged=merged, seen=draft.answer.observed_at)
            look.open = _has_open_check(draft.node)
            self.context.state.looks[text(draft.node.get("id"))] = look

    def _count(self, run: SweepRun) -> Total:
        """GitHub's own count of what was merged in the window, beside what was read."""
        window = f"{iso(run.low)}..{iso(run.mark)}" if run.low else f"<={iso(run.mark)}"
        reported, run.counted = run.counted, -1
        if reported < 0:  # the list had more than one page: its window ends at the first one
            answer = self.context.transport.ask("MergedCount", {"q": self._query(window)})
            reported = integer(mapping(answer.data.get("search")).get("issueCount"))
        return Total(
            kind=PULL_REQUEST,
            scope=f"{self.context.repository} merged:{window}",
            reported=reported,
            stored=int(run.merged, 16).bit_count(),
        )

    def _query(self, window: str) -> str:
        return f"repo:{self.context.name} is:pr is:merged merged:{window}"

    def _short(self) -> tuple[Gap, ...]:
        short, name = self.context.state.short, self.context.name
        if short is None:
            return ()
        window = (short.low, short.high)
        if short.refused:
            detail = f"GitHub refused to show some or all pull requests of {name}."
            return (self.context.gap(PULL_REQUEST, "*", GapReason.FORBIDDEN, detail, window),)
        detail = (
            f"GitHub counts {short.reported} pull requests of {name} merged in the window; "
            f"{short.stored} could be read."
        )
        return (self.context.gap(PULL_REQUEST, "*", GapReason.TRUNCATED, detail, window),)


def _has_open_check(node: Mapping[str, Any]) -> bool:
    """Whether a check of the head or of the merge commit has not ended."""
    pages = (at(node, "headRollup", "contexts"), at(node, *_MERGED_ROLLUP, "contexts"))
    rows = [mapping(row) for page in pages for row in items(mapping(page).get("nodes"))]
    return any(row.get("__typename") == "CheckRun" and not row.get("conclusion") for row in rows)


def _has_refusal(connection: Mapping[str, Any]) -> bool:
    """No list, or a null in it, is a refusal; an empty list is an answer."""
    nodes = connection.get("nodes")
    return not isinstance(nodes, list) or not all(isinstance(each, dict) for each in nodes)
