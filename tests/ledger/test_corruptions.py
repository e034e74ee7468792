"""Random corruptions of rows and bytes all show; honest histories never raise an alarm."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

sys.path.insert(0, str(Path(__file__).parent))

from tampering import Keeper, Within, contents, corrupt, fill, trial

from evidence.errors import IntegrityError
from evidence.store.audit import audit
from evidence.store.ledger import root


class Count:
    """What came of many trials."""

    def __init__(self):
        self.detected = 0
        self.same = 0
        self.refused = 0
        self.missed = []


def attempt(store, keeper, held, draw, count, before):
    """One corruption, judged and undone."""
    with trial(store) as connection:
        try:
            what = corrupt(connection, draw, any_type=store.dialect == "sqlite")
        except SQLAlchemyError:
            count.refused += 1
            return
        try:
            audit(Within(store, connection), held=held, open_note=keeper.opened)
        except IntegrityError:
            count.detected += 1
            return
        if contents(connection) == before:
            count.same += 1
        else:
            count.missed.append(what)


def run(store, corruptions):
    keeper, count, draw = Keeper(), Count(), random.Random(20_261_122)
    held = [keeper.held(keeper.checkpoint(fill(store, step))) for step in (9, 4, 8)]
    audit(store, held=held, open_note=keeper.opened)
    with store.read() as connection:
        before = contents(connection)
    whole = root(store)
    while count.detected + len(count.missed) < corruptions:
        attempt(store, keeper, held, draw, count, before)
    assert root(store) == whole
    return count


def histories(store, runs):
    """Alarms that honest histories of this many steps raise."""
    keeper, draw, held = Keeper(), random.Random(7), []
    for _ in range(runs):
        fill(store, draw.randint(0, 4))
        if draw.random() < 0.5:
            held.append(keeper.held(keeper.checkpoint(store)))
        chosen = draw.sample(held, k=min(len(held), 2))
        result = audit(store, held=chosen, open_note=keeper.opened)
        assert result.root == root(store)


def test_200_random_corruptions_are_all_detected(own_store):
    count = run(own_store, 200)
    assert (count.missed, count.detected) == ([], 200)


def test_50_honest_histories_raise_no_alarm(own_store):
    histories(own_store, 50)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_10000_random_corruptions_are_all_detected(own_store, capsys):
    count = run(own_store, 10_000)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{own_store.dialect}: {count.detected} detected, {len(count.missed)} missed; drawn "
            f"again: {count.same} without effect, {count.refused} refused by the database\n"
        )
    assert (count.missed, count.detected) == ([], 10_000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_1000_honest_histories_raise_no_alarm(own_store):
    histories(own_store, 1_000)
