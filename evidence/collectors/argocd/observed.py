"""What an Application shows beside its operations: who made it, drift, and repairs. Pure.

Drift is counted against the manifests that were last synced: where the tracked revision is another
one, the cluster waits for a sync (pending) and nothing has drifted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.argocd.reading import revisions
from evidence.collectors.lenient import at, items, mapping, text
from evidence.model.capture import Capture
from evidence.model.deployment import Deployment
from evidence.model.runtime import RuntimeEvent, RuntimeKind

_TRACKING = "argocd.argoproj.io/tracking-id"
_INSTANCE = ("argocd.argoproj.io/instance", "app.kubernetes.io/instance")


def owner(body: Mapping[str, Any]) -> str:
    """What made this Application: an ApplicationSet, or an application of applications.

    The tracking mark is `<application>:<group>/<kind>:<namespace>/<name>`; an instance label counts
    only where it is another name than its own.
    """
    metadata = mapping(body.get("metadata"))
    for reference in items(metadata.get("ownerReferences")):
        if at(reference, "kind") == "ApplicationSet":
            return f"ApplicationSet/{text(at(reference, 'name'))}"
    tracked = text(mapping(metadata.get("annotations")).get(_TRACKING)).partition(":")[0]
    if tracked:
        return f"Application/{tracked.replace('_', '/')}"
    labels = mapping(metadata.get("labels"))
    named = next((text(labels.get(each)) for each in _INSTANCE if text(labels.get(each))), "")
    return f"Application/{named}" if named and named != text(metadata.get("name")) else ""


def drift(body: Mapping[str, Any]) -> tuple[str, ...]:
    """`kind/namespace/name: OutOfSync` of resources that differ from what was last synced."""
    status = mapping(body.get("status"))
    compared = revisions(mapping(status.get("sync")))
    if at(status, "sync", "status") != "OutOfSync" or compared != _synced(status):
        return ()
    found = (
        f"{text(at(each, 'kind'))}/{text(at(each, 'namespace'))}/{text(at(each, 'name'))}: "
        "OutOfSync"
        for each in items(status.get("resources"))
        if at(each, "status") == "OutOfSync"
    )
    return tuple(sorted(found)) or ("(resources not listed): OutOfSync",)


def _synced(status: Mapping[str, Any]) -> tuple[str, ...]:
    """Revisions of the newest whole sync that succeeded."""
    operation = mapping(status.get("operationState"))
    sync = mapping(at(operation, "operation", "sync"))
    whole = not items(sync.get("resources")) and sync.get("dryRun") is not True
    if operation.get("phase") == "Succeeded" and whole:
        return revisions(mapping(operation.get("syncResult")))
    rows = [mapping(row) for row in items(status.get("history"))]
    return revisions(rows[-1]) if rows else ()


def runtime_events(
    capture: Capture,
    body: Mapping[str, Any],
    name: str,
    uid: str,
    operations: list[Deployment],
) -> Iterator[RuntimeEvent]:
    """The self-heal that the last operation was, and the drift that stands."""
    for one in operations:
        if one.self_heal:
            count = at(body, "status", "operationState", "operation", "sync")
            yield _event(
                capture,
                name,
                uid,
                event_id=f"{uid}:self-heal:{one.started_at}",
                kind=RuntimeKind.SELF_HEAL,
                moments=(one.started_at, one.finished_at or one.started_at),
                count=_attempts(count),
                told=(one.phase, "; ".join(one.resources), _first(one)),
            )
    found = drift(body)
    if found:
        what = hashlib.sha256("\n".join(found).encode("utf-8", "replace")).hexdigest()[:16]
        at_revision = revisions(mapping(at(body, "status", "sync")))
        yield _event(
            capture,
            name,
            uid,
            event_id=f"{uid}:drift:{'+'.join(at_revision)[:200]}:{what}",
            kind=RuntimeKind.DRIFT,
            moments=(capture.observed_at, capture.observed_at),
            count=1,
            told=("OutOfSync", "; ".join(found), at_revision[0] if at_revision else ""),
        )


def _event(
    capture: Capture,
    name: str,
    uid: str,
    *,
    event_id: str,
    kind: RuntimeKind,
    moments: tuple[int, int],
    count: int,
    told: tuple[str, str, str],
) -> RuntimeEvent:
    outcome, message, revision = told
    return RuntimeEvent(
        source=capture.source,
        event_id=event_id,
        kind=kind,
        at=moments[0],
        last_at=moments[1],
        count=count,
        actor=None,
        automated=True if kind is RuntimeKind.SELF_HEAL else None,
        verb=str(kind),
        object_kind="Application",
        object_name=name,
        object_uid=uid,
        application=name,
        outcome=outcome,
        message=message,
        revision=revision,
    )


def _attempts(sync: object) -> int:
    count = at(sync, "autoHealAttemptsCount")
    return count if type(count) is int and 0 < count < 2**31 else 1


def _first(one: Deployment) -> str:
    return one.sources[0].revision if one.sources else ""
