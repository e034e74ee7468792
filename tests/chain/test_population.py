"""Deployments in order, the range of each, and the changes it carried for the first time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from invented import sha

from evidence.chain.population import build_population
from evidence.model.deployment import DeployedSource
from evidence.model.production import DeploymentKind


def shas(*names: str) -> tuple[str, ...]:
    return tuple(sha(name) for name in names)


def direct(*names: str) -> tuple[str, ...]:
    return tuple(f"app:commit:{sha(name)}" for name in names)


def linear(world: Any) -> None:
    world.branch("main", world.app.chain("a", "b", "c", "d", "e"))


def test_the_first_deployment_is_a_baseline_and_not_the_whole_history(world: Any) -> None:
    linear(world)
    world.deploy("c")
    (row,) = world.rows()
    assert (DeploymentKind.FIRST, (), ("baseline",)) == (row.kind, row.changes, row.flags)


def test_what_the_first_deployment_contained_was_deployed_before_observation(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy("d")
    flags = {change_id: change.flags for change_id, change in world.changes().items()}
    expected = {"a": True, "b": True, "c": False, "d": False, "e": False}
    assert expected == {name: "baseline" in flags[direct(name)[0]] for name in expected}


def test_a_newer_revision_with_nothing_for_the_application_is_a_redeploy(world: Any) -> None:
    world.config.write("one", "", {"apps/shop/x.yaml": "kind: X\n"})
    world.config.write("two", "one", {"apps/other/x.yaml": "kind: X\n"})
    world.branch("main", "two", "config")
    for revision in ("one", "two"):
        world.deploy(revision, repository="config", path="apps/shop")
    row = world.rows()[1]
    assert (DeploymentKind.REDEPLOY, ()) == (row.kind, row.changes)


def test_a_configured_baseline_gives_the_first_deployment_a_range(world: Any) -> None:
    linear(world)
    world.application = replace(world.application, baseline=sha("b"))
    world.deploy("d")
    (row,) = world.rows()
    assert (DeploymentKind.FIRST, direct("c", "d"), ()) == (row.kind, row.changes, row.flags)
    assert (sha("b"), shas("c", "d")) == (row.ranges[0].previous, row.ranges[0].commits)


def test_a_deployment_carries_every_commit_since_the_one_before(world: Any) -> None:
    linear(world)
    world.deploy("b")
    second = world.deploy("e")
    row = world.rows()[1]
    assert (DeploymentKind.FORWARD, direct("c", "d", "e")) == (row.kind, row.changes)
    change = world.changes()[direct("d")[0]]
    assert ((second,), row.started_at) == (change.deployments, change.first_deployed_at)


def test_a_rollback_lists_what_is_no_longer_deployed(world: Any) -> None:
    linear(world)
    for revision in ("b", "e", "c"):
        world.deploy(revision)
    row = world.rows()[2]
    assert (DeploymentKind.ROLLBACK, ()) == (row.kind, row.changes)
    assert shas("e", "d") == row.ranges[0].removed


def test_rolling_forward_again_is_a_redeploy(world: Any) -> None:
    linear(world)
    for revision in ("b", "e", "c", "e", "e"):
        world.deploy(revision)
    kinds = [row.kind for row in world.rows()]
    first, forward, back = DeploymentKind.FIRST, DeploymentKind.FORWARD, DeploymentKind.ROLLBACK
    assert [first, forward, back, DeploymentKind.REDEPLOY, DeploymentKind.REDEPLOY] == kinds


def test_a_hotfix_branch_diverges_and_its_commits_are_flagged(world: Any) -> None:
    linear(world)
    world.app.commit("hotfix", "c")
    for revision in ("b", "d", "hotfix"):
        world.deploy(revision)
    population = world.build()
    row = population.deployments[2]
    assert (DeploymentKind.DIVERGED, direct("hotfix")) == (row.kind, row.changes)
    assert shas("d") == row.ranges[0].removed
    change = next(one for one in population.changes if one.change_id == row.changes[0])
    assert "not_on_production_branch" in change.flags
    assert 5 == population.reconciliation.merged


def test_commits_of_a_failed_sync_belong_to_it_and_to_the_one_that_settled_them(
    world: Any,
) -> None:
    linear(world)
    world.deploy("b")
    failed = world.deploy("d", phase="Failed")
    settled = world.deploy("d")
    rows = world.rows()
    assert [DeploymentKind.FIRST, DeploymentKind.FAILED, DeploymentKind.FORWARD] == [
        row.kind for row in rows
    ]
    assert direct("c", "d") == rows[1].changes == rows[2].changes
    assert sha("b") == rows[2].ranges[0].previous
    assert ("retry",) == rows[2].flags
    assert f"deployment:{failed}" == rows[2].links[0].target
    change = world.changes()[direct("d")[0]]
    assert ((failed, settled), rows[1].started_at) == (change.deployments, change.first_deployed_at)


def test_a_selective_sync_does_not_settle_its_revision(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy("c", selective=True)
    world.deploy("d")
    rows = world.rows()
    assert (direct("c"), direct("c", "d")) == (rows[1].changes, rows[2].changes)


def test_a_self_heal_at_the_deployed_revision_is_no_deployment(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy("b", self_heal=True, selective=True)
    world.deploy("c", self_heal=True, selective=True)
    population = world.build()
    assert (2, 1) == (len(population.deployments), population.reconciliation.self_heals)
    assert direct("c") == population.deployments[1].changes
    assert ("selective", "self_heal") == population.deployments[1].flags


def test_a_dry_run_is_no_deployment(world: Any) -> None:
    linear(world)
    world.deploy("b", dry_run=True)
    population = world.build()
    assert ((), 1) == (population.deployments, population.reconciliation.dry_runs)


def test_local_manifests_are_production_altered_without_a_commit(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy("d", local_manifests=True)
    world.deploy("d")
    rows = world.rows()
    assert (DeploymentKind.NO_COMMIT, ()) == (rows[1].kind, rows[1].ranges)
    assert direct("c", "d") == rows[2].changes


def test_the_same_operation_seen_twice_is_one_deployment(world: Any) -> None:
    linear(world)
    world.deploy("b")
    first = world.deployments[0]
    world.deployments.append(
        replace(first, origin="operation_state", phase="Running", finished_at=0, entry_seq=4)
    )
    (row,) = world.rows()
    assert (("history", "operation_state"), "Succeeded") == (row.origins, row.phase)
    assert (4,) == row.entries


def test_sightings_that_contradict_each_other_are_flagged(world: Any) -> None:
    linear(world)
    world.deploy("b")
    first = world.deployments[0]
    other = replace(first.sources[0], revision=sha("c"))
    world.deployments.append(replace(first, origin="operation_state", sources=(other,)))
    (row,) = world.rows()
    assert ("contradictory_revision",) == row.problems
    assert "contradiction" in row.flags


def test_a_jump_of_the_history_id_is_a_history_gap(world: Any) -> None:
    linear(world)
    for number, revision in ((3, "b"), (4, "c"), (7, "d")):
        world.deploy(revision, history_id=number)
    population = world.build()
    assert [(), (), ("history_gap",)] == [row.problems for row in population.deployments]
    (numbers,) = population.reconciliation.history
    assert (3, 7, 3, (5, 6)) == (numbers.first, numbers.last, numbers.observed, numbers.missing)


def test_an_application_made_again_goes_on_in_the_same_lane(world: Any) -> None:
    linear(world)
    world.deploy("b", history_id=9)
    world.deploy("d", history_id=0, application_uid="uid-2")
    row = world.rows()[1]
    assert (direct("c", "d"), ("recreated",), ()) == (row.changes, row.flags, row.problems)


def test_a_revision_that_is_nowhere_is_unresolved(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy("f" * 40)
    world.deploy("d")
    rows = world.rows()
    assert (DeploymentKind.UNRESOLVED, ("commit_not_found",)) == (rows[1].kind, rows[1].problems)
    assert ("previous_unresolved",) == rows[2].problems


def test_a_short_revision_resolves_where_it_is_unique(world: Any) -> None:
    linear(world)
    world.deploy("b")
    world.deploy(sha("d")[:10])
    row = world.rows()[1]
    assert (direct("c", "d"), "short_sha") == (row.changes, row.ranges[0].basis)


def test_a_repository_that_is_not_configured_is_named(world: Any) -> None:
    linear(world)
    world.application = replace(world.application, repository="")
    world.deploy("b")
    source = replace(world.deployments[0].sources[0], repo_url="https://elsewhere.test/x/y")
    world.deployments[0] = replace(world.deployments[0], sources=(source,))
    (row,) = world.rows()
    assert (DeploymentKind.UNRESOLVED, ("unmapped_repository",)) == (row.kind, row.problems)


def test_a_chart_is_acquired_software_with_a_version(world: Any) -> None:
    linear(world)
    chart = DeployedSource(
        repo_url="https://charts.example.test",
        path="",
        chart="redis",
        target_revision="1.x",
        revision="1.2.3",
        kind="helm",
    )
    for revision, version in (("b", "1.2.3"), ("b", "1.2.3"), ("b", "1.3.0")):
        world.deploy(revision)
        last = world.deployments[-1]
        newer = replace(chart, revision=version)
        world.deployments[-1] = replace(last, sources=(*last.sources, newer))
    _first, same, row = world.rows()
    assert () == same.problems
    assert [("", "redis", "1.2.3", "1.3.0")] == [
        (one.repository, one.path, one.previous, one.revision)
        for one in row.ranges
        if not one.repository
    ]
    assert (DeploymentKind.FORWARD, ("acquired_version_changed",)) == (row.kind, row.problems)


def test_operations_of_other_applications_are_counted_and_left_out(world: Any) -> None:
    linear(world)
    world.deploy("b", application="argocd/tools", application_uid="uid-9")
    population = world.build()
    assert ((), 1) == (population.deployments, population.reconciliation.other_applications)


def test_the_numbers_reconcile_both_ways(world: Any) -> None:
    linear(world)
    world.merge(7, "d")
    world.merge(8, "lost")
    world.deploy("b")
    world.deploy("d")
    numbers = world.build().reconciliation
    assert (2, 2, 2, ()) == (
        numbers.deployments,
        numbers.range_commits,
        numbers.mapped,
        numbers.unmapped,
    )
    assert (5, 2, 2, 1, 1) == (
        numbers.merged,
        numbers.deployed,
        numbers.baseline,
        numbers.pending,
        numbers.not_landed,
    )
    (branch,) = [one for one in numbers.branches if one.found]
    assert (5, 5, 1, 4) == (branch.commits, branch.landed, branch.by_pull_request, branch.direct)


def test_a_production_branch_that_was_never_seen_is_counted_as_not_found(world: Any) -> None:
    main = replace(world.repositories[0], production_branches=("main", "mian"))
    world.repositories[0] = main
    world.app.chain("root")
    world.branch("main", "root")
    counts = world.build().reconciliation.branches
    assert {"main": True, "mian": False} == {
        one.branch: one.found for one in counts if one.repository == main.id
    }


def test_the_order_of_what_was_read_does_not_matter(world: Any) -> None:
    world.app.chain("root", "a", "b")
    world.app.chain("t1", "t2", after="a")
    world.app.commit("merge", "b", "t2")
    world.app.chain("c", "d", after="merge")
    world.app.commit("hot", "a")
    world.branch("main", "d")
    world.merge(1, "merge", "t2")
    world.merge(2, "d")
    world.associations = {sha("c"): (2,)}
    for revision in ("a", "merge", "hot", "d", "b", "d"):
        world.deploy(revision)
    expected = world.build()
    for seed in range(20):
        shuffle = random.Random(seed).shuffle
        names = list(world.app.parents)
        shuffle(names)
        world.app.parents = {name: world.app.parents[name] for name in names}
        shuffle(world.deployments)
        shuffle(world.heads)
        assert expected == world.build()


def test_a_first_build_without_git_asks_and_does_not_guess(world: Any) -> None:
    linear(world)
    world.deploy(sha("d")[:10])
    population = build_population(world.policy(), world.inputs())
    (question,) = population.questions
    assert (sha("d")[:10],) == question.args
    assert ("not_resolved_yet",) == population.deployments[0].problems
