"""GitHub's REST answers about artifact deployment records of the simulated organisation.

A record is of one place and is written over when another digest is deployed there. Served are the
fields of the published schema `artifact-deployment-record`, which has no status.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from evidence.demo.faults import Answer
from evidence.demo.github_answers import forbidden, lacks, listed, not_found
from evidence.demo.github_attestations import digest_of
from evidence.demo.github_view import View
from evidence.demo.moments import iso, moment
from evidence.demo.serving import Request
from evidence.demo.world_security import ArtifactRecord

FIRST_ID: Final = 880_001


def artifact_records(view: View, request: Request, owner: str, digest: str) -> Answer:
    """Those that name a digest by now; a person's account has none."""
    if view.world.personal or owner.lower() != view.world.organisation.lower():
        return not_found()
    if lacks(view, "artifact_metadata"):
        return forbidden()
    places = dict.fromkeys(map(_place, view.world.artifact_record))
    rows = [
        _row(view, FIRST_ID + number, told)
        for number, place in enumerate(places)
        if (told := _told(view, place)) and digest_of(told[-1].digest) == unquote(digest)
    ]
    return listed(request, rows, "deployment_records")


def _place(one: ArtifactRecord) -> tuple[str, str, str, str]:
    return one.environment, one.region, one.cluster, one.name


def _at(view: View, one: ArtifactRecord) -> int:
    return moment(one.at, view.epoch) if one.at else view.epoch


def _told(view: View, place: tuple[str, str, str, str]) -> list[ArtifactRecord]:
    """What was written of a place by now, in order."""
    every = [one for one in view.world.artifact_record if _place(one) == place]
    return sorted((one for one in every if _at(view, one) <= view.at), key=lambda o: _at(view, o))


def _row(view: View, number: int, told: list[ArtifactRecord]) -> dict[str, Any]:
    one = told[-1]
    return {
        "id": number,
        "digest": digest_of(one.digest),
        "logical_environment": one.environment,
        "physical_environment": one.region,
        "cluster": one.cluster,
        "deployment_name": one.name,
        "tags": {},
        "runtime_risks": list(one.risks),
        "created_at": iso(_at(view, told[0])),
        "updated_at": iso(_at(view, one)),
        "attestation_id": one.attestation or None,
    }
