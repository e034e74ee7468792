"""Facts from Git, and the questions that pure rules may ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(Fact):
    """One commit object. History: immutable. Names, e-mails and times in it are claims."""

    repository: str
    """Configured repository id."""
    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    author_time: int
    """Microseconds UTC; client-set, so a claim."""
    committer_name: str
    committer_email: str
    committer_time: int
    message: str
    signature: str = ""
    """The raw `gpgsig` header, unverified; empty where the commit carries none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefTip(Fact):
    """What one ref pointed to when it was observed. History: snapshot."""

    repository: str
    name: str
    """Full name: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/head`."""
    sha: str
    """The object the ref names (a tag object for an annotated tag)."""
    peeled: str = ""
    """The commit behind an annotated tag, else empty."""


class QuestionKind(StrEnum):
    """What may be asked of a repository, with the JSON shape of the answer's `value`."""

    MERGE_TREE = "merge_tree"
    """args (base sha, head sha) -> {"trees": [tree oid, ...] of clean merges with rename detection
    on and off, "conflicted": [path, ...] of a conflicted merge, "both_changed": [path, ...]}."""
    NET_DIFF = "net_diff"
    """args (base sha, head sha) -> {"merge_base": sha, "digest": sha256 hex of the normalised full
    diff merge-base..head with modes and binaries, "paths": [path, ...]}."""
    RANGE_DIFF = "range_diff"
    """args (old sha, new sha) -> {"digest": ..., "paths": [...]} of the diff old..new as it is."""
    TREE = "tree"
    """args (commit sha,) -> tree oid."""
    RESOLVE = "resolve"
    """args (text,) -> {"commits": [sha, ...] that the full or short SHA names,
    "tags": {ref name: commit sha} of tags of exactly that name, "made": {ref name: second} that the
    tag or else its commit claims to be of; left out where no tag has that name}."""
    ENTRIES = "entries"
    """args (commit sha, directory or "") -> [[mode, blob oid, path], ...] of all files below it,
    recursively; [] where the directory does not exist there."""
    FILE = "file"
    """args (commit sha, path) -> [[mode, blob oid]] of that one file; [] where it is not there."""
    BLOB = "blob"
    """args (blob oid,) -> {"text": str} or {"binary": size} or {"too_large": size}."""
    CODEOWNERS = "codeowners"
    """args (commit sha,) -> {"path": path, "oid": blob oid} of the file that GitHub takes as
    CODEOWNERS at that commit, or {"path": ""} where it has none."""
    MESSAGE = "message"
    """args (commit sha,) -> {"text": its message}; or {"too_large": bytes}."""
    CHANGED_PATHS = "changed_paths"
    """args (commit sha,) -> [path, ...] changed against the first parent."""
    SUBMODULES = "submodules"
    """args (old sha, new sha) -> [[path, URL as written, old commit, new commit], ...] of the
    submodules whose pointer differs; a commit is empty where there is no such submodule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitQuestion:
    """One question of a pure rule; the same question always has the same answer (object ids)."""

    repository: str
    kind: QuestionKind
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitAnswer(Fact):
    """The stored answer. History: immutable (keyed by object ids), but RESOLVE is a snapshot."""

    repository: str
    kind: QuestionKind
    args: tuple[str, ...]
    value: str
    """Canonical JSON of the answer; empty where `problem` says why there is none."""
    problem: str = ""
    """`missing_object`, `no_merge_base`, `tool_too_old`, `too_large`...; empty where answered."""
