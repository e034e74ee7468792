"""The pure half of who let a deployment pass: its run and the reviews of its environment.

GitHub names neither the time of a review nor the attempt that it was of: every review of the run
for this environment is told. A run on another commit says nothing of the deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evidence.collectors.github import parse_deployments
from evidence.collectors.github.parse_deployments import deployment_of, environment_of
from evidence.collectors.github.reading import at, ghost, items, mapping, text
from evidence.collectors.github.rest_reading import account
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.actor import Actor
from evidence.model.capture import Capture, GapReason
from evidence.model.deployment import RUN

DEPLOYMENT_RUN = "github.deployment_run"
VOLATILE = ("/run/updated_at", "/run/pull_requests", "/run/repository", "/run/head_repository")
"""What moves of a run without anything having happened to it."""
_APPROVED = "approved"
_REVIEWS = frozenset({_APPROVED, "rejected", "pending"})


def parse(capture: Capture) -> Parsed:
    """Facts and gaps of one capture of the collector, of a run or a deployment. Never raises."""
    return _run(capture) if capture.kind == DEPLOYMENT_RUN else parse_deployments.parse(capture)


@of_json
def _run(capture: Capture, body: Any) -> Parsed:
    """The deployment with who started its run and who let it pass, or why that is not known."""
    node = mapping(at(body, "deployment"))
    run, reviews = mapping(at(body, "run")), at(body, "approvals")
    if not iso_micros(node.get("createdAt")):
        return malformed(capture, "This is no deployment of GitHub, or it has no time.")
    if not run or reviews is None:
        detail = f"The workflow run behind deployment {capture.key} is shown no more."
        return Parsed(gaps=(gap(capture, GapReason.NOT_FOUND_OR_FORBIDDEN, detail),))
    if text(run.get("head_sha")) != text(node.get("commitOid")):
        detail = f"Deployment {capture.key} names a workflow run of another commit."
        return Parsed(gaps=(gap(capture, GapReason.CONTRADICTION, detail),))
    if not _readable(reviews):
        detail = f"The reviews of the run behind deployment {capture.key} are not as GitHub writes."
        return malformed(capture, detail)
    system = capture.context.get("system", "")
    fact = replace(
        deployment_of(capture, node),
        origin=RUN,
        approvers=tuple(dict.fromkeys(_approvers(system, reviews, environment_of(node)))),
        started_by=_starter(system, run),
    )
    return Parsed(facts=(fact,))


def _readable(reviews: object) -> bool:
    """Whether each review says what was decided and for which environments."""
    return isinstance(reviews, list) and all(
        text(at(one, "state")) in _REVIEWS and _environments(one) for one in reviews
    )


def _environments(review: object) -> list[str]:
    return [name for each in items(at(review, "environments")) if (name := text(at(each, "name")))]


def _approvers(system: str, reviews: Any, environment: str) -> Iterator[Actor]:
    for one in map(mapping, items(reviews)):
        if one.get("state") == _APPROVED and environment in _environments(one):
            yield account(system, one.get("user")) or ghost(system)


def _starter(system: str, run: Mapping[str, Any]) -> Actor | None:
    """Who started the attempt; of a first one GitHub may name who started the run alone."""
    return account(system, run.get("triggering_actor")) or account(system, run.get("actor"))
