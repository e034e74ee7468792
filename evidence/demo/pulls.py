"""Replays pull requests: opening, pushes and updates here; `PLAY` names what replays each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from evidence.demo.graph import reachable
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.moments import moment
from evidence.demo.pull_merges import play_merge, play_queue
from evidence.demo.pull_talk import (
    find_issue,
    play_checks,
    play_comment,
    play_dismiss,
    play_edit,
    play_label,
    play_link,
    play_rebind,
    play_request,
    play_review,
    play_state,
)
from evidence.demo.scene import WEB_FLOW, Scene, spread
from evidence.demo.steps import (
    CheckStep,
    CommentStep,
    CommitSpec,
    DismissStep,
    EditStep,
    LabelStep,
    LinkStep,
    MergeStep,
    PushStep,
    QueueStep,
    RebindStep,
    RequestStep,
    ReviewStep,
    StateStep,
    Step,
    UpdateBranchStep,
)
from evidence.demo.timeline import Happening, default_push, push_commits
from evidence.demo.turn import Turn
from evidence.demo.world import Change
from evidence.errors import ConfigError


def play_step(scene: Scene, one: Happening) -> None:
    """Replays one step of a change; its first push opens the pull request."""
    change, step = one.owner, one.item
    if not isinstance(change, Change):
        raise ConfigError("A step stands outside a change.")
    where = scene.repository(change.repository)
    pull = scene.history.pulls.get(change.key)
    if pull is not None:
        turn = Turn(scene=scene, change=change, pull=pull, where=where, at=one.at)
        PLAY[type(step)](turn, step)  # type: ignore[index]
        return
    if not isinstance(step, PushStep):
        raise ConfigError(f"The first step of change `{change.key}` must be a push.")
    pull = _cut(scene, change, where, one.at)
    turn = Turn(scene=scene, change=change, pull=pull, where=where, at=one.at)
    play_push(turn, step)
    _open(turn)


def _cut(scene: Scene, change: Change, where: RepositoryRecord, at: int) -> PullRecord:
    """The head branch is cut from the base branch."""
    base = change.base or where.default_branch
    tip = where.refs.get(f"refs/heads/{base}")
    if tip is None:
        raise ConfigError(f"change `{change.key}`: {where.name} has no branch `{base}`.")
    head, brought = tip, tuple[str, ...]()
    if change.starts_on:
        head = scene.sha(change.starts_on, where, change.key)
        there = set(reachable(where, tip))
        brought = tuple(sha for sha in reversed(reachable(where, head)) if sha not in there)
    title = scene.filled(change.title, where) or change.key.replace("-", " ").capitalize()
    pull = PullRecord(
        key=change.key,
        repository=where.world.key,
        number=where.number(change.number),
        id=scene.next_id(),
        author=change.author,
        at=at,
        branch=change.branch or change.key,
        fork=change.fork,
        fork_deleted_at=moment(change.fork_deleted_at, scene.epoch)
        if change.fork_deleted_at
        else 0,
        start=tip,
        heads=[(at, head)],
        commits=[(at, brought)],
        bases=[(at, base)],
        titles=[(at, title)],
    )
    scene.history.pulls[change.key] = pull
    where.pulls[pull.number] = pull
    return pull


def _open(turn: Turn) -> None:
    change, pull, at = turn.change, turn.pull, turn.at
    turn.scene.person(change.author)
    pull.bodies.append((at, turn.scene.filled(change.body, turn.where, change.key)))
    pull.states.append((at, "OPEN"))
    pull.drafts.append((at, change.draft))
    pull.labels.append((at, change.labels))
    pull.issues.append((at, tuple(find_issue(turn, key) for key in change.issues)))
    for label in change.labels:
        turn.event("LabeledEvent", change.author, label=label)


def play_push(turn: Turn, step: PushStep) -> None:
    """Commits are pushed to the head branch, after its own or instead of them."""
    pull, change, where = turn.pull, turn.change, turn.where
    by, before = turn.by(step.by), turn.head
    specs = push_commits(step)
    if not pull.pushed and change.reverts:
        specs = (_revert(turn), *specs)
    if not (specs or pull.pushed or step.rebase or step.imports or change.starts_on):
        specs = default_push(change.key)
    kept = _kept(turn, step, by)
    tip = kept[-1] if kept else (turn.base_tip if step.rebase else pull.start)
    if step.imports:
        tip = _imported(turn, step, tip, by, kept)
    for index, spec in enumerate(specs):
        at = spread(turn.at, index, len(specs))
        tip = turn.scene.commit(where, tip, spec, by=by, at=at, key=change.key).sha
        kept.append(tip)
        turn.counted(tip)
        if spec.key:
            turn.scene.name(f"{change.key}.{spec.key}", where, tip)
    forced = step.force or step.rebase
    _moved(turn, tuple(kept), tip, by, forced=forced, recorded=step.recorded)
    if step.force or step.rebase:
        turn.event("HeadRefForcePushedEvent", by, before=before, after=tip)


def _imported(turn: Turn, step: PushStep, tip: str, by: str, kept: list[str]) -> str:
    """Merges the history of another repository into the branch, as `git subtree add` does.

    `kept` gets all that came with it; the result is the merge.
    """
    where, scene = turn.where, turn.scene
    source = scene.repository(step.imports.partition("/")[0])
    last = scene.sha(step.imports, source)
    for sha in reversed(reachable(source, last)):
        where.objects.copy(source.objects, sha)
        turn.claim(sha)
        kept.append(sha)
    above = f"{step.into.rstrip('/')}/" if step.into else ""
    files = {above + path: entry for path, entry in turn.files(last).items()}
    merger = scene.identity(by, turn.at)
    made = where.objects.commit(
        files={**turn.files(tip), **files},
        parents=(tip, last),
        author=merger,
        committer=merger,
        message=f"Add '{above}' from commit '{last}'\n",
    )
    turn.counted(made.sha)
    kept.append(made.sha)
    return made.sha


def _kept(turn: Turn, step: PushStep, by: str) -> list[str]:
    """The commits that stay in the branch below the new ones."""
    if step.rebase:
        made = [one.sha for one in turn.replayed(by)]
        for sha in made:
            turn.counted(sha)
        return made
    return [] if step.force else list(turn.pull.commits[-1][1])


def _moved(
    turn: Turn,
    commits: tuple[str, ...],
    tip: str,
    by: str,
    *,
    forced: bool = False,
    recorded: bool = True,
) -> None:
    """The head branch points to `tip`; a merged pull request no longer follows it."""
    pull, where, at = turn.pull, turn.where, turn.at
    known = set(pull.commits[-1][1])
    kind = "force_push" if forced else "push"
    if not turn.change.fork:  # the branch of a fork is none of this repository
        where.move(at, f"refs/heads/{pull.branch}", tip, by=by, kind=kind, recorded=recorded)
    if pull.merge is not None:
        return
    pull.heads.append((at, tip))
    pull.commits.append((at, commits))
    where.move(at, f"refs/pull/{pull.number}/head", tip)
    turn.scene.name(f"{pull.key}.head", where, tip)
    for sha in commits:
        if sha not in known:
            turn.event("PullRequestCommit", "", commit=sha)


def _revert(turn: Turn) -> CommitSpec:
    undone = turn.scene.history.pulls.get(turn.change.reverts)
    if undone is None or undone.merge is None:
        raise ConfigError(
            f"change `{turn.change.key}` reverts `{turn.change.reverts}`, which is not merged then."
        )
    old, new = turn.files(undone.merge.base), turn.files(undone.merge.sha)
    return CommitSpec(
        files={
            path: turn.where.objects.text(entry[1])
            for path, entry in old.items()
            if new.get(path) != entry
        },
        delete=tuple(path for path in new if path not in old),
        message=f'Revert "{undone.titles[-1][1]}"\n\nThis reverts commit {undone.merge.sha}.',
    )


def play_update_branch(turn: Turn, step: UpdateBranchStep) -> None:
    """GitHub merges the base branch into the head branch."""
    by, base, head = turn.by(step.by), turn.base_tip, turn.head
    made = turn.where.objects.commit(
        files=turn.merged_files(base, head, step.files),
        parents=(head, base),
        author=turn.scene.identity(by, turn.at),
        committer=turn.scene.identity(WEB_FLOW, turn.at),
        message=f"Merge branch '{turn.base}' into {turn.pull.branch}\n",
        signed=True,
    )
    turn.counted(made.sha)
    _moved(turn, (*turn.pull.commits[-1][1], made.sha), made.sha, by)


PLAY: Final[Mapping[type[Step], Callable[[Turn, Any], None]]] = {
    PushStep: play_push,
    UpdateBranchStep: play_update_branch,
    ReviewStep: play_review,
    DismissStep: play_dismiss,
    RebindStep: play_rebind,
    CheckStep: play_checks,
    LabelStep: play_label,
    LinkStep: play_link,
    CommentStep: play_comment,
    EditStep: play_edit,
    RequestStep: play_request,
    StateStep: play_state,
    QueueStep: play_queue,
    MergeStep: play_merge,
}
"""Kind of step -> what replays it."""
