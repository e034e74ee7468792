"""Repositories that discovery brings into scope are read, judged and counted like configured ones."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, pull, shop

from evidence.assembly.register import exclusions, registers
from evidence.config.settings import Settings
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.discovered import in_force, with_discovered
from evidence.errors import ConfigError
from evidence.model.pull_request import PullRequest
from evidence.rebuilding import rebuild
from evidence.store import queries
from evidence.store.session import open_store
from evidence.sync import sync


def discovering(rehearsal, include=("example-shop/*",), exclude=()):
    """The configuration without a section for the shop: a pattern brings it in."""
    simulation = rehearsal.simulation
    loaded = rehearsal.loaded(simulation.at(simulation.history.ends_at))
    values = loaded.settings.model_dump(exclude_defaults=True)
    values["repository"] = [one for one in values["repository"] if one["id"] != "shop"]
    values["map"] = []
    values["source"][0] |= {
        "organisations": ["example-shop"],
        "include": list(include),
        "exclude": list(exclude),
        "clone": simulation.at(simulation.history.ends_at).git_urls["shop"],
        "settings": False,
    }
    return replace(loaded, settings=Settings.model_validate(values))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A sync that discovers the shop, and what it read by."""
    directory = tmp_path_factory.mktemp("discovered")
    with shop(directory, FIRST + pull("gift")) as rehearsal:
        loaded = discovering(rehearsal)
        yield rehearsal, loaded, sync(loaded)


def own_id(loaded) -> str:
    (found,) = [one for one in in_force(loaded).settings.repository if one.name.endswith("/shop")]
    return found.id


def test_what_a_pattern_brings_in_is_read_in_the_same_sync(ran):
    _, loaded, outcome = ran
    assert outcome.complete
    own = own_id(loaded)
    assert [one.source for one in outcome.receipts] == [
        "github:scope",
        "github",
        "argocd",
        "git:deploy",
        f"git:{own}",
    ]
    with closing(open_store(loaded.store_url)) as store:
        assert {one.repository for one in queries.load(store, PullRequest)} == {own}
        changes = {row.determination.subject for row in queries.determinations(store)}
    assert f"{own}:pr:2" in changes


def test_its_default_branch_is_its_production_branch(ran):
    _, loaded, _ = ran
    found = next(one for one in in_force(loaded).settings.repository if one.id == own_id(loaded))
    assert (found.production_branches, found.source) == (["main"], "github")


def test_the_yardstick_in_force_names_it(ran):
    _, loaded, _ = ran
    with closing(open_store(loaded.store_url)) as store:
        versions = len(queries.policies(store))
        policy = build_policy(with_discovered(loaded, store).settings)
        before = build_policy(with_discovered(loaded, store, at=0).settings)
    assert versions == 2
    assert own_id(loaded) in {one.id for one in policy.repositories}
    assert {one.id for one in before.repositories} == {"deploy"}


def test_the_register_counts_it_as_in_scope(ran):
    _, loaded, _ = ran
    known = in_force(loaded)
    with closing(open_store(loaded.store_url)) as store:
        case = Case(store=store, policy=build_policy(known.settings), at=None, as_of=0)
        (line,) = [one for one in registers(case, known.settings) if "repositories" in one.what]
        assert dict(line.numbers)["in scope"] == 2
        assert line.unexplained == 0
        assert [one for one in exclusions(case) if one.kind == "repository"] == []


def test_a_rebuild_knows_the_same_repositories(ran):
    _, loaded, _ = ran
    assert "outcomes that differ: none" in rebuild(loaded)


def test_a_section_of_its_own_speaks_for_a_repository(ran):
    _, loaded, _ = ran
    values = loaded.settings.model_dump(exclude_defaults=True)
    values["repository"].append({"id": "web", "name": "Example-Shop/Shop", "source": "github"})
    settled = in_force(replace(loaded, settings=Settings.model_validate(values)))
    assert [one.id for one in settled.settings.repository] == ["deploy", "web"]


def test_an_exclusion_has_nothing_more_read_of_it_at_once(ran):
    _, loaded, _ = ran
    values = loaded.settings.model_dump(exclude_defaults=True)
    values["source"][0]["exclude"] = ["*/shop"]
    settled = in_force(replace(loaded, settings=Settings.model_validate(values)))
    read = [one.id for one in settled.settings.repository if one.id not in settled.gone]
    assert (read, settled.gone) == (["deploy"], {"shop-5001"})


def test_one_that_is_gone_stays_in_scope_and_is_not_read(tmp_path):
    with shop(tmp_path, FIRST) as rehearsal:
        loaded = discovering(rehearsal)
        sync(loaded)
        own = own_id(loaded)
        values = loaded.settings.model_dump(exclude_defaults=True)
        values["source"][0]["include"] = ["example-shop/s*"]  # asked anew within the hour
        later = replace(loaded, settings=Settings.model_validate(values))
        del rehearsal.simulation.history.repositories["shop"]
        rehearsal.simulation.github._views.clear()
        outcome, again = sync(later), sync(later)
    known = in_force(later)
    assert [gap.repository for gap in outcome.gaps] == [own]
    assert (again.gaps, again.complete) == ((), True)
    assert f"git:{own}" not in {one.source for one in again.receipts}
    assert known.gone == frozenset({own})
    assert own in {one.id for one in known.settings.repository}


def test_a_source_that_nobody_configured_is_refused_before_anything_is_read(ran):
    _, loaded, _ = ran
    with pytest.raises(ConfigError, match="no source `gitlab`"):
        sync(loaded, sources=("gitlab",))
    with pytest.raises(ConfigError, match="no source `git:nowhere`"):
        sync(loaded, sources=("git:nowhere",))
