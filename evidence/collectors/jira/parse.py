"""The pure half of the Jira collector: an issue with its changelog as a ticket and its events.

A changelog holds changes only: what an issue had when it was created is what the first change of a
status or label replaced, or what it still has. That makes events of its creation, by its creator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.jira.reading import actor, at, count, items, mapping, text
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.actor import Actor
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.ticket import Ticket, TicketEvent

ISSUE = "jira.issue"
PROJECT = "jira.project"
_BORN = "0" * 20
"""Event id of what the issue was created with: sorts before every change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One item of the changelog, with who made it and when."""

    id: str
    at: int
    actor: Actor | None
    field: str
    item: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class _Issue:
    """One issue and the gaps met while reading it."""

    capture: Capture
    body: Mapping[str, Any]
    gaps: list[Gap] = field(default_factory=list)

    @property
    def system(self) -> str:
        return self.capture.context.get("system", "")

    @property
    def fields(self) -> Mapping[str, Any]:
        return mapping(self.body.get("fields"))

    @property
    def id(self) -> str:
        return text(self.body.get("id"))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({text(one) for one in items(self.fields.get("labels"))} - {""}))

    def gap(self, detail: str) -> None:
        self.gaps.append(gap(self.capture, GapReason.MALFORMED, detail))

    def event(
        self, step: _Step, suffix: str, kind: str, previous: str, current: str
    ) -> TicketEvent:
        return TicketEvent(
            tracker=self.capture.source,
            ticket_id=self.id,
            event_id=step.id + suffix,
            kind=kind,
            actor=step.actor,
            at=step.at,
            previous=previous,
            current=current,
        )


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    if capture.kind == PROJECT and isinstance(body, dict):
        return Parsed()
    if capture.kind != ISSUE or not isinstance(body, dict):
        return malformed(capture, "This is no Jira issue.")
    issue = _Issue(capture=capture, body=body)
    if not issue.id or not text(body.get("key")):
        return malformed(capture, "The issue has no id or no key.")
    if not iso_micros(issue.fields.get("created")):
        issue.gap(f"{text(body.get('key'))} does not say when it was created.")
    events = tuple(_events(issue))
    return Parsed(facts=(_ticket(issue), *events), gaps=tuple(issue.gaps))


def _ticket(issue: _Issue) -> Ticket:
    fields, key = issue.fields, text(issue.body.get("key"))
    return Ticket(
        tracker=issue.capture.source,
        ticket_id=issue.id,
        key=key,
        url=f"{issue.capture.context.get('url', '')}/browse/{key}",
        title=text(fields.get("summary")),
        type=text(at(fields, "issuetype", "name")),
        project=text(at(fields, "project", "key")) or key.rpartition("-")[0],
        state=text(at(fields, "status", "name")),
        state_reason=text(at(fields, "resolution", "name")),
        author=actor(issue.system, fields.get("reporter"))
        or actor(issue.system, fields.get("creator")),
        created_at=iso_micros(fields.get("created")),
        updated_at=iso_micros(fields.get("updated")),
        closed_at=iso_micros(fields.get("resolutiondate")),
        labels=issue.labels,
    )


def _events(issue: _Issue) -> Iterator[TicketEvent]:
    steps = sorted(_steps(issue), key=lambda one: (one.at, one.id))
    created = iso_micros(issue.fields.get("created"))
    born = _Step(
        id=_BORN,
        at=created,
        actor=actor(issue.system, issue.fields.get("creator")),
        field="",
        item={},
    )
    yield from _statuses(issue, born, [one for one in steps if one.field == "status"])
    yield from _labels(issue, born, [one for one in steps if one.field == "labels"])
    yield from _approvals(issue, born)
    for step in steps:
        kind = _PLAIN.get(step.field)
        if kind:
            by_id = kind == "assigned"
            yield issue.event(
                step, "", kind, _side(step, "from", by_id=by_id), _side(step, "to", by_id=by_id)
            )


def _approvals(issue: _Issue, born: _Step) -> Iterator[TicketEvent]:
    """What approvers of a service desk decided, once their approval came to an end.

    Jira tells the time of the end only: a decision of one approver while others are asked has none.
    """
    found = issue.body.get("approvals")
    if isinstance(found, str):
        if found == "forbidden":
            key = text(issue.body.get("key"))
            detail = f"The approvals of {key} may not be read: make the account an agent there."
            issue.gaps.append(gap(issue.capture, GapReason.FORBIDDEN, detail))
        yield issue.event(born, ":approvals", APPROVALS_READ, "", "")
    if isinstance(found, list):
        given = [each for one in found for each in _decisions(issue, mapping(one))]
        yield from given
        yield issue.event(born, ":approvals", APPROVALS_READ, "", str(len(given)))


def _decisions(issue: _Issue, one: Mapping[str, Any]) -> Iterator[TicketEvent]:
    """Who took part in the decision that an approval came to."""
    final, ended = text(one.get("finalDecision")).lower(), _ended(one)
    if final not in _DECIDED or not ended:
        return
    for asked in map(mapping, items(one.get("approvers"))):
        who = actor(issue.system, asked.get("approver"))
        if text(asked.get("approverDecision")).lower() == final and who is not None:
            yield TicketEvent(
                tracker=issue.capture.source,
                ticket_id=issue.id,
                event_id=f"approval:{text(one.get('id'))}:{who.id}",
                kind=APPROVAL,
                actor=who,
                at=ended,
                previous=text(one.get("name")),
                current=final,
            )


def _ended(approval: Mapping[str, Any]) -> int:
    millis = count(at(approval, "completedDate", "epochMillis"))
    return millis * 1_000 if millis > 0 else iso_micros(at(approval, "completedDate", "iso8601"))


APPROVAL = "approval"
APPROVALS_READ = "approvals_read"
_DECIDED = frozenset({"approved", "declined"})
_PLAIN = {
    "assignee": "assigned",
    "key": "moved",
    "issuekey": "moved",
    "resolution": "resolution",
    "summary": "renamed",
}
"""Field of the changelog, lower case -> kind of event, for changes told as they stand there."""


def _steps(issue: _Issue) -> Iterator[_Step]:
    """Each item of the changelog; one without a time is a gap."""
    histories = items(issue.body.get("histories"))
    for place, history in enumerate(histories):
        row = mapping(history)
        when, number = iso_micros(row.get("created")), text(row.get("id")) or f"at {place}"
        if not when:
            issue.gap(f"Change {number} of {text(issue.body.get('key'))} has no time.")
            continue
        for index, one in enumerate(items(row.get("items"))):
            item = mapping(one)
            yield _Step(
                id=f"{number:0>20}:{index:03}",
                at=when,
                actor=actor(issue.system, row.get("author")),
                field=(text(item.get("fieldId")) or text(item.get("field"))).lower(),
                item=item,
            )


def _side(step: _Step, name: str, *, by_id: bool = False) -> str:
    """`from` or `to` of a change: its name, or its id."""
    shown, number = text(step.item.get(f"{name}String")), text(step.item.get(name))
    return (number or shown) if by_id else (shown or number)


def _statuses(issue: _Issue, born: _Step, steps: list[_Step]) -> Iterator[TicketEvent]:
    """Transitions, the first of them from nothing at creation.

    A status that was renamed has one name for its id: the one that the issue shows now. The id
    stands in a second event of the same transition.
    """
    status = mapping(issue.fields.get("status"))
    names = {_side(one, side, by_id=True): _side(one, side) for one in steps for side in _SIDES}
    now = text(status.get("id")) or text(status.get("name"))
    if now:
        names[now] = text(status.get("name"))
    first = _side(steps[0], "from", by_id=True) if steps else now
    if first:
        yield from _transition(issue, born, names, "", first)
    for step in steps:
        before, after = (_side(step, side, by_id=True) for side in _SIDES)
        yield from _transition(issue, step, names, before, after)


_SIDES = ("from", "to")


def _transition(
    issue: _Issue, step: _Step, names: Mapping[str, str], before: str, after: str
) -> Iterator[TicketEvent]:
    yield issue.event(step, "", "transition", names.get(before, ""), names.get(after, ""))
    yield issue.event(step, ":id", "status_id", before, after)


def _labels(issue: _Issue, born: _Step, steps: list[_Step]) -> Iterator[TicketEvent]:
    """One event per label set or removed; Jira tells the whole list, parted by blanks."""
    now = set(_words(steps[0], "from") if steps else issue.labels)
    for label in sorted(now):
        yield issue.event(born, f":{label}", "labeled", "", label)
    for step in steps:
        before, after = _words(step, "from"), _words(step, "to")
        for label in sorted(before - after):
            yield issue.event(step, f":{label}", "unlabeled", "", label)
        for label in sorted(after - before):
            yield issue.event(step, f":{label}", "labeled", "", label)


def _words(step: _Step, side: str) -> set[str]:
    return set(text(step.item.get(f"{side}String")).split())


def whole(changelog: object, read: int) -> bool:
    """Whether a changelog that came with its issue is all of it."""
    total = count(at(changelog, "total"))
    return total >= 0 and total <= read
