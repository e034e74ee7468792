"""The story of the demo: it shows what it promises, and never as real data."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from evidence.demo.build import build
from evidence.demo.load import kind_of, load_world
from evidence.demo.load_rows import load_rows
from evidence.demo.moments import moment
from evidence.demo.organisation import base_world, demo_polls, demo_world
from evidence.demo.simulation import Simulation
from evidence.errors import ConfigError
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.codec import decode
from evidence.model.deployment import Deployment
from evidence.model.git import Commit
from evidence.model.pull_request import (
    CommitPullRequests,
    PullRequest,
    PullRequestCommit,
    Review,
)
from evidence.model.ticket import Ticket


@pytest.fixture(scope="module")
def history():
    return build(demo_world())


def test_at_least_25_changes_are_merged_or_pushed(history):
    merged = [pull for pull in history.pulls.values() if pull.merge]
    assert len(merged) >= 25


def test_every_merge_method_occurs(history):
    methods = {pull.merge.method for pull in history.pulls.values() if pull.merge}
    assert methods == {"squash", "rebase", "merge"}


def test_most_changes_are_requested_approved_and_checked(history):
    shop = history.repositories["shop"]
    clean = [
        pull
        for pull in history.pulls.values()
        if pull.repository == "shop" and pull.merge and pull.issues[-1][1] and pull.reviews
    ]
    green = [
        pull
        for pull in clean
        if {
            check.name
            for check in shop.checks.get(pull.heads[-1][1], ())
            if check.conclusion == "SUCCESS"
        }
        == {"ci/test", "scan/trivy"}
    ]
    assert len(green) >= 0.8 * len([p for p in history.pulls.values() if p.repository == "shop"])


def test_no_poll_misses_a_history_row_that_was_kept(history):
    epoch = moment(demo_world().epoch, 0)
    polls = [moment(text, epoch) for text in demo_polls()]
    for app in history.applications.values():
        rows = [one for one in app.operations if one.history_id >= 0]
        for before, poll in zip([0, *polls], polls, strict=False):
            assert len([one for one in rows if before < one.finished_at <= poll]) <= 10
        assert rows[-1].finished_at <= polls[-1]


def test_two_history_rows_are_lost(history):
    ids = [o.history_id for o in history.applications["shop-prod"].operations if o.history_id >= 0]
    assert sorted(set(range(ids[-1])) - set(ids)) == [16, 17]


def test_every_kind_of_tag_is_deployed(history):
    images = {
        image
        for app in history.applications.values()
        for one in app.operations
        for image in one.images
    }
    shapes = {
        "full SHA": r"shop-web:[0-9a-f]{40}",
        "short SHA": r"shop-worker:main-[0-9a-f]{7}",
        "Git tag": r"shop-web:v1\.4\.0",
        "64 digits": r"shop-worker:[0-9a-f]{64}",
        "digest": r"shop-worker:main-[0-9a-f]{7}@sha256:[0-9a-f]{64}",
        "third party": r"vendor/proxy:1\.28\.0",
        "third party by digest": r"vendor/proxy:1\.28\.0@sha256:[0-9a-f]{64}",
        "another name": r"shop-mail:[0-9a-f]{40}",
    }
    missing = [
        name
        for name, shape in shapes.items()
        if not any(re.search(shape + "$", image) for image in images)
    ]
    assert missing == []


def test_people_and_addresses_are_invented(history):
    for person in demo_world().person:
        address = history.repositories["shop"].world and (
            person.email or f"{person.key}@people.example"
        )
        assert address.endswith((".example", ".test"))


def test_a_simulation_says_that_it_is_one(tmp_path):
    with Simulation(base_world(), tmp_path) as simulation:
        assert simulation.simulated
        assert "(simulated)" in simulation.world.name


def test_a_world_that_hides_that_it_is_simulated_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not say that it is simulated"):
        Simulation(replace(base_world(), name="Example Shop"), tmp_path)


def test_the_load_has_as_many_changes_as_asked_for():
    history = build(load_world(120))
    assert len(history.pulls) + sum(kind_of(one) == "direct" for one in range(120)) == 120
    assert len(history.applications["shop-prod"].operations) == 24


def test_every_row_of_the_load_is_a_fact():
    records = {
        one.__name__: one
        for one in (
            CheckCoverage,
            CheckRun,
            Commit,
            CommitPullRequests,
            Deployment,
            PullRequest,
            PullRequestCommit,
            Review,
            Ticket,
        )
    }
    rows = list(load_rows(60))
    facts = [decode(records[name], value) for name, value in rows]
    assert {type(fact).__name__ for fact in facts} == set(records)
    for (name, value), fact in zip(rows, facts, strict=True):
        assert set(value) <= set(records[name].__dataclass_fields__)
        assert fact.entry_seq == 0


def test_the_rows_of_a_hundred_changes_have_the_stated_shares():
    rows = [name for name, _ in load_rows(1000)]
    shares = {name: rows.count(name) / 1000 for name in ("Review", "CheckRun", "Deployment")}
    assert shares == pytest.approx({"Review": 1.5, "CheckRun": 3, "Deployment": 0.2}, rel=0.1)
