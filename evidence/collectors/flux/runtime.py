"""What objects of Flux show beside deployments: suspension, and what image automation pushed. Pure.

Flux names no person. Who set `suspend` is told, where it is told at all, by the field manager that
the API server keeps (`kubectl-edit`, `flux`): a tool, not an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.collectors.flux.reading import FluxObject
from evidence.collectors.flux.revisions import commit
from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text
from evidence.model.runtime import RuntimeEvent, RuntimeKind


def suspended(found: FluxObject) -> Iterator[RuntimeEvent]:
    """A suspended object: from then on the cluster may be changed without Flux putting it back."""
    if found.spec.get("suspend") is not True:
        return
    manager, moment = _set_by(found.body)
    generation = at(found.body, "metadata", "generation")
    since = moment or found.capture.observed_at
    yield RuntimeEvent(
        source=found.capture.source,
        event_id=f"{found.uid}:suspended:{generation if type(generation) is int else 0}",
        kind=RuntimeKind.SUSPENDED,
        at=since,
        last_at=max(since, found.capture.observed_at),
        count=1,
        actor=None,
        automated=None,
        verb="suspend",
        object_kind=text(found.body.get("kind")),
        object_name=found.name,
        object_uid=found.uid,
        application=found.application,
        message=f"set by {manager}" if manager else "",
    )


def _set_by(body: Mapping[str, Any]) -> tuple[str, int]:
    """(field manager, time) that own `spec.suspend`; ("", 0) where the object does not say."""
    for each in items(at(body, "metadata", "managedFields")):
        if "f:suspend" in mapping(at(each, "fieldsV1", "f:spec")):
            return text(at(each, "manager")), iso_micros(at(each, "time"))
    return "", 0


def image_update(found: FluxObject) -> Iterator[RuntimeEvent]:
    """The last commit that image automation pushed; nobody asked for it."""
    pushed = text(found.status.get("lastPushCommit"))
    sha = commit(pushed) or pushed
    moment = iso_micros(found.status.get("lastPushTime"))
    if sha and moment:
        yield RuntimeEvent(
            source=found.capture.source,
            event_id=f"{found.uid}:push:{sha[:100]}",
            kind=RuntimeKind.DEPLOYER,
            at=moment,
            last_at=moment,
            count=1,
            actor=None,
            automated=True,
            verb="push",
            object_kind="ImageUpdateAutomation",
            object_name=found.name,
            object_uid=found.uid,
            application="",
            message=_policies(found),
            revision=sha,
        )
    yield from suspended(found)


def _policies(found: FluxObject) -> str:
    """`policy: image:tag` as last observed."""
    observed = mapping(found.status.get("observedPolicies"))
    return "; ".join(
        f"{name}: {text(at(value, 'name'))}:{text(at(value, 'tag'))}"
        for name, value in sorted(observed.items())
    )
