"""The Git repositories of a world on disk, as they stood at any moment.

One bare repository each. All objects are written once, as a pack; the references are set to those
of the moment asked for. A clone over `file://` gets only what these reach (a plain path would let
Git copy the whole object store, future objects included).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from evidence.demo.history import RepositoryRecord
from evidence.errors import SourceError


class ServedRepository:
    """A bare repository under `folder`, served by path."""

    def __init__(self, record: RepositoryRecord, folder: Path, cut: str = "") -> None:
        """`cut`: the commit whose parents the server lacks, as a shallow clone does."""
        self.record = record
        self.path = folder / f"{record.world.key}.git"
        self.url = self.path.as_uri()
        if not self.path.exists():
            head = f"--initial-branch={record.world.default_branch}"
            _git("init", "--quiet", "--bare", head, str(self.path))
        pack = record.objects.pack()
        if pack:
            _git("-C", str(self.path), "index-pack", "--stdin", given=pack)
        if cut:
            (self.path / "shallow").write_text(f"{cut}\n", encoding="ascii")

    def set_moment(self, at: int) -> None:
        """Sets the references to those of that moment, in one atomic step."""
        lines = ["# pack-refs with: peeled fully-peeled sorted \n"]
        for ref, sha in sorted(self.record.refs_at(at).items()):
            lines.append(f"{sha} {ref}\n")
            if sha in self.record.objects.tags:
                lines.append(f"^{self.record.objects.tags[sha][1]}\n")
        draft = self.path / "packed-refs.new"
        draft.write_text("".join(lines), encoding="ascii")
        draft.replace(self.path / "packed-refs")


def _git(*arguments: str, given: bytes = b"") -> None:
    """Runs Git without anybody's configuration."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(
        ["git", *arguments], input=given, env=environment, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise SourceError(
            f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}",
            next_step="Check that git is installed and the folder can be written.",
        )
