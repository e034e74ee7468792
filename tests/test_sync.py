"""Scheduled sync from end to end: nothing twice, nothing lost, nothing judged otherwise by chance."""

from __future__ import annotations

import re
import secrets
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import CONFIGURATION, FIRST, STORY, bump, pull, shop, synced

from evidence import collecting
from evidence.config.settings import Settings
from evidence.demo.run import Rehearsal
from evidence.errors import AuthError, ConfigError, IncompleteError
from evidence.model.codec import encode
from evidence.model.pull_request import PullRequest
from evidence.rebuilding import rebuild
from evidence.store import ledger, queries
from evidence.store.facts import FACTS
from evidence.store.session import open_store
from evidence.sync import sync

SMALL = FIRST + pull("gift") + bump("to-gift", "gift")
OURS = ("entry_seq", "observed_at", "entries", "first_seen", "credential")
"""What says when and where we recorded something, not what a source says."""


def plain(value):
    """A record without what depends on when and in which order it was recorded."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in OURS}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def known(loaded) -> dict[str, list]:
    """Everything that the store knows: facts by kind, changes, deployments, determinations."""
    with closing(open_store(loaded.store_url)) as store:
        found = {
            cls.__name__: sorted(repr(plain(encode(fact))) for fact in queries.load(store, cls))
            for cls in FACTS
        }
        found["gaps"] = sorted(row.gap.detail for row in queries.gaps(store))
    return found | {"determinations": determinations(loaded)}


def determinations(loaded) -> list[tuple[str, ...]]:
    """Every determination in force, without the entries that it rests on."""
    with closing(open_store(loaded.store_url)) as store:
        return [
            (one.subject, one.control, str(one.outcome), one.reason, *one.flags)
            for one in (row.determination for row in queries.determinations(store))
        ]


def counts(loaded) -> dict[str, int]:
    """Ledger entries by type."""
    types = ("capture", "receipt", "policy", "determinations", "gap")
    with closing(open_store(loaded.store_url)) as store:
        return {name: len(queries.entries(store, name)) for name in types}


def numbers(loaded) -> list[int]:
    """The pull requests that are known."""
    with closing(open_store(loaded.store_url)) as store:
        return sorted(one.number for one in queries.load(store, PullRequest))


def now(rehearsal: Rehearsal):
    """The configuration that reads the world as it stands."""
    return rehearsal.loaded(rehearsal.simulation.end())


def test_a_sync_stores_every_source_and_decides(tmp_path, store_url):
    with shop(tmp_path, store={"url": store_url}) as rehearsal:
        outcome = rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        found = determinations(now(rehearsal))
    assert outcome.complete
    assert [receipt.source for receipt in outcome.receipts] == [
        "github",
        "argocd",
        "github:settings",
        "git:shop",
        "git:deploy",
    ]
    assert outcome.decided.changes == 8  # six of the story, and the two first commits
    assert outcome.decided.deployments == 3
    reasons = {
        (subject, control): (outcome, reason) for subject, control, outcome, reason, *_ in found
    }
    assert reasons["shop:pr:2", "CM-03"] == ("pass", "approved")
    assert reasons["shop:pr:6", "CM-14"] == ("pass", "pending")


def test_a_second_sync_of_an_unchanged_world_adds_no_capture_and_changes_nothing(
    tmp_path, store_url
):
    with shop(tmp_path, SMALL, store={"url": store_url}) as rehearsal:
        first = sync(now(rehearsal))
        before, entries = known(now(rehearsal)), counts(now(rehearsal))
        second = sync(now(rehearsal))
        assert known(now(rehearsal)) == before
        after = counts(now(rehearsal))
    assert first.decided.changed > 0
    assert (second.decided.evaluated, second.decided.changed) == (0, 0)
    assert [one.versions_new for one in second.receipts] == [0, 0, 0, 0, 0]
    assert after == entries | {"receipt": 10, "determinations": 2}


class CutError(Exception):
    """The process dies here."""


def _cut_after(monkeypatch, pages: int) -> None:
    write, written = collecting.writer.write_page, []

    def dying(*arguments, **named):
        if len(written) == pages:
            raise CutError
        written.append(1)
        return write(*arguments, **named)

    monkeypatch.setattr(collecting.writer, "write_page", dying)


@pytest.mark.long
def test_a_sync_cut_at_every_second_page_resumes_to_the_same_store(tmp_path, monkeypatch):
    with shop(tmp_path, SMALL) as rehearsal:
        sync(now(rehearsal))
        whole = known(now(rehearsal))
        cuts = 0
        while True:
            home = tmp_path / f"cut-{cuts}"
            home.mkdir()
            again = Rehearsal(
                simulation=rehearsal.simulation,
                home=home,
                keys=rehearsal.keys,
                overrides=CONFIGURATION,
            )
            with monkeypatch.context() as patched:
                _cut_after(patched, 2 * cuts)
                try:
                    sync(now(again))
                except CutError:
                    cuts += 1
                else:
                    break
            assert sync(now(again)).complete
            assert known(now(again)) == whole
    assert cuts >= 8


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_sync_cut_on_postgresql_resumes_to_the_same_store(tmp_path, monkeypatch, store_url):
    with shop(tmp_path, SMALL, store={"url": store_url}) as rehearsal:
        with monkeypatch.context() as patched:
            _cut_after(patched, 4)
            with pytest.raises(CutError):
                sync(now(rehearsal))
        sync(now(rehearsal))
        resumed = known(now(rehearsal))
    with shop(tmp_path / "whole", SMALL) as rehearsal:
        sync(now(rehearsal))
        assert known(now(rehearsal)) == resumed


def test_a_source_that_refuses_us_stops_no_other_and_is_named(tmp_path):
    with shop(tmp_path, SMALL) as rehearsal:
        loaded = now(rehearsal)
        (rehearsal.home / "github.token").write_text("wrong")
        outcome = sync(loaded)
        states = {one.source: one.complete for one in outcome.receipts}
        assert states == {
            "github": False,
            "argocd": True,
            "github:settings": False,
            "git:shop": True,
            "git:deploy": True,
        }
        with pytest.raises(AuthError, match=r"^github: "):
            outcome.raise_if_incomplete()
        with closing(open_store(loaded.store_url)) as store:
            recorded = {one.source: one.error for _, one in queries.receipts(store)}
    assert recorded["github"]
    assert {recorded[name] for name in ("argocd", "git:shop", "git:deploy")} == {""}


def test_what_a_failed_source_did_not_say_is_unknown_and_never_pass(tmp_path):
    with shop(tmp_path, SMALL) as rehearsal:
        loaded = now(rehearsal)
        (rehearsal.home / "github.token").write_text("wrong")
        sync(loaded)
        brought = {
            (control, outcome, reason)
            for _, control, outcome, reason, *flags in determinations(loaded)
            if control in ("CM-02", "CM-03", "CM-05") and "baseline" not in (reason, *flags)
        }
    assert brought == {
        (control, "unknown", "not-collected") for control in ("CM-02", "CM-03", "CM-05")
    }


def test_a_repository_that_cannot_be_read_is_a_gap_and_the_sync_is_incomplete(tmp_path):
    with shop(tmp_path, SMALL + '[access]\nhidden = ["shop"]\n') as rehearsal:
        outcome = sync(now(rehearsal))
        with pytest.raises(IncompleteError, match="example-shop/shop"):
            outcome.raise_if_incomplete()
        again = sync(now(rehearsal))
    assert {gap.repository for gap in outcome.gaps} == {"shop"}
    assert {gap.source for gap in outcome.gaps} == {"github", "github:settings"}
    assert not again.complete


def test_only_the_named_sources_are_read(tmp_path):
    with shop(tmp_path, SMALL) as rehearsal:
        named = sync(now(rehearsal), sources=("argocd", "git:shop"))
        every_git = sync(now(rehearsal), sources=("git",))
        with pytest.raises(ConfigError, match="There is no source `gitlab`"):
            sync(now(rehearsal), sources=("gitlab",))
    assert [one.source for one in named.receipts] == ["argocd", "git:shop"]
    assert [one.source for one in every_git.receipts] == ["git:shop", "git:deploy"]


def test_a_date_to_begin_from_is_midnight_in_the_organisations_zone(tmp_path):
    story = FIRST + pull("gift") + pull("cart")
    zone = {"name": "Example Shop (simulated)", "time_zone": "Europe/Berlin"}
    with shop(tmp_path, story, organisation=zone) as rehearsal:
        outcome = sync(now(rehearsal), since="2026-07-08")
        read = numbers(now(rehearsal))
        sync(now(rehearsal), since="2026-01-01")
        assert (read, numbers(now(rehearsal))) == ([4], [2, 4])
    assert {one.window_from for one in outcome.receipts} == {1_783_461_600_000_000}


def test_each_run_leaves_a_receipt_for_each_source_in_the_ledger(tmp_path):
    with shop(tmp_path, SMALL) as rehearsal:
        outcome = sync(now(rehearsal))
        with closing(open_store(now(rehearsal).store_url)) as store:
            stored = [receipt for _, receipt in queries.receipts(store)]
            yardsticks = queries.policies(store)
    assert stored == list(outcome.receipts)
    assert {one.policy_digest for one in stored} == {yardsticks[0].envelope["body"]["version"]}
    assert "token" in stored[0].credential
    assert len({one.run_id for one in stored}) == 1


def test_the_yardstick_is_recorded_when_it_changes_and_only_then(tmp_path):
    with shop(tmp_path, SMALL) as rehearsal:
        sync(now(rehearsal))
        sync(now(rehearsal))
        assert counts(now(rehearsal))["policy"] == 1
        rehearsal.overrides = CONFIGURATION | {"policy": {"approvals_required": 2}}
        outcome = sync(now(rehearsal))
        assert counts(now(rehearsal))["policy"] == 2
    assert outcome.decided.evaluated == outcome.decided.changes + outcome.decided.deployments


def test_what_can_be_rebuilt_is_rebuilt_from_ledger_and_mirrors(tmp_path, store_url):
    with shop(tmp_path, SMALL, store={"url": store_url}) as rehearsal:
        sync(now(rehearsal))
        before = known(now(rehearsal))
        said = rebuild(now(rehearsal))
        assert known(now(rehearsal)) == before
    assert re.match(r"[1-9]\d* entries replayed: ", said)
    assert said.endswith("outcomes that differ: none")


@pytest.mark.long
def test_a_world_polled_every_day_is_judged_like_one_polled_once(tmp_path):
    """But for settings and health: what they were then is known only to who looked around it."""
    found = []
    always = [{"id": "github", "settings_hours": 0}]
    for name, polls in (("daily", [f"+{day}d" for day in range(1, 7)]), ("once", [])):
        with shop(tmp_path / name, STORY, source=always) as rehearsal:
            for when in (*polls, rehearsal.simulation.history.ends_at):
                assert rehearsal.sync_at(when).complete
            found.append(
                {
                    (subject, control, outcome, reason)
                    for subject, control, outcome, reason, *_ in determinations(now(rehearsal))
                    if control not in {"CM-08", "CM-16"}
                }
            )
    assert found[0] == found[1]


def test_a_synced_shop_has_a_signed_checkpoint_of_its_whole_ledger(tmp_path):
    shop_files = synced(tmp_path, SMALL)
    with closing(open_store(f"sqlite:///{shop_files.home / 'evidence.sqlite3'}")) as store:
        size, note = ledger.latest_checkpoint(store)
        assert size == queries.size(store) - 1  # the entry after it names it
    assert note.startswith("evidence/example-shop-simulated\n")


def test_a_password_in_an_address_reaches_neither_ledger_nor_message(tmp_path):
    secret = secrets.token_hex(12)
    with shop(tmp_path, SMALL) as rehearsal:
        loaded = now(rehearsal)
        values = loaded.settings.model_dump()
        values["repository"][0]["clone"] = f"http://bot:{secret}@127.0.0.1:9/shop.git"
        values["repository"][1]["addresses"] = [f"http://bot:{secret}@git.example/deploy.git"]
        outcome = sync(replace(loaded, settings=Settings.model_validate(values)))
    assert not outcome.complete
    assert secret not in repr(outcome)
    kept = [path for path in rehearsal.home.rglob("*") if path.is_file()]
    assert [path.name for path in kept if secret.encode() in path.read_bytes()] == []
    with closing(open_store(loaded.store_url)) as store:
        recorded = [row.payload or b"" for row in queries.policies(store)]
    assert b"http://bot:***@git.example/deploy.git" in recorded[0]
    assert not [payload for payload in recorded if secret.encode() in payload]
