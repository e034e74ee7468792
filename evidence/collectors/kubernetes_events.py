"""Events of a cluster about deployers' objects: corroboration, never a list to rely on.

The API server keeps them for an hour and collapses repeats ("best-effort, supplemental data", as
its own reference says). Only those that concern deployers are taken: the rest says nothing of who
deployed what. Both forms are read: core/v1 and, from files, events.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.cluster_objects import VOLATILE, ObjectCollector, Plan, named
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.kubernetes import Item, Resource, display_name
from evidence.collectors.lenient import at, mapping, text
from evidence.collectors.parsing import malformed, of_json
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture
from evidence.model.runtime import RuntimeEvent, RuntimeKind

EVENT = "kubernetes.event"
PLAN = Plan(
    collector="kubernetes-events",
    version="1",
    kinds={
        Resource(group="", plural="events", kind="Event"): EVENT,
        Resource(group="events.k8s.io", plural="events", kind="Event"): EVENT,
    },
    volatile=VOLATILE,
)
APPLICATIONS: Mapping[str, str] = {
    "Application": "",
    "Kustomization": "",
    "HelmRelease": "helmrelease/",
}
"""Kind of object -> how its deployer's applications are called, before `namespace/name`."""
CONCERNED = frozenset(
    {
        *APPLICATIONS,
        "ApplicationSet",
        "AppProject",
        "GitRepository",
        "OCIRepository",
        "ImageUpdateAutomation",
        "Rollout",
        "AnalysisRun",
        "Canary",
    }
)
"""Kinds of objects whose events are taken."""


@dataclass(slots=True, kw_only=True)
class KubernetesEventsCollector(ObjectCollector):
    """The events of one cluster that concern deployers."""

    plan: Plan = field(default=PLAN, init=False)

    def takes(self, item: Item) -> bool:
        """Those about an object of a deployer."""
        return text(_about(item.body).get("kind")) in CONCERNED

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)


@of_json
def parse(capture: Capture, value: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    body = named(value)
    if not body:
        return malformed(capture, "This is no event, or it has no name.")
    return Parsed(facts=(_event(capture, body),))


def _event(capture: Capture, body: Mapping[str, Any]) -> RuntimeEvent:
    about = _about(body)
    kind, named = text(about.get("kind")), f"{_text(about, 'namespace')}/{_text(about, 'name')}"
    first, last = _times(body)
    user = text(at(body, "metadata", "annotations", "user"))
    return RuntimeEvent(
        source=capture.source,
        event_id=text(at(body, "metadata", "uid")) or display_name(body),
        kind=RuntimeKind.DEPLOYER if kind in CONCERNED else RuntimeKind.OTHER,
        at=first or capture.observed_at,
        last_at=last or first or capture.observed_at,
        count=_count(body),
        actor=_actor(capture, user),
        automated=None,
        verb=_text(body, "reason"),
        object_kind=kind,
        object_name=named,
        object_uid=_text(about, "uid"),
        application=f"{APPLICATIONS[kind]}{named}" if kind in APPLICATIONS else "",
        outcome=_text(body, "type"),
        message=_text(body, "message") or _text(body, "note"),
        revision="",
    )


def _actor(capture: Capture, user: str) -> Actor | None:
    """Argo CD writes who asked for an operation into an annotation: a name."""
    if not user:
        return None
    system = capture.context.get("system", "")
    return Actor(system=system, id=user, type=ActorType.NAME_ONLY, login=user)


def _about(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(body.get("involvedObject")) or mapping(body.get("regarding"))


def _times(body: Mapping[str, Any]) -> tuple[int, int]:
    """First and last time, wherever this form of event has them; 0 where it does not say."""
    first = [body.get(name) for name in ("firstTimestamp", "deprecatedFirstTimestamp")]
    last = [body.get(name) for name in ("lastTimestamp", "deprecatedLastTimestamp")]
    first += [body.get("eventTime"), at(body, "metadata", "creationTimestamp")]
    last.insert(0, at(body, "series", "lastObservedTime"))
    return _first_time(first), _first_time(last)


def _first_time(values: list[Any]) -> int:
    return next((found for value in values if (found := iso_micros(value))), 0)


def _count(body: Mapping[str, Any]) -> int:
    for value in (at(body, "series", "count"), body.get("count"), body.get("deprecatedCount")):
        if type(value) is int and 0 < value < 2**31:
            return value
    return 1


def _text(body: Mapping[str, Any], name: str) -> str:
    return text(body.get(name))
