"""The story of a world in time order: short forms expanded, every time an absolute one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from evidence.demo.moments import DAY, HOUR, MINUTE, iso, moment
from evidence.demo.steps import CheckStep, CommitSpec, MergeStep, PushStep, ReviewStep, Step
from evidence.demo.world import Bump, Change, Check, Issue, IssueEvent, World
from evidence.demo.world_deployed import Deploy
from evidence.demo.world_pushes import BranchRename, Push, Tag
from evidence.errors import ConfigError

Item = Issue | IssueEvent | Step | Push | BranchRename | Tag | Check | Deploy

REFERENCE: Final = re.compile(r"\$\{(sha|short|digest|image):([^}]*)\}")
"""A placeholder in contents, messages, titles and tags."""

_DEFAULT_FILE: Final = "notes.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happens at one moment; `owner` is the change or issue it belongs to."""

    at: int
    item: Item
    owner: Change | Issue | None = None


class Timeline:
    """Expands and dates a world. `happenings` is its story; `landed` when a key's commit came."""

    def __init__(self, world: World) -> None:
        self.epoch = moment(world.epoch, 0)
        self.landed: dict[str, int] = {}
        self._world = world
        self._found: list[Happening] = []
        self._expand()
        self._found.sort(key=lambda one: one.at)
        self.happenings = tuple(self._found)

    def _expand(self) -> None:
        world = self._world
        for issue in world.issue:
            self._issue(issue)
        for index, change in enumerate(world.change):
            self._change(change, self._time(change.at, self.epoch + (index + 1) * DAY))
        for index, push in enumerate(world.push):
            self._push(push, self._time(push.at, self.epoch + (index + 1) * DAY))
        for bump in world.bump:
            self._bump(bump)
        for repository in world.repository:
            for when, name in repository.branch_renames.items():
                rename = BranchRename(repository=repository.key, name=name)
                self._add(self._time(when, self.epoch), rename)
        for tag in world.tag:
            self._add(self._after(tag.at, tag.on, MINUTE, f"tag `{tag.name}`"), tag)
        for check in world.check:
            self._add(self._after(check.at, check.on, MINUTE, "a check"), check)
        for deploy in world.deploy:
            reference = deploy.revision or (deploy.revisions[0] if deploy.revisions else "")
            at = self._after(deploy.at, reference, 5 * MINUTE, f"a deployment of `{deploy.app}`")
            self._add(at, deploy)

    def _add(self, at: int, item: Item, owner: Change | Issue | None = None) -> None:
        self._found.append(Happening(at=at, item=item, owner=owner))

    def _time(self, text: str, default: int) -> int:
        return moment(text, self.epoch) if text else default

    def _after(self, text: str, reference: str, delay: int, what: str) -> int:
        """The stated time, or some time after the commit that a reference names came to be."""
        if text:
            return moment(text, self.epoch)
        key = reference.rsplit("/", maxsplit=1)[-1].split(".", maxsplit=1)[0]
        if key not in self.landed:
            raise ConfigError(f"{what} needs `at`: `{reference}` is no change, push or bump.")
        return self.landed[key] + delay

    def _issue(self, issue: Issue) -> None:
        at = self._time(issue.at, self.epoch - DAY)
        self._add(at, issue, issue)
        for index, event in enumerate(issue.events):
            when = moment(event.at, at) if event.at else at + (index + 1) * HOUR
            self._add(when, event, issue)

    def _change(self, change: Change, start: int) -> None:
        if change.requested_by:
            request = Issue(
                key=f"request-{change.key}",
                repository=change.repository,
                author=change.requested_by,
                title=f"Wanted: {change.title or change.key}",
                at=iso(start - DAY),
            )
            self._issue(request)
            change = replace(change, issues=(*change.issues, request.key))
        at = start
        for index, step in enumerate(change.steps):
            at = moment(step.at, start) if step.at else at + (10 * MINUTE if index else 0)
            self._add(at, step, change)
            if isinstance(step, MergeStep):
                self.landed[change.key] = at
        if change.steps:
            self.landed.setdefault(change.key, at)

    def _push(self, push: Push, at: int) -> None:
        self.landed[push.key] = at
        self._add(at, push)

    def _bump(self, bump: Bump) -> None:
        by = bump.by or self._bot()
        repository = bump.repository or self._config_repository()
        at = self._after(bump.at, self._newest(bump), 30 * MINUTE, f"bump `{bump.key}`")
        commit = CommitSpec(set=bump.set, message=bump.message or _bump_message(bump))
        if bump.via == "push":
            self._push(Push(key=bump.key, by=by, repository=repository, commits=(commit,)), at)
        elif bump.via == "change":
            steps = bump_steps(commit, by, bump.approved_by)
            made = Change(
                key=bump.key,
                author=by,
                repository=repository,
                title=commit.message,
                steps=steps,
            )
            self._change(made, at)
        else:
            raise ConfigError(f"bump `{bump.key}`: `via` is `push` or `change`.")
        for app in bump.deploy:
            self._add(self.landed[bump.key] + 5 * MINUTE, Deploy(app=app, revision=bump.key))

    def _newest(self, bump: Bump) -> str:
        """The change named by its tags that landed last."""
        texts = [edit.tag + edit.digest for edit in bump.set]
        named = [m[2].split("/")[-1].split(".")[0] for t in texts for m in REFERENCE.finditer(t)]
        known = [key for key in named if key in self.landed]
        return max(known, key=self.landed.__getitem__, default="")

    def _bot(self) -> str:
        return first_bot(self._world)

    def _config_repository(self) -> str:
        for repository in self._world.repository:
            if repository.kind == "config":
                return repository.key
        raise ConfigError("A bump needs a repository of kind `config`.")


def first_bot(world: World) -> str:
    """Key of the first bot, who acts where nobody is named; else of the first person."""
    bots = [person.key for person in world.person if person.type == "bot"]
    return (bots or [person.key for person in world.person] or [""])[0]


def _bump_message(bump: Bump) -> str:
    return "Update " + ", ".join(f"{edit.image} to {edit.tag or edit.digest}" for edit in bump.set)


def bump_steps(commit: CommitSpec, by: str, approved_by: str) -> tuple[Step, ...]:
    """The usual steps of a bump by pull request: pushed, checked, perhaps approved, squashed."""
    review = (ReviewStep(by=approved_by),) if approved_by else ()
    return (PushStep(commits=(commit,)), CheckStep(), *review, MergeStep(by=by))


def push_commits(step: PushStep | Push) -> tuple[CommitSpec, ...]:
    """The commits of a push, its short forms expanded."""
    short: Mapping[str, str] = step.files
    edits = step.set if isinstance(step, PushStep) else ()
    empty = isinstance(step, PushStep) and step.empty
    if short or step.delete or edits or empty:
        one = CommitSpec(files=short, delete=step.delete, set=edits, message=step.message)
        return (*step.commits, one)
    return step.commits


def default_push(key: str) -> tuple[CommitSpec, ...]:
    """What a first push holds where the world does not care."""
    return (CommitSpec(files={f"changes/{key}/{_DEFAULT_FILE}": f"{key}\n"}),)
