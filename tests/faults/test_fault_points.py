"""Whatever a source answers at whatever request: nothing is lost without a word.

`make faults` takes a seeded sample of the points, `make slow` all of them.
"""

from __future__ import annotations

import random
from collections import Counter

import fault_world
import pytest
from fault_run import SOURCES, Bench

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def bench(tmp_path_factory, sqlite_template):
    """The world and what undisturbed runs leave of it."""
    folder = tmp_path_factory.mktemp("faults")
    monkeypatch = pytest.MonkeyPatch()
    with fault_world.served(folder / "world") as rehearsal:
        made = Bench(
            rehearsal=rehearsal, folder=folder, template=sqlite_template, monkeypatch=monkeypatch
        )
        for source in SOURCES:
            made.prepare(source)
        yield made


def run(bench, points, record_property):
    """Runs points, says what became of them, and gives those where evidence was lost."""
    outcomes = Counter(filter(None, map(bench.outcome, points)))
    lost = [one for one in outcomes if one.startswith("LOST")]
    for one, number in outcomes.items():
        record_property(f"faults: {one}", number)
    return lost


def sample(bench, wanted):
    """So many points by a fixed chance, of each source one at least."""
    chance = random.Random(4)
    every = [point for source in SOURCES for point in bench.points(source)]
    first = [chance.choice(bench.points(source)) for source in SOURCES]
    return first + chance.sample(every, min(len(every), wanted) - len(first))


def test_a_failing_request_loses_nothing_in_silence(bench, shard, record_property, request):
    assert sum(len(bench.points(source)) for source in SOURCES) > 5_000
    points = sample(bench, request.config.getoption("--faults"))
    assert run(bench, points[shard], record_property) == []


@pytest.mark.slow
def test_no_failing_request_loses_anything_in_silence(bench, shard, record_property):
    every = [point for source in SOURCES for point in bench.points(source)]
    assert run(bench, every[shard], record_property) == []
