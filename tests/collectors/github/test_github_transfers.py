"""A repository that is transferred, and another that takes its former name: by number alone."""

from __future__ import annotations

import json

import pytest

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.collectors.github.deployments import GitHubDeploymentsCollector
from evidence.collectors.github.discovery import configured_of
from evidence.collectors.github.line_comments import Changed, GitHubLineComments
from evidence.collectors.github.settings import GitHubSettingsCollector
from evidence.collectors.http import Clock
from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.simulation import Simulation
from evidence.model.capture import GapReason, Window

ALL = Window(since=0, until=2**62)
FORMER, PRESENT, OURS = "example-shop/shop", "example-group/shop", "5001"
STORY = """
[[repository]]
key = "shop"
renames = { "+3d" = "example-group/shop" }
files = { "shop/cart.py" = "TOTAL = 0\\n" }

[[repository]]
key = "other"
name = "example-shop/shop"
kind = "outside"
created_at = "2026-07-10T09:00:00Z"
deleted_at = "+20d"
files = { "shop/cart.py" = "TOTAL = 1\\n" }

[[change]]
key = "gift"
author = "ada"
title = "Add gift cards"
at = "+5d"
steps = [
  { do = "push", files = { "shop/gift.py" = "CARDS = []\\n" } },
  { do = "comment", by = "bert", path = "shop/gift.py", body = "Why?" },
  { do = "merge", by = "ada" },
]

[[change]]
key = "foreign"
repository = "other"
author = "dora"
title = "Not ours"
at = "+6d"
steps = [
  { do = "push", files = { "shop/cart.py" = "TOTAL = 2\\n" } },
  { do = "merge", by = "dora" },
]

[[github_deployment]]
repository = "shop"
on = "gift"
by = "ada"
at = "+6d"
statuses = { "+1m" = "SUCCESS" }

[[github_deployment]]
repository = "other"
on = "foreign"
by = "dora"
at = "+7d"
statuses = { "+1m" = "SUCCESS" }
"""


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    world = extended(base_world(), read_world(STORY))
    with Simulation(world, tmp_path_factory.mktemp("transfers")) as running:
        yield running


def given(moment, **fields):
    return {
        "source": "github",
        "url": moment.github_api_url,
        "token": moment.github_token,
        "system": "github.example",
        "clock": Clock(sleep=lambda _seconds: None),
        **fields,
    }


def shop(name=FORMER, number=""):
    return GitHubRepository(id="shop", name=name, branches=("main",), number=number)


def read(collector, cursor=""):
    pages = list(collector.fetch(ALL, cursor))
    captures = [one for page in pages for one in page.captures]
    return captures, [gap for page in pages for gap in page.gaps], pages[-1].cursor


def titles(captures):
    kept = [json.loads(one.payload) for one in captures if one.kind == "github.pull_request"]
    return [one["node"]["title"] for one in kept]


def sweep(moment, cursor="", name=FORMER):
    return read(collected(moment, name), cursor)


def collected(moment, name):
    return GitHubCollector(**given(moment), repositories=(shop(name),))


def test_after_a_transfer_the_sweep_goes_on_and_tells_who_took_the_name(simulation):
    _, gaps, cursor = sweep(simulation.at("+1d"))
    assert gaps == []
    _, gaps, cursor = sweep(simulation.at("+3d1h"), cursor)
    assert gaps == []
    captures, gaps, cursor = sweep(simulation.at("+8d"), cursor)
    assert titles(captures) == ["Add gift cards"]
    assert [(gap.reason, gap.repository, gap.key) for gap in gaps] == [
        (GapReason.CONTRADICTION, "shop", "shop:name")
    ]
    assert "5003 is not read" in gaps[0].detail
    again, told, cursor = sweep(simulation.at("+9d"), cursor)
    assert (titles(again), told) == ([], gaps)
    for when, name in (("+9d", PRESENT), ("+21d", FORMER)):
        pages = list(collected(simulation.at(when), name).fetch(ALL, cursor))
        assert [gap for page in pages for gap in page.gaps] == []
        assert ("github.repository", "shop:name") in [one for p in pages for one in p.lists]


def test_once_it_is_configured_by_its_present_name_nothing_is_told(simulation):
    _, _, cursor = sweep(simulation.at("+1d"))
    captures, gaps, _ = sweep(simulation.at("+8d"), cursor, name=PRESENT)
    assert (titles(captures), gaps) == (["Add gift cards"], [])


def test_what_stands_under_the_name_when_it_is_first_read_is_the_repository(simulation):
    captures, gaps, _ = sweep(simulation.at("+8d"))
    assert (titles(captures), gaps) == (["Not ours"], [])


def test_the_former_name_leads_to_it_when_it_is_first_read(simulation):
    moment = simulation.at("+3d1h")
    assert sweep(moment)[1] == []
    settings = GitHubSettingsCollector(**given(moment), repositories=(shop(),))
    captures, gaps, _ = read(settings)
    numbers = {one.context["database_id"] for one in captures}
    assert (numbers, [gap for gap in gaps if gap.kind == "github.repository_settings"]) == (
        {OURS},
        [],
    )


def test_settings_that_are_first_read_after_the_transfer_are_those_of_the_number(simulation):
    moment = simulation.at("+8d")
    settings = GitHubSettingsCollector(**given(moment), repositories=(shop(number=OURS),))
    captures, _, _ = read(settings)
    assert {one.context["database_id"] for one in captures} == {OURS}
    pushes = b"".join(one.payload for one in captures if one.kind == "github.repository_activity")
    assert b'"login":"dora"' not in pushes.replace(b" ", b"")


def test_deployments_of_another_repository_under_the_name_are_not_taken(simulation):
    moment = simulation.at("+8d")
    taken = GitHubDeploymentsCollector(**given(moment), repositories=(shop(number=OURS),))
    captures, gaps, _ = read(taken)
    assert (captures, [gap.reason for gap in gaps]) == ([], [GapReason.CONTRADICTION])
    own = GitHubDeploymentsCollector(
        **given(moment), repositories=(shop(name=PRESENT, number=OURS),)
    )
    captures, gaps, _ = read(own)
    assert [json.loads(one.payload)["creator"]["login"] for one in captures] == ["ada"]
    assert gaps == []


def test_comments_on_lines_are_asked_for_by_number(simulation):
    changed = [Changed(repository=shop(number=OURS), at=2**61)]
    captures, gaps, _ = read(GitHubLineComments(**given(simulation.at("+8d")), changed=changed))
    assert ([json.loads(one.payload)["body"] for one in captures], gaps) == (["Why?"], [])


def test_a_repository_that_was_read_is_found_in_lists_by_its_number_alone():
    listed = configured_of([("shop", FORMER, OURS), ("till", "example-shop/Till", "")])
    assert listed == {OURS: "shop", "example-shop/till": "till"}


@pytest.mark.parametrize(
    ("number", "root"),
    [("5001", "/repositories/5001"), ("", f"/repos/{FORMER}"), ("R_1", f"/repos/{FORMER}")],
)
def test_rest_resources_are_asked_for_by_number_where_it_is_known(number, root):
    assert shop(number=number).root == root
