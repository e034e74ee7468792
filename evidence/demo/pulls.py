"""Replays the steps of pull requests: one method per kind of step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evidence.demo.build import WEB_FLOW, Scene, spread, toggled
from evidence.demo.graph import merge_base
from evidence.demo.history import (
    CommentRecord,
    MergeRecord,
    PullRecord,
    QueueEntry,
    RepositoryRecord,
    ReviewRecord,
)
from evidence.demo.merging import merge
from evidence.demo.moments import moment
from evidence.demo.objects import CommitObject, Identity, Tree
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
from evidence.demo.world import Change
from evidence.errors import ConfigError


class PullReplay:
    """Plays the steps of changes on a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._play: dict[type[Step], Callable[..., None]] = {
            PushStep: self._push,
            UpdateBranchStep: self._update_branch,
            ReviewStep: self._review,
            DismissStep: self._dismiss,
            RebindStep: self._rebind,
            CheckStep: self._checks,
            LabelStep: self._label,
            LinkStep: self._link,
            CommentStep: self._comment,
            EditStep: self._edit,
            RequestStep: self._request,
            StateStep: self._state,
            QueueStep: self._queue,
            MergeStep: self._merge,
        }

    def play(self, one: Happening) -> None:
        """Replays one step of a change."""
        change, step = one.owner, one.item
        if not isinstance(change, Change):
            raise ConfigError("A step stands outside a change.")
        where = self.scene.repository(change.repository)
        pull = self.scene.history.pulls.get(change.key)
        if pull is None:
            if not isinstance(step, PushStep):
                raise ConfigError(f"The first step of change `{change.key}` must be a push.")
            pull = self._cut(change, where, one.at)
            self._push(pull, where, step, one.at, change)
            self._open(pull, where, change, one.at)
            return
        self._play[type(step)](pull, where, step, one.at, change)  # type: ignore[index]

    # --- opening

    def _cut(self, change: Change, where: RepositoryRecord, at: int) -> PullRecord:
        base = change.base or where.world.default_branch
        tip = where.refs.get(f"refs/heads/{base}")
        if tip is None:
            raise ConfigError(f"change `{change.key}`: {where.name} has no branch `{base}`.")
        title = self.scene.filled(change.title, where) or change.key.replace("-", " ").capitalize()
        pull = PullRecord(
            key=change.key,
            repository=where.world.key,
            number=where.number(change.number),
            id=self.scene.next_id(),
            author=change.author,
            at=at,
            branch=change.branch or change.key,
            start=tip,
            heads=[(at, tip)],
            commits=[(at, ())],
            bases=[(at, base)],
            titles=[(at, title)],
        )
        self.scene.history.pulls[change.key] = pull
        where.pulls[pull.number] = pull
        return pull

    def _open(self, pull: PullRecord, where: RepositoryRecord, change: Change, at: int) -> None:
        self.scene.person(change.author)
        pull.bodies.append((at, self.scene.filled(change.body, where, change.key)))
        pull.states.append((at, "OPEN"))
        pull.drafts.append((at, change.draft))
        pull.labels.append((at, change.labels))
        pull.issues.append((at, tuple(self._issue(key) for key in change.issues)))
        for label in change.labels:
            pull.events.append(self.scene.event(at, "LabeledEvent", change.author, label=label))

    def _issue(self, key: str) -> str:
        if key not in self.scene.history.issues:
            raise ConfigError(f"The world has no issue `{key}` at that moment.")
        return key

    # --- pushes

    def _push(
        self, pull: PullRecord, where: RepositoryRecord, step: PushStep, at: int, change: Change
    ) -> None:
        by = step.by or change.author
        before = pull.heads[-1][1]
        specs = push_commits(step)
        if not pull.pushed and change.reverts:
            specs = (self._revert(where, change), *specs)
        if not (specs or pull.pushed or step.rebase):
            specs = default_push(change.key)
        kept: list[str] = [] if step.force or step.rebase else list(pull.commits[-1][1])
        tip = kept[-1] if kept else pull.start
        if step.rebase:
            kept = [c.sha for c in self._replayed(pull, where, by, at)]
            tip = kept[-1] if kept else self._base_tip(pull, where)
        for index, spec in enumerate(specs):
            made = self.scene.commit(
                where, tip, spec, by, spread(at, index, len(specs)), change.key
            )
            tip = made.sha
            kept.append(tip)
            if spec.key:
                self.scene.name(f"{change.key}.{spec.key}", where, tip)
            self._count(pull, where, tip)
        self._moved(pull, where, tuple(kept), tip, at)
        if step.force or step.rebase:
            pull.events.append(
                self.scene.event(at, "HeadRefForcePushedEvent", by, before=before, after=tip)
            )

    def _count(self, pull: PullRecord, where: RepositoryRecord, sha: str) -> None:
        pull.pushed += 1
        self.scene.name(f"{pull.key}.c{pull.pushed}", where, sha)
        self._claim(pull, where, sha)

    def _claim(self, pull: PullRecord, where: RepositoryRecord, sha: str) -> None:
        numbers = where.commit_pulls.setdefault(sha, [])
        if pull.number not in numbers:
            numbers.append(pull.number)

    def _moved(
        self,
        pull: PullRecord,
        where: RepositoryRecord,
        commits: tuple[str, ...],
        tip: str,
        at: int,
    ) -> None:
        known = set(pull.commits[-1][1])
        pull.heads.append((at, tip))
        where.move(at, f"refs/heads/{pull.branch}", tip)
        self.scene.name(f"{pull.key}.head", where, tip)
        if pull.merge is None:
            where.move(at, f"refs/pull/{pull.number}/head", tip)
            pull.commits.append((at, commits))
            for sha in commits:
                if sha not in known:
                    pull.events.append(self.scene.event(at, "PullRequestCommit", "", commit=sha))

    def _revert(self, where: RepositoryRecord, change: Change) -> CommitSpec:
        undone = self.scene.history.pulls.get(change.reverts)
        if undone is None or undone.merge is None:
            raise ConfigError(f"change `{change.key}` reverts `{change.reverts}`, not merged then.")
        old = where.objects.commits[undone.merge.base].files
        new = where.objects.commits[undone.merge.sha].files
        return CommitSpec(
            files={
                path: where.objects.text(entry[1])
                for path, entry in old.items()
                if new.get(path) != entry
            },
            delete=tuple(path for path in new if path not in old),
            message=f'Revert "{undone.titles[-1][1]}"\n\nThis reverts commit {undone.merge.sha}.',
        )

    def _base_tip(self, pull: PullRecord, where: RepositoryRecord) -> str:
        return where.refs[f"refs/heads/{pull.bases[-1][1]}"]

    def _replayed(
        self, pull: PullRecord, where: RepositoryRecord, by: str, at: int
    ) -> list[CommitObject]:
        """The branch's own commits, made again on the base branch's tip by `by`."""
        objects = where.objects
        tip, made = objects.commits[self._base_tip(pull, where)], []
        own = [objects.commits[sha] for sha in pull.commits[-1][1]]
        for index, old in enumerate(one for one in own if len(one.parents) == 1):
            before = objects.commits[old.parents[0]].files
            files = self._clean(pull, where, before, tip.files, old.files, {})
            tip = objects.commit(
                files=files,
                parents=(tip.sha,),
                author=old.author,
                committer=self.scene.identity(by, spread(at, index, len(own))),
                message=old.message,
            )
            made.append(tip)
            self._claim(pull, where, tip.sha)
        return made

    def _clean(
        self,
        pull: PullRecord,
        where: RepositoryRecord,
        base: Tree,
        ours: Tree,
        theirs: Tree,
        files: dict[str, str],
        delete: Sequence[str] = (),
    ) -> Tree:
        """The merged tree with `files` laid over it; every conflict must be among them."""
        merged = merge(where.objects, base, ours, theirs)
        open_ones = [path for path in merged.conflicts if path not in files and path not in delete]
        if open_ones:
            raise ConfigError(
                f"change `{pull.key}` conflicts in {', '.join(open_ones)}.",
                next_step="Give the step `files` with the resolved content.",
            )
        spec = CommitSpec(files=files, delete=tuple(delete))
        return self.scene.edited(where, merged.files, spec, pull.key)

    def _update_branch(
        self,
        pull: PullRecord,
        where: RepositoryRecord,
        step: UpdateBranchStep,
        at: int,
        change: Change,
    ) -> None:
        by, base = step.by or change.author, self._base_tip(pull, where)
        head = pull.heads[-1][1]
        files = self._clean(
            pull,
            where,
            where.objects.commits[merge_base(where, base, head)].files,
            where.objects.commits[head].files,
            where.objects.commits[base].files,
            dict(step.files),
        )
        made = where.objects.commit(
            files=files,
            parents=(head, base),
            author=self.scene.identity(by, at),
            committer=self.scene.identity(WEB_FLOW, at),
            message=f"Merge branch '{pull.bases[-1][1]}' into {pull.branch}\n",
            signed=True,
        )
        self._count(pull, where, made.sha)
        self._moved(pull, where, (*pull.commits[-1][1], made.sha), made.sha, at)

    # --- reviews, checks, talk

    def _review(
        self, pull: PullRecord, where: RepositoryRecord, step: ReviewStep, at: int, change: Change
    ) -> None:
        self.scene.person(step.by)
        sha = "" if step.on == "none" else self.scene.sha(step.on, where, change.key)
        review = ReviewRecord(
            id=self.scene.next_id(),
            key=step.key or step.by,
            author=step.by,
            at=at,
            body=step.body,
            states=[(at, step.state)],
            commits=[(at, sha)],
        )
        pull.reviews.append(review)
        pull.events.append(self.scene.event(at, "PullRequestReview", step.by, review=review.id))

    def _find_review(self, pull: PullRecord, key: str) -> ReviewRecord:
        for review in reversed(pull.reviews):
            if review.key == key:
                return review
        raise ConfigError(f"change `{pull.key}` has no review `{key}` at that moment.")

    def _dismiss(
        self, pull: PullRecord, where: RepositoryRecord, step: DismissStep, at: int, change: Change
    ) -> None:
        review = self._find_review(pull, step.review)
        previous = review.states[-1][1]
        review.states.append((at, "DISMISSED"))
        pull.events.append(
            self.scene.event(
                at,
                "ReviewDismissedEvent",
                step.by,
                review=review.id,
                previous=previous,
                message=step.message,
            )
        )

    def _rebind(
        self, pull: PullRecord, where: RepositoryRecord, step: RebindStep, at: int, change: Change
    ) -> None:
        sha = "" if step.on == "none" else self.scene.sha(step.on, where, change.key)
        self._find_review(pull, step.review).commits.append((at, sha))

    def _checks(
        self, pull: PullRecord, where: RepositoryRecord, step: CheckStep, at: int, change: Change
    ) -> None:
        self.scene.checks(where, self.scene.sha(step.on, where, change.key), step, at)

    def _label(
        self, pull: PullRecord, where: RepositoryRecord, step: LabelStep, at: int, change: Change
    ) -> None:
        pull.labels.append((at, toggled(pull.labels[-1][1], step.name, not step.off)))
        kind = "UnlabeledEvent" if step.off else "LabeledEvent"
        pull.events.append(self.scene.event(at, kind, step.by or change.author, label=step.name))

    def _link(
        self, pull: PullRecord, where: RepositoryRecord, step: LinkStep, at: int, change: Change
    ) -> None:
        key = self._issue(step.issue)
        pull.issues.append((at, toggled(pull.issues[-1][1], key, not step.off)))
        kind = "DisconnectedEvent" if step.off else "ConnectedEvent"
        pull.events.append(self.scene.event(at, kind, step.by or change.author, issue=key))

    def _comment(
        self, pull: PullRecord, where: RepositoryRecord, step: CommentStep, at: int, change: Change
    ) -> None:
        self.scene.person(step.by)
        edited = moment(step.edited_at, at) if step.edited_at else 0
        made = CommentRecord(
            id=self.scene.next_id(), at=at, author=step.by, body=step.body, edited_at=edited
        )
        pull.comments.append(made)
        pull.events.append(self.scene.event(at, "IssueComment", step.by, comment=made.id))

    def _edit(
        self, pull: PullRecord, where: RepositoryRecord, step: EditStep, at: int, change: Change
    ) -> None:
        by = step.by or change.author
        if step.title:
            old = pull.titles[-1][1]
            pull.titles.append((at, step.title))
            pull.events.append(
                self.scene.event(at, "RenamedTitleEvent", by, previous=old, current=step.title)
            )
        if step.body:
            pull.bodies.append((at, step.body))
            pull.editors.append((at, by))
        if step.base:
            old = pull.bases[-1][1]
            pull.bases.append((at, step.base))
            pull.events.append(
                self.scene.event(at, "BaseRefChangedEvent", by, previous=old, current=step.base)
            )

    def _request(
        self, pull: PullRecord, where: RepositoryRecord, step: RequestStep, at: int, change: Change
    ) -> None:
        self.scene.person(step.of)
        now = tuple(
            one for one in (pull.requested[-1][1] if pull.requested else ()) if one[0] != step.of
        )
        pull.requested.append((at, now if step.off else (*now, (step.of, step.code_owner))))
        kind = "ReviewRequestRemovedEvent" if step.off else "ReviewRequestedEvent"
        pull.events.append(self.scene.event(at, kind, step.by or change.author, of=step.of))

    def _state(
        self, pull: PullRecord, where: RepositoryRecord, step: StateStep, at: int, change: Change
    ) -> None:
        by = step.by or change.author
        kind = _STATE_EVENTS.get(step.to)
        if kind is None:
            raise ConfigError(f"change `{pull.key}`: `to` is one of {', '.join(_STATE_EVENTS)}.")
        if step.to in ("close", "reopen"):
            pull.states.append((at, "CLOSED" if step.to == "close" else "OPEN"))
        elif step.to in ("draft", "ready"):
            pull.drafts.append((at, step.to == "draft"))
        elif step.to == "delete_branch":
            where.move(at, f"refs/heads/{pull.branch}", "")
        else:
            pull.auto_merge.append((at, by if step.to == "auto_merge" else ""))
        pull.events.append(self.scene.event(at, kind, by, enabler=by, ref=pull.branch))

    # --- queue and merge

    def _queue(
        self, pull: PullRecord, where: RepositoryRecord, step: QueueStep, at: int, change: Change
    ) -> None:
        by, base = step.by or change.author, pull.bases[-1][1]
        line = where.queue.setdefault(base, [])
        if step.off:
            self._leave_queue(pull, where, base, by, at, step.reason)
            return
        before = line[-1].queue[-1][1] if line else None
        onto = before.sha if before else where.refs[f"refs/heads/{base}"]
        how = MergeStep(by=by, method=step.method)
        made = self._merged_commit(pull, where, how, onto, at)
        pull.queue.append((at, QueueEntry(at=at, by=by, sha=made.sha, base=onto)))
        line.append(pull)
        count = sum(1 for _, entry in pull.queue if entry)
        for name in ("queue", f"q{count}"):
            self.scene.name(f"{pull.key}.{name}", where, made.sha)
        where.move(at, _queue_ref(pull, onto), made.sha)
        pull.events.append(self.scene.event(at, "AddedToMergeQueueEvent", by, enqueuer=by))

    def _leave_queue(
        self,
        pull: PullRecord,
        where: RepositoryRecord,
        base: str,
        by: str,
        at: int,
        reason: str,
    ) -> None:
        entry = pull.queue[-1][1] if pull.queue else None
        if entry is None:
            raise ConfigError(f"change `{pull.key}` is not in the merge queue at that moment.")
        where.queue[base].remove(pull)
        pull.queue.append((at, None))
        where.move(at, _queue_ref(pull, entry.base), "")
        pull.events.append(
            self.scene.event(
                at,
                "RemovedFromMergeQueueEvent",
                by,
                enqueuer=entry.by,
                reason=reason,
                before=entry.sha,
            )
        )

    def _merge(
        self, pull: PullRecord, where: RepositoryRecord, step: MergeStep, at: int, change: Change
    ) -> None:
        base = pull.bases[-1][1]
        tip = where.refs[f"refs/heads/{base}"]
        landed = self._landed(pull, where, step, tip, at)
        sha = landed[-1]
        for one in landed:
            self._claim(pull, where, one)
        pull.merge = MergeRecord(
            at=at, by=step.by, method=step.method, sha=sha, base=tip, landed=tuple(landed)
        )
        pull.states.append((at, "MERGED"))
        where.move(at, f"refs/heads/{base}", sha)
        for name in ("", ".merge"):
            self.scene.name(pull.key + name, where, sha)
        pull.events.append(self.scene.event(at, "MergedEvent", step.by, commit=sha, ref=base))
        pull.events.append(self.scene.event(at, "ClosedEvent", step.by))
        for key in pull.issues[-1][1]:
            issue = self.scene.history.issues[key]
            issue.states.append((at, ("CLOSED", "COMPLETED")))
            issue.events.append(self.scene.event(at, "ClosedEvent", step.by, reason="COMPLETED"))

    def _landed(
        self, pull: PullRecord, where: RepositoryRecord, step: MergeStep, tip: str, at: int
    ) -> list[str]:
        """What the merge puts on the base branch, oldest first; the last one is its new tip."""
        if step.method == "fast_forward":
            return [pull.heads[-1][1]]
        if step.method == "queue":
            entry = pull.queue[-1][1] if pull.queue else None
            if entry is None:
                raise ConfigError(f"change `{pull.key}` is merged by a queue it is not in.")
            self._leave_queue_merged(pull, where, entry, at)
            return [entry.sha]
        if step.method == "rebase":
            made = self._replayed(pull, where, step.by, at)
            for index, one in enumerate(made, 1):
                self.scene.name(f"{pull.key}.r{index}", where, one.sha)
            return [one.sha for one in made]
        return [self._merged_commit(pull, where, step, tip, at).sha]

    def _leave_queue_merged(
        self, pull: PullRecord, where: RepositoryRecord, entry: QueueEntry, at: int
    ) -> None:
        where.queue[pull.bases[-1][1]].remove(pull)
        pull.queue.append((at, None))
        where.move(at, _queue_ref(pull, entry.base), "")

    def _merged_commit(
        self, pull: PullRecord, where: RepositoryRecord, step: MergeStep, onto: str, at: int
    ) -> CommitObject:
        head = pull.heads[-1][1]
        commits = where.objects.commits
        files = self._clean(
            pull,
            where,
            commits[merge_base(where, onto, head)].files,
            commits[onto].files,
            commits[head].files,
            dict(step.files),
            step.delete,
        )
        local = step.method == "local"
        squash = step.method == "squash"
        merger = self.scene.identity(step.by, at)
        return where.objects.commit(
            files=files,
            parents=(onto,) if squash else (onto, head),
            author=self.scene.identity(pull.author, at) if squash else merger,
            committer=merger if local else self.scene.identity(WEB_FLOW, at),
            message=self._message(pull, where, step),
            signed=not local,
        )

    def _message(self, pull: PullRecord, where: RepositoryRecord, step: MergeStep) -> str:
        if step.message:
            return self.scene.filled(step.message, where, pull.key).rstrip("\n") + "\n"
        title = pull.titles[-1][1]
        if step.method == "local":
            return f"Merge branch '{pull.branch}'\n"
        if step.method != "squash":
            owner = where.name.split("/")[0]
            return f"Merge pull request #{pull.number} from {owner}/{pull.branch}\n\n{title}\n"
        opener = self.scene.identity(pull.author, 0).email
        others: dict[str, Identity] = {}
        for sha in pull.commits[-1][1]:
            author = where.objects.commits[sha].author
            if author.email != opener:
                others.setdefault(author.email, author)
        lines = [f"Co-authored-by: {one.name} <{one.email}>" for one in others.values()]
        return f"{title} (#{pull.number})\n" + ("\n" + "\n".join(lines) + "\n" if lines else "")


_STATE_EVENTS = {
    "close": "ClosedEvent",
    "reopen": "ReopenedEvent",
    "ready": "ReadyForReviewEvent",
    "draft": "ConvertToDraftEvent",
    "auto_merge": "AutoMergeEnabledEvent",
    "auto_merge_off": "AutoMergeDisabledEvent",
    "delete_branch": "HeadRefDeletedEvent",
}


def _queue_ref(pull: PullRecord, base: str) -> str:
    return f"refs/heads/gh-readonly-queue/{pull.bases[-1][1]}/pr-{pull.number}-{base}"
