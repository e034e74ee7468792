"""The look-up: one change by any of its names, as it is stored, in words and as JSON."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, HOSTILE, bump, pull, shop, synced, write_configuration

from evidence.errors import ConfigError, StoreError
from evidence.lookup import as_json, as_text, trace
from evidence.model.change import Link, LinkKind, Strength
from evidence.sync import sync


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """The shop, synced; reading it changes nothing."""
    return synced(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def found(once, monkeypatch):
    """Looks something up in the shop: the ids of the changes that are shown."""
    monkeypatch.setenv("EVIDENCE_HOME", str(once.home))

    def ids(term: str) -> list[str]:
        return [one.change.change_id for one in trace(term, config=once.configuration)]

    return ids


@pytest.fixture
def text(once, monkeypatch):
    """Looks something up in the shop: what is printed."""
    monkeypatch.setenv("EVIDENCE_HOME", str(once.home))
    return lambda term, zone="": as_text(trace(term, config=once.configuration, zone=zone))


GIFT = ["shop:pr:2"]


@pytest.mark.parametrize("key", ["gift", "gift.c1", "gift.head", "gift.merge"])
def test_a_change_is_found_by_each_of_its_commits(once, found, key):
    assert found(once.ids[key]) == GIFT


@pytest.mark.parametrize("digits", [7, 10, 39])
def test_a_change_is_found_by_the_beginning_of_a_commit(once, found, digits):
    assert found(once.ids["gift.merge"][:digits]) == GIFT
    assert found(once.ids["gift.merge"][:digits].upper()) == GIFT


def test_a_change_is_found_by_the_number_of_its_pull_request(found):
    assert found("2") == GIFT


def test_a_change_is_found_by_its_number_as_the_forge_writes_it(found):
    assert found("#2") == found("2")


def test_a_change_is_found_by_its_id(once, found):
    assert found("shop:pr:2") == GIFT
    assert found(f"shop:commit:{once.ids['hotfix']}") == [f"shop:commit:{once.ids['hotfix']}"]


def test_a_change_is_found_by_the_key_of_its_ticket(found):
    assert found("SHOP-17") == GIFT
    assert found("example-shop/shop#1") == GIFT


def test_a_deployment_shows_every_change_that_it_brought(once, found):
    assert found(once.operations["ship-to-cart"]) == [
        f"deploy:commit:{once.ids['to-cart']}",
        "shop:pr:2",
        "shop:pr:4",
    ]


@pytest.mark.parametrize("term", ["", "zzz", "f" * 40, "SHOP", "shop:pr:999", "%", "abc"])
def test_what_is_not_known_is_said_to_be_unknown(found, term):
    with pytest.raises(ConfigError, match="Nothing is known of"):
        found(term)


def test_a_store_that_was_never_filled_is_said_to_be_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_STORE__URL", f"sqlite:///{tmp_path / 'none.sqlite3'}")
    with pytest.raises(StoreError, match="has schema none"):
        trace("4f1c2ab")


def test_the_text_shows_chain_times_people_links_and_determinations(text):
    shown = text("shop:pr:2", "Europe/Berlin")
    for line in (
        "shop:pr:2  SHOP-17: Add gift cards",
        "│  ├─ request    ticket:example-shop/shop#1",
        "(closing_reference, strong)",
        "(tag_contains_sha, strong)",
        "├─ timeline (UTC, Europe/Berlin)",
        "2026-07-07T09:30:00Z (11:30:00)  Merged into main by carl",
        "Commit by ada · ",
        "(time claimed by a Git client)",
        "CM-03  pass     approved",
    ):
        assert line in shown


def test_each_determination_names_the_entries_it_rests_on(once, found, monkeypatch):
    found("shop:pr:2")
    one = trace("shop:pr:2", config=once.configuration)[0]
    passed = [each for each in one.determinations if each.outcome == "pass"]
    assert len(passed) >= 5
    assert all(each.entries for each in passed)
    assert max(seq for each in passed for seq in each.entries) < one.ledger_size


def test_it_ends_with_what_would_decide_the_unknown(once, text):
    shown = text("shop:pr:2")
    _, _, why = shown.strip().rpartition("├─ why unknown\n")
    assert why
    assert all(re.match(r"│  [├└]─ [1-9] x [a-z-]+: [A-Z]", row) for row in why.splitlines())


def test_a_direct_commit_shows_its_message_and_whom_it_claims_as_author(once, text):
    shown = text(once.ids["hotfix"])
    head, by, *_ = shown.splitlines()
    assert head.endswith("  Fix the till on the spot")
    assert by == "  direct commit by Dora Example (as the commit claims)"


def test_a_promotion_says_that_it_is_one(once, text):
    shown = text(once.ids["to-cart"])
    assert "promotion: it only moves images in scope" in shown
    assert "CM-03" in shown


def test_text_from_a_source_moves_no_cursor(tmp_path, monkeypatch):
    title = "Innocent\\u001b[2J\\u202eevil"
    story = FIRST + pull("gift").replace("'''Gift'''", f'"{title}"')
    one = synced(tmp_path, story)
    monkeypatch.setenv("EVIDENCE_HOME", str(one.home))
    shown = as_text(trace("shop:pr:2", config=one.configuration))
    assert "Innocent" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_no_name_nor_address_from_a_source_breaks_the_tree(once, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(once.home))
    (one,) = trace(once.ids["hotfix"], config=once.configuration)
    commits = tuple(replace(each, author_name="Dora\u202e\x1b[2J") for each in one.evidence.commits)
    hostile = replace(
        one,
        change=replace(one.change, url="https://shop.test/1\n├─ approval  by everyone"),
        evidence=replace(one.evidence, commits=commits),
    )
    shown = as_text([hostile])
    assert "  direct commit by Dora\\u202e\\u001b[2J (as the commit claims)" in shown
    assert not any(line.startswith("├─ approval") for line in shown.splitlines())


def test_json_holds_what_the_text_holds(once, found):
    found("shop:pr:4")
    (one,) = as_json(trace("shop:pr:4", config=once.configuration))["changes"]
    assert one["change"]["title"] == HOSTILE
    assert {link["kind"] for link in one["links"]} == {
        "request",
        "approval",
        "validation",
        "merge",
        "hop",
        "deployment",
    }
    assert {each["control"]: each["outcome"] for each in one["determinations"]} == {
        "CM-01": "pass",
        "CM-02": "pass",
        "CM-03": "pass",
        "CM-04": "pass",
        "CM-05": "pass",
        "CM-06": "pass",
        "CM-07": "not_applicable",
        "CM-08": "unknown",
        "CM-10": "not_applicable",
        "CM-12": "not_applicable",
        "CM-11": "unknown",
        "CM-14": "pass",
        "CM-15": "not_applicable",
        "CM-16": "unknown",
        "CM-17": "not_applicable",
    }


def test_a_change_that_was_taken_for_direct_is_shown_once_and_with_its_old_id(
    tmp_path, monkeypatch
):
    with shop(tmp_path, FIRST + pull("gift") + bump("to-gift", "gift")) as rehearsal:
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        sha = rehearsal.simulation.history.names["gift.merge"][1]
        old = f"shop:commit:{sha}"
        monkeypatch.setenv("EVIDENCE_HOME", str(rehearsal.home))
        configuration = write_configuration(rehearsal, tmp_path / "evidence.toml")
        sync(loaded, sources=("argocd", "git"))
        first = [one.change.change_id for one in trace(sha, config=configuration)]
        sync(loaded)
        for term in (sha, sha[:8], old, "shop:pr:2"):
            later = trace(term, config=configuration)
            assert [one.change.change_id for one in later] == GIFT
        assert first == [old]
        assert later[0].change.aliases == (old,)
        assert f"  earlier: {old}" in as_text(later)


def test_a_trace_tells_what_witnesses_say_of_its_deployments(once, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(once.home))
    (one,) = trace("shop:pr:2", config=once.configuration)
    said = "github tells of it: Succeeded"
    link = Link(
        kind=LinkKind.DEPLOYMENT,
        source="deployment:a",
        target="deployment:b",
        basis="witnessed_revision",
        strength=Strength.STRONG,
        detail=said,
    )
    row = replace(one.deployments[0], links=(link,))
    assert f"├─ witnesses\n│  └─ {said}" in as_text([replace(one, deployments=(row,))])
    assert "witnesses" not in as_text([one])


def test_a_trace_tells_of_the_scans_on_its_commits(tmp_path, monkeypatch):
    from evidence.config.load import load
    from evidence.ingest import ingest

    shop = synced(tmp_path)
    monkeypatch.setenv("EVIDENCE_HOME", str(shop.home))
    leak = {"RuleID": "generic-key", "File": "keys.py", "StartLine": 3, "Secret": "not a real one"}
    path = tmp_path / "gitleaks.json"
    path.write_text(json.dumps([leak]), encoding="utf-8")
    ingest(load(shop.configuration), "scan", str(path), told={"commit": shop.ids["gift.head"]})
    traces = trace("shop:pr:2", config=shop.configuration)
    (row,) = as_json(traces)["changes"][0]["scans"]
    assert (row["tool"], row["subject"], row["verdict"], row["open"]) == (
        "gitleaks",
        shop.ids["gift.head"],
        "fail",
        "1 unrated",
    )
    assert f"gitleaks, version not told on {shop.ids['gift.head'][:12]} (asserted)" in as_text(
        traces
    )
