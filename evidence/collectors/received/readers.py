"""What the body of a delivery names, one reader per system. Pure; any JSON object may come.

GitHub: docs.github.com "Webhook events and payloads". Flux: notification-controller's `Event`; its
metadata keys are read with and without the controller's group in front, and the revision in the
order of its `GetRevision`: commit, originRevision, revision. Argo CD and Argo Rollouts have no body
of their own: theirs is the template in docs/kubernetes/. Flagger: `CanaryWebhookPayload`, whose
`timestamp` is milliseconds as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.collectors.http import iso_micros
from evidence.collectors.lenient import at, items, mapping, text

LONGEST = 500
"""Characters that are taken over of a name: an index takes no more, and no name is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a delivery is about, in the sender's words; each part may be empty."""

    event: str = ""
    about: str = ""
    repository: str = ""
    uid: str = ""
    revision: str = ""
    happened_at: int = 0


Body = Mapping[str, Any]


def github(event: str, body: Body) -> Named:
    """The repository, and the pull request, check, deployment or ref that the event is about."""
    repository = _name(at(body, "repository", "full_name"))
    action = _name(body.get("action"))
    kind, thing = next(
        ((name, mapping(body.get(name))) for name in _THINGS if mapping(body.get(name))), ("", {})
    )
    number = thing.get("number")
    own = f"#{number}" if type(number) is int else ""
    ref = _name(body.get("ref"))
    return Named(
        event=f"{event}.{action}" if event and action else event or action,
        about=f"{repository}{own}" + ("" if own or not ref else f"@{ref}"),
        repository=repository,
        uid=_id(thing.get("id")),
        revision=_first(
            at(thing, "head", "sha") if kind == "pull_request" else thing.get("head_sha"),
            thing.get("sha"),
            at(body, "pull_request", "head", "sha"),
            body.get("after"),
            body.get("sha"),
        ),
        happened_at=_first_time(
            *(thing.get(name) for name in ("updated_at", "submitted_at", "completed_at")),
            at(body, "head_commit", "timestamp"),
        ),
    )


_THINGS = (
    "review",
    "check_run",
    "check_suite",
    "workflow_run",
    "workflow_job",
    "deployment_status",
    "deployment",
    "merge_group",
    "pull_request",
    "issue",
    "repository_ruleset",
    "rule",
    "alert",
)
"""Members that hold what an event is about; of several, the narrower stands first."""


def flux(event: str, body: Body) -> Named:
    """The Kustomization, HelmRelease or source that the event is about."""
    thing, said = mapping(body.get("involvedObject")), mapping(body.get("metadata"))
    metadata = {key.rpartition("/")[2]: value for key, value in said.items()}
    return Named(
        event=_name(body.get("reason")) or event,
        about=_object(thing),
        uid=_name(thing.get("uid")),
        revision=_first(*(metadata.get(key) for key in ("commit", "originRevision", "revision"))),
        happened_at=iso_micros(body.get("timestamp")),
    )


def argocd(event: str, body: Body) -> Named:
    """The Application and its operation, from the template that is shipped."""
    state = mapping(body.get("operation"))
    revisions = items(body.get("revisions"))
    return Named(
        event=_name(body.get("phase")) or _name(state.get("phase")) or event,
        about=_object(body),
        uid=_name(body.get("uid")),
        revision=_first(body.get("revision"), *revisions[:1]),
        happened_at=_first_time(body.get("finishedAt"), body.get("startedAt")),
    )


def rollouts(event: str, body: Body) -> Named:
    """The Rollout, from the template that is shipped."""
    return Named(
        event=_name(body.get("phase")) or event,
        about=_object(body),
        uid=_name(body.get("uid")),
        revision=_first(body.get("revision")),
        happened_at=_first_time(body.get("updatedAt"), body.get("abortedAt")),
    )


def flagger(event: str, body: Body) -> Named:
    """The Canary, of a webhook of any type."""
    milliseconds = text(at(body, "metadata", "timestamp"))
    plain = milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 16
    return Named(
        event=_name(body.get("phase")) or event,
        about=_object(body),
        revision=_first(body.get("checksum")),
        happened_at=int(milliseconds) * 1_000 if plain else 0,
    )


READERS: Mapping[str, Callable[[str, Body], Named]] = {
    "github": github,
    "flux": flux,
    "argocd": argocd,
    "argo-rollouts": rollouts,
    "flagger": flagger,
}
"""ADD A SYSTEM HERE, and say in `evidence.receiver.endpoints` how it signs."""


def _object(value: Body) -> str:
    """`[Kind/]namespace/name` of an object of a cluster."""
    parts = (_name(value.get(part)) for part in ("kind", "namespace", "name"))
    return "/".join(part for part in parts if part)


def _name(value: object) -> str:
    return text(value)[:LONGEST]


def _id(value: object) -> str:
    return str(value) if type(value) is int and abs(value) < 10**20 else _name(value)


def _first(*values: object) -> str:
    return next((found for value in values if (found := _name(value))), "")


def _first_time(*values: object) -> int:
    return next((found for value in values if (found := iso_micros(value))), 0)
