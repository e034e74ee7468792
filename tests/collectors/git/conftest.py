"""Real Git repositories, built for one test and thrown away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from evidence.collectors.git import GitCollector

WHO = b"Robin Example <robin@people.test>"


class Origin:
    """A bare repository written by plumbing: every byte of a commit is ours to choose."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "--bare", f"--object-format={object_format}", ".")
        self.time = 1_750_000_000

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "HOME": str(self.path),
        }
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=stdin,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def blob(self, data: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=data)

    def tree(self, files: Mapping[str, bytes | tuple[str, bytes]]) -> str:
        """A tree of path -> content, or path -> (mode, content; an object name for 160000)."""
        folders: dict[str, dict[str, bytes | tuple[str, bytes]]] = {}
        rows = []
        for path, content in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = content
                continue
            mode, data = content if isinstance(content, tuple) else ("100644", content)
            if mode == "160000":
                rows.append(f"160000 commit {data.decode()}\t{head}\0")
            else:
                rows.append(f"{mode} blob {self.blob(data)}\t{head}\0")
        for head, inner in folders.items():
            rows.append(f"040000 tree {self.tree(inner)}\t{head}\0")
        data = "".join(rows).encode("utf-8", "surrogateescape")
        return self.git("mktree", "-z", "--missing", stdin=data)

    def raw_commit(self, body: bytes) -> str:
        return self.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=body)

    def commit(
        self,
        files: Mapping[str, bytes | tuple[str, bytes]],
        *parents: str,
        message: bytes = b"A change\n",
        author: bytes = WHO,
        committer: bytes = WHO,
        headers: bytes = b"",
    ) -> str:
        self.time += 60
        when = f" {self.time} +0200\n".encode()
        body = b"tree " + self.tree(files).encode() + b"\n"
        body += b"".join(b"parent " + parent.encode() + b"\n" for parent in parents)
        body += b"author " + author + when + b"committer " + committer + when
        return self.raw_commit(body + headers + b"\n" + message)

    def ref(self, name: str, sha: str) -> None:
        self.git("update-ref", name, sha)

    def tag(self, name: str, sha: str, kind: str = "commit") -> str:
        body = f"object {sha}\ntype {kind}\ntag {name}\ntagger {WHO.decode()} 1750000000 +0000\n\n{name}\n"
        made = self.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=body.encode())
        self.ref(f"refs/tags/{name}", made)
        return made


class Clock:
    """Microseconds that only move when a test says so."""

    def __init__(self) -> None:
        self.now = 1_780_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin.git")


@pytest.fixture(scope="session")
def origin_class() -> type[Origin]:
    """For properties, which build a repository per example."""
    return Origin


@pytest.fixture
def make_origin(tmp_path: Path) -> Callable[..., Origin]:
    def make(name: str, **options: str) -> Origin:
        return Origin(tmp_path / name, **options)

    return make


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def collector(origin: Origin, tmp_path: Path, clock: Clock) -> GitCollector:
    return GitCollector(
        source="git-test",
        repository="shop/app",
        url=f"file://{origin.path}",
        directory=tmp_path / "mirror",
        clock=clock,
    )
