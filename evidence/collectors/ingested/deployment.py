"""Deployments that a pipeline tells of itself: Jenkins, `terraform apply`, ECS, a script.

They are what the pipeline says: nothing here was asked of a deployer. Written by
`evidence ingest deployment`; the form is `deployment_form`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.ingested.given import Given, documents
from evidence.collectors.interface import Parsed
from evidence.collectors.lenient import items, mapping, text, texts
from evidence.collectors.parsing import malformed, of_json
from evidence.errors import MalformedError
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture
from evidence.model.deployment import DeployedSource, Deployment

DEPLOYMENT = "ingest.deployment"
_TYPES = {"user": ActorType.USER, "bot": ActorType.BOT, "app": ActorType.APP}


def captures(given: Given) -> tuple[Capture, ...]:
    """One capture per deployment; its id is its key, so that telling it twice adds nothing.

    Raises:
        MalformedError: one of them is not by the form; nothing of the file is taken then.
    """
    from evidence.collectors.ingested.deployment_form import check

    found: dict[str, Capture] = {}
    for document in documents(given):
        form = check(document.value, f"{given.name}, {document.place}")
        if form.id in found:
            raise MalformedError(f"{given.name}: two deployments have the id `{form.id}`.")
        found[form.id] = given.capture(DEPLOYMENT, form.id, document)
    if not found:
        raise MalformedError(f"{given.name} holds no deployment.")
    return tuple(found.values())


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """The one deployment of a capture. Never raises."""
    body = mapping(body)
    started = iso_micros(body.get("started_at"))
    if not started or not text(body.get("application")):
        return malformed(capture, "This deployment has no start time or no application.")
    return Parsed(facts=(_deployment(capture, body, started),))


def _deployment(capture: Capture, body: Mapping[str, Any], started: int) -> Deployment:
    system, application = capture.context.get("system", ""), text(body.get("application"))
    automated, retries = body.get("automated"), body.get("retries")
    serial = number if type(number := body.get("serial")) is int and 0 <= number < 2**31 else -1
    told = bool(items(body.get("sources"))) or bool(text(body.get("url")))
    approvers = (actor(each, system) for each in items(body.get("approvers")))
    return Deployment(
        source=capture.source,
        application_uid=application,
        application=application,
        started_at=started,
        finished_at=iso_micros(body.get("finished_at")),
        phase=text(body.get("phase")),
        sources=tuple(_source(mapping(each)) for each in items(body.get("sources"))),
        initiator=actor(body.get("initiator"), system),
        automated=automated if isinstance(automated, bool) else None,
        dry_run=body.get("dry_run") is True,
        selective=body.get("partial") is True,
        history_id=serial,
        local_manifests=body.get("local_content") is True or (serial >= 0 and not told),
        images=texts(body.get("images")),
        message=text(body.get("message")),
        origin="ingested",
        operation_id=text(body.get("id")),
        environment=text(body.get("environment")),
        url=text(body.get("url")),
        approvers=tuple(one for one in approvers if one is not None),
        retries=retries if type(retries) is int and 0 <= retries < 2**31 else 0,
    )


def _source(body: Mapping[str, Any]) -> DeployedSource:
    return DeployedSource(
        repo_url=text(body.get("repository")),
        path=text(body.get("path")),
        target_revision=text(body.get("target_revision")),
        revision=text(body.get("revision")),
        chart=text(body.get("chart")),
        kind=text(body.get("kind")) or "git",
    )


def actor(value: object, system: str) -> Actor | None:
    """An account of the form; None where it names nobody."""
    body = mapping(value)
    own, name = text(body.get("id")), text(body.get("name"))
    if not own and not name:
        return None
    kind = _TYPES.get(text(body.get("type")), ActorType.NAME_ONLY) if own else ActorType.NAME_ONLY
    return Actor(
        system=text(body.get("system")) or system, id=own or name, type=kind, login=name or own
    )
