"""A signed commit of a checkpoint on a branch of a repository elsewhere.

The commit carries an OpenSSH signature by the sealing key, made here and not by Git, so that any
signer will do. Each commit follows the one before: a branch that cannot be forced keeps the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evidence.collectors.git.output import redact
from evidence.collectors.git.tool import GitTool, Pairs
from evidence.errors import SourceError, UnavailableError
from evidence.manifest import sshsig
from evidence.seal.signers import Signer

NAMESPACE = "git"
"""The namespace in which `git verify-commit` expects an OpenSSH signature."""
_AUTHOR = "evidence <evidence@localhost.invalid>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """The repository elsewhere: address, branch, and an HTTP `Authorization` value or empty."""

    url: str
    branch: str
    authorization: str = ""

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.branch}"

    @property
    def settings(self) -> Pairs:
        """What Git is told for this remote alone."""
        if not self.authorization:
            return ()
        return ((f"http.{self.url}.extraHeader", f"Authorization: {self.authorization}"),)


def push_commit(
    directory: Path,
    remote: Remote,
    files: Mapping[str, bytes],
    message: str,
    *,
    signer: Signer,
    now: int,
) -> str:
    """Adds a signed commit with these files to the branch; returns its name.

    Files of other ledgers on the branch stay. `directory` holds a bare repository of ours, made
    where it is missing. `now` in seconds since the epoch.

    Raises:
        UnavailableError: the repository cannot be read or written, or the branch moved meanwhile.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    tool = GitTool(directory.resolve(), timeout=120.0)
    if not (directory / "HEAD").is_file():
        tool.must("init", "--quiet", "--bare", str(directory.resolve()))
    parent = _fetch(tool, remote)
    tree = _tree(tool, parent, files)
    commit = _commit(tool, tree, parent, message, signer, now)
    done = tool.run(
        "push", "--quiet", "--", remote.url, f"{commit}:{remote.ref}", settings=remote.settings
    )
    if done.status != 0:
        raise _refused(remote, "written", done.stderr)
    return commit


def _fetch(tool: GitTool, remote: Remote) -> str:
    """The commit that the branch names now; "" where there is no such branch yet."""
    listed = tool.run("ls-remote", "--", remote.url, remote.ref, settings=remote.settings)
    if listed.status != 0:
        raise _refused(remote, "read", listed.stderr)
    if not listed.stdout.strip():
        return ""
    done = tool.run(
        "fetch",
        "--quiet",
        "--no-tags",
        "--",
        remote.url,
        f"+{remote.ref}:refs/anchors/last",
        settings=remote.settings,
    )
    if done.status != 0:
        raise _refused(remote, "read", done.stderr)
    return tool.must("rev-parse", "refs/anchors/last").decode().strip()


def _tree(tool: GitTool, parent: str, files: Mapping[str, bytes]) -> str:
    index = tool.directory / "anchor.index"
    index.unlink(missing_ok=True)
    if parent:
        _indexed(tool, index, "read-tree", parent)
    for path, data in files.items():
        blob = tool.must("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        _indexed(tool, index, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    return _indexed(tool, index, "write-tree")


def _indexed(tool: GitTool, index: Path, *words: str) -> str:
    done = tool.run(*words, environment=(("GIT_INDEX_FILE", str(index)),))
    if done.status != 0:
        raise SourceError(f"git {words[0]} failed in {tool.directory}: {done.stderr.strip()}")
    return done.stdout.decode().strip()


def _commit(tool: GitTool, tree: str, parent: str, message: str, signer: Signer, now: int) -> str:
    who = f"{_AUTHOR} {now} +0000"
    head = f"tree {tree}\n" + (f"parent {parent}\n" if parent else "")
    head += f"author {who}\ncommitter {who}\n"
    unsigned = f"{head}\n{message}\n".encode()
    signature = signer.sign(sshsig.signed_bytes(unsigned, NAMESPACE))
    armoured = sshsig.armour(signer.public_key, signature, NAMESPACE).decode().rstrip("\n")
    folded = armoured.replace("\n", "\n ")
    signed = f"{head}gpgsig {folded}\n\n{message}\n".encode()
    made = tool.must("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)
    return made.decode().strip()


def _refused(remote: Remote, verb: str, said: str) -> UnavailableError:
    lines = said.strip().splitlines()
    return UnavailableError(
        f"The anchor repository {redact(remote.url)} cannot be {verb}: "
        f"{lines[-1] if lines else 'no message'}",
        next_step="Check [anchor] git and its permissions, then run `evidence anchor`.",
    )
