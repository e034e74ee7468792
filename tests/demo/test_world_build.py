"""The replay: real Git repositories with the commits that a story makes, the same on every run."""

from __future__ import annotations

import subprocess

import pytest

from evidence.demo.build import build
from evidence.demo.moments import HOUR
from evidence.demo.organisation import demo_world
from evidence.errors import ConfigError


def git(path, *arguments):
    done = subprocess.run(["git", "-C", str(path), *arguments], capture_output=True, check=True)
    return done.stdout.decode().strip()


def tips(history):
    return {key: record.refs for key, record in history.repositories.items()}


def test_the_same_world_gives_the_same_commits():
    assert tips(build(demo_world())) == tips(build(demo_world()))


def test_the_repositories_are_sound_for_git(simulate):
    simulation = simulate()
    for path in simulation.end().git_paths.values():
        git(path, "fsck", "--strict", "--no-dangling")


def test_references_are_those_of_the_moment(simulate):
    simulation = simulate()
    merged = simulation.history.pulls["gift"].merge
    path = simulation.at(merged.at - 1).git_paths["shop"]
    assert git(path, "rev-parse", "main") == merged.base
    assert (
        git(path, "rev-parse", "refs/pull/2/head") == simulation.history.pulls["gift"].heads[-1][1]
    )
    simulation.at(merged.at)
    assert git(path, "rev-parse", "main") == merged.sha


def test_a_clone_at_a_moment_holds_nothing_later(simulate, tmp_path):
    simulation = simulate()
    merged = simulation.history.pulls["gift"].merge
    url = simulation.at(merged.at - 1).git_urls["shop"]
    git(".", "clone", "--quiet", "--mirror", url, str(tmp_path / "copy"))
    later = subprocess.run(
        ["git", "-C", str(tmp_path / "copy"), "cat-file", "-e", merged.sha],
        check=False,
        capture_output=True,
    )
    assert later.returncode != 0


@pytest.mark.parametrize("key", ["gift", "pay"])
def test_a_merge_has_the_tree_that_git_would_make(simulate, key):
    simulation = simulate()
    path = simulation.end().git_paths["shop"]
    pull = simulation.history.pulls[key]
    ours = git(path, "merge-tree", "--write-tree", pull.merge.base, pull.heads[-1][1])
    assert git(path, "rev-parse", f"{pull.merge.sha}^{{tree}}") == ours


def test_a_rebase_merge_makes_a_new_commit_for_each_old_one(simulate):
    history = simulate().history
    pull = history.pulls["cart"]
    old = pull.commits[-1][1]
    objects = history.repositories["shop"].objects.commits
    assert len(old) == len(pull.merge.landed) == 2
    assert not set(old) & set(pull.merge.landed)
    assert [objects[sha].message for sha in pull.merge.landed] == [
        objects[sha].message for sha in old
    ]
    assert objects[pull.merge.landed[0]].parents == (pull.merge.base,)


CONFLICT = r"""
[[change]]
key = "one"
author = "ada"
at = "+1d"
steps = [{ do = "push", files = { "README.md" = "one\n" } }, { do = "merge", by = "ada", at = "+3h" }]
[[change]]
key = "two"
author = "bert"
at = "+1d1h"
steps = [
  { do = "push", files = { "README.md" = "two\n" } },
  { do = "update_branch", at = "+3h", files = { "README.md" = "both\n" } },
  { do = "merge", by = "bert", method = "merge" },
]
"""


def test_a_conflict_is_resolved_by_the_content_given(world_with):
    history = build(world_with(CONFLICT))
    objects = history.repositories["shop"].objects
    files = objects.commits[history.pulls["two"].merge.sha].files
    assert objects.text(files["README.md"][1]) == "both\n"


def test_an_unresolved_conflict_is_named(world_with):
    unresolved = CONFLICT.replace(r', files = { "README.md" = "both\n" }', "")
    with pytest.raises(ConfigError, match=r"`two` conflicts in README.md"):
        build(world_with(unresolved))


def test_both_sides_of_a_file_are_merged_by_line(world_with):
    delta = r"""
[[push]]
key = "lines"
by = "ada"
at = "+1h"
files = { "list.txt" = "1\n2\n3\n4\n5\n6\n7\n" }
[[change]]
key = "top"
author = "ada"
at = "+1d"
steps = [
  { do = "push", files = { "list.txt" = "one\n2\n3\n4\n5\n6\n7\n" } },
  { do = "merge", by = "ada", at = "+2h", method = "merge" },
]
[[push]]
key = "bottom"
by = "bert"
at = "+1d1h"
files = { "list.txt" = "1\n2\n3\n4\n5\n6\nseven\n" }
"""
    history = build(world_with(delta))
    objects = history.repositories["shop"].objects
    files = objects.commits[history.pulls["top"].merge.sha].files
    assert objects.text(files["list.txt"][1]) == "one\n2\n3\n4\n5\n6\nseven\n"


def test_a_force_push_replaces_the_commits_and_is_recorded(world_with):
    delta = r"""
[[change]]
key = "x"
author = "ada"
steps = [
  { do = "push", files = { "x" = "1" } },
  { do = "push", files = { "x" = "2" } },
  { do = "push", force = true, files = { "x" = "3" } },
]
"""
    pull = build(world_with(delta)).pulls["x"]
    assert [len(commits) for _, commits in pull.commits] == [0, 1, 2, 1]
    forced = next(one for one in pull.events if one.kind == "HeadRefForcePushedEvent")
    assert (forced.data["before"], forced.data["after"]) == (pull.heads[2][1], pull.heads[3][1])


def test_a_rebase_of_the_branch_keeps_the_patch_and_moves_the_base(world_with):
    delta = r"""
[[change]]
key = "x"
author = "ada"
at = "+1d"
steps = [
  { do = "push", files = { "x" = "1" } },
  { do = "review", by = "bert" },
  { do = "push", rebase = true, at = "+3h" },
  { do = "rebind", review = "bert", at = "+3h" },
]
[[push]]
key = "other"
by = "carl"
at = "+1d1h"
files = { "y" = "1" }
"""
    history = build(world_with(delta))
    shop, pull = history.repositories["shop"], history.pulls["x"]
    head = shop.objects.commits[pull.heads[-1][1]]
    assert head.parents == (shop.refs["refs/heads/main"],)
    assert set(head.files) >= {"x", "y"}
    assert [sha for _, sha in pull.reviews[0].commits] == [pull.heads[1][1], pull.heads[2][1]]


QUEUE = """
[[repository]]
key = "shop"
merge_queue = true
files = { "README.md" = "x" }
[[change]]
key = "q1"
author = "ada"
at = "+1d"
steps = [
  { do = "push" }, { do = "checks", conclusion = "SKIPPED" },
  { do = "queue", at = "+1h" },
  { do = "merge", by = "ada", method = "queue", at = "+2h" },
]
[[change]]
key = "q2"
author = "bert"
at = "+1d1m"
steps = [
  { do = "push" },
  { do = "queue", at = "+1h" },
  { do = "checks", on = "queue" },
  { do = "merge", by = "bert", method = "queue", at = "+2h" },
]
"""


def test_the_merge_queue_builds_each_entry_on_the_one_before(world_with):
    history = build(world_with(QUEUE))
    one, two = history.pulls["q1"], history.pulls["q2"]
    shop = history.repositories["shop"]
    assert shop.objects.commits[two.merge.sha].parents[0] == one.merge.sha
    assert shop.refs["refs/heads/main"] == two.merge.sha
    assert [check.name for check in shop.checks[two.merge.sha]] == ["ci/test", "scan/trivy"]
    assert not [ref for ref in shop.refs if "gh-readonly-queue" in ref]


def test_a_queue_that_is_rebuilt_makes_another_commit(world_with):
    rebuilt = QUEUE.replace(
        '{ do = "queue", at = "+1h" },\n  { do = "checks", on = "queue" },',
        '{ do = "queue", at = "+1h" },\n  { do = "checks", on = "queue" },\n'
        '  { do = "queue", off = true, reason = "failed checks" },\n  { do = "queue" },',
    )
    assert rebuilt != QUEUE
    history = build(world_with(rebuilt))
    pull = history.pulls["q2"]
    stays = [entry.sha for _, entry in pull.queue if entry]
    assert len(set(stays)) == 2
    assert pull.merge.sha == stays[1]


def test_a_revert_gives_back_the_tree_from_before(world_with):
    delta = r"""
[[change]]
key = "bad"
author = "ada"
steps = [{ do = "push", files = { "README.md" = "bad", "new" = "x" } }, { do = "merge", by = "ada" }]
[[change]]
key = "undo"
author = "bert"
reverts = "bad"
steps = [{ do = "push" }, { do = "merge", by = "bert" }]
"""
    history = build(world_with(delta))
    commits = history.repositories["shop"].objects.commits
    undone = history.pulls["bad"].merge
    assert commits[history.pulls["undo"].merge.sha].tree == commits[undone.base].tree


def test_only_full_successful_syncs_get_a_history_id(world_with):
    delta = r"""
[[deploy]]
app = "shop-prod"
at = "+1h"
[[deploy]]
app = "shop-prod"
at = "+2h"
phase = "Failed"
[[deploy]]
app = "shop-prod"
at = "+3h"
dry_run = true
[[deploy]]
app = "shop-prod"
at = "+4h"
selective = ["Deployment/shop"]
[[deploy]]
app = "shop-prod"
at = "+5h"
lost_before = 2
"""
    operations = build(world_with(delta)).applications["shop-prod"].operations
    assert [one.history_id for one in operations] == [0, -1, -1, -1, 3]


def test_a_bump_comes_half_an_hour_after_the_change_it_ships(simulate):
    history = simulate().history
    moved = [
        at for at, ref, _ in history.repositories["deploy"].ref_log if ref == "refs/heads/main"
    ]
    assert moved[-1] == history.pulls["pay"].merge.at + HOUR // 2
    started = history.applications["shop-prod"].operations[-1].started_at
    assert started == moved[-1] + HOUR // 12


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        ('[[change]]\nkey="x"\nauthor="zoe"\nsteps=[{do="push"}]', "no person `zoe`"),
        ('[[change]]\nkey="x"\nauthor="ada"\nsteps=[{do="checks"}]', "must be a push"),
        (
            '[[change]]\nkey="x"\nauthor="ada"\nrepository="y"\nsteps=[{do="push"}]',
            "no repository `y`",
        ),
        ('[[change]]\nkey="x"\nauthor="ada"\nbase="y"\nsteps=[{do="push"}]', "no branch `y`"),
        ('[[change]]\nkey="x"\nauthor="ada"\nissues=["y"]\nsteps=[{do="push"}]', "no issue `y`"),
        ('[[deploy]]\napp="y"\nat="+1h"', "no application `y`"),
        ('[[deploy]]\napp="shop-prod"', "needs `at`"),
        ('[[deploy]]\napp="shop-prod"\nat="+1h"\nrevision="nowhere"', "names no commit"),
        (
            '[[change]]\nkey="x"\nauthor="ada"\nsteps=[{do="push"},{do="merge",by="ada",method="queue"}]',
            "not in the merge queue",
        ),
        (
            '[[change]]\nkey="x"\nauthor="ada"\nsteps=[{do="push"},{do="merge",by="ada"},{do="merge",by="ada"}]',
            "is merged while it is merged",
        ),
        (
            '[[change]]\nkey="x"\nauthor="ada"\nsteps=[{do="push"},{do="dismiss",by="ada",review="bert"}]',
            "no review `bert`",
        ),
    ],
)
def test_a_story_that_cannot_happen_is_refused(world_with, delta, words):
    with pytest.raises(ConfigError, match=words):
        build(world_with(delta))
