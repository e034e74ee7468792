"""Replays how pull requests come into their base branch: merge methods and the merge queue."""

from __future__ import annotations

from evidence.demo.history import MergeRecord, QueueEntry
from evidence.demo.objects import CommitObject, Identity
from evidence.demo.scene import WEB_FLOW
from evidence.demo.steps import MergeStep, QueueStep
from evidence.demo.turn import Turn
from evidence.errors import ConfigError


def play_queue(turn: Turn, step: QueueStep) -> None:
    """Enters the queue: its commit is built on the entry before it. Or leaves it."""
    pull, by = turn.pull, turn.by(step.by)
    if step.off:
        entry = _leave(turn)
        turn.event(
            "RemovedFromMergeQueueEvent",
            by,
            enqueuer=entry.by,
            reason=step.reason,
            before=entry.sha,
        )
        return
    line = turn.where.queue.setdefault(turn.base, [])
    before = line[-1].queue[-1][1] if line else None
    onto = before.sha if before else turn.base_tip
    made = _merge_commit(turn, MergeStep(by=by, method=step.method), onto)
    pull.queue.append((turn.at, QueueEntry(at=turn.at, by=by, sha=made.sha, base=onto)))
    line.append(pull)
    count = sum(1 for _, entry in pull.queue if entry)
    for name in ("queue", f"q{count}"):
        turn.scene.name(f"{pull.key}.{name}", turn.where, made.sha)
    turn.where.move(turn.at, _queue_ref(turn, onto), made.sha)
    turn.event("AddedToMergeQueueEvent", by, enqueuer=by)


def _leave(turn: Turn) -> QueueEntry:
    entry = turn.pull.queue[-1][1] if turn.pull.queue else None
    if entry is None:
        raise ConfigError(f"change `{turn.pull.key}` is not in the merge queue at that moment.")
    turn.where.queue[turn.base].remove(turn.pull)
    turn.pull.queue.append((turn.at, None))
    turn.where.move(turn.at, _queue_ref(turn, entry.base), "")
    return entry


def _queue_ref(turn: Turn, onto: str) -> str:
    return f"refs/heads/gh-readonly-queue/{turn.base}/pr-{turn.pull.number}-{onto}"


def play_merge(turn: Turn, step: MergeStep) -> None:
    """The base branch moves; linked issues are closed."""
    pull, where, at, tip = turn.pull, turn.where, turn.at, turn.base_tip
    if (state := pull.states[-1][1]) != "OPEN":
        raise ConfigError(f"change `{pull.key}` is merged while it is {state.lower()}.")
    landed = _landed(turn, step)
    sha = landed[-1]
    for one in landed:
        turn.claim(one)
    pull.merge = MergeRecord(
        at=at, by=step.by, method=step.method, sha=sha, base=tip, landed=tuple(landed)
    )
    pull.states.append((at, "MERGED"))
    where.move(
        at,
        f"refs/heads/{turn.base}",
        sha,
        by=step.by,
        kind=_kind(step.method),
        rules=step.rules,
        recorded=step.recorded,
    )
    for name in ("", ".merge"):
        turn.scene.name(pull.key + name, where, sha)
    turn.event("MergedEvent", step.by, commit=sha, ref=turn.base)
    turn.event("ClosedEvent", step.by)
    for key in pull.issues[-1][1]:
        issue = turn.scene.history.issues[key]
        if issue.states and issue.states[-1][1][0] == "CLOSED":
            continue  # what is closed stays as it was closed
        issue.states.append((at, ("CLOSED", "COMPLETED")))
        issue.events.append(turn.scene.event(at, "ClosedEvent", step.by, reason="COMPLETED"))


def _kind(method: str) -> str:
    """How GitHub's record of activity names a merge."""
    return {"local": "push", "fast_forward": "push", "queue": "merge_queue_merge"}.get(
        method, "pr_merge"
    )


def _landed(turn: Turn, step: MergeStep) -> list[str]:
    """What the merge puts on the base branch, oldest first; the last one is its new tip."""
    if step.method == "fast_forward":
        return [turn.head]
    if step.method == "queue":
        return [_leave(turn).sha]
    if step.method != "rebase":
        return [_merge_commit(turn, step, turn.base_tip).sha]
    made = turn.replayed(step.by)
    for index, one in enumerate(made, 1):
        turn.scene.name(f"{turn.pull.key}.r{index}", turn.where, one.sha)
    return [one.sha for one in made]


def _merge_commit(turn: Turn, step: MergeStep, onto: str) -> CommitObject:
    """The merge or squash commit on top of `onto`, made by GitHub or on somebody's computer."""
    scene, head = turn.scene, turn.head
    local, squash = step.method == "local", step.method == "squash"
    merger = scene.identity(step.by, turn.at)
    return turn.where.objects.commit(
        files=turn.merged_files(onto, head, step.files, step.delete),
        parents=(onto,) if squash else (onto, head),
        author=scene.identity(turn.pull.author, turn.at) if squash else merger,
        committer=merger if local else scene.identity(WEB_FLOW, turn.at),
        message=_message(turn, step),
        signed=not local,
    )


def _message(turn: Turn, step: MergeStep) -> str:
    pull, title = turn.pull, turn.pull.titles[-1][1]
    if step.message:
        return turn.scene.filled(step.message, turn.where, pull.key).rstrip("\n") + "\n"
    if step.method == "local":
        return f"Merge branch '{pull.branch}'\n"
    if step.method != "squash":
        owner = (pull.fork or turn.where.name).split("/")[0]
        return f"Merge pull request #{pull.number} from {owner}/{pull.branch}\n\n{title}\n"
    lines = [f"Co-authored-by: {one.name} <{one.email}>" for one in _other_authors(turn)]
    return f"{title} (#{pull.number})\n" + ("\n" + "\n".join(lines) + "\n" if lines else "")


def _other_authors(turn: Turn) -> list[Identity]:
    """Authors of the branch's commits besides who opened the pull request, as GitHub lists them."""
    opener = turn.scene.identity(turn.pull.author, 0).email
    found: dict[str, Identity] = {}
    for sha in turn.pull.commits[-1][1]:
        author = turn.where.objects.commits[sha].author
        if author.email != opener:
            found.setdefault(author.email, author)
    return list(found.values())
