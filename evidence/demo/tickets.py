"""Replays requests that are kept in Jira: an issue and each change of it."""

from __future__ import annotations

from evidence.demo.history_tickets import ApprovalRecord, TicketChange, TicketRecord
from evidence.demo.moments import moment
from evidence.demo.scene import Scene, toggled
from evidence.demo.timeline import Happening
from evidence.demo.world import Issue, IssueEvent
from evidence.errors import ConfigError


def play_ticket(scene: Scene, issue: Issue, at: int) -> None:
    """The issue is created, with its status and labels: that leaves no row in the changelog."""
    scene.person(issue.author)
    scene.history.tickets[issue.key] = TicketRecord(
        world=issue,
        id=scene.next_id(),
        at=at,
        keys=[(at, _key(scene, issue.project, issue.number))],
        titles=[(at, issue.title or issue.key)],
        statuses=[(at, issue.status)],
        resolutions=[(at, "")],
        labels=[(at, issue.labels)],
        assignees=[(at, "")],
        deleted_at=moment(issue.deleted_at, at) if issue.deleted_at else 0,
    )


def play_ticket_event(scene: Scene, item: IssueEvent, one: Happening) -> None:
    """One change, by its field."""
    if not isinstance(one.owner, Issue):
        return
    ticket = scene.history.tickets[one.owner.key]
    if item.do in ("label", "unlabel"):
        before = ticket.labels[-1][1]
        after = toggled(before, item.name, item.do == "label")
        ticket.labels.append((one.at, after))
        _change(scene, ticket, one, "labels", " ".join(before), " ".join(after))
    elif item.do in ("approve", "decline"):
        scene.person(item.by)
        ticket.approvals.append(
            ApprovalRecord(
                id=scene.next_id(),
                at=one.at,
                name=item.name,
                by=item.by,
                decision=f"{item.do}d",
            )
        )
    elif item.do == "move":
        key = _key(scene, item.name, 0)
        _change(scene, ticket, one, "Key", ticket.keys[-1][1], key)
        ticket.keys.append((one.at, key))
    else:
        _set(scene, ticket, one, item)


def _set(scene: Scene, ticket: TicketRecord, one: Happening, item: IssueEvent) -> None:
    series, field = {
        "transition": (ticket.statuses, "status"),
        "resolve": (ticket.resolutions, "resolution"),
        "assign": (ticket.assignees, "assignee"),
        "edit": (ticket.titles, "summary"),
    }.get(item.do, ([], ""))
    if not field:
        raise ConfigError(f"issue `{ticket.world.key}`: Jira knows no `{item.do}`.")
    _change(scene, ticket, one, field, series[-1][1], item.name)
    series.append((one.at, item.name))


def _change(
    scene: Scene, ticket: TicketRecord, one: Happening, field: str, previous: str, current: str
) -> None:
    named = one.item.by if isinstance(one.item, IssueEvent) else ""
    by = named or ticket.world.author
    scene.person(by)
    ticket.changes.append(
        TicketChange(
            at=one.at,
            id=scene.next_id(),
            actor=by,
            field=field,
            previous=previous,
            current=current,
        )
    )


def _key(scene: Scene, project: str, wanted: int) -> str:
    """The next key of the project, or the one with the wanted number."""
    newest = scene.history.numbers.get(project, 0)
    number = wanted or newest + 1
    scene.history.numbers[project] = max(newest, number)
    return f"{project}-{number}"
