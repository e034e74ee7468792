"""The pure half of the deployments collector: a GitHub deployment as one operation of a deployer.

`inactive` is what GitHub writes when a newer deployment succeeds (`auto_inactive`): no failure. The
deployment is done at its first status that says how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.collectors.github.reading import (
    actor,
    at,
    ghost,
    identifier,
    integer,
    items,
    mapping,
    text,
)
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.actor import ActorType
from evidence.model.capture import Capture, GapReason
from evidence.model.deployment import DeployedSource, Deployment

DEPLOYMENT = "github.deployment"
ENDED: Mapping[str, str] = {"SUCCESS": "Succeeded", "FAILURE": "Failed", "ERROR": "Error"}
"""State of a status -> phase; the first of them ends a deployment, a later success mends it."""
_GONE = frozenset({"INACTIVE", "ABANDONED", "DESTROYED"})


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """Facts and gaps of one capture. Never raises."""
    if not isinstance(body, dict) or not iso_micros(body.get("createdAt")):
        detail = "This is no deployment of GitHub, or it has no time."
        return malformed(capture, detail)
    statuses = [mapping(each) for each in items(at(body, "statuses", "nodes"))]
    gaps = []
    if integer(at(body, "statuses", "totalCount")) > len(statuses):
        detail = f"Deployment {capture.key} has more statuses than are read."
        gaps.append(gap(capture, GapReason.TRUNCATED, detail))
    return Parsed(facts=(deployment_of(capture, body),), gaps=tuple(gaps))


def environment_of(body: Mapping[str, Any]) -> str:
    """Name of the environment that a deployment is to."""
    return text(body.get("environment")) or text(body.get("originalEnvironment"))


def deployment_of(capture: Capture, body: Mapping[str, Any]) -> Deployment:
    """The deployment that a node tells of."""
    statuses = [mapping(each) for each in items(at(body, "statuses", "nodes"))]
    told = {name: capture.context.get(name, "") for name in ("system", "repository", "url")}
    environment = environment_of(body)
    phase, finished, final = outcome(text(body.get("state")), statuses)
    creator = actor(told["system"], body.get("creator")) or ghost(told["system"])
    application = f"{told['repository']}/{environment}"
    return Deployment(
        source=capture.source,
        application_uid=application.replace(":", "_"),
        application=application,
        started_at=iso_micros(body.get("createdAt")),
        finished_at=finished,
        phase=phase,
        sources=(
            DeployedSource(
                repo_url=told["url"],
                path="",
                target_revision=text(at(body, "ref", "name")),
                revision=text(body.get("commitOid")),
            ),
        ),
        initiator=creator,
        automated=creator.type in (ActorType.BOT, ActorType.APP),
        message=text(final.get("description")) or text(body.get("description")),
        origin="github_deployment",
        operation_id=identifier(body),
        environment=environment,
        url=text(final.get("logUrl")),
    )


def outcome(
    state: str, statuses: Sequence[Mapping[str, Any]]
) -> tuple[str, int, Mapping[str, Any]]:
    """(phase, end, the status that says so): its success where it has one, else its last failure.

    One that went inactive without any status of its end was superseded while it waited.
    """
    ordered = sorted(statuses, key=lambda one: iso_micros(one.get("createdAt")))
    ended = [one for one in ordered if text(one.get("state")) in ENDED]
    good = [one for one in ended if one.get("state") == "SUCCESS"]
    final = good[0] if good else (ended[-1] if ended else {})
    if final:
        return ENDED[text(final.get("state"))], iso_micros(final.get("createdAt")), final
    last = ordered[-1] if ordered else {}
    if state in _GONE or text(last.get("state")) in _GONE:
        return "Inactive", iso_micros(last.get("createdAt")), last
    return "Running", 0, last
