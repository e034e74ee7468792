"""GitHub's REST answers about artifact attestations of the simulated organisation."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    Respond,
    address,
    forbidden,
    lacks,
    not_found,
    number_of,
)
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import moment
from evidence.demo.serving import Request
from evidence.demo.world_security import Attestation
from evidence.errors import ConfigError


def attestations(view: View, request: Request, digest: str) -> Answer:
    """Those of one digest; 404 where there are none."""
    if lacks(view, "attestations"):
        return forbidden()
    rows = [
        one
        for one in view.world.attestation
        if unquote(digest) == digest_of(one.digest)
        and (moment(one.at, view.epoch) if one.at else 0) <= view.at
    ]
    if not rows:
        return not_found()
    size = max(1, min(100, number_of(request, "per_page", 30)))
    begin = number_of(request, "after", 0)
    more = {}
    if begin + size < len(rows):
        more["Link"] = f'<{address(request, after=begin + size)}>; rel="next"'
    shown = [_row(view, one) for one in rows[begin : begin + size]]
    return json_answer(200, {"attestations": shown}, **more)


def of_organisation(view: View, request: Request, _owner: str, digest: str) -> Answer:
    """Those of one digest that an organisation's repositories hold; a person is none."""
    return not_found() if view.world.personal else attestations(view, request, digest)


def of_person(view: View, request: Request, owner: str, digest: str) -> Answer:
    """The same of a person's repositories."""
    own = view.world.personal and owner.lower() == view.world.organisation.lower()
    return attestations(view, request, digest) if own else not_found()


def of_repository(
    view: View, request: Request, _where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The same, asked of one repository."""
    return attestations(view, request, parts[0])


def digest_of(text: str) -> str:
    """A digest as `${digest:TEXT}` makes it."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _row(view: View, one: Attestation) -> dict[str, Any]:
    if one.on not in view.history.names:
        raise ConfigError(f"`{one.on}` names no commit that an image could be built from.")
    home, sha = view.history.names[one.on]
    where = view.history.repositories[home]
    subject = {"name": "image", "digest": {"sha256": digest_of(one.digest).partition(":")[2]}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "resolvedDependencies": [
                    {"uri": f"git+{view.url(where)}", "digest": {"gitCommit": sha}}
                ]
            },
            "runDetails": {"builder": {"id": one.builder}},
        },
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": {
            "payloadType": "application/vnd.in-toto+json",
            "payload": payload,
            "signatures": [],
        },
    }
    return {
        "bundle": bundle if one.bundle else None,
        "repository_id": where.id,
        "bundle_url": f"https://attestations.example/{view.at}",
    }


ROUTES: Final[Mapping[str, Respond]] = {"attestations/([^/]+)": of_repository}
"""Path below the repository -> what answers it."""
