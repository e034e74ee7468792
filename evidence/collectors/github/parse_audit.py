"""Entries of an audit log, and the looks at it, out of their captures. Pure, never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github import audit_kinds as kinds
from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.collectors.github.rest_reading import numbered, stable
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.model.actor import Actor, ActorType
from evidence.model.audit import AuditEvent
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.settings import Observation, Subject

_MILLISECOND = 1_000


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """Facts and gaps of one capture; what cannot be read is a gap."""
    facts: tuple[Fact, ...] | None = None
    if capture.kind == kinds.OTHERS and isinstance(payload, list):
        facts = ()  # kept as they came: whatever GitHub may log beside what is used
    elif capture.kind == kinds.ENTRY and isinstance(payload, dict):
        facts = _entry(capture, payload)
    elif capture.kind == kinds.READ and isinstance(payload, dict):
        facts = _looks(payload)
    if facts is None:
        return malformed(capture, "The answer is not of the shape that is documented.")
    return Parsed(facts=facts)


def logged_at(entry: Mapping[str, Any]) -> int:
    """When an entry was made, microseconds UTC; 0 where it does not say."""
    for name in ("@timestamp", "created_at"):
        at = integer(entry.get(name), 0)
        if 0 < at < 2**53:
            return at * _MILLISECOND
    return 0


def _entry(capture: Capture, entry: Mapping[str, Any]) -> tuple[Fact, ...] | None:
    number, action, at = (
        text(entry.get("_document_id")),
        text(entry.get("action")),
        logged_at(entry),
    )
    if not number or not action or not at:
        return None
    codes = [one for one in items(entry.get("overridden_codes")) if isinstance(one, str)]
    return (
        AuditEvent(
            source=capture.source,
            organisation=capture.context.get("organisation", ""),
            event_id=number,
            repository=capture.context.get("repository", ""),
            action=action,
            at=at,
            actor=_actor(capture.context.get("host", ""), entry),
            ref=_ref(entry),
            before_sha=text(entry.get("before")),
            after_sha=text(entry.get("after")),
            codes=tuple(dict.fromkeys(codes)),
            target=stable(entry.get("ruleset_id")),
        ),
    )


def _actor(host: str, entry: Mapping[str, Any]) -> Actor | None:
    known = numbered(host, entry.get("actor_id"), entry.get("actor"))
    login = text(entry.get("actor"))
    if known is None and login:
        return Actor(system=host, id=login, type=ActorType.NAME_ONLY, login=login)
    return known


def _ref(entry: Mapping[str, Any]) -> str:
    """The branch of an override, whose full name GitHub gives; a bare one is a branch."""
    found = text(entry.get("branch"))
    return found if found.startswith("refs/") or not found else f"refs/heads/{found}"


def _looks(payload: Mapping[str, Any]) -> tuple[Fact, ...] | None:
    """One look at the log for each repository of the organisation."""
    found = payload.get("looks")
    if not isinstance(found, list):
        return None
    return tuple(
        Observation(
            repository=text(each.get("repository")),
            subject=Subject.AUDIT_LOG,
            key=text(each.get("key")),
            at=integer(each.get("at"), 0),
            outcome=text(each.get("outcome")),
            since=integer(each.get("since"), 0),
            until=integer(each.get("until"), 0),
            listed=tuple(text(one) for one in items(each.get("listed"))),
        )
        for each in map(mapping, found)
        if text(each.get("repository"))
    )
