"""Whether an approval is current: whether it covers the content that was merged (3.3).

`content` (P0): the approved commit is the merged head, or its net diff equals the head's. `exact`:
only the same commit. `time`: given after the last push. A re-bound commit id is never trusted over
the order of events: what stood at the head when the review was given is what was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.chain.answers import ask, net_diff_equal, strings, value_of
from evidence.controls.approvals import Approval
from evidence.controls.people import people_of
from evidence.controls.timeline import Timeline, timeline_of
from evidence.controls.words import listing, short, when
from evidence.model.chain import Chain
from evidence.model.git import Commit, QuestionKind
from evidence.model.globs import all_match
from evidence.model.pull_request import PullRequestEvent
from evidence.policy import Automation, Policy


class Currency(StrEnum):
    """How an approval stands to the merged content."""

    CURRENT = "current"
    STALE = "stale"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One approval's currency, why, and what to look at."""

    currency: Currency
    reason: str
    words: str
    flags: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    """Ledger entries of Git's answers, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    chain: Chain
    policy: Policy
    approval: Approval
    timeline: Timeline
    head: str
    approved: str
    """What was approved, after a re-bound commit id was set right."""
    rebound: PullRequestEvent | None
    flags: tuple[str, ...] = ()


def currency_of(chain: Chain, policy: Policy, approval: Approval) -> Judgement:
    """Judges one approval by the policy's rule of currency."""
    timeline = timeline_of(chain.evidence)
    pull = chain.evidence.pull_request
    head = chain.change.head_sha or (pull.head_sha if pull else "")
    event = _rebinding(chain, timeline, approval)
    case = _Case(
        chain=chain,
        policy=policy,
        approval=approval,
        timeline=timeline,
        head=head,
        approved=event.before_sha if event else approval.approved_sha,
        rebound=event,
        flags=("rebound",) if event else approval.flags,
    )
    if not head:
        return _open(case, "head-unknown", "the head at merge was not read")
    return _RULES.get(policy.approval_currency, _by_content)(case)


def _by_content(case: _Case) -> Judgement:
    early = _undecidable(case)
    if early:
        return early
    if case.approved == case.head:
        return _current(case, "approved-head", "was given for the merged head")
    answer = net_diff_equal(case.chain, case.approved)
    if answer.equal is None:
        return _open(case, "content-not-read", answer.detail)
    if answer.equal:
        return Judgement(
            currency=Currency.CURRENT,
            reason="content-equivalent",
            words=f"is content-equivalent: {answer.detail}",
            flags=(*case.flags, "content-equivalent"),
            entries=answer.entries,
        )
    return _after_automation(case, answer.detail, answer.entries)


def _by_sha(case: _Case) -> Judgement:
    if case.approved and case.approved != case.head:
        return _stale(case, "was given for another commit than the merged head")
    return _undecidable(case) or _current(case, "approved-head", "was given for the merged head")


def _by_time(case: _Case) -> Judgement:
    pushed = _push_of_head(case)
    order = case.timeline.review_before(case.approval.review, pushed) if pushed else None
    if order:
        return _stale(case, "was given before the last push")
    early = _undecidable(case)
    if early:
        return early
    if case.approved == case.head or order is False:
        return _current(case, "approved-after-push", "was given after the last push")
    return _open(case, "push-time-unknown", "the time of the last push is not known")


_RULES = {"content": _by_content, "exact": _by_sha, "time": _by_time}
"""Policy value of `approval_currency` -> how an approval is judged; anything else as `content`."""


def _undecidable(case: _Case) -> Judgement | None:
    """What leaves every rule open: no commit, a change of base, an unread timeline."""
    if not case.approved:
        return _open(case, "approved-commit-unknown", "names no commit")
    if not case.timeline.whole:
        return _open(case, "timeline-incomplete", "stands in a timeline that was not read whole")
    if _base_changed(case):
        return _open(case, "base-changed", "was given before the base branch was changed")
    return None


def _base_changed(case: _Case) -> bool:
    return any(
        case.timeline.review_before(case.approval.review, event) is not False
        for event in case.timeline.earlier("BaseRefChanged")
    )


def _push_of_head(case: _Case) -> PullRequestEvent | None:
    found = [
        event
        for event in case.timeline.events
        if event.after_sha == case.head
        and event.kind != "Merged"
        and case.timeline.before_merge(event)
    ]
    return found[-1] if found else None


def _rebinding(chain: Chain, timeline: Timeline, approval: Approval) -> PullRequestEvent | None:
    """The force-push after which a review names a commit that did not exist when it was given."""
    commits = {commit.sha: commit for commit in chain.evidence.commits}
    after = [
        event
        for event in timeline.earlier("HeadRefForcePushed")
        if timeline.review_before(approval.review, event)
    ]
    sha = approval.approved_sha
    brought = any(
        sha == event.after_sha
        or (sha in _ancestors(commits, event.after_sha) - _ancestors(commits, event.before_sha))
        for event in after
    )
    return after[0] if brought and sha != after[0].before_sha else None


def _ancestors(commits: dict[str, Commit], head: str) -> set[str]:
    seen: set[str] = set()
    ready = [head]
    while ready:
        sha = ready.pop()
        if sha in seen or sha not in commits:
            continue
        seen.add(sha)
        ready.extend(commits[sha].parents)
    return seen


# --- registered automation after an approval (`ignore_commits_by`)


def _after_automation(case: _Case, detail: str, entries: tuple[int, ...]) -> Judgement:
    """Stale, unless everything after the approval is by registered, path-limited automation."""
    between = _between(case)
    robots = [_robot(case, commit) for commit in between]
    named = [robot for robot in robots if robot is not None and robot.ignore_commits]
    if not between or len(named) != len(between):
        words = f"was given before the content changed: {detail}"
        return _stale(case, words, entries)
    problem = _unlicensed(case, between, named)
    if problem:
        return problem
    who = listing(robot.id for robot in named)
    return Judgement(
        currency=Currency.CURRENT,
        reason="automation-after-approval",
        words=f"is followed only by path-limited commits of registered automation {who}",
        flags=(*case.flags, "automation-after-approval"),
        entries=entries,
    )


def _between(case: _Case) -> list[Commit]:
    """Commits from the head down to the approved one; empty where they are no straight line."""
    commits = {commit.sha: commit for commit in case.chain.evidence.commits}
    found: list[Commit] = []
    sha = case.head
    while sha != case.approved:
        commit = commits.get(sha)
        if commit is None or len(commit.parents) != 1 or len(found) > 1000:
            return []
        found.append(commit)
        sha = commit.parents[0]
    return found


def _robot(case: _Case, commit: Commit) -> Automation | None:
    people = people_of(case.policy)
    rows = [row for row in case.chain.evidence.pull_request_commits if row.sha == commit.sha]
    for row in rows:
        found = people.automation(row.author)
        if found is not None:
            return found
    system = case.approval.party.system
    return people.automation_of_email(commit.author_email, system)


def _unlicensed(case: _Case, between: list[Commit], robots: list[Automation]) -> Judgement | None:
    """Why commits that carry an automation's name do not fall under its licence, if so."""
    repository = case.chain.change.repository
    for commit, robot in zip(between, robots, strict=True):
        question = ask(repository, QuestionKind.CHANGED_PATHS, commit.sha)
        paths = strings(value_of(case.chain.evidence.answers, question))
        if paths is None:
            words = f"the files of {short(commit.sha)} were not read"
            return _open(case, "content-not-read", words)
        if not all_match(paths, robot.paths):
            return _stale(case, f"is followed by {short(commit.sha)} outside {robot.id}'s paths")
        if not _signed(case, commit.sha):
            words = f"is followed by {short(commit.sha)}, which only its name ties to {robot.id}"
            return _open(case, "automation-unverified", words)
    return None


def _signed(case: _Case, sha: str) -> bool:
    """The forge itself signed the commit, or the timeline says that automation pushed it."""
    people = people_of(case.policy)
    pushed = any(
        event.after_sha == sha and people.automation(event.actor) is not None
        for event in case.timeline.events
    )
    rows = [row for row in case.chain.evidence.pull_request_commits if row.sha == sha]
    return pushed or any(row.signed_by_source and row.signature_valid for row in rows)


def _current(case: _Case, reason: str, words: str) -> Judgement:
    return Judgement(currency=Currency.CURRENT, reason=reason, words=words, flags=case.flags)


def _stale(case: _Case, words: str, entries: tuple[int, ...] = ()) -> Judgement:
    if case.rebound:
        words += (
            f" (its commit id was re-bound: {short(case.approval.approved_sha)} was pushed only at "
            f"{when(case.rebound.at)})"
        )
    return Judgement(
        currency=Currency.STALE,
        reason="stale-approval",
        words=words,
        flags=case.flags,
        entries=entries,
    )


def _open(case: _Case, reason: str, words: str) -> Judgement:
    return Judgement(currency=Currency.OPEN, reason=reason, words=words, flags=case.flags)
