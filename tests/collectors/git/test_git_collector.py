"""The Git collector as a source: refs, history that endures, commits, resuming."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.git import GitCollector
from evidence.collectors.git.alone import alone
from evidence.collectors.interface import Parsed
from evidence.errors import SourceError, UnavailableError
from evidence.model.capture import Capture, Form, GapReason, Page, Window
from evidence.model.git import RefTip

WINDOW = Window(since=0, until=1)


def fetch(collector: GitCollector) -> Page:
    (page,) = collector.fetch(WINDOW, "")
    return page


def facts(collector: GitCollector) -> dict[str, RefTip]:
    captures = fetch(collector).captures
    return {fact.name: fact for capture in captures for fact in collector.parse(capture).facts}


def shas(collector: GitCollector, known=()) -> set[str]:
    return {row[1] for row in collector.new_commits(known)}


def test_a_fetch_yields_a_capture_per_shelf_of_refs_and_no_gap(origin, collector, clock):
    first = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", first)
    origin.ref("refs/pull/7/head", first)
    origin.ref("refs/pull/1207/head", first)
    origin.ref("refs/notes/commits", first)
    tag = origin.tag("v1", first)
    page = fetch(collector)
    assert (page.complete, page.gaps, page.calls) == (True, (), 1)
    assert {(one.kind, one.form, one.observed_at) for one in page.captures} == {
        ("git.refs", Form.EXACT, clock.now)
    }
    assert {one.key: one.payload.decode() for one in page.captures} == {
        "shop/app:heads": f"{first} commit - refs/heads/main\n",
        "shop/app:pull/0": f"{first} commit - refs/pull/7/head\n",
        "shop/app:pull/2": f"{first} commit - refs/pull/1207/head\n",
        "shop/app:tags": f"{tag} tag {first} refs/tags/v1\n",
    }


def test_a_new_pull_request_leaves_the_other_shelves_as_they_are(origin, collector):
    first = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", first)
    origin.ref("refs/pull/7/head", first)
    before = {one.key: one.payload for one in fetch(collector).captures}
    origin.ref("refs/pull/900/head", first)
    after = {one.key: one.payload for one in fetch(collector).captures}
    assert {key for key in after if after[key] != before.get(key)} == {"shop/app:pull/1"}


def test_an_emptied_shelf_is_recorded_once_as_empty(origin, collector):
    first = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", first)
    origin.tag("v1", first)
    page = fetch(collector)
    origin.git("tag", "-d", "v1")
    (emptied,) = collector.fetch(WINDOW, page.cursor)
    (later,) = collector.fetch(WINDOW, emptied.cursor)
    assert {one.key: one.payload for one in emptied.captures}["shop/app:tags"] == b""
    assert [one.key for one in later.captures] == ["shop/app:heads"]


@pytest.mark.parametrize("cursor", ["", "not json", "[]", '{"shelves": 7}', '{"shelves": [1]}'])
def test_a_cursor_that_says_nothing_is_the_first_one(origin, collector, cursor):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    (page,) = collector.fetch(WINDOW, cursor)
    assert [one.key for one in page.captures] == ["shop/app:heads"]


def test_parsing_a_capture_gives_each_tip_with_the_commit_behind_an_annotated_tag(
    origin, collector
):
    first = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", first)
    tag = origin.tag("v1", first)
    nested = origin.tag("v1-signed", tag, "tag")
    assert facts(collector) == {
        "refs/heads/main": RefTip(repository="shop/app", name="refs/heads/main", sha=first),
        "refs/tags/v1": RefTip(repository="shop/app", name="refs/tags/v1", sha=tag, peeled=first),
        "refs/tags/v1-signed": RefTip(
            repository="shop/app", name="refs/tags/v1-signed", sha=nested, peeled=first
        ),
    }


def test_a_tag_of_a_file_leads_to_no_commit(origin, collector):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    tag = origin.tag("key", origin.blob(b"public key"), "blob")
    assert facts(collector)["refs/tags/key"] == RefTip(
        repository="shop/app", name="refs/tags/key", sha=tag
    )


def test_a_second_run_sees_the_same_payload_and_no_new_commit(origin, collector):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    first = fetch(collector)
    known = collector.tips()
    assert len(shas(collector)) == 1
    second = fetch(collector)
    assert second == first
    assert list(collector.new_commits(known)) == []


def test_an_empty_repository_has_an_empty_capture(origin, collector):
    (capture,) = fetch(collector).captures
    assert capture.payload == b""
    assert collector.parse(capture) == Parsed()
    assert list(collector.new_commits()) == []


def test_before_the_first_fetch_there_is_nothing_to_derive(collector):
    assert collector.tips() == ()
    assert list(collector.new_commits()) == []


def test_a_rewritten_branch_keeps_its_old_commits_and_shows_its_new_tip(origin, collector):
    root = origin.commit({"a": b"1"})
    old = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", old)
    fetch(collector)
    new = origin.commit({"a": b"3"}, root)
    origin.ref("refs/heads/main", new)
    origin.git("reflog", "expire", "--expire=now", "--all")
    assert facts(collector)["refs/heads/main"].sha == new
    assert shas(collector) == {root, old, new}
    assert collector.tips() == tuple(sorted((old, new)))


def test_a_deleted_branch_leaves_the_refs_but_its_commits_stay(origin, collector):
    root = origin.commit({"a": b"1"})
    side = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", root)
    origin.ref("refs/heads/topic", side)
    fetch(collector)
    origin.git("update-ref", "-d", "refs/heads/topic")
    assert set(facts(collector)) == {"refs/heads/main"}
    assert shas(collector) == {root, side}


def test_a_branch_may_become_a_folder_of_branches(origin, collector):
    root = origin.commit({"a": b"1"})
    origin.ref("refs/heads/topic", root)
    fetch(collector)
    origin.git("update-ref", "-d", "refs/heads/topic")
    origin.ref("refs/heads/topic/one", root)
    assert set(facts(collector)) == {"refs/heads/topic/one"}


def test_only_commits_that_no_known_tip_reaches_are_new(origin, collector):
    first = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", first)
    fetch(collector)
    known = collector.tips()
    second = origin.commit({"a": b"2"}, first)
    third = origin.commit({"a": b"3"}, second)
    origin.ref("refs/heads/main", third)
    fetch(collector)
    assert [row[1] for row in collector.new_commits(known)] == [third, second]
    assert shas(collector, known=[*known, "f" * 40]) == {third, second}


def test_a_run_cut_while_commits_are_read_reads_them_all_again(origin, collector):
    first = origin.commit({"a": b"1"})
    second = origin.commit({"a": b"2"}, first)
    origin.ref("refs/heads/main", second)
    fetch(collector)
    rows = collector.new_commits()
    next(rows)
    rows.close()
    assert shas(collector) == {first, second}


def test_a_tip_that_was_fetched_but_not_yet_kept_is_kept_before_it_is_overwritten(
    origin, collector, tmp_path
):
    root = origin.commit({"a": b"1"})
    old = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", old)
    fetch(collector)
    mirror = tmp_path / "mirror"
    origin.git("--git-dir", str(mirror), "update-ref", "-d", f"refs/evidence/seen/{old}")
    origin.ref("refs/heads/main", root)
    fetch(collector)
    assert shas(collector) == {root, old}


def test_locks_of_a_killed_run_do_not_stop_the_next_one(origin, collector, tmp_path):
    root = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", root)
    origin.ref("refs/heads/gone", root)
    fetch(collector)
    mirror = tmp_path / "mirror"
    left = ("packed-refs.lock", "packed-refs.new", "refs/heads/main.lock", "HEAD.lock")
    halves = ("objects/pack/tmp_pack_ab12cd", "objects/pack/pack-ab12.keep")
    for name in (*left, *halves):
        lock = mirror / name
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    new = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", new)
    origin.git("update-ref", "-d", "refs/heads/gone")
    found = facts(collector)
    assert {name: tip.sha for name, tip in found.items()} == {"refs/heads/main": new}
    assert [name for name in (*left, *halves) if (mirror / name).exists()] == []


def test_a_mirror_that_was_only_half_made_is_finished(origin, collector, tmp_path):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    (tmp_path / "mirror" / "objects").mkdir(parents=True)
    (tmp_path / "mirror" / "HEAD").write_text("ref: refs/heads/main\n")
    assert set(facts(collector)) == {"refs/heads/main"}


def test_the_mirror_is_never_cleaned_up_by_git(origin, collector, tmp_path):
    fetch(collector)
    config = (tmp_path / "mirror" / "config").read_text()
    assert "auto = 0" in config
    assert "pruneExpire = never" in config
    assert not list((tmp_path / "mirror").glob("hooks/*"))


def test_joining_packs_loses_no_commit_that_was_ever_seen(origin, collector, tmp_path, monkeypatch):
    monkeypatch.setattr("evidence.collectors.git.mirror._PACKS", 3)
    root = origin.commit({"a": b"0"})
    made = {root}
    for number in range(1, 9):
        tip = origin.commit({"a": b"%d" % number}, root)  # each replaces the one before
        origin.ref("refs/heads/main", tip)
        fetch(collector)
        made.add(tip)
    assert len(list((tmp_path / "mirror" / "objects" / "pack").glob("*.pack"))) <= 4
    assert shas(collector) == made


def test_a_shallow_source_is_a_gap_and_never_a_whole_history(origin, make_origin, tmp_path):
    root = origin.commit({"a": b"1"})
    tip = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", tip)
    cut = make_origin("cut.git")
    cut.git("fetch", "-q", "--depth=1", f"file://{origin.path}", "refs/heads/*:refs/heads/*")
    collector = GitCollector(
        source="git-test",
        repository="shop/app",
        url=f"file://{cut.path}",
        directory=tmp_path / "mirror",
    )
    page = fetch(collector)
    (gap,) = page.gaps
    assert (gap.reason, gap.kind, gap.repository) == (
        GapReason.HISTORY_LOST,
        "git.commits",
        "shop/app",
    )
    assert shas(collector) == set()


def test_a_shallow_mirror_is_completed_from_a_whole_source(origin, collector, tmp_path):
    root = origin.commit({"a": b"1"})
    tip = origin.commit({"a": b"2"}, root)
    origin.ref("refs/heads/main", tip)
    fetch(collector)
    mirror = tmp_path / "mirror"
    origin.git(
        "--git-dir",
        str(mirror),
        "fetch",
        "-q",
        "--depth=1",
        f"file://{origin.path}",
        "refs/heads/main",
    )
    assert (mirror / "shallow").exists()
    assert fetch(collector).gaps == ()
    assert shas(collector) == {root, tip}


def test_a_repository_of_sha256_names_is_mirrored_as_such(make_origin, tmp_path):
    modern = make_origin("modern.git", object_format="sha256")
    tip = modern.commit({"a": b"1"})
    modern.ref("refs/heads/main", tip)
    collector = GitCollector(
        source="git-test",
        repository="shop/app",
        url=str(modern.path),
        directory=tmp_path / "mirror",
    )
    assert len(tip) == 64
    assert facts(collector)["refs/heads/main"].sha == tip
    assert shas(collector) == {tip}
    assert [(row[1], row[-1]) for row in collector.new_commits()] == [(tip, '["a"]')]


def test_a_missing_repository_is_a_clear_error(collector, origin):
    origin.path.rename(origin.path.with_suffix(".gone"))
    with pytest.raises(SourceError, match="No such repository"):
        fetch(collector)


def test_a_source_that_went_away_takes_nothing_from_the_mirror(origin, collector):
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", tip)
    fetch(collector)
    origin.path.rename(origin.path.with_suffix(".gone"))
    with pytest.raises(SourceError, match="No such repository"):
        fetch(collector)
    assert shas(collector) == {tip}


def test_a_damaged_mirror_is_an_error_and_not_a_short_history(origin, collector, tmp_path):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    fetch(collector)
    mirror = tmp_path / "mirror"
    body = b"tree %s\nparent %s\nauthor A <a@people.test> 1 +0000\ncommitter A <a@people.test> 1 +0000\n\n"
    orphan = origin.git(
        *("--git-dir", str(mirror), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"),
        stdin=body % (b"a" * 40, b"b" * 40),
    )
    seen = mirror / "refs" / "evidence" / "seen"
    seen.mkdir(parents=True, exist_ok=True)
    (seen / orphan).write_text(f"{orphan}\n")
    with pytest.raises(SourceError, match="rev-list"):
        shas(collector)


def test_the_git_of_a_killed_run_is_waited_for(origin, collector, tmp_path):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    fetch(collector)
    mirror = tmp_path / "mirror"
    with alone(mirror) as lock:
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
    with pytest.raises(UnavailableError, match="earlier run"), alone(mirror, patience=0.0):
        pytest.fail("two at a time")
    orphan.kill()
    orphan.wait()
    assert set(facts(collector)) == {"refs/heads/main"}


@pytest.mark.parametrize("url", ["ext::sh -c 'touch owned'", "--upload-pack=touch owned"])
def test_a_url_never_runs_a_command(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    collector = GitCollector(
        source="git-test", repository="shop/app", url=url, directory=tmp_path / "mirror"
    )
    with pytest.raises(SourceError):
        fetch(collector)
    assert not list(tmp_path.rglob("owned*"))


def test_git_variables_of_the_caller_lead_nowhere(
    origin, collector, make_origin, monkeypatch, tmp_path
):
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", tip)
    other = make_origin("other.git")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / "objects"))
    monkeypatch.setenv("GIT_NAMESPACE", "elsewhere")
    assert facts(collector)["refs/heads/main"].sha == tip
    assert shas(collector) == {tip}
    assert "worktree" not in (tmp_path / "mirror" / "config").read_text()


def test_lines_that_cannot_be_read_are_a_gap_and_the_others_are_facts(origin, collector):
    tip = origin.commit({"a": b"1"})
    origin.ref("refs/heads/main", tip)
    (capture,) = fetch(collector).captures
    odd = dataclasses.replace(capture, payload=capture.payload + b"nonsense\n\xff \xfe - x\n")
    parsed = collector.parse(odd)
    assert [fact.sha for fact in parsed.facts] == [tip]
    (gap,) = parsed.gaps
    assert gap.reason is GapReason.MALFORMED


def test_replay_of_a_capture_gives_the_facts_of_the_live_run(origin, collector, tmp_path):
    origin.ref("refs/heads/main", origin.commit({"a": b"1"}))
    origin.tag("v1", origin.commit({"a": b"2"}))
    elsewhere = GitCollector(
        source="git-test", repository="shop/app", url="unused", directory=Path("/nonexistent")
    )
    heads, tags = fetch(collector).captures
    assert elsewhere.parse(heads) == collector.parse(heads)
    assert elsewhere.parse(tags) == collector.parse(tags)


@pytest.mark.parametrize("world", ["empty", "one branch", "many refs"])
def test_the_contract_of_every_collector_holds(origin, tmp_path, promise, clock, world):
    if world != "empty":
        tip = origin.commit({"a": b"1"})
        origin.ref("refs/heads/main", tip)
    if world == "many refs":
        origin.tag("v1", tip)
        for number in range(20):
            origin.ref(f"refs/pull/{number}/head", origin.commit({"a": b"%d" % number}, tip))
    promise(
        lambda: GitCollector(
            source="git-test",
            repository="shop/app",
            url=f"file://{origin.path}",
            directory=tmp_path / "mirror",
            clock=clock,
        )
    )


@given(st.binary(max_size=200))
def test_any_payload_is_parsed_without_raising(payload):
    collector = GitCollector(
        source="git-test", repository="shop/app", url="unused", directory=Path("/nonexistent")
    )
    capture = Capture(
        source="git-test",
        kind="git.refs",
        key="shop/app",
        series="git.refs/1",
        observed_at=1,
        form=Form.EXACT,
        payload=payload,
        collector="git",
        collector_version="1",
    )
    parsed = collector.parse(capture)
    assert all(fact.name.startswith("refs/") for fact in parsed.facts)
    assert len(parsed.gaps) <= 1
