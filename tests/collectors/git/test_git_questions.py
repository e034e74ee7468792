"""The questions that rules ask of Git, answered from real repositories."""

from __future__ import annotations

import hashlib
import json
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.git import GitCollector, bases, content, diffs, merges
from evidence.collectors.git.bases import Graph
from evidence.collectors.git.objects import Objects, path_text
from evidence.collectors.git.plain import plain_merge, tree_name
from evidence.collectors.git.tool import GitTool
from evidence.model.capture import Window
from evidence.model.git import GitQuestion, QuestionKind

WINDOW = Window(since=0, until=1)
NOWHERE = "f" * 40
K = QuestionKind


def ask(collector, kind: QuestionKind, *args: str) -> object:
    """The value of one answer, or the name of its problem."""
    (answer,) = ask_all(collector, kind, args)
    return answer


def ask_all(collector, kind: QuestionKind, *asked: tuple[str, ...]) -> list[object]:
    list(collector.fetch(WINDOW, ""))
    questions = [GitQuestion(repository="shop/app", kind=kind, args=args) for args in asked]
    answers = collector.answer(questions)
    assert [(a.kind, a.args) for a in answers] == [(q.kind, q.args) for q in questions]
    return [json.loads(a.value) if a.value else a.problem for a in answers]


def branch(origin, *tips: str) -> None:
    for number, tip in enumerate(tips):
        origin.ref(f"refs/heads/b{number}", tip)


def oid(origin, name: str) -> str:
    return origin.git("rev-parse", name)


LINES = b"".join(b"line %d\n" % n for n in range(40))


def edited(*changes: tuple[int, bytes]) -> bytes:
    rows = LINES.split(b"\n")
    for number, text in changes:
        rows[number] = text
    return b"\n".join(rows)


def test_a_clean_merge_has_the_tree_of_the_merge_commit(origin, collector):
    root = origin.commit({"a": LINES, "b": b"1"})
    base = origin.commit({"a": edited((1, b"base")), "b": b"1"}, root)
    head = origin.commit({"a": edited((30, b"head")), "b": b"2"}, root)
    merge = origin.commit({"a": edited((1, b"base"), (30, b"head")), "b": b"2"}, base, head)
    branch(origin, merge)
    assert ask(collector, K.MERGE_TREE, base, head) == {
        "trees": [oid(origin, f"{merge}^{{tree}}")],
        "conflicted": [],
        "both_changed": ["a"],
    }


def test_a_conflict_has_no_tree_and_names_its_paths(origin, collector):
    root = origin.commit({"a": b"1\n", "b": b"1\n"})
    base = origin.commit({"a": b"2\n", "b": b"1\n"}, root)
    head = origin.commit({"a": b"3\n", "b": b"2\n"}, root)
    branch(origin, base, head)
    assert ask(collector, K.MERGE_TREE, base, head) == {
        "trees": [],
        "conflicted": ["a"],
        "both_changed": ["a"],
    }


def test_a_merge_over_a_renamed_file_follows_it(origin, collector):
    root = origin.commit({"old": LINES})
    base = origin.commit({"new": LINES}, root)
    head = origin.commit({"old": edited((30, b"head"))}, root)
    merge = origin.commit({"new": edited((30, b"head"))}, base, head)
    branch(origin, merge)
    found = ask(collector, K.MERGE_TREE, base, head)
    assert (found["trees"], found["both_changed"]) == ([oid(origin, f"{merge}^{{tree}}")], ["old"])


def test_both_ways_to_see_a_renamed_folder_are_given(origin, collector):
    root = origin.commit({"d/x": LINES, "a": b"1"})
    base = origin.commit({"e/x": LINES, "a": b"1"}, root)
    head = origin.commit({"d/x": LINES, "d/y": b"new", "a": b"1"}, root)
    merge = origin.commit({"e/x": LINES, "d/y": b"new", "a": b"1"}, base, head)
    branch(origin, merge)
    assert ask(collector, K.MERGE_TREE, base, head) == {
        "trees": [oid(origin, f"{merge}^{{tree}}")],
        "conflicted": ["e/y"],
        "both_changed": [],
    }


def test_a_file_renamed_differently_on_both_sides_merges_path_by_path(origin, collector):
    root = origin.commit({"d/old": LINES, "z": b"1"})
    base = origin.commit({"d/one": LINES, "z": b"1"}, root)
    head = origin.commit({"d/two": LINES, "z": b"1"}, root)
    merge = origin.commit({"d/one": LINES, "d/two": LINES, "z": b"1"}, base, head)
    branch(origin, merge)
    found = ask(collector, K.MERGE_TREE, base, head)
    assert found["trees"] == [oid(origin, f"{merge}^{{tree}}")]


def test_a_folder_that_became_empty_is_gone_from_the_merged_tree(origin, collector):
    root = origin.commit({"d/a": b"1", "d/b": b"2", "z": b"1"})
    base = origin.commit({"d/b": b"2", "z": b"1"}, root)
    head = origin.commit({"d/a": b"1", "z": b"1"}, root)
    merge = origin.commit({"z": b"1"}, base, head)
    branch(origin, merge)
    assert ask(collector, K.MERGE_TREE, base, head)["trees"] == [oid(origin, f"{merge}^{{tree}}")]


NAMES = st.sampled_from(["a", "a.b", "a-b", "d", "d/a", "d/b", "d.x", "d/e/f", "d/e/g", "z"])


def unlike(path: str, version: int) -> bytes:
    """Content that resembles no other, so that Git sees no rename."""
    return hashlib.sha512(f"{path} {version}".encode()).hexdigest().encode()


def files_of(versions: dict[str, int]) -> dict[str, bytes]:
    """Files by path; a tree holds no file `d` beside a folder `d`."""
    if any(path.startswith("d/") for path in versions):
        versions.pop("d", None)
    return {path: unlike(path, version) for path, version in versions.items()}


FILES = st.dictionaries(NAMES, st.integers(1, 3), min_size=1, max_size=6).map(files_of)


@settings(max_examples=20)
@given(root=FILES, ours=FILES, theirs=FILES)
def test_merging_path_by_path_agrees_with_git_where_nothing_was_renamed(
    tmp_path_factory, origin_class, root, ours, theirs
):
    origin = origin_class(tmp_path_factory.mktemp("plain") / "origin.git")
    first = origin.commit(root)
    one, other = origin.commit(ours, first), origin.commit(theirs, first)
    tool = GitTool(origin.path, made=origin.path / "objects")
    trees = [oid(origin, f"{sha}^{{tree}}") for sha in (first, one, other)]
    with Objects(tool) as objects:
        bodies = plain_merge(objects, *trees)
    mine = tree_name(bodies[-1], 40) if bodies else ""
    (merge,) = merges.merges(tool, [(one, other)], renames=True)
    assert mine == merge.tree


def test_merges_of_many_pairs_stay_apart(origin, collector):
    root = origin.commit({"a": b"1\n", "b": b"1\n"})
    base = origin.commit({"a": b"2\n", "b": b"1\n"}, root)
    clash = origin.commit({"a": b"3\n", "b": b"1\n"}, root)
    clean = origin.commit({"a": b"1\n", "b": b"2\n"}, root)
    other = origin.commit({"x": b"1"})
    merge = origin.commit({"a": b"2\n", "b": b"2\n"}, base, clean)
    branch(origin, merge, clash, other)
    pairs = [(base, clash), (base, other), (base, clean), (base, NOWHERE), (base, base)]
    tree = [oid(origin, f"{merge}^{{tree}}")]
    same = [oid(origin, f"{base}^{{tree}}")]
    assert ask_all(collector, K.MERGE_TREE, *pairs) == [
        {"trees": [], "conflicted": ["a"], "both_changed": ["a"]},
        "no_merge_base",
        {"trees": tree, "conflicted": [], "both_changed": []},
        "missing_object",
        {"trees": same, "conflicted": [], "both_changed": []},
    ]


def test_one_merge_per_process_gives_the_same_as_a_batch(origin, collector):
    root = origin.commit({"a": b"1\n", "b": b"1\n"})
    base = origin.commit({"a": b"2\n", "b": b"1\n"}, root)
    clash = origin.commit({"a": b"3\n", "b\nc": b"1\n"}, root)
    clean = origin.commit({"a": b"1\n", "b": b"2\n"}, root)
    branch(origin, base, clash, clean)
    list(collector.fetch(WINDOW, ""))
    tool = collector._mirror.reader()
    pairs = [(base, clash), (base, clean), (clash, clean)]
    for renames in (True, False):
        batch = merges.merges(tool, pairs, renames=renames)
        assert merges.merges(tool, pairs, renames=renames, batched=False) == batch
        assert [bool(merge.tree) for merge in batch] == [False, True, True]


def test_a_merge_that_git_gives_up_on_does_not_stop_the_others(origin, collector):
    root = origin.commit({"a": b"1"})
    base, head = origin.commit({"a": b"2"}, root), origin.commit({"b": b"1"}, root)
    branch(origin, base, head)
    list(collector.fetch(WINDOW, ""))
    pairs = [(base, NOWHERE), (root, head)]
    for batched in (True, False):
        found = merges.merges(collector._mirror.reader(), pairs, renames=True, batched=batched)
        assert [merge.failed for merge in found] == [True, False]


def test_a_redone_merge_can_be_compared_with_what_landed_also_later(origin, collector, tmp_path):
    root = origin.commit({"a": b"1", "b": b"1", "c": b"1"})
    base = origin.commit({"a": b"2", "b": b"1", "c": b"1"}, root)
    head = origin.commit({"a": b"1", "b": b"2", "c": b"1"}, root)
    landed = origin.commit({"a": b"2", "b": b"2", "c": b"slipped in"}, base)
    branch(origin, landed, head)
    (made,) = ask(collector, K.MERGE_TREE, base, head)["trees"]
    again = GitCollector(
        source="git-test",
        repository="shop/app",
        url=f"file://{origin.path}",
        directory=tmp_path / "mirror",
    )
    tree = oid(origin, f"{landed}^{{tree}}")
    assert ask(again, K.RANGE_DIFF, made, tree)["paths"] == ["c"]


def test_a_merge_made_path_by_path_can_be_compared_as_well(origin, collector):
    root = origin.commit({"d/old": LINES, "z": b"1"})
    base = origin.commit({"d/one": LINES, "z": b"1"}, root)
    head = origin.commit({"d/two": LINES, "z": b"1"}, root)
    landed = origin.commit({"d/one": LINES, "z": b"1"}, base)
    branch(origin, landed, head)
    found = ask(collector, K.MERGE_TREE, base, head)
    assert found["conflicted"] != []
    assert ask(collector, K.RANGE_DIFF, found["trees"][0], landed)["paths"] == ["d/two"]


def test_a_file_renamed_and_edited_on_both_sides_merges_path_by_path(origin, collector):
    root = origin.commit({"old": LINES, "z": b"1"})
    one, two = edited((1, b"one")), edited((30, b"two"))
    base = origin.commit({"one": one, "z": b"1"}, root)
    head = origin.commit({"two": two, "z": b"1"}, root)
    landed = origin.commit({"one": one, "two": b"other", "z": b"1"}, base)
    branch(origin, landed, head)
    found = ask(collector, K.MERGE_TREE, base, head)
    made = origin.tree({"one": one, "two": two, "z": b"1"})
    assert found["trees"] == [made]
    assert ask(collector, K.RANGE_DIFF, made, landed)["paths"] == ["two"]


def test_redoing_a_merge_leaves_nothing_in_the_mirror(origin, collector, tmp_path):
    root = origin.commit({"a": b"1", "b": b"1"})
    base = origin.commit({"a": b"2", "b": b"1"}, root)
    head = origin.commit({"a": b"1", "b": b"2"}, root)
    branch(origin, base, head)
    list(collector.fetch(WINDOW, ""))
    objects = tmp_path / "mirror" / "objects"
    before = sorted(objects.rglob("*"))
    (answer,) = ask_all(collector, K.MERGE_TREE, (base, head))
    assert len(answer["trees"]) == 1
    assert sorted(objects.rglob("*")) == before


def test_attributes_in_the_repository_do_not_change_a_merge(origin, collector):
    files = {".gitattributes": b"* merge=union\n"}
    root = origin.commit({**files, "a": b"1\n"})
    base, head = (origin.commit({**files, "a": text}, root) for text in (b"2\n", b"3\n"))
    branch(origin, base, head)
    assert ask(collector, K.MERGE_TREE, base, head)["conflicted"] == ["a"]


def test_an_older_git_says_so(origin, collector, monkeypatch):
    root = origin.commit({"a": b"1"})
    branch(origin, root)
    monkeypatch.setattr("evidence.collectors.git.collector.version", lambda: (2, 37, 9))
    assert ask(collector, K.MERGE_TREE, root, root) == "tool_too_old"
    assert ask(collector, K.TREE, root) == oid(origin, f"{root}^{{tree}}")


def net(collector, base: str, head: str) -> str:
    return ask(collector, K.NET_DIFF, base, head)["digest"]


def test_a_net_diff_starts_at_the_merge_base(origin, collector):
    root = origin.commit({"a": b"1", "b": b"1", "gone": b"1"})
    base = origin.commit({"a": b"2", "b": b"1", "gone": b"1"}, root)
    head = origin.commit({"a": b"1", "b": b"2", "new": b"1"}, root)
    branch(origin, base, head)
    found = ask(collector, K.NET_DIFF, base, head)
    assert (found["merge_base"], found["paths"]) == (root, ["b", "gone", "new"])
    assert found["digest"] == ask(collector, K.RANGE_DIFF, root, head)["digest"]


def test_a_clean_update_from_the_base_leaves_the_net_diff_equal(origin, collector):
    root = origin.commit({"a": b"1", "b": b"1"})
    approved = origin.commit({"a": b"1", "b": b"2"}, root)
    base = origin.commit({"a": b"2", "b": b"1"}, root)
    updated = origin.commit({"a": b"2", "b": b"2"}, approved, base)
    branch(origin, updated)
    assert net(collector, base, updated) == net(collector, base, approved)


def test_an_update_that_slips_in_an_edit_does_not(origin, collector):
    root = origin.commit({"a": b"1", "b": b"1"})
    approved = origin.commit({"a": b"1", "b": b"2"}, root)
    base = origin.commit({"a": b"2", "b": b"1"}, root)
    updated = origin.commit({"a": b"2", "b": b"2 and more"}, approved, base)
    branch(origin, updated)
    assert net(collector, base, updated) != net(collector, base, approved)


def test_a_patch_identical_rebase_leaves_the_net_diff_equal(origin, collector):
    root = origin.commit({"a": b"1", "b": b"1"})
    approved = origin.commit({"a": b"1", "b": b"2"}, origin.commit({"a": b"1", "b": b"x"}, root))
    base = origin.commit({"a": b"2", "b": b"1"}, root)
    rebased = origin.commit({"a": b"2", "b": b"2"}, base)
    branch(origin, approved, rebased)
    assert net(collector, base, rebased) == net(collector, base, approved)


def test_a_rebase_over_a_change_of_the_same_file_does_not(origin, collector):
    root = origin.commit({"a": LINES})
    approved = origin.commit({"a": edited((30, b"head"))}, root)
    base = origin.commit({"a": edited((1, b"base"))}, root)
    rebased = origin.commit({"a": edited((1, b"base"), (30, b"head"))}, base)
    branch(origin, approved, rebased)
    assert net(collector, base, rebased) != net(collector, base, approved)


@pytest.mark.parametrize(
    "change",
    [
        {"a": ("100755", b"1")},
        {"a": ("120000", b"1")},
        {"a": b"1 "},
        {"a": b"\0\1"},
        {"b": b"1"},
        {},
    ],
    ids=["mode", "link", "white space", "binary", "rename", "removal"],
)
def test_every_kind_of_change_changes_the_digest(origin, collector, change):
    root = origin.commit({"a": b"1", "z": b"1"})
    head = origin.commit({**change, "z": b"1"}, root)
    other = origin.commit({"a": b"2", "z": b"1"}, root)
    branch(origin, head, other)
    digests = {net(collector, root, sha) for sha in (root, head, other)}
    assert len(digests) == 3


def test_crossed_histories_bind_all_their_merge_bases(origin, collector):
    root = origin.commit({"a": b"0", "b": b"0"})
    one = origin.commit({"a": b"1", "b": b"0"}, root)
    two = origin.commit({"a": b"0", "b": b"1"}, root)
    left = origin.commit({"a": b"1", "b": b"1"}, one, two)
    right = origin.commit({"a": b"1", "b": b"2"}, two, one)
    branch(origin, left, right)
    found = ask(collector, K.NET_DIFF, left, right)
    assert (found["merge_base"], found["paths"]) == (min(one, two), ["a", "b"])
    assert ask(collector, K.MERGE_TREE, left, right)["trees"] == [oid(origin, f"{right}^{{tree}}")]


def test_unrelated_histories_have_no_net_diff_but_a_range_diff(origin, collector):
    one, other = origin.commit({"a": b"1"}), origin.commit({"b": b"1"})
    branch(origin, one, other)
    assert ask(collector, K.NET_DIFF, one, other) == "no_merge_base"
    assert ask(collector, K.RANGE_DIFF, one, other)["paths"] == ["a", "b"]


def test_a_range_diff_of_equal_trees_is_empty_and_a_missing_end_is_said(origin, collector):
    one = origin.commit({"a": b"1"})
    same = origin.commit({"a": b"1"}, one)
    branch(origin, same)
    empty, missing, again = ask_all(
        collector, K.RANGE_DIFF, (one, same), (one, NOWHERE), (same, one)
    )
    assert (empty["paths"], missing, again) == ([], "missing_object", empty)


def test_changed_paths_of_one_commit(origin, collector):
    root = origin.commit({"a": b"1", "d/b": b"1"})
    side = origin.commit({"a": b"1", "d/b": b"2"}, root)
    other = origin.commit({"a": b"2", "d/b": b"1"}, root)
    merge = origin.commit({"a": b"2", "d/b": b"2"}, other, side)
    branch(origin, merge)
    assert ask_all(collector, K.CHANGED_PATHS, (root,), (merge,), (NOWHERE,), ("HEAD",)) == [
        ["a", "d/b"],
        ["d/b"],
        "missing_object",
        "missing_object",
    ]


def test_a_tree_that_lacks_a_part_is_missing_and_the_others_are_answered(origin, collector):
    good = origin.commit({"d/a": b"1"})
    later = origin.commit({"d/a": b"2"}, good)
    branch(origin, later)
    list(collector.fetch(WINDOW, ""))
    trees = [oid(origin, f"{sha}^{{tree}}") for sha in (good, later)]
    tool = collector._mirror.tool
    made = (
        tool.must("mktree", "--missing", stdin=f"040000 tree {'a' * 40}\td\n".encode())
        .decode()
        .strip()
    )
    pairs = [(trees[0], trees[1]), (trees[0], made), (trees[1], trees[0])]
    found = diffs.tree_diffs(tool, pairs)
    assert [diff.problem for diff in found] == ["", "missing_object", ""]
    assert [diff.paths for diff in found] == [("d/a",), (), ("d/a",)]


def test_short_and_full_names_resolve_to_commits_only(origin, collector):
    tip = origin.commit({"a": b"1"})
    blob = origin.blob(b"1")
    branch(origin, tip)
    asked = [
        (tip,),
        (tip[:7],),
        (tip[:7].upper(),),
        (tip[:3],),
        (blob,),
        (NOWHERE,),
        (tip + "0" * 24,),
    ]
    found = [answer["commits"] for answer in ask_all(collector, K.RESOLVE, *asked)]
    assert found == [[tip], [tip], [tip], [], [], [], []]


def colliding_commits(tree: str) -> tuple[bytes, bytes]:
    """Two commit bodies whose names begin with the same four digits."""
    seen: dict[str, bytes] = {}
    for number in count():
        person = b"A <a@people.test> %d +0000\n" % number
        body = b"tree %s\nauthor %scommitter %s\nm" % (tree.encode(), person, person)
        start = hashlib.sha1(b"commit %d\0%s" % (len(body), body)).hexdigest()[:4]
        if start in seen:
            return seen[start], body
        seen[start] = body
    raise AssertionError


def test_an_ambiguous_short_name_gives_all_its_commits(origin, collector):
    bodies = colliding_commits(origin.tree({"a": b"1"}))
    one, other = sorted(origin.raw_commit(body) for body in bodies)
    branch(origin, one, other)
    assert ask(collector, K.RESOLVE, one[:4])["commits"] == [one, other]
    assert ask(collector, K.RESOLVE, one)["commits"] == [one]


def test_a_branch_or_expression_of_hexadecimal_looks_is_no_commit(origin, collector):
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/deadbeef", tip)
    assert (
        ask_all(collector, K.RESOLVE, ("deadbeef",), ("HEAD",), (f"{tip}^0",), ("",))
        == [{"commits": [], "tags": {}}] * 4
    )


def test_a_tag_resolves_by_its_exact_name_to_its_commit(origin, collector):
    tip = origin.commit({"a": b"1"})
    branch(origin, tip)
    origin.tag("v1.0", tip)
    origin.ref("refs/tags/team/v1.0", tip)
    origin.tag("key", origin.blob(b"k"), "blob")
    asked = [("v1.0",), ("team/v1.0",), ("v1",), ("key",), ("refs/tags/v1.0",)]
    assert [answer["tags"] for answer in ask_all(collector, K.RESOLVE, *asked)] == [
        {"refs/tags/v1.0": tip},
        {"refs/tags/team/v1.0": tip},
        {},
        {},
        {},
    ]


def test_entries_list_all_files_below_a_directory(origin, collector):
    tip = origin.commit(
        {
            "deploy/base/kustomization.yaml": b"1",
            "deploy/run.sh": ("100755", b"2"),
            "deploy/link": ("120000", b"base"),
            "deploy/vendor": ("160000", NOWHERE.encode()),
            "deploy.txt": b"3",
        }
    )
    branch(origin, tip)
    one, two, three = (origin.blob(data) for data in (b"1", b"2", b"3"))
    link = origin.blob(b"base")
    below = [
        ["100644", one, "deploy/base/kustomization.yaml"],
        ["120000", link, "deploy/link"],
        ["100755", two, "deploy/run.sh"],
        ["160000", NOWHERE, "deploy/vendor"],
    ]
    asked = [(tip, "deploy"), (tip, "/deploy/"), (tip, ""), (tip, "deploy/base"), (tip, "dep")]
    asked += [(tip, "deploy/run.sh"), (tip, "../deploy"), (NOWHERE, "deploy")]
    assert ask_all(collector, K.ENTRIES, *asked) == [
        below,
        below,
        [["100644", three, "deploy.txt"], *below],
        below[:1],
        [],
        [],
        [],
        "missing_object",
    ]


def test_one_file_of_a_commit_is_found_by_its_path(origin, collector):
    tip = origin.commit({"deploy/run.sh": b"2", "deploy/base/values.yaml": b"1", "top": b"3"})
    branch(origin, tip)
    paths = ("deploy/run.sh", "deploy/base/values.yaml", "top", "deploy", "deploy/none", "no/top")
    found = ask_all(collector, K.FILE, *[(tip, path) for path in paths], (NOWHERE, "top"))
    blobs = [[["100644", origin.blob(data)]] for data in (b"2", b"1", b"3")]
    assert found == [*blobs, [], [], [], "missing_object"]


def test_a_directory_with_too_many_files_is_said_to_be_too_large(origin, collector, monkeypatch):
    tip = origin.commit({"d/a": b"1", "d/b": b"1", "e": b"1"})
    branch(origin, tip)
    monkeypatch.setattr(content, "ENTRY_LIMIT", 4)
    assert ask(collector, K.ENTRIES, tip, "") == "too_large"
    assert len(ask(collector, K.ENTRIES, tip, "d")) == 2


def test_trees_that_were_forgotten_are_read_again(origin, collector, monkeypatch):
    tips = [origin.commit({"d/a": b"%d" % n, f"d/{n}": b"1"}) for n in range(4)]
    branch(origin, *tips)
    asked = [(tip, "d") for tip in (*tips, *tips)]
    whole = ask_all(collector, K.ENTRIES, *asked)
    monkeypatch.setattr("evidence.collectors.git.objects._ROWS_KEPT", 1)
    assert ask_all(collector, K.ENTRIES, *asked) == whole
    assert [len(files) for files in whole] == [2] * 8


def test_a_tag_whose_name_is_no_text_cannot_be_asked_for(origin, collector):
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/tags/caf\udce9", tip)
    assert ask(collector, K.RESOLVE, "caf\udce9") == "bad_question"


def test_a_blob_is_text_or_its_size(origin, collector, monkeypatch):
    monkeypatch.setattr(content, "BLOB_LIMIT", 10)
    contents = ["tag: é\n".encode(), b"", b"a\0b", b"\xff\xfe", b"x" * 11]
    tip = origin.commit({str(n): data for n, data in enumerate(contents)})
    branch(origin, tip)
    asked = [(origin.blob(data),) for data in contents]
    assert ask_all(collector, K.BLOB, *asked, (NOWHERE,), (tip,), (f"{tip}:0",)) == [
        {"text": "tag: é\n"},
        {"text": ""},
        {"binary": 3},
        {"binary": 2},
        {"too_large": 11},
        "missing_object",
        "missing_object",
        "missing_object",
    ]


def test_the_tree_of_a_commit(origin, collector):
    tip = origin.commit({"a": b"1"})
    branch(origin, tip)
    tree = oid(origin, f"{tip}^{{tree}}")
    assert ask_all(collector, K.TREE, (tip,), (NOWHERE,), ("--help",)) == [
        tree,
        "missing_object",
        "missing_object",
    ]


def test_a_tag_says_of_when_it_is_and_one_without_an_object_of_when_its_commit_is(
    origin, collector
):
    tip = origin.commit({"a": b"1"})
    branch(origin, tip)
    origin.tag("v1.0", tip)
    origin.ref("refs/tags/light", tip)
    committed = int(origin.git("show", "-s", "--format=%ct", tip))
    tagged, light = ask_all(collector, K.RESOLVE, ("v1.0",), ("light",))
    assert tagged["made"] == {"refs/tags/v1.0": 1750000000}
    assert light["made"] == {"refs/tags/light": committed}


def test_values_are_canonical_json(origin, collector):
    tip = origin.commit({"a": b"1"})
    branch(origin, tip)
    list(collector.fetch(WINDOW, ""))
    question = GitQuestion(repository="shop/app", kind=K.RESOLVE, args=(tip,))
    (answer,) = collector.answer([question])
    assert answer.value == f'{{"commits":["{tip}"],"tags":{{}}}}'


def test_a_question_of_another_repository_or_shape_is_not_guessed_at(origin, collector):
    tip = origin.commit({"a": b"1"})
    branch(origin, tip)
    list(collector.fetch(WINDOW, ""))
    answers = collector.answer(
        [
            GitQuestion(repository="shop/app", kind=K.TREE, args=(tip,)),
            GitQuestion(repository="shop/web", kind=K.TREE, args=(tip,)),
            GitQuestion(repository="shop/app", kind=K.TREE, args=(tip, tip)),
        ]
    )
    assert [answer.problem for answer in answers] == ["", "other_repository", "bad_question"]


def test_before_the_first_fetch_every_object_is_missing(collector):
    question = GitQuestion(repository="shop/app", kind=K.TREE, args=(NOWHERE,))
    assert [answer.problem for answer in collector.answer([question])] == ["missing_object"]


def test_thousands_of_questions_start_a_handful_of_processes(origin, collector, monkeypatch):
    root = origin.commit({"deploy/a": b"1"})
    tips = [root]
    for number in range(30):
        tips.append(origin.commit({"deploy/a": b"%d" % number}, tips[-1]))
    branch(origin, tips[-1])
    list(collector.fetch(WINDOW, ""))
    tool = collector._mirror.tool
    started = []
    execute = tool._command.execute
    monkeypatch.setattr(
        type(tool._command),
        "execute",
        lambda _self, command, *a, **k: started.append(command) or execute(command, *a, **k),
    )
    questions = [
        GitQuestion(repository="shop/app", kind=kind, args=args)
        for old in tips
        for new in tips
        for kind, args in (
            (K.RANGE_DIFF, (old, new)),
            (K.NET_DIFF, (old, new)),
            (K.MERGE_TREE, (old, new)),
            (K.ENTRIES, (new, "deploy")),
            (K.RESOLVE, (new[:12],)),
            (K.CHANGED_PATHS, (new,)),
        )
    ]
    answers = collector.answer(questions)
    assert len(answers) == 5_766
    assert {answer.problem for answer in answers} == {""}
    assert len(started) <= 20


@settings(max_examples=15)
@given(data=st.data())
def test_merge_bases_over_the_graph_are_those_of_git(origin_class, data, tmp_path_factory):
    origin = origin_class(tmp_path_factory.mktemp("graph") / "origin.git")
    tree = origin.tree({})
    shas: list[str] = []
    for number in range(data.draw(st.integers(2, 9))):
        parents = (
            data.draw(st.lists(st.sampled_from(shas), unique=True, max_size=3)) if shas else []
        )
        when = data.draw(st.integers(1, 50))  # clocks lie: children may be older than parents
        person = b"A <a@people.test> %d +0000\n" % when
        body = b"tree " + tree.encode() + b"\n"
        body += b"".join(b"parent " + parent.encode() + b"\n" for parent in parents)
        shas.append(
            origin.raw_commit(
                body + b"author " + person + b"committer " + person + b"\n%d" % number
            )
        )
    tool = GitTool(origin.path)
    pairs = [(one, other) for one in shas for other in shas][:20]
    graph = Graph.read(tool, shas)
    assert [graph.merge_bases(*pair) for pair in pairs] == bases.merge_bases(tool, pairs)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, max_size=2, unique=True))
def test_no_two_paths_share_a_text(paths):
    one, other = paths
    assert path_text(one) != path_text(other)
