"""Refs that were observed by a run that was cut before it derived their commits."""

from __future__ import annotations

import subprocess

import pytest

from evidence import collecting
from evidence.collectors.git import GitCollector
from evidence.collectors.interface import no_progress
from evidence.model.capture import Window
from evidence.model.git import Commit, RefTip
from evidence.store import queries

pytestmark = pytest.mark.long


class CutError(Exception):
    """The process dies here."""


def git(folder, *arguments):
    who = ("-c", "user.name=Ada Example", "-c", "user.email=ada@people.example")
    done = subprocess.run(
        ["git", *who, "-C", folder, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder, message, branch):
    """A commit without a parent, as the only one of its branch."""
    sha = git(folder, "commit-tree", git(folder, "write-tree"), "-m", message)
    git(folder, "update-ref", f"refs/heads/{branch}", sha)
    return sha


def read(store, collector):
    run = collecting.Run(store=store, window=Window(since=0, until=1), version="v", id="r")
    return collecting.read_source(run, collector, no_progress)


def test_a_commit_that_only_the_cut_run_observed_belongs_to_its_observation(
    store, tmp_path, monkeypatch
):
    origin = tmp_path / "origin"
    subprocess.run(["git", "init", "-q", "--bare", origin], check=True)
    collector = GitCollector(
        source="git:shop", repository="shop", url=origin.as_uri(), directory=tmp_path / "mirror"
    )
    gone = commit(origin, "first", "main")

    def cut(*_, **__):
        raise CutError

    with monkeypatch.context() as patched:
        patched.setattr(collecting, "derive_commits", cut)
        with pytest.raises(CutError):
            read(store, collector)
    stays = commit(origin, "second, with force", "main")
    read(store, collector)
    seen = {tip.sha: tip.entry_seq for tip in queries.load_versions(store, RefTip)}
    kept = {one.sha: one.entry_seq for one in queries.load(store, Commit)}
    assert kept == seen
    assert set(kept) == {gone, stays}
    assert kept[gone] < kept[stays]
