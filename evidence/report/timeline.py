"""The dated events of one change in one order, each with who gave the time: a server or a client.

Only server times decide anything; what a Git client claims is shown and marked as a claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence.model.chain import ChangeEvidence
from evidence.model.comments import LINE_COMMENT
from evidence.model.production import ProductionDeployment
from evidence.model.pull_request import PullRequestEvent
from evidence.model.texts import TEXTS_READ
from evidence.report.scanned import scan_rows, subject
from evidence.report.text import login, short

EVENTS = {
    "ReviewDismissed": "Review dismissed",
    "HeadRefForcePushed": "Branch force-pushed",
    "BaseRefChanged": "Target branch changed",
    "BaseRefForcePushed": "Target branch force-pushed",
    "RenamedTitle": "Title changed",
    "Labeled": "Label added",
    "Unlabeled": "Label removed",
    "Closed": "Closed",
    "Reopened": "Reopened",
    "ReviewRequested": "Review requested",
    "ReadyForReview": "Marked ready for review",
    "ConvertToDraft": "Converted to draft",
    "AddedToMergeQueue": "Entered the merge queue",
    "RemovedFromMergeQueue": "Left the merge queue",
    "AutoMergeEnabled": "Automatic merge enabled",
    "AutoMergeDisabled": "Automatic merge disabled",
    "Connected": "Ticket linked by hand",
    "Disconnected": "Ticket unlinked by hand",
    TEXTS_READ: "Description edited",
    LINE_COMMENT: "Line comment",
}
"""Timeline items by the source's type name; others are printed under that name. `Merged` and
reviews come from their own records."""

_OWN_RECORD = frozenset({"Merged", "PullRequestReview", "PullRequestCommit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event; `at` in microseconds UTC."""

    at: int
    what: str
    who: str = ""
    reference: str = ""
    claim: bool = False
    """True where a Git client set the time."""
    entry: int = 0


def timeline(
    evidence: ChangeEvidence, carried: Iterable[ProductionDeployment]
) -> tuple[Moment, ...]:
    """Every dated event, oldest first; what happened at one instant keeps the chain's own order."""
    rows = [*_request(evidence), *_work(evidence), *_judged(evidence), *_merged(evidence)]
    rows += _deployed(carried)
    return tuple(sorted((row for row in rows if row.at), key=lambda row: row.at))


def _request(evidence: ChangeEvidence) -> Iterator[Moment]:
    seen: set[str] = set()
    for ticket in evidence.tickets:
        if ticket.ticket_id in seen:
            continue
        seen.add(ticket.ticket_id)
        yield Moment(
            at=ticket.created_at,
            what=f"Request {ticket.key} created",
            who=login(ticket.author),
            reference=ticket.title,
            entry=ticket.entry_seq,
        )
    for event in evidence.ticket_events:
        if event.kind == "approvals_read":
            continue
        change = f"{event.previous} → {event.current}" if event.previous else event.current
        yield Moment(
            at=event.at,
            what=f"Request: {event.kind}",
            who=login(event.actor),
            reference=change,
            entry=event.entry_seq,
        )


def _work(evidence: ChangeEvidence) -> Iterator[Moment]:
    change = evidence.change
    entry = evidence.pull_request.entry_seq if evidence.pull_request else 0
    yield Moment(
        at=change.created_at,
        what="Pull request opened" if change.number else "Change first seen",
        who=login(change.author),
        reference=f"#{change.number}" if change.number else short(change.head_sha),
        entry=entry,
    )
    for commit in evidence.pull_request_commits:
        yield Moment(
            at=commit.committed_at,
            what="Commit",
            who=login(commit.author),
            reference=short(commit.sha),
            claim=True,
            entry=commit.entry_seq,
        )
    if not change.number:
        for plain in evidence.commits:
            yield Moment(
                at=plain.committer_time,
                what="Commit",
                reference=short(plain.sha),
                claim=True,
                entry=plain.entry_seq,
            )
    for move in evidence.landing.pushes:
        yield Moment(
            at=move.at,
            what=f"Branch of the pull request: {move.kind.replace('_', ' ')}",
            who=login(move.actor),
            reference=short(move.after_sha),
            entry=move.entry_seq,
        )
    for event in sorted(evidence.events, key=lambda row: row.position):
        if event.kind not in _OWN_RECORD and (event.kind != TEXTS_READ or event.current):
            yield _event(event)


def _reference(event: PullRequestEvent) -> str:
    if event.kind == TEXTS_READ:
        return ""
    if event.kind == LINE_COMMENT:
        return event.previous
    moved = [short(part) for part in (event.before_sha, event.after_sha) if part]
    told = [part for part in (event.previous, event.current) if part]
    return " → ".join(moved or told) or event.subject


def _event(event: PullRequestEvent) -> Moment:
    return Moment(
        at=event.at,
        what=EVENTS.get(event.kind, event.kind),
        who=login(event.actor),
        reference=_reference(event),
        entry=event.entry_seq,
    )


def _judged(evidence: ChangeEvidence) -> Iterator[Moment]:
    seen: set[tuple[str, str]] = set()
    for review in evidence.reviews:
        if (review.review_id, review.state) in seen:
            continue
        seen.add((review.review_id, review.state))
        yield Moment(
            at=review.submitted_at,
            what=f"Review {review.state}",
            who=login(review.author),
            reference=f"for {short(review.commit_sha)}" if review.commit_sha else "",
            entry=review.entry_seq,
        )
    for check in evidence.checks:
        yield Moment(
            at=check.completed_at or check.started_at,
            what=f"Check {check.name}: {check.conclusion or check.status}",
            who=check.app or login(check.creator),
            reference=f"on {short(check.sha)}",
            entry=check.entry_seq,
        )
    for row in scan_rows(evidence.scans):
        yield Moment(
            at=row.scanned_at,
            what=f"Scan by {row.tool}: {row.verdict}",
            who=row.source,
            reference=f"on {subject(row)}{'' if row.server_time else ', at a time that it claims'}",
            entry=row.entry,
        )


def _merged(evidence: ChangeEvidence) -> Iterator[Moment]:
    change = evidence.change
    yield Moment(
        at=change.merged_at,
        what=f"Merged into {change.branch}" if change.branch else "Merged",
        who=login(change.merged_by),
        reference=f"{short(change.landing_sha)} ({change.merge_method})",
        entry=evidence.pull_request.entry_seq if evidence.pull_request else 0,
    )


def _deployed(carried: Iterable[ProductionDeployment]) -> Iterator[Moment]:
    for row in carried:
        reference = ", ".join(short(part.revision) for part in row.ranges if part.revision)
        entry = row.entries[0] if row.entries else 0
        yield Moment(
            at=row.started_at,
            what=f"Deployment of {row.application} started",
            who=_initiator(row),
            reference=reference,
            entry=entry,
        )
        yield Moment(
            at=row.finished_at,
            what=f"Deployment of {row.application}: {row.phase}",
            who=_initiator(row),
            reference=reference,
            entry=entry,
        )


def _initiator(row: ProductionDeployment) -> str:
    if row.initiator is not None:
        return login(row.initiator)
    return "automated" if row.automated else "not stated"
