"""The audit log of a Kubernetes API server: who wrote what, the one source for changes by hand.

Of a file with one `audit.k8s.io/v1` Event per line the completed writes are taken; reads and other
stages of the same request say nothing of a change. Form: k8s.io/apiserver `pkg/apis/audit/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.ingested.given import Given, documents
from evidence.collectors.interface import Parsed
from evidence.collectors.kubernetes import tracked_by
from evidence.collectors.lenient import at, mapping, text
from evidence.collectors.parsing import malformed, of_json
from evidence.errors import MalformedError
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture
from evidence.model.runtime import RuntimeEvent, RuntimeKind

AUDIT_EVENT = "ingest.audit_event"
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_DONE = frozenset({"ResponseComplete", "Panic"})
_ACCOUNT = "system:serviceaccount:"


def captures(given: Given) -> tuple[Capture, ...]:
    """One capture per completed write, by its audit id.

    Raises:
        MalformedError: a line is no audit event, or none of them is a completed write.
    """
    found: dict[str, Capture] = {}
    for document in documents(given):
        event = document.value
        key = text(event.get("auditID"))
        if not key or not text(event.get("apiVersion")).startswith("audit.k8s.io/"):
            raise MalformedError(
                f"{given.name}, {document.place}: this is no event of audit.k8s.io."
            )
        if event.get("stage") in _DONE and event.get("verb") in WRITES:
            found[key] = given.capture(AUDIT_EVENT, key, document)
    if not found:
        raise MalformedError(f"{given.name} holds no completed write.")
    return tuple(found.values())


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """The one write of a capture. Never raises."""
    body = mapping(body)
    moment = iso_micros(body.get("requestReceivedTimestamp"))
    if not moment or not text(body.get("auditID")):
        return malformed(capture, "This audit event has no id or no time.")
    return Parsed(facts=(_event(capture, body, moment),))


def _event(capture: Capture, body: Mapping[str, Any], moment: int) -> RuntimeEvent:
    reference = mapping(body.get("objectRef"))
    actor, automated = _who(capture, mapping(body.get("user")))
    parts = (text(reference.get(name)) for name in ("resource", "subresource"))
    code = at(body, "responseStatus", "code")
    return RuntimeEvent(
        source=capture.source,
        event_id=text(body.get("auditID")),
        kind=RuntimeKind.WRITE,
        at=moment,
        last_at=iso_micros(body.get("stageTimestamp")) or moment,
        count=1,
        actor=actor,
        automated=automated,
        verb=text(body.get("verb")),
        object_kind="/".join(part for part in parts if part),
        object_name=f"{text(reference.get('namespace'))}/{text(reference.get('name'))}",
        object_uid=text(reference.get("uid")),
        application=_application(body),
        outcome=str(code) if type(code) is int and 0 < code < 1000 else "",
        message=_message(body),
    )


def _who(capture: Capture, user: Mapping[str, Any]) -> tuple[Actor | None, bool | None]:
    """The account that the API server authenticated, and whether it is a program's."""
    name, uid = text(user.get("username")), text(user.get("uid"))
    if not name:
        return None, None
    system = capture.context.get("system", "")
    if name.startswith("system:"):
        kind = ActorType.BOT if name.startswith(_ACCOUNT) else ActorType.APP
        return Actor(system=system, id=name, type=kind, login=name), True
    kind = ActorType.USER if uid else ActorType.NAME_ONLY
    return Actor(system=system, id=uid or name, type=kind, login=name), False


def _application(body: Mapping[str, Any]) -> str:
    """By the deployer's mark on the object, where the log holds bodies."""
    for name in ("responseObject", "requestObject"):
        found = tracked_by(mapping(body.get(name)))
        if found:
            return found
    return ""


def _message(body: Mapping[str, Any]) -> str:
    """The program that was used, and on whose behalf."""
    on_behalf = text(at(body, "impersonatedUser", "username"))
    agent = text(body.get("userAgent"))
    return f"{agent} on behalf of {on_behalf}" if on_behalf else agent
