"""A push record that is taken out of the store shows in what hangs on it, and is never a gain."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, select

sys.path.insert(0, str(Path(__file__).parents[1]))

from shop_world import FIRST, pull, shop

from evidence.config.yardstick import build_policy
from evidence.controls.evaluate import evaluate_change
from evidence.deciding.case import Case
from evidence.model.activity import RepositoryActivity
from evidence.store.facts import fact_table
from evidence.store.session import open_store
from evidence.sync import sync

MAIN = "refs/heads/main"
MOVES = fact_table(RepositoryActivity).table
STORY = """
[[ruleset]]
name = "production"
repository = "shop"
[[change]]
key = "shared"
author = "ada"
title = "Shared"
requested_by = "carl"
steps = [
  { do = "push", files = { "shop/shared.py" = "A = 1\\n" } },
  { do = "push", by = "bert", commits = [{ author = "ada", files = { "shop/shared.py" = "A = 2\\n" } }] },
  { do = "push", force = true, files = { "shop/shared.py" = "A = 3\\n" } },
  { do = "checks" },
  { do = "review", by = "bert" },
  { do = "merge", by = "ada", method = "squash" },
]
[[push]]
key = "direct"
by = "dora"
files = { "shop/direct.py" = "A = 1\\n" }
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    directory = tmp_path_factory.mktemp("lost")
    with shop(directory, FIRST + pull("first-one") + STORY + pull("last-one")) as rehearsal:
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        sync(loaded)
        yield loaded


@pytest.fixture
def path(read, tmp_path):
    return shutil.copyfile(
        Path(read.store_url.removeprefix("sqlite:///")), tmp_path / "copy.sqlite3"
    )


def judged(read, path):
    """(change, control) -> outcome, by what the store holds."""
    policy = build_policy(read.settings)
    with closing(open_store(f"sqlite:///{path}")) as store:
        case = Case(store=store, policy=policy, as_of=2**62)
        return {
            (chain.change.change_id, one.control): one.outcome
            for chain in case.chains(case.population.changes)
            for one in evaluate_change(chain, policy, 2**62)
        }


def moves(path):
    with closing(open_store(f"sqlite:///{path}")) as store, store.read() as connection:
        columns = (MOVES.c.activity_id, MOVES.c.ref, MOVES.c.kind, MOVES.c.at)
        return connection.execute(select(*columns).order_by(MOVES.c.at)).all()


def without(path, number):
    with closing(open_store(f"sqlite:///{path}")) as store, store.write() as connection:
        connection.execute(delete(MOVES).where(MOVES.c.activity_id == number))
    return path


@pytest.mark.long
def test_no_push_that_is_taken_away_turns_what_is_no_pass_into_a_pass(read, path, tmp_path):
    whole = judged(read, path)
    for move in moves(path):
        less = without(shutil.copyfile(path, tmp_path / "less.sqlite3"), move.activity_id)
        gained = [
            key
            for key, outcome in judged(read, less).items()
            if outcome == "pass" and whole[key] != "pass"
        ]
        assert gained == [], move


def test_the_merge_that_is_not_recorded_is_not_known_to_have_met_the_rules(read, path):
    merges = [one for one in moves(path) if (one.ref, one.kind) == (MAIN, "pr_merge")]
    before = judged(read, path)

    after = judged(read, without(path, merges[1].activity_id))

    assert {key: (before[key], after[key]) for key in before if before[key] != after[key]} == {
        ("shop:pr:4", "CM-08"): ("pass", "unknown"),
    }
