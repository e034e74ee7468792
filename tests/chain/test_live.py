"""R6: what was seen to run and that no operation brought is in the population, and unresolved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from invented import sha

from evidence.chain.live import PROBLEM, observed_live
from evidence.model.deployment import ApplicationState, DeployedSource
from evidence.model.production import DeploymentKind


def state(
    world: Any, revision: str, *, path: str = "", repository: str = "app", **fields: Any
) -> ApplicationState:
    world.deploy(revision, path=path, repository=repository)  # for its source alone
    source = world.deployments.pop().sources[0]
    values: dict[str, Any] = {
        "source": "argo",
        "application_uid": "uid-1",
        "application": "argocd/shop",
        "destination": "",
        "project": "",
        "sync_status": "Synced",
        "health": "",
        "health_since": 0,
        "revisions": (source.revision,),
        "sources": (source,),
        "images": (),
        "history_ids": (),
        "auto_sync": None,
        "observed_at": world.tick(),
        "entry_seq": 7,
    }
    return ApplicationState(**{**values, **fields})


def test_what_is_live_and_was_brought_by_nothing_seen_is_a_row_without_a_history(
    world: Any,
) -> None:
    world.branch("main", world.app.chain("a", "b", "c"))
    world.deploy("a")
    seen = state(world, "b")
    world.inputs_extra = {"states": (seen, replace(seen, entry_seq=9))}
    built = world.build()
    _, row = built.deployments
    assert row.started_at == seen.observed_at
    assert (row.kind, row.origins, row.problems) == (
        DeploymentKind.FORWARD,
        ("live_state",),
        (PROBLEM,),
    )
    assert [one.commits for one in row.ranges] == [(sha("b"),)]
    assert row.initiator is None
    assert row.automated is None
    assert built.reconciliation.live_unexplained == (f"{row.application}:{seen.revisions[0]}",)


def test_what_an_operation_brought_at_any_time_is_explained(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.deploy("a")
    world.inputs_extra = {"states": (state(world, "a"), state(world, "b"))}
    world.deploy("b")
    built = world.build()
    assert len(built.deployments) == 2
    assert built.reconciliation.live_unexplained == ()


def test_a_newer_revision_that_changes_nothing_of_the_application_is_no_deployment(
    world: Any,
) -> None:
    world.config.write("one", "", {"apps/shop/x.yaml": "kind: X\n"})
    world.config.write("two", "one", {"apps/other/x.yaml": "kind: X\n"})
    world.branch("main", "two", "config")
    world.deploy("one", repository="config", path="apps/shop")
    world.inputs_extra = {
        "states": (state(world, "two", path="apps/shop", repository="config"),),
    }
    built = world.build()
    assert [one.kind for one in built.deployments] == [DeploymentKind.FIRST]
    assert built.reconciliation.live_unexplained == ()


def test_in_a_repository_of_sources_too_only_what_it_is_read_from_counts(world: Any) -> None:
    world.app.write("one", "", {"deploy/x.yaml": "kind: X\n"})
    world.app.write("two", "one", {"docs/x.md": "words\n"})
    world.app.write("three", "two", {"deploy/x.yaml": "kind: Y\n"})
    world.branch("main", "three")
    world.deploy("one", path="deploy")
    world.inputs_extra = {"states": (state(world, "two", path="deploy"),)}
    assert len(world.build().deployments) == 1
    world.inputs_extra = {"states": (state(world, "three", path="deploy"),)}
    assert [one.origins for one in world.build().deployments][1:] == [("live_state",)]


def test_what_waits_for_a_sync_and_what_names_no_revision_is_not_live(world: Any) -> None:
    waits = state(world, "b", sync_status="OutOfSync")
    silent = state(world, "b", revisions=())
    assert list(observed_live((), (waits, silent))) == []


def test_a_dry_run_explains_nothing(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.deploy("b", dry_run=True)
    (dry,) = world.deployments
    seen = state(world, "b")
    assert len(list(observed_live((dry,), (seen,)))) == 1
    assert list(observed_live((replace(dry, dry_run=False),), (seen,))) == []


def test_a_state_without_sources_stays_in_the_population(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b"))
    world.deploy("a")
    world.inputs_extra = {"states": (state(world, "b", sources=()),)}
    assert [PROBLEM in one.problems for one in world.build().deployments] == [False, True]


def test_a_source_of_a_chart_that_moved_is_live_too(world: Any) -> None:
    world.branch("main", world.app.chain("a"))
    world.deploy("a")
    chart = DeployedSource(
        repo_url="https://charts.test", path="", target_revision="*", revision="2.0", chart="web"
    )
    world.inputs_extra = {"states": (state(world, "a", revisions=("2.0",), sources=(chart,)),)}
    assert len(world.build().deployments) == 2
