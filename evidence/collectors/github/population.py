"""Which pull requests GitHub links to each commit of a production branch.

A listing goes from the tip down. It ends early only when it is known to have met every commit that
is new since the last whole listing: the last tip was met, and as many unknown commits were read as
the branch grew by. Commit dates prove nothing, so they decide nothing: where the count does not
fit (a rewritten branch, commits older than the memory of the newest), the whole branch is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.canonical import slice_each
from evidence.collectors.github import commit_checks
from evidence.collectors.github.commit_checks import CommitChecks
from evidence.collectors.github.context import BRANCH_COMMIT, Context
from evidence.collectors.github.paging import DAY, OVERLAP, iso
from evidence.collectors.github.reading import at, integer, items, mapping, text
from evidence.collectors.github.state import BranchRun, BranchState
from evidence.collectors.github.transport import GraphAnswer
from evidence.collectors.http import iso_micros
from evidence.model.capture import Capture, Gap, GapReason, Page, Total

_REMEMBERED = 1_000
_ABBREVIATED = 12
_MARGIN = 30 * DAY
"""Microseconds below `since` that are asked for as well: a commit's date is a claim, and usually
lies before its merge."""


@dataclass(slots=True)
class BranchPopulation:
    """The stream of one branch's commits."""

    context: Context
    branch: str
    since: int
    """Microseconds UTC: commits dated well before are not asked for; 0 for all."""
    checks: CommitChecks = field(init=False)

    def __post_init__(self) -> None:
        self.checks = CommitChecks(self.context)

    def pages(self) -> Iterator[Page]:
        """Pages without cursor; the state in the context is that after each page."""
        state = self.context.state.branches.setdefault(self.branch, BranchState())
        resumed = state.run is not None
        yield from self._listing(state)
        if resumed:  # commits pushed since the cut are above its first page
            yield from self._listing(state)

    def _listing(self, state: BranchState) -> Iterator[Page]:
        known = set(state.newest)
        while True:
            answer, history, tip = self._ask(state)
            if not history:
                yield Page(gaps=(self._absent(answer),))
                return
            if state.run is None:
                state.run = BranchRun(tip=tip, total=integer(history.get("totalCount")))
            run = state.run
            captures = self._captures(answer, run, known, state.tip)
            run.young = run.young or _has_young(history, known, answer.observed_at)
            more = text(mapping(history.get("pageInfo")).get("endCursor"))
            last = not mapping(history.get("pageInfo")).get("hasNextPage") or more == run.after
            run.after = more
            self.context.progress(f"{self.context.name} {self.branch}", run.met, run.total)
            grown = run.total - state.total if state.total >= 0 else -1
            ends = last or (run.met_tip and run.fresh == grown)
            read, gaps = self.checks.read(run, rest=ends)
            page = Page(captures=(*captures, *read), gaps=tuple(gaps))
            if ends:
                totals = (self._total(run),) if last and not known else ()
                self._close(state, run, answer.observed_at)
                yield replace(page, totals=totals)
                return
            yield page

    def _ask(self, state: BranchState) -> tuple[GraphAnswer, Mapping[str, Any], str]:
        since = iso(max(0, self.since - _MARGIN)) if self.since else None
        asked = {
            "ref": f"refs/heads/{self.branch}",
            "since": since,
            "after": (state.run.after or None) if state.run else None,
        }
        answer, found = self.context.ask_repository("BranchPopulation", asked)
        target = mapping(mapping(found.get("ref")).get("target"))
        history = mapping(target.get("history"))
        whole = isinstance(history.get("nodes"), list)  # an empty list is an answer, too
        return answer, history if whole else {}, text(target.get("oid"))

    def _captures(
        self, answer: GraphAnswer, run: BranchRun, known: set[str], last_tip: str
    ) -> tuple[Capture, ...]:
        captures = []
        place = ("data", "repository", "ref", "target", "history", "nodes")
        for exact, node in slice_each(answer.text, place):
            sha = text(mapping(node).get("oid"))
            if not sha:
                continue
            captures.append(self.context.commit_capture(self.branch, sha, exact, answer))
            commit_checks.note(run, node)
            run.met += 1
            run.fresh += sha[:_ABBREVIATED] not in known
            run.met_tip = run.met_tip or sha == last_tip
            if len(run.newest) < _REMEMBERED:
                run.newest.append(sha[:_ABBREVIATED])
        return tuple(captures)

    def _close(self, state: BranchState, run: BranchRun, now: int) -> None:
        """Remembers the newest commits: those of this listing, then those of the one before."""
        seen = set(run.newest)
        older = [each for each in state.newest if each not in seen]
        state.newest = [*run.newest, *older][:_REMEMBERED]
        state.settled, state.listed = state.tip == run.tip or not run.young, now
        state.tip, state.total, state.run = run.tip, run.total, None

    def _total(self, run: BranchRun) -> Total:
        scope = f"{self.context.repository} {self.branch}"
        return Total(kind=BRANCH_COMMIT, scope=scope, reported=run.total, stored=run.met)

    def _absent(self, answer: GraphAnswer) -> Gap:
        forbidden = any(kind != "NOT_FOUND" for _path, kind in answer.unread)
        reason = GapReason.FORBIDDEN if forbidden else GapReason.NOT_FOUND_OR_FORBIDDEN
        detail = f"GitHub shows no commits of branch {self.branch} of {self.context.name}."
        return self.context.gap(BRANCH_COMMIT, "*", reason, detail)


def _has_young(history: Mapping[str, Any], known: set[str], now: int) -> bool:
    """Whether a new commit without a pull request may be too young for GitHub to have linked it.

    What GitHub merges itself carries its own time, so nothing rests on the word of a client.
    """
    for node in map(mapping, items(history.get("nodes"))):
        fresh = text(node.get("oid"))[:_ABBREVIATED] not in known
        linked = items(at(node, "associatedPullRequests", "nodes"))
        if fresh and not linked and iso_micros(node.get("committedDate")) > now - OVERLAP:
            return True
    return False
