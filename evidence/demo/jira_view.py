"""Jira's objects as of one moment, as one account sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from evidence.demo.history import History
from evidence.demo.history_tickets import TicketChange, TicketRecord
from evidence.demo.series import as_of
from evidence.demo.world import World

INLINE: Final = 2
"""Changes that Cloud sends along with an issue; the real limit is higher and not documented."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class JiraView:
    """What the servers answer from."""

    world: World
    history: History
    at: int
    zone: tzinfo

    @property
    def cloud(self) -> bool:
        return self.world.jira == "cloud"

    # --- what is there

    def projects(self) -> set[str]:
        """Keys of the projects that the account may browse."""
        seen = self.world.access.jira_projects
        return {key for key in self.history.numbers if not seen or key in seen}

    def tickets(self) -> list[TicketRecord]:
        """Issues that exist and are visible."""
        return [
            one
            for one in self.history.tickets.values()
            if one.at <= self.at
            and not 0 < one.deleted_at <= self.at
            and not one.world.hidden
            and self.project_of(one) in self.projects()
        ]

    def secured(self, project: str) -> bool:
        """Whether the project has security levels."""
        rows = self.history.tickets.values()
        return any(one.world.hidden and self.project_of(one) == project for one in rows)

    def project_of(self, one: TicketRecord) -> str:
        return as_of(one.keys, self.at, one.keys[0][1]).rpartition("-")[0]

    def updated(self, one: TicketRecord) -> int:
        return max([one.at, *(change.at for change in one.changes if change.at <= self.at)])

    # --- as JSON

    def project(self, key: str) -> dict[str, Any]:
        number = 10_000 + sorted(self.history.numbers).index(key)
        kind = "service_desk" if self.serves(key) else "software"
        shown = f"{key} (simulated)"
        return {"id": str(number), "key": key, "name": shown, "projectTypeKey": kind}

    def serves(self, key: str) -> bool:
        """Whether it is a project of Jira Service Management."""
        rows = self.history.tickets.values()
        return any(one.world.service_desk and self.project_of(one) == key for one in rows)

    def approvals(self, one: TicketRecord) -> list[dict[str, Any]]:
        """The approvals of a request that have ended."""
        return [
            {
                "id": str(each.id),
                "name": each.name,
                "finalDecision": each.decision,
                "canAnswerApproval": False,
                "approvers": [{"approver": self.user(each.by), "approverDecision": each.decision}],
                "createdDate": self._date(one.at),
                "completedDate": self._date(each.at),
            }
            for each in one.approvals
            if each.at <= self.at
        ]

    def _date(self, at: int) -> dict[str, Any]:
        return {"iso8601": self.time(at), "epochMillis": at // 1_000}

    def listed(self, one: TicketRecord, query: Mapping[str, str]) -> dict[str, Any]:
        """One issue with the fields and expansions that were asked for."""
        if not query.get("fields"):
            return {"id": str(one.id)}
        wanted = query["fields"].split(",")
        fields = {name: value for name, value in self._fields(one).items() if name in wanted}
        found = {"id": str(one.id), "key": as_of(one.keys, self.at, ""), "fields": fields}
        if query.get("expand") == "changelog":
            rows = self.histories(one)[::-1]
            cut = rows[:INLINE] if self.cloud else rows
            size = INLINE if self.cloud else len(rows)
            found["changelog"] = {
                "startAt": 0,
                "maxResults": size,
                "total": len(rows),
                "histories": cut,
            }
        return found

    def histories(self, one: TicketRecord) -> list[dict[str, Any]]:
        """The changelog, oldest first."""
        return [
            {
                "id": str(change.id),
                "author": self.user(change.actor),
                "created": self.time(change.at),
                "items": [self._item(change)],
            }
            for change in one.changes
            if change.at <= self.at
        ]

    def user(self, key: str) -> dict[str, Any] | None:
        """An account: by `accountId` in Cloud, by `key` on Server; e-mails are hidden."""
        if not key:
            return None
        person = next(one for one in self.world.person if one.key == key)
        shown = person.name or f"{key.capitalize()} Example"
        if not self.cloud:
            return {"key": f"JIRAUSER-{key}", "name": key, "displayName": shown}
        kind = "app" if person.type == "bot" else "atlassian"
        return {"accountId": f"acct-{key}", "accountType": kind, "displayName": shown}

    def time(self, at: int) -> str:
        """As Jira writes times: milliseconds, and a zone without a colon."""
        moment = (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}{moment:%z}"

    def _fields(self, one: TicketRecord) -> dict[str, Any]:
        world, resolved = one.world, as_of(one.resolutions, self.at, "")
        author = self.user(world.author)
        closed = [at for at, name in one.resolutions if name and at <= self.at]
        return {
            "summary": as_of(one.titles, self.at, ""),
            "status": self._named(as_of(one.statuses, self.at, "")),
            "issuetype": self._named(world.type),
            "project": self.project(self.project_of(one)),
            "created": self.time(one.at),
            "updated": self.time(self.updated(one)),
            "resolution": self._named(resolved) if resolved else None,
            "resolutiondate": self.time(closed[-1]) if resolved else None,
            "creator": author,
            "reporter": author,
            "assignee": self.user(as_of(one.assignees, self.at, "")),
            "labels": list(as_of(one.labels, self.at, ())),
        }

    def _named(self, name: str) -> dict[str, Any]:
        return {"id": self._id(name), "name": name}

    def _id(self, name: str) -> str:
        """One id for each name of a status, type or resolution in this world."""
        rows = self.history.tickets.values()
        names = {text for one in rows for _, text in (*one.statuses, *one.resolutions)}
        names |= {one.world.type for one in rows}
        return str(10_001 + sorted(names - {""}).index(name))

    def _item(self, change: TicketChange) -> dict[str, Any]:
        item: dict[str, Any] = {"field": change.field, "fieldtype": "jira"}
        if change.field != "Key":
            item["fieldId"] = change.field
        for side, value in (("from", change.previous), ("to", change.current)):
            item[side], item[f"{side}String"] = self._side(change.field, value)
        return item

    def _side(self, field: str, value: str) -> tuple[str | None, str | None]:
        if not value:
            return None, None
        if field in ("status", "resolution"):
            return self._id(value), value
        if field == "assignee":
            user = self.user(value) or {}
            return user.get("accountId") or user.get("key"), user["displayName"]
        return None, value
