"""The bare mirror of one repository: every tip that was ever observed stays in it.

What the source shows now lies under its own names (`refs/heads/`, `refs/tags/`, `refs/pull/`);
each object that any of them ever named is also kept under `refs/evidence/seen/<object name>`.
Nothing is collected as garbage. A fetch that was cut is repeated: it is idempotent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from evidence.collectors.git.alone import alone
from evidence.collectors.git.objects import Objects
from evidence.collectors.git.output import Finished
from evidence.collectors.git.tool import GitTool, Pairs, lines
from evidence.errors import AuthError, SourceError, UnavailableError

REFSPECS = (
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+refs/pull/*/head:refs/pull/*/head",
)
SEEN = "refs/evidence/seen/"
_OBSERVED = ("refs/heads", "refs/tags", "refs/pull")
_FETCH = (
    "fetch",
    "--prune",
    "--no-tags",
    "--force",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
)
_READY = "evidence.mirror"
_PACKS = 30
"""Packs above which they are joined: every fetch that brings something adds one."""
_KEPT_SETTINGS = """\
[core]
\tbare = true
[gc]
\tauto = 0
\tpruneExpire = never
\treflogExpire = never
[maintenance]
\tauto = false
[evidence]
\tmirror = 1
"""
"""What protects the mirror from whoever runs Git in it; `_READY` is among it."""
_REFUSED = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied",
    "error: 401",
    "error: 403",
    "invalid credentials",
)
_UNREACHABLE = (
    "could not resolve host",
    "unable to access",
    "connection",
    "timed out",
    "timeout:",
    "early eof",
    "hung up",
    "rpc failed",
    "network is unreachable",
)
_ABSENT = ("not found", "does not appear to be a git repository", "does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """One observed ref; `peeled` is the commit behind an annotated tag, else empty."""

    name: bytes
    sha: str
    kind: str
    """Type of the object that it names: commit, tag, tree or blob."""
    peeled: str = ""

    def line(self) -> bytes:
        """The ref's line of a `git.refs` payload."""
        head = f"{self.sha} {self.kind} {self.peeled or '-'} "
        return head.encode("ascii") + self.name + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh saw: the refs in byte order of their names, and whether history is cut."""

    refs: tuple[Ref, ...]
    shallow: str = ""
    """One sentence where the source or the mirror has no whole history, else empty."""


class Mirror:
    """One mirror directory. One program at a time uses it: the run lock sees to that; that no Git
    of one that was killed refreshes it too, `alone` does."""  # noqa: D205, D209

    def __init__(self, directory: Path, *, timeout: float = 3600.0) -> None:
        self._directory = directory
        self._timeout = timeout
        self._tool: GitTool | None = None
        self._ready = False

    @property
    def tool(self) -> GitTool:
        """Git bound to the mirror directory."""
        if self._tool is None:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tool = GitTool(self._directory.resolve(), timeout=self._timeout)
        return self._tool

    def reader(self) -> GitTool:
        """Git that also reads the trees of redone merges, which lie apart in `made/`.

        They stay, because a rule may ask later how a redone merge differs from what landed; Git
        writes there only what the mirror lacks, so a merge that landed as it is leaves nothing.
        """
        made = self.tool.directory / "made"
        made.mkdir(exist_ok=True)
        return GitTool(self.tool.directory, timeout=self._timeout, made=made)

    def exists(self) -> bool:
        """Whether the mirror was made to the end."""
        if not (self._directory / "HEAD").is_file():
            return False
        if not self._ready:
            self._ready = self.tool.run("config", "--get", _READY).status == 0
        return self._ready

    def refresh(self, url: str, authorization: str = "") -> Refreshed:
        """Brings the mirror to what the source shows now.

        `authorization` is the value of an HTTP `Authorization` header, or empty.

        Raises:
            AuthError: the source refused the credential.
            UnavailableError: it could not be reached in time.
            SourceError: any other failure; the mirror keeps what it has.
        """
        settings = remote_settings(url, authorization)
        tool = self.tool
        with alone(tool.directory) as lock, tool.lending(lock):
            if not self.exists():
                self._create(settings)
            before = self._tips()
            self._keep(before.values())
            done = self._fetch(settings)
            after = self._rows()
            self._keep(sha for sha, *_ in after)
            if {name: sha for sha, _, name in after} != before:
                self._settle()
            return Refreshed(refs=self._refs(after), shallow=self._shallow(done))

    def tips(self) -> tuple[str, ...]:
        """Every object name that a ref was ever seen to have, sorted."""
        form = f"--format=%(refname:lstrip={SEEN.count('/')})"
        return tuple(sorted(self.tool.must("for-each-ref", form, SEEN).decode().split()))

    def _create(self, settings: Pairs) -> None:
        """Makes the repository, with the source's hash function; safe to repeat."""
        form = self._object_format(settings)
        # GIT_DIR makes it bare; `--bare` would fail where the caller's GIT_WORK_TREE is set.
        self.tool.must("init", "--quiet", "--template=", f"--object-format={form}")
        config = self.tool.directory / "config"
        if "worktree" in config.read_text(encoding="utf-8"):
            self.tool.run("config", "--unset-all", "core.worktree")
        whole = config.with_name("config.new")  # all of them at once, by the rename
        whole.write_text(config.read_text(encoding="utf-8") + _KEPT_SETTINGS, encoding="utf-8")
        whole.replace(config)

    def _object_format(self, settings: Pairs) -> str:
        done = self.tool.run("ls-remote", "origin", settings=settings)
        if done.status != 0:
            raise _failure(done)
        first = done.stdout.split(b"\t", 1)[0]
        return "sha256" if len(first) == 64 else "sha1"

    def _fetch(self, settings: Pairs) -> Finished:
        cut = (self._directory / "shallow").exists()
        arguments = (*_FETCH, *(("--unshallow",) if cut else ()), "origin", *REFSPECS)
        done = self.tool.run(*arguments, settings=settings)
        if done.status != 0:
            raise _failure(done)
        return done

    def _shallow(self, done: Finished) -> str:
        if (self._directory / "shallow").exists():
            return "The mirror has a cut history and the source did not complete it."
        if "shallow" in done.stderr:
            return "The source is a shallow clone: refs whose history it lacks were not taken."
        return ""

    def _tips(self) -> dict[bytes, str]:
        out = self.tool.must("for-each-ref", "--format=%(objectname) %(refname)", *_OBSERVED)
        rows = (line.partition(b" ") for line in out.splitlines())
        return {name: sha.decode() for sha, _, name in rows}

    def _rows(self) -> list[tuple[str, str, bytes]]:
        """(object name, its type, ref) of every ref that shows what the source has."""
        form = "--format=%(objectname) %(objecttype) %(refname)"
        told = self.tool.must("for-each-ref", form, *_OBSERVED).splitlines()
        rows = (line.split(b" ", 2) for line in told)
        return [(sha.decode(), kind.decode(), name) for sha, kind, name in rows]

    def _refs(self, rows: list[tuple[str, str, bytes]]) -> tuple[Ref, ...]:
        tags = [sha for sha, kind, _ in rows if kind == "tag"]
        peeled = self._peeled(tags) if tags else {}
        return tuple(
            Ref(name=name, sha=sha, kind=kind, peeled=peeled.get(sha, ""))
            for sha, kind, name in sorted(rows, key=lambda row: row[2])
        )

    def _peeled(self, tags: list[str]) -> dict[str, str]:
        """Tag -> the commit behind it."""
        with Objects(self.tool) as objects:
            found = objects.info([f"{sha}^{{commit}}" for sha in tags])
        return {sha: info.oid for sha, info in zip(tags, found, strict=True) if info}

    def _keep(self, shas: Iterable[str]) -> None:
        shown = set(shas)
        missing = sorted(shown.difference(self.tips())) if shown else []
        if missing:
            commands = lines(f"create {SEEN}{sha} {sha}" for sha in missing)
            self.tool.must("update-ref", "--stdin", stdin=commands)

    def _settle(self) -> None:
        """Makes later reading fast; a failure here costs time, not evidence."""
        self.tool.run("pack-refs", "--all")
        if len(list((self._directory / "objects" / "pack").glob("*.pack"))) > _PACKS:
            self.tool.run("repack", "--geometric=2", "-d", "--quiet")  # keeps every object
        self.tool.run("commit-graph", "write", "--reachable", "--split", "--no-progress")


def remote_settings(url: str, authorization: str = "") -> Pairs:
    """The remote as settings for the environment: URL and header stay out of the arguments."""
    place = Path(url)
    local = "://" not in url and place.exists()
    pairs = [("remote.origin.url", str(place.resolve()) if local else url)]
    if authorization:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        scope = f"{parts.scheme}://{host}/"
        pairs.append((f"http.{scope}.extraHeader", f"Authorization: {authorization}"))
    return tuple(pairs)


def redacted_url(url: str) -> str:
    """The URL without user information, query and fragment."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _failure(done: Finished) -> SourceError | AuthError:
    text = done.stderr.lower()
    said = done.stderr.strip() or f"exit status {done.status}"
    if any(mark in text for mark in _REFUSED):
        return AuthError(f"The Git server refused the credential: {said}")
    if any(mark in text for mark in _ABSENT):
        return SourceError(
            f"No such repository, or this credential may not read it: {said}",
            next_step="Check the repository's URL and what the token may read.",
        )
    if "repository corruption" in text:  # said together with "early EOF"
        return SourceError(
            f"The source repository is damaged: {said}",
            next_step="Run `git fsck` on the source, or point to a sound copy of it.",
        )
    if any(mark in text for mark in _UNREACHABLE):
        return UnavailableError(f"The Git server could not be read: {said}")
    return SourceError(f"git fetch failed: {said}")
