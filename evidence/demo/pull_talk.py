"""Replays what is said about a pull request: reviews, checks, labels, edits, states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evidence.demo.history import CommentRecord, ReviewRecord
from evidence.demo.moments import moment
from evidence.demo.scene import toggled
from evidence.demo.steps import (
    CheckStep,
    CommentStep,
    DismissStep,
    EditStep,
    LabelStep,
    LinkStep,
    RebindStep,
    RequestStep,
    ReviewStep,
    StateStep,
)
from evidence.demo.turn import Turn
from evidence.errors import ConfigError


def find_issue(turn: Turn, key: str) -> str:
    """The key of an issue that exists by then."""
    if key not in turn.scene.history.issues:
        raise ConfigError(f"The world has no issue `{key}` at that moment.")
    return key


def _shown_commit(turn: Turn, reference: str) -> str:
    """The commit that the source shows for a review; empty for null."""
    return "" if reference == "none" else turn.sha(reference)


def play_review(turn: Turn, step: ReviewStep) -> None:
    """Somebody reviews a commit of it."""
    turn.scene.person(step.by)
    review = ReviewRecord(
        id=turn.scene.next_id(),
        key=step.key or step.by,
        author=step.by,
        at=turn.at,
        body=step.body,
        states=[(turn.at, step.state)],
        commits=[(turn.at, _shown_commit(turn, step.on))],
    )
    turn.pull.reviews.append(review)
    turn.event("PullRequestReview", step.by, review=review.id)


def _find_review(turn: Turn, key: str) -> ReviewRecord:
    for review in reversed(turn.pull.reviews):
        if review.key == key:
            return review
    raise ConfigError(f"change `{turn.pull.key}` has no review `{key}` at that moment.")


def play_dismiss(turn: Turn, step: DismissStep) -> None:
    """A review is dismissed."""
    review = _find_review(turn, step.review)
    previous = review.states[-1][1]
    review.states.append((turn.at, "DISMISSED"))
    turn.event(
        "ReviewDismissedEvent",
        step.by,
        review=review.id,
        previous=previous,
        message=step.message,
    )


def play_rebind(turn: Turn, step: RebindStep) -> None:
    """The source shows another commit from now on; no event says so."""
    _find_review(turn, step.review).commits.append((turn.at, _shown_commit(turn, step.on)))


def play_checks(turn: Turn, step: CheckStep) -> None:
    """Checks of the head begin and end."""
    turn.scene.checks(turn.where, turn.sha(step.on), step, turn.at)


def play_label(turn: Turn, step: LabelStep) -> None:
    """A label is put on or taken off."""
    labels = turn.pull.labels
    labels.append((turn.at, toggled(labels[-1][1], step.name, not step.off)))
    kind = "UnlabeledEvent" if step.off else "LabeledEvent"
    turn.event(kind, turn.by(step.by), label=step.name)


def play_link(turn: Turn, step: LinkStep) -> None:
    """An issue is linked or unlinked."""
    key, issues = find_issue(turn, step.issue), turn.pull.issues
    issues.append((turn.at, toggled(issues[-1][1], key, not step.off)))
    kind = "DisconnectedEvent" if step.off else "ConnectedEvent"
    turn.event(kind, turn.by(step.by), issue=key)


def play_comment(turn: Turn, step: CommentStep) -> None:
    """A comment in the conversation or on lines."""
    turn.scene.person(step.by)
    made = CommentRecord(
        id=turn.scene.next_id(),
        at=turn.at,
        author=step.by,
        body=step.body,
        edited_at=moment(step.edited_at, turn.at) if step.edited_at else 0,
        path=step.path,
        line=step.line,
        review=_find_review(turn, step.review).id if step.review else 0,
        sha=turn.sha("head") if step.path else "",
    )
    if step.path:
        turn.pull.line_comments.append(made)
        return
    turn.pull.comments.append(made)
    turn.event("IssueComment", step.by, comment=made.id)


def play_edit(turn: Turn, step: EditStep) -> None:
    """Title, description or base become others."""
    pull, by = turn.pull, turn.by(step.by)
    if step.title:
        old = pull.titles[-1][1]
        pull.titles.append((turn.at, step.title))
        turn.event("RenamedTitleEvent", by, previous=old, current=step.title)
    if step.body:
        pull.bodies.append((turn.at, step.body))
        pull.editors.append((turn.at, by))
    if step.base:
        old = turn.base
        pull.bases.append((turn.at, step.base))
        turn.event("BaseRefChangedEvent", by, previous=old, current=step.base)


def play_request(turn: Turn, step: RequestStep) -> None:
    """A review is asked for, or asked for no more."""
    turn.scene.person(step.of)
    requested = turn.pull.requested
    rest = tuple(one for one in (requested[-1][1] if requested else ()) if one[0] != step.of)
    requested.append((turn.at, rest if step.off else (*rest, (step.of, step.code_owner))))
    kind = "ReviewRequestRemovedEvent" if step.off else "ReviewRequestedEvent"
    turn.event(kind, turn.by(step.by), of=step.of)


def play_state(turn: Turn, step: StateStep) -> None:
    """It is closed or opened again, becomes a draft or ready, or loses its branch."""
    pull, by, at = turn.pull, turn.by(step.by), turn.at
    kind = _STATE_EVENTS.get(step.to)
    if kind is None:
        raise ConfigError(f"change `{pull.key}`: `to` is one of {', '.join(_STATE_EVENTS)}.")
    if step.to in ("close", "reopen"):
        pull.states.append((at, "CLOSED" if step.to == "close" else "OPEN"))
    elif step.to in ("draft", "ready"):
        pull.drafts.append((at, step.to == "draft"))
    elif step.to == "delete_branch":
        if not pull.fork:
            turn.where.move(at, f"refs/heads/{pull.branch}", "")
    else:
        pull.auto_merge.append((at, by if step.to == "auto_merge" else ""))
    turn.event(kind, by, enabler=by, ref=pull.branch)


_STATE_EVENTS: Final[Mapping[str, str]] = {
    "close": "ClosedEvent",
    "reopen": "ReopenedEvent",
    "ready": "ReadyForReviewEvent",
    "draft": "ConvertToDraftEvent",
    "auto_merge": "AutoMergeEnabledEvent",
    "auto_merge_off": "AutoMergeDisabledEvent",
    "delete_branch": "HeadRefDeletedEvent",
}
