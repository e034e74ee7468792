"""Status: how fresh each source is, what is missing, and what would make it known."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest
import time_machine

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, bump, pull, shop

from evidence.config.load import Loaded
from evidence.errors import StoreError
from evidence.seal import keys
from evidence.status import status
from evidence.store import queries
from evidence.store.session import open_store
from evidence.sync import sync

SMALL = FIRST + pull("gift") + bump("to-gift", "gift")
DAY = 86_400


@pytest.fixture
def live(tmp_path):
    """A running shop."""
    with shop(tmp_path, SMALL) as rehearsal:
        yield rehearsal


def now(rehearsal) -> Loaded:
    """The configuration that reads the world when its story is over."""
    return rehearsal.loaded(rehearsal.simulation.end())


def by_source(loaded: Loaded):
    """Source -> its line."""
    return {one.source: one for one in status(loaded).sources}


def test_a_store_that_is_not_there_is_said_to_be_none(live):
    with pytest.raises(StoreError, match="has schema none"):
        status(now(live))


def test_each_source_states_its_last_complete_sync_and_when_the_next_is_due(live):
    with time_machine.travel("2026-08-01T12:00:00Z", tick=False):
        sync(now(live))
        found = by_source(now(live))
    assert found["argocd"].last_complete == "2026-08-01T12:00:00Z"
    assert found["argocd"].safe_until == "2026-08-02T00:00:00Z"
    assert found["github"].safe_until == "2026-09-15T12:00:00Z"
    assert found["git:shop"].safe_until == "any time"
    assert not any(one.overdue for one in found.values())


def test_a_source_that_was_not_read_in_time_is_overdue(live):
    with time_machine.travel("2026-08-01T12:00:00Z", tick=False):
        sync(now(live))
    with time_machine.travel("2026-08-03T12:00:00Z", tick=False):
        found = by_source(now(live))
    assert {name for name, one in found.items() if one.overdue} == {"argocd"}


def test_what_a_source_has_forgotten_since_the_last_complete_sync_is_a_gap_that_stays(live):
    with time_machine.travel("2026-08-01T12:00:00Z", tick=False):
        sync(now(live))
    with time_machine.travel("2027-10-01T12:00:00Z", tick=False):
        sync(now(live))
        sync(now(live))
        found = status(now(live)).gaps
    assert [reason for source, reason, _ in found if source == "github"] == ["retention"] * 2
    assert all("keeps this for 90 days" in detail for _, reason, detail in found)


def test_a_sync_that_failed_does_not_count_as_fresh(live):
    with time_machine.travel("2026-08-01T12:00:00Z", tick=False):
        sync(now(live))
    with time_machine.travel("2026-08-02T12:00:00Z", tick=False):
        loaded = now(live)
        (live.home / "argocd.token").write_text("wrong")
        sync(loaded)
        assert by_source(loaded)["argocd"].last_complete == "2026-08-01T12:00:00Z"


def test_a_source_that_never_answered_says_never(live):
    loaded = now(live)
    (live.home / "github.token").write_text("wrong")
    sync(loaded)
    one = by_source(loaded)["github"]
    assert (one.last_complete, one.safe_until) == ("never", "any time")


def test_open_gaps_are_counted_and_named(tmp_path):
    with shop(tmp_path, SMALL + '[access]\nhidden = ["shop"]\n') as rehearsal:
        sync(now(rehearsal))
        found = status(now(rehearsal))
    assert {one.source: one.gaps for one in found.sources}["github"] == 1
    assert {(source, reason) for source, reason, _ in found.gaps} == {
        ("github", "not_found_or_forbidden"),
        ("github:settings", "not_found_or_forbidden"),
    }
    assert any(line.startswith("gap: github: not_found_or_forbidden: ") for line in found.lines())


def test_what_is_unknown_comes_with_the_act_that_would_clear_it(live):
    loaded = now(live)
    (live.home / "github.token").write_text("wrong")
    sync(loaded)
    (reason, count, action), *_ = status(loaded).unknown
    with closing(open_store(loaded.store_url)) as store:
        stored = [row.determination for row in queries.determinations(store, outcome="unknown")]
    assert count == sum(one.reason == reason for one in stored)
    assert action in {one.missing for one in stored}


def test_what_was_unknown_under_an_earlier_id_is_counted_no_more(live):
    sync(now(live), sources=("argocd", "git"))
    before = {reason: count for reason, count, _ in status(now(live)).unknown}
    sync(now(live))
    after = {reason: count for reason, count, _ in status(now(live)).unknown}
    assert before["not-collected"] > 0
    assert "not-collected" not in after


def test_the_age_of_the_last_checkpoint_is_told(live):
    assert keys.init(live.keys, name="Example Shop")
    with time_machine.travel("2026-08-01T12:00:00Z", tick=False):
        sync(now(live))
    with time_machine.travel("2026-08-02T12:00:00Z", tick=False):
        found = status(now(live))
    # The newest entry is the one that names the checkpoint.
    assert found.checkpoint == f"last checkpoint at {found.ledger_size - 1} entries, 1 d old"


def test_without_keys_it_says_how_to_make_them(live):
    sync(now(live))
    assert "evidence keys init" in status(now(live)).checkpoint
