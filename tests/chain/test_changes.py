"""Commits of a production branch become changes, one each, by identity and never by message."""

from __future__ import annotations

from typing import Any

import pytest
from invented import sha

from evidence.model.change import ChangeKind, LinkKind, MergeMethod, Strength


def commits(change: Any, *names: str) -> bool:
    return tuple(sha(name) for name in names) == change.commits


def test_a_history_that_a_pull_request_merged_is_one_change_of_its_own_kind(world):
    world.app.chain("a", "b")
    last = world.app.chain(*(f"old{number}" for number in range(2_000)))
    world.app.commit("joined", "b", last)
    world.app.commit("landed", "b", "joined")
    world.branch("main", "landed")
    world.merge(7, "landed", "joined")
    change = world.changes()["app:pr:7"]
    assert ("import", 2_002) == (change.change_type, len(change.commits))


def test_a_merge_of_the_repositorys_own_history_is_no_import(world):
    world.app.chain("a", "b")
    world.app.commit("side", "a")
    world.app.commit("landed", "b", "side")
    world.branch("main", "landed")
    world.merge(7, "landed", "side")
    assert "normal" == world.changes()["app:pr:7"].change_type


def test_a_squash_merge_is_one_commit_of_its_pull_request(world: Any) -> None:
    world.branch("main", world.app.chain("root", "squash"))
    world.associations = {sha("root"): (), sha("squash"): (7,)}
    world.merge(7, "squash", commits_total=3)
    change = world.changes()["app:pr:7"]
    assert commits(change, "squash")
    assert (MergeMethod.SQUASH, sha("root")) == (change.merge_method, change.base_sha)
    assert (ChangeKind.PULL_REQUEST, "main") == (change.kind, change.branch)


def test_a_merge_commit_brings_in_the_commits_of_its_pull_request(world: Any) -> None:
    world.app.chain("root", "other")
    world.app.chain("one", "two", after="root")
    world.branch("main", world.app.commit("merge", "other", "two"))
    world.merge(7, "merge", "two")
    change = world.changes()["app:pr:7"]
    assert commits(change, "one", "two", "merge")
    assert MergeMethod.MERGE == change.merge_method
    assert (sha("other"), sha("two")) == (change.base_sha, change.head_sha)


def test_every_commit_of_a_rebase_merge_belongs_to_its_pull_request(world: Any) -> None:
    world.branch("main", world.app.chain("root", "r1", "r2", "r3"))
    world.associations = {sha("root"): (), **{sha(name): (7,) for name in ("r1", "r2", "r3")}}
    world.merge(7, "r3", commits_total=3)
    change = world.changes()["app:pr:7"]
    assert commits(change, "r1", "r2", "r3")
    assert (MergeMethod.REBASE, sha("root")) == (change.merge_method, change.base_sha)
    assert sha("r3") == change.landing_sha


def test_the_branch_is_counted_as_git_counts_it(world: Any) -> None:
    world.app.chain("root", "r1", "r2")
    world.app.commit("topic", "r2")
    world.branch("main", world.app.commit("merge", "r2", "topic"))
    world.associations = {sha("root"): (), sha("r1"): (7,), sha("r2"): (7,)}
    world.merge(7, "r2", commits_total=2)
    world.merge(8, "merge", "topic")
    (count,) = [one for one in world.build().reconciliation.branches if one.found]
    assert (5, 4, 3, 2, 1) == (
        count.commits,
        count.first_parent,
        count.landed,
        count.by_pull_request,
        count.direct,
    )


def test_a_rebase_merge_holds_no_more_commits_than_its_pull_request(world: Any) -> None:
    world.branch("main", world.app.chain("root", "r1", "r2", "r3"))
    world.associations = {sha(name): (7,) for name in ("root", "r1", "r2", "r3")}
    world.merge(7, "r3", commits_total=2)
    changes = world.changes()
    assert commits(changes["app:pr:7"], "r2", "r3")
    assert ChangeKind.DIRECT == changes[f"app:commit:{sha('r1')}"].kind


def test_a_commit_between_that_the_forge_does_not_list_ends_a_rebase_merge(world: Any) -> None:
    world.branch("main", world.app.chain("root", "r1", "pushed", "r3"))
    world.associations = {sha("r1"): (7,), sha("pushed"): (), sha("r3"): (7,)}
    world.merge(7, "r3", commits_total=3)
    population = world.build()
    changes = {change.change_id: change for change in population.changes}
    assert commits(changes["app:pr:7"], "r3")
    assert commits(changes[f"app:commit:{sha('pushed')}"], "pushed")
    stray = changes[f"app:commit:{sha('r1')}"]
    assert ("associated_pull_request",) == stray.flags
    (link,) = population.others[stray.change_id]
    expected = (LinkKind.MERGE, "pr:app:7", Strength.CANDIDATE)
    assert expected == (link.kind, link.target, link.strength)


def test_a_commit_for_which_several_pull_requests_are_listed_maps_to_no_single_change(
    world: Any,
) -> None:
    world.branch("main", world.app.chain("root", "odd"))
    world.associations = {sha("root"): (), sha("odd"): (7, 8)}
    world.deploy("root")
    world.deploy("odd")
    population = world.build()
    unmapped = (f"app:{sha('odd')}",)
    assert unmapped == population.deployments[1].unmapped == population.reconciliation.unmapped
    assert 2 == len(population.others[f"app:commit:{sha('odd')}"])


def test_squash_or_rebase_is_not_guessed_where_the_commit_below_was_not_read(world: Any) -> None:
    world.branch("main", world.app.chain("root", "r1", "r2"))
    world.associations = {sha("r2"): (7,)}
    world.merge(7, "r2", commits_total=2)
    changes = world.changes()
    assert MergeMethod.UNKNOWN == changes["app:pr:7"].merge_method
    assert ("association_not_observed",) == changes[f"app:commit:{sha('r1')}"].flags


def test_a_direct_commit_is_a_change_of_its_own(world: Any) -> None:
    world.branch("main", world.app.chain("root", "pushed"))
    world.associations = {sha("root"): (), sha("pushed"): ()}
    change = world.changes()[f"app:commit:{sha('pushed')}"]
    assert (ChangeKind.DIRECT, MergeMethod.DIRECT) == (change.kind, change.merge_method)
    assert ("direct", (), None, 0) == (
        change.change_type,
        change.flags,
        change.author,
        change.merged_at,
    )


def test_a_merge_commit_without_a_pull_request_is_one_direct_change(world: Any) -> None:
    world.app.chain("root")
    world.app.chain("import 1", "import 2")
    world.branch("main", world.app.commit("merge", "root", "import 2"))
    change = world.changes()[f"app:commit:{sha('merge')}"]
    assert commits(change, "import 1", "import 2", "merge")


def test_a_merge_queue_says_so_itself(world: Any) -> None:
    world.app.chain("root")
    world.app.commit("work", "root")
    world.branch("main", world.app.commit("queued", "root", "work"))
    world.merge(7, "queued", "work", merge_queue=True)
    assert MergeMethod.QUEUE == world.changes()["app:pr:7"].merge_method


def test_a_local_merge_belongs_to_the_pull_request_whose_head_it_merged(world: Any) -> None:
    world.app.chain("root")
    world.app.commit("work", "root")
    world.branch("main", world.app.commit("by hand", "root", "work"))
    world.merge(7, "", "work")
    change = world.changes()["app:pr:7"]
    assert commits(change, "work", "by hand")
    assert (MergeMethod.LOCAL, ("head_merged",)) == (change.merge_method, change.flags)


def test_a_local_merge_of_more_than_the_pull_request_is_inferred(world: Any) -> None:
    world.app.chain("root")
    world.app.chain("work", "extra", after="root")
    world.branch("main", world.app.commit("by hand", "root", "extra"))
    world.merge(7, "", "work")
    assert ("head_contained",) == world.changes()["app:pr:7"].flags


def test_a_local_merge_that_two_pull_requests_claim_belongs_to_neither(world: Any) -> None:
    world.app.chain("root")
    world.app.chain("one", "two", "three", after="root")
    world.branch("main", world.app.commit("by hand", "root", "three"))
    world.merge(7, "", "one")
    world.merge(8, "", "two")
    changes = world.changes()
    assert commits(changes[f"app:commit:{sha('by hand')}"], "one", "two", "three", "by hand")
    assert ("merge_commit_not_found",) == changes["app:pr:7"].flags


def test_a_merged_pull_request_that_no_branch_contains_is_a_change_without_commits(
    world: Any,
) -> None:
    world.app.chain("root", "lost")
    world.branch("main", "root")
    world.merge(7, "lost")
    change = world.changes()["app:pr:7"]
    assert ((), ("not_landed",), "") == (change.commits, change.flags, change.branch)


def test_an_open_pull_request_is_a_change_that_did_not_land(world: Any) -> None:
    world.branch("main", world.app.chain("root"))
    world.merge(7, "", state="OPEN", merged_at=0)
    assert ("not_merged",) == world.changes()["app:pr:7"].flags


def test_a_pull_request_into_another_branch_is_no_change_of_production(world: Any) -> None:
    world.app.chain("root")
    world.app.chain("work", "merged to develop", after="root")
    world.branch("main", world.app.commit("release", "root", "merged to develop"))
    world.merge(1, "merged to develop", "work", base="develop")
    world.merge(2, "release", "merged to develop")
    changes = world.changes()
    assert {f"app:commit:{sha('root')}", "app:pr:2"} == set(changes)
    assert commits(changes["app:pr:2"], "work", "merged to develop", "release")


def test_a_merge_that_turned_the_first_parent_line_keeps_the_changes_of_the_old_line(
    world: Any,
) -> None:
    world.app.chain("root", "squash 1", "squash 2")
    world.app.commit("topic", "root")
    world.branch("main", world.app.commit("foxtrot", "topic", "squash 2"))
    world.merge(1, "squash 1")
    world.merge(2, "squash 2")
    changes = world.changes()
    assert commits(changes["app:pr:1"], "squash 1")
    assert commits(changes["app:pr:2"], "squash 2")
    assert commits(changes[f"app:commit:{sha('foxtrot')}"], "foxtrot")


def test_a_commit_belongs_to_one_change_on_each_branch_it_was_merged_to(world: Any) -> None:
    world.repositories[0] = type(world.repositories[0])(
        id="app", production_branches=("main", "release"), urls=world.repositories[0].urls
    )
    world.app.chain("root")
    world.app.commit("fix", "root")
    world.app.commit("released 1", "root")
    world.branch("main", world.app.commit("to main", "root", "fix"))
    world.branch("release", world.app.commit("to release", "released 1", "fix"))
    world.merge(1, "to main", "fix")
    world.merge(2, "to release", "fix", base="release")
    world.deploy("released 1")
    row = world.deploy("to release")
    population = world.build()
    changes = {change.change_id: change for change in population.changes}
    assert commits(changes["app:pr:1"], "fix", "to main")
    assert commits(changes["app:pr:2"], "fix", "to release")
    assert ("app:pr:2",) == population.deployments[-1].changes
    assert ((row,), ()) == (changes["app:pr:2"].deployments, changes["app:pr:1"].deployments)


def test_an_id_that_a_better_match_replaced_stays_as_an_alias(world: Any) -> None:
    world.branch("main", world.app.chain("root", "squash"))
    old = f"app:commit:{sha('squash')}"
    world.inputs_extra = {"previous_ids": (old, "app:pr:7", "odd", "none:commit:1")}
    assert () == world.changes()[old].aliases
    world.merge(7, "squash")
    changes = world.changes()
    assert old not in changes
    assert (old,) == changes["app:pr:7"].aliases


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "normal"),
        ({"labels": ("emergency",)}, "emergency"),
        ({"title": 'Revert "Change 6"'}, "revert"),
        ({"head_ref": "revert-6-topic"}, "revert"),
    ],
)
def test_a_change_has_a_stratum(world: Any, fields: dict[str, Any], expected: str) -> None:
    world.branch("main", world.app.chain("root", "squash"))
    world.merge(7, "squash", **fields)
    assert expected == world.changes()["app:pr:7"].change_type
