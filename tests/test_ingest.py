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
from evidence.rebuilding import rebuild
from evidence.store import queries
from evidence.store.session import open_store

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


def test_what_a_pipeline_tells_is_traced_to_its_changes_by_the_next_sync(tmp_path):
    from evidence.config.yardstick import build_policy
    from evidence.deciding.case import Case
    from evidence.demo.organisation import base_world
    from evidence.demo.reading import extended, read_world
    from evidence.demo.run import rehearse

    world = extended(
        base_world(), read_world('[[push]]\nkey = "fix"\nby = "ada"\nfiles = { "x.py" = "1" }\n')
    )
    overrides = {
        "source": [{"id": "jenkins", "kind": "ingest"}],
        "application": [
            {"id": "shop-vm", "source": "jenkins", "selector": "shop", "repository": "shop"}
        ],
    }
    with rehearse(world, tmp_path, overrides) as rehearsal:
        end = rehearsal.simulation.end()
        shop = rehearsal.simulation.history.repositories["shop"]
        first = next(iter(shop.objects.commits))
        last = rehearsal.simulation.history.names["fix"][1]
        runs = [
            {
                **RUN,
                "id": str(number),
                "started_at": f"2026-07-{20 + number}T10:00:00Z",
                "phase": "Succeeded",
                "sources": [{"repository": end.repo_urls["shop"], "revision": sha}],
            }
            for number, sha in enumerate((first, last))
        ]
        path = tmp_path / "runs.json"
        path.write_text(json.dumps(runs), encoding="utf-8")
        loaded = rehearsal.loaded(end)
        assert ingest(loaded, "deployment", str(path), source="jenkins").new == 2
        rehearsal.sync_at("+60d")
        with closing(open_store(loaded.store_url)) as store:
            case = Case(store=store, policy=build_policy(loaded.settings), as_of=2**62)
            rows = [one for one in case.population.deployments if one.application == "shop-vm"]
    assert [one.kind for one in rows] == ["first", "forward"]
    assert rows[1].changes == (f"shop:commit:{last}",)


def test_a_scan_is_stored_with_its_findings_and_given_again_by_a_rebuild(loaded, tmp_path):
    from evidence.model.policy_result import Binding, PolicyResult, Severity

    leak = {"RuleID": "generic-key", "File": "keys.py", "StartLine": 3, "Secret": "not a real one"}
    path = tmp_path / "gitleaks.json"
    path.write_text(json.dumps([leak]), encoding="utf-8")
    told = {"commit": "9" * 40, "tool_version": "8.30.1"}
    assert [ingest(loaded, "scan", str(path), told=told).new for _ in range(2)] == [1, 0]

    def results():
        with closing(open_store(loaded.store_url)) as store:
            return list(queries.load(store, PolicyResult))

    before = results()
    assert [(one.subject, one.tool, one.binding) for one in before] == [
        ("9" * 40, "gitleaks", Binding.ASSERTED)
    ]
    assert [(one.rule, one.severity) for one in before[0].findings] == [
        ("generic-key", Severity.UNRATED)
    ]
    rebuild(loaded)
    assert results() == before


def test_a_scan_of_a_repository_that_nobody_configured_is_refused(loaded, tmp_path):
    with pytest.raises(ConfigError, match="No repository has the id `nowhere`"):
        ingest(loaded, "scan", str(tmp_path), told={"repository": "nowhere"})
