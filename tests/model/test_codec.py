"""Records survive the way to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from evidence.errors import MalformedError
from evidence.model import codec
from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture, Gap, GapReason, Receipt, Total
from evidence.model.deployment import ApplicationState, DeployedSource, Deployment
from evidence.model.pull_request import Review

ACTOR = Actor(system="git.test", id="7", type=ActorType.USER, login="mira")
SOURCE = DeployedSource(
    repo_url="https://git.test/shop", path="k8s", target_revision="main", revision="a" * 40
)
RECORDS = [
    ACTOR,
    Review(
        repository="shop",
        number=1,
        review_id="r1",
        author=ACTOR,
        state="APPROVED",
        submitted_at=5,
        commit_sha="",
        can_push=None,
        association="",
        body="\ud800\x00",
    ),
    Deployment(
        source="argo",
        application_uid="u",
        application="shop/web",
        started_at=1,
        finished_at=0,
        phase="Running",
        sources=(SOURCE, SOURCE),
        initiator=None,
        automated=None,
        images=("a", "b"),
    ),
    Gap(source="hub", kind="k", key="*", reason=GapReason.RETENTION, detail="Gone."),
    Receipt(
        run_id="r",
        source="s",
        collector="c",
        collector_version="1",
        started_at=1,
        finished_at=2,
        window_from=0,
        window_to=3,
        pages=1,
        calls=1,
        retries=0,
        objects_read=1,
        versions_new=1,
        objects_unchanged=0,
        gaps=0,
        totals=(Total(kind="k", scope="*", reported=3, stored=2),),
        credential="app 12",
        policy_digest="",
        complete=True,
    ),
    ApplicationState(
        source="argo",
        application_uid="u",
        application="web",
        destination="d",
        project="p",
        sync_status="Synced",
        health="Healthy",
        health_since=0,
        revisions=("a",),
        sources=(SOURCE,),
        images=(),
        history_ids=(1, 2),
        auto_sync=False,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Types that the fact records do not use yet."""

    ratio: float
    labels: Mapping[str, str] = field(default_factory=dict)
    actors: Mapping[str, Actor] = field(default_factory=dict)
    people: tuple[Actor | None, ...] = ()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_survives_the_way_to_json_text_and_back(record):
    assert codec.decode(type(record), json.loads(json.dumps(codec.encode(record)))) == record


def test_mappings_of_records_and_lists_with_none_survive():
    odd = Odd(ratio=1, labels={"a": "b"}, actors={"x": ACTOR}, people=(None, ACTOR))
    assert codec.decode(Odd, json.loads(json.dumps(codec.encode(odd)))) == odd


def test_fields_are_written_in_the_order_of_the_class():
    assert list(codec.encode(ACTOR)) == ["system", "id", "type", "login"]


def test_unknown_keys_are_ignored_and_missing_ones_take_their_default():
    value = {"system": "s", "id": "1", "type": "bot", "colour": "red"}
    assert codec.decode(Actor, value) == Actor(system="s", id="1", type=ActorType.BOT)


@pytest.mark.parametrize(
    ("cls", "value"),
    [
        (Actor, None),
        (Actor, []),
        (Actor, {"system": "s", "id": "1"}),
        (Actor, {"system": "s", "id": 1, "type": "bot"}),
        (Actor, {"system": "s", "id": "1", "type": "robot"}),
        (Total, {"kind": "k", "scope": "s", "reported": True, "stored": 1}),
        (Odd, {"ratio": 1.0, "people": "ab"}),
        (Odd, {"ratio": 1.0, "labels": ["a"]}),
        (Odd, {"ratio": "1"}),
    ],
)
def test_a_value_that_is_not_the_record_is_malformed(cls, value):
    with pytest.raises(MalformedError):
        codec.decode(cls, value)


def test_bytes_have_no_json_form():
    with pytest.raises(TypeError, match="no JSON form"):
        codec.encoder(Capture.__dataclass_fields__["payload"].type and bytes)
