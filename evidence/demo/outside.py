"""Replays what happens outside pull requests: pushes, tags, nightly checks, issues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evidence.demo.history_tickets import IssueRecord
from evidence.demo.moments import moment
from evidence.demo.scene import Scene, spread, toggled
from evidence.demo.timeline import Happening, push_commits
from evidence.demo.world import Check, Issue, IssueEvent
from evidence.demo.world_pushes import BranchRename, Push, Tag
from evidence.errors import ConfigError


def play_push(scene: Scene, push: Push, at: int) -> None:
    """Commits reach a branch without a pull request."""
    where = scene.repository(push.repository)
    ref = f"refs/heads/{push.branch or where.default_branch}"
    if push.remove:
        where.move(at, ref, "", by=push.by, rules=push.rules, recorded=push.recorded)
        return
    fallback = where.refs[f"refs/heads/{where.default_branch}"]
    tip = scene.sha(push.force_to, where) if push.force_to else where.refs.get(ref, fallback)
    commits = push_commits(push)
    for number, spec in enumerate(commits, 1):
        when = spread(at, number - 1, len(commits))
        tip = scene.commit(where, tip, spec, by=push.by, at=when, key=push.key).sha
        scene.name(f"{push.key}.c{number}", where, tip)
        if spec.key:
            scene.name(f"{push.key}.{spec.key}", where, tip)
    scene.name(push.key, where, tip)
    where.move(
        at,
        ref,
        tip,
        by="" if push.deploy_key else push.by,
        kind="force_push" if push.force_to else "push",
        rules=push.rules,
        recorded=push.recorded,
    )


def play_rename(scene: Scene, rename: BranchRename, at: int) -> None:
    """The default branch gets another name; open pull requests follow it."""
    where = scene.repository(rename.repository)
    old, new = where.default_branch, rename.name
    tip = where.refs[f"refs/heads/{old}"]
    where.move(at, f"refs/heads/{new}", tip)
    where.move(at, f"refs/heads/{old}", "")
    where.branches.append((at, new))
    for pull in where.pulls.values():
        if pull.merge is None and pull.bases[-1][1] == old:
            pull.bases.append((at, new))


def play_tag(scene: Scene, tag: Tag, at: int) -> None:
    """A tag is made; one with a message is annotated."""
    where = scene.home(tag.on, tag.repository)
    target = scene.sha(tag.on, where)
    if tag.message:
        by = scene.identity(tag.by or scene.bot(), at)
        target = where.objects.tag(tag.name, target, tag.message, by)
    where.move(at, f"refs/tags/{tag.name}", target)


def play_check(scene: Scene, check: Check, at: int) -> None:
    """Checks run on a commit that no step of a change names."""
    where = scene.home(check.on, check.repository)
    scene.checks(where, scene.sha(check.on, where), check.run, at)


def play_issue(scene: Scene, issue: Issue, at: int) -> None:
    """An issue is opened."""
    where = scene.repository(issue.repository)
    scene.person(issue.author)
    number = where.number(issue.number)
    record = IssueRecord(
        world=issue,
        repository=where.world.key,
        number=number,
        id=scene.next_id(),
        at=at,
        titles=[(at, issue.title or issue.key)],
        states=[(at, ("OPEN", ""))],
        labels=[(at, issue.labels)],
        assignees=[(at, ())],
        deleted_at=moment(issue.deleted_at, at) if issue.deleted_at else 0,
    )
    for label in issue.labels:
        record.events.append(scene.event(at, "LabeledEvent", issue.author, label=label))
    where.issues[number] = record
    scene.history.issues[issue.key] = record


def play_issue_event(scene: Scene, item: IssueEvent, one: Happening) -> None:
    """Something happens to an issue."""
    if not isinstance(one.owner, Issue):
        return
    issue = scene.history.issues[one.owner.key]
    kind, data = _ISSUE_EVENTS.get(item.do, ("", ""))
    if not kind:
        raise ConfigError(f"issue `{one.owner.key}`: `do` is one of {', '.join(_ISSUE_EVENTS)}.")
    previous = issue.titles[-1][1]
    if item.do in ("label", "unlabel"):
        issue.labels.append((one.at, toggled(issue.labels[-1][1], item.name, item.do == "label")))
    elif item.do in ("assign", "unassign"):
        now = toggled(issue.assignees[-1][1], item.name, item.do == "assign")
        issue.assignees.append((one.at, now))
    elif item.do == "edit":
        issue.titles.append((one.at, item.name))
    else:
        state = "CLOSED" if item.do == "close" else "OPEN"
        reason = (item.name or "COMPLETED") if item.do == "close" else "REOPENED"
        issue.states.append((one.at, (state, reason)))
    facts = {data: item.name, "previous": previous}
    issue.events.append(scene.event(one.at, kind, item.by or one.owner.author, **facts))


_ISSUE_EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "label": ("LabeledEvent", "label"),
    "unlabel": ("UnlabeledEvent", "label"),
    "assign": ("AssignedEvent", "assignee"),
    "unassign": ("UnassignedEvent", "assignee"),
    "close": ("ClosedEvent", "reason"),
    "reopen": ("ReopenedEvent", "reason"),
    "edit": ("RenamedTitleEvent", "current"),
}
