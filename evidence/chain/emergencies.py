"""What of a change went into production, and whether an approval of something covers just that.

A hotfix may be deployed from its branch, by a direct push, or before a pull request holds it. What
ran is then compared with what was approved, by Git's answers and never by names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence.chain.answers import (
    NetDiffAnswer,
    ask,
    entries_of,
    member,
    strings,
    value_of,
    why_missing,
)
from evidence.model.chain import ChangeEvidence
from evidence.model.git import GitQuestion, QuestionKind
from evidence.model.pull_request import PullRequestCommit, Review
from evidence.policy import Policy

_LABELLED = frozenset({"Labeled", "Unlabeled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One commit of a change that a deployment left in production."""

    sha: str
    at: int
    """Start of the first deployment that did, microseconds UTC by the deployer's clock."""


def may_be_emergency(evidence: ChangeEvidence, policy: Policy) -> bool:
    """Whether anything about the change says emergency, at whatever time it was said."""
    labels = set(policy.emergency_labels)
    pull = evidence.pull_request
    if labels & set(pull.labels if pull else ()):
        return True
    if any(one.kind in _LABELLED and one.subject in labels for one in evidence.events):
        return True
    if any(one.current in labels for one in evidence.ticket_events if one.kind == "labeled"):
        return True
    types = set(policy.emergency_ticket_types)
    return any(one.type in types or labels & set(one.labels) for one in evidence.tickets)


def deployed_commits(evidence: ChangeEvidence) -> tuple[Deployed, ...]:
    """The last of its commits that each deployment brought, each once, the earliest first."""
    own = set(evidence.change.commits)
    found: dict[str, int] = {}
    for one in sorted(evidence.deployments, key=lambda row: (row.started_at, row.deployment_id)):
        for span in one.ranges:
            brought = [sha for sha in span.commits if sha in own]
            if span.repository == evidence.change.repository and brought:
                found.setdefault(brought[-1], one.started_at)
    return tuple(Deployed(sha=sha, at=at) for sha, at in found.items())


def up_to(evidence: ChangeEvidence, sha: str) -> tuple[str, ...]:
    """The commits of the change up to one of them, oldest first."""
    commits = evidence.change.commits
    return commits[: commits.index(sha) + 1] if sha in commits else (sha,)


def emergency_questions(evidence: ChangeEvidence, policy: Policy) -> Iterator[GitQuestion]:
    """What compares each deployed commit with each approved one, where that is not plain."""
    if not may_be_emergency(evidence, policy):
        return
    pull, landing = evidence.pull_request, evidence.change.landing_sha
    for one in deployed_commits(evidence):
        if pull is not None and one.sha != landing:
            rows, base = evidence.pull_request_commits, pull.base_sha
            for sha in approved_shas(evidence.reviews):
                yield from _compared(evidence, one.sha, sha, rows, base)
        for each in evidence.follow_ups:
            rows, base = each.pull_request_commits, each.pull_request.base_sha
            for sha in approved_shas(each.reviews):
                yield from _compared(evidence, one.sha, sha, rows, base)


def approved_shas(reviews: Iterable[Review]) -> tuple[str, ...]:
    """Commits that approving reviews were given for, sorted."""
    return tuple(sorted({one.commit_sha for one in reviews if one.state == "APPROVED"} - {""}))


def _compared(
    evidence: ChangeEvidence,
    deployed: str,
    approved: str,
    listed: Iterable[PullRequestCommit],
    base: str,
) -> tuple[GitQuestion, ...]:
    """Difference of the two commits, what was approved, what was deployed; () where plain."""
    if approved == deployed and _lists(evidence, deployed, listed):
        return ()
    repository = evidence.change.repository
    own = evidence.change.base_sha or (
        evidence.pull_request.base_sha if evidence.pull_request else ""
    )
    return (
        ask(repository, QuestionKind.RANGE_DIFF, deployed, approved),
        ask(repository, QuestionKind.NET_DIFF, base, approved),
        ask(repository, QuestionKind.NET_DIFF, own, deployed),
    )


def _lists(evidence: ChangeEvidence, deployed: str, listed: Iterable[PullRequestCommit]) -> bool:
    """Whether a pull request shows every commit of the change up to the deployed one."""
    return set(up_to(evidence, deployed)) <= {row.sha for row in listed}


def covers(
    evidence: ChangeEvidence,
    deployed: str,
    approved: str,
    listed: Iterable[PullRequestCommit],
    base: str,
) -> NetDiffAnswer:
    """Whether approving one commit of a pull request covers another that was deployed.

    It does where the pull request lists what was deployed and the files of that are the same in
    both commits, or where both are the same difference. None where Git did not say.
    """
    rows = tuple(listed)
    if not approved:
        return NetDiffAnswer(equal=None, detail="it names no commit")
    questions = _compared(evidence, deployed, approved, rows, base)
    if not questions:
        return NetDiffAnswer(equal=True, detail="what was deployed is what was approved")
    answers = evidence.answers
    for question in questions:
        if value_of(answers, question) is None:
            return NetDiffAnswer(equal=None, detail=why_missing(answers, question))
    equal, detail = _held(evidence, questions, listed=_lists(evidence, deployed, rows))
    return NetDiffAnswer(equal=equal, detail=detail, entries=entries_of(answers, *questions))


def _held(
    evidence: ChangeEvidence, questions: tuple[GitQuestion, ...], *, listed: bool
) -> tuple[bool | None, str]:
    between, approved, deployed = (value_of(evidence.answers, one) for one in questions)
    moved, files = strings(member(between, "paths")), strings(member(deployed, "paths"))
    digests = (member(approved, "digest"), member(deployed, "digest"))
    if moved is None or files is None or not all(isinstance(one, str) for one in digests):
        return None, "the answer of Git is malformed"
    if digests[0] == digests[1]:
        return True, "what was deployed is the same difference as what was approved"
    changed = sorted(set(moved) & set(files))
    if listed and not changed:
        return True, "what was approved holds what was deployed"
    if changed:
        return False, f"what was approved differs from what was deployed in {changed[0]}"
    return False, "what was approved does not show all that was deployed"
