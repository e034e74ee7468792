"""What is handed over stands in the ledger once, with who handed it over, and is decided on."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.errors import ConfigError, MalformedError
from evidence.ingest import ingest
from evidence.model.deployment import Deployment
from evidence.store import queries
from evidence.store.session import open_store
from evidence.sync import rebuild

RUN = {
    "id": "17",
    "application": "shop",
    "started_at": "2026-07-08T10:00:00Z",
    "phase": "Running",
    "sources": [{"repository": "https://git.example/shop.git", "revision": "9" * 40}],
}


@pytest.fixture
def loaded(tmp_path):
    settings = Settings.model_validate({"source": [{"id": "jenkins", "kind": "ingest"}]})
    return Loaded(settings=settings, path=None, origins={}, home=tmp_path)


@pytest.fixture
def hand_over(loaded, tmp_path):
    def run(value, source="jenkins"):
        path = tmp_path / "given.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return ingest(loaded, "deployment", str(path), source=source)

    return run


def stored(loaded):
    with closing(open_store(loaded.store_url)) as store:
        return (
            list(queries.load_versions(store, Deployment)),
            [receipt for _, receipt in queries.receipts(store)],
        )


def test_a_deployment_told_twice_stands_once(hand_over, loaded):
    assert (hand_over(RUN).new, hand_over(RUN).new) == (1, 0)
    deployments, receipts = stored(loaded)
    assert [one.operation_id for one in deployments] == ["17"]
    assert [(one.source, one.objects_unchanged) for one in receipts] == [
        ("jenkins", 0),
        ("jenkins", 1),
    ]
    assert receipts[0].credential.startswith("handed over by ")


def test_how_it_ended_is_a_new_version_beside_the_first(hand_over, loaded):
    hand_over(RUN)
    hand_over({**RUN, "phase": "Succeeded", "finished_at": "2026-07-08T10:02:00Z"})
    assert [one.phase for one in stored(loaded)[0]] == ["Running", "Succeeded"]


def test_an_id_that_starts_at_another_time_is_refused(hand_over, loaded):
    hand_over(RUN)
    with pytest.raises(MalformedError, match="another application or start"):
        hand_over({**RUN, "started_at": "2026-07-09T10:00:00Z"})
    assert len(stored(loaded)[0]) == 1


def test_a_rebuild_gives_what_was_handed_over_again(hand_over, loaded):
    hand_over([RUN, {**RUN, "id": "18", "application": "worker"}])
    before = stored(loaded)[0]
    rebuild(loaded)
    assert stored(loaded)[0] == before


def test_a_kind_that_is_not_known_and_a_file_that_is_not_there_are_told(loaded, tmp_path):
    with pytest.raises(ConfigError, match="Nothing can be ingested"):
        ingest(loaded, "rumour", str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be read"):
        ingest(loaded, "deployment", str(tmp_path / "absent.json"))
