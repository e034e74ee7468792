"""Answers about what a repository holds: trees, files, blobs, and what a name means."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from evidence.collectors.git.answers import MISSING, TOO_LARGE, Answer, Args, Reading, said
from evidence.collectors.git.objects import FOLDER, OBJECT_NAME, Info, Objects, path_text

BLOB_LIMIT = 4 * 1024 * 1024
"""Bytes of a blob that are given as text; a larger one answers its size."""
ENTRY_LIMIT = 50_000
"""Files and folders below a directory beyond which the answer is `too_large`."""
_PREFIX = re.compile(r"[0-9a-f]{4,64}")
_PREFIXES_PER_PROCESS = 500


def tree(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """The tree object name of each commit."""
    return [
        said(found) if found else MISSING for found in reading.trees([args[0] for args in asked])
    ]


def blob(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """The text of each blob; its size where it is binary (a NUL, or not UTF-8) or too large."""
    oids = [args[0] for args in asked if OBJECT_NAME.fullmatch(args[0])]
    blobs = [info for info in reading.objects.info(oids) if info and info.kind == "blob"]
    small = [info.oid for info in blobs if info.size <= BLOB_LIMIT]
    answers = {info.oid: _too_large(info) for info in blobs}
    for oid, found in zip(small, reading.objects.contents(small), strict=True):
        answers[oid] = _text(found[1]) if found else MISSING
    return [answers.get(args[0], MISSING) for args in asked]


def _too_large(info: Info) -> Answer:
    return said({"too_large": info.size})


def _text(data: bytes) -> Answer:
    if b"\0" not in data:
        try:
            return said({"text": data.decode("utf-8")})
        except UnicodeDecodeError:
            pass
    return said({"binary": len(data)})


def message(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """The message of each commit, in whatever encoding it can be read as."""
    oids = [args[0] for args in asked if OBJECT_NAME.fullmatch(args[0])]
    commits = [info for info in reading.objects.info(oids) if info and info.kind == "commit"]
    small = [info.oid for info in commits if info.size <= BLOB_LIMIT]
    answers = {info.oid: _too_large(info) for info in commits}
    for oid, found in zip(small, reading.objects.contents(small), strict=True):
        if found:
            text = found[1].partition(b"\n\n")[2].decode("utf-8", "replace")
            answers[oid] = said({"text": text})
    return [answers.get(args[0], MISSING) for args in asked]


def entries(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """All files below a directory of each commit, in byte order of their paths.

    Submodules are listed with mode 160000 (their object is a commit elsewhere), links with 120000.
    """
    roots = reading.trees([args[0] for args in asked])
    lister = _Lister(reading.objects)
    return [
        lister.files(root, args[1].strip("/")) if root else MISSING
        for root, args in zip(roots, asked, strict=True)
    ]


def file(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Mode and object of one file of each commit, as `[[mode, oid]]`; [] where it is not there."""
    roots = reading.trees([args[0] for args in asked])
    lister = _Lister(reading.objects)
    return [
        lister.file(root, args[1]) if root else MISSING
        for root, args in zip(roots, asked, strict=True)
    ]


class _Lister:
    """Lists directories; what neighbouring commits share is read once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._children: dict[tuple[str, bytes], str] = {}
        self._listed: dict[tuple[str, bytes], Answer] = {}

    def files(self, root: str, directory: str) -> Answer:
        above = directory.encode("utf-8", "surrogateescape")
        top = self._folder(root, above)
        if not top:
            return said([])
        if (top, above) not in self._listed:
            self._listed[top, above] = self._below(top, above + b"/" if above else b"")
        return self._listed[top, above]

    def file(self, root: str, path: str) -> Answer:
        """Mode and object of the file of that path; nothing where there is none."""
        above, _, name = path.encode("utf-8", "surrogateescape").rpartition(b"/")
        folder = self._folder(root, above)
        rows = (self._objects.tree(folder) if folder else None) or ()
        found = [(mode, oid) for mode, each, oid in rows if each == name and mode != FOLDER]
        return said([[mode.decode("ascii"), oid.hex()] for mode, oid in found])

    def _folder(self, root: str, path: bytes) -> str:
        """The folder of that path, or empty."""
        top = root
        for part in filter(None, path.split(b"/")):
            top = top and self._child(top, part)
        return top

    def _child(self, tree: str, name: bytes) -> str:
        """The folder of that name in a tree, or empty."""
        if (tree, name) not in self._children:
            rows = self._objects.tree(tree) or ()
            found = (oid.hex() for mode, each, oid in rows if each == name and mode == FOLDER)
            self._children[tree, name] = next(found, "")
        return self._children[tree, name]

    def _below(self, top: str, prefix: bytes) -> Answer:
        files: list[tuple[bytes, str, str]] = []
        queue = [(top, prefix)]
        visited = 0
        while queue:
            tree, above = queue.pop()
            rows = self._objects.tree(tree)
            if rows is None:
                return MISSING
            visited += 1 + len(rows)
            if visited > ENTRY_LIMIT:
                return TOO_LARGE
            for mode, name, oid in rows:
                if mode == FOLDER:
                    queue.append((oid.hex(), above + name + b"/"))
                else:
                    files.append((above + name, mode.decode("ascii"), oid.hex()))
        return said([[mode, oid, path_text(path)] for path, mode, oid in sorted(files)])


def resolve(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Commits that a full or short object name means, and tags of exactly that name.

    A name of fewer than four digits means no commit: Git does not look for it.
    """
    texts = [args[0] for args in asked]
    commits = _named_commits(reading, {text.lower() for text in texts})
    tags = _tags(reading, set(texts))
    found: list[Answer] = []
    for text in texts:
        value: dict[str, Any] = {"commits": commits.get(text.lower(), []), "tags": {}}
        if text in tags:
            ref, commit, made = tags[text]
            value |= {"tags": {ref: commit}, "made": {ref: made}}
        found.append(said(value))
    return found


def _named_commits(reading: Reading, texts: set[str]) -> dict[str, list[str]]:
    """All commits of the mirror whose name begins with each text, sorted.

    `--disambiguate` looks at object names alone; other readings of a text (a branch of that name,
    `v1-4-gdeadbee`) never come in.
    """
    prefixes = sorted(text for text in texts if _PREFIX.fullmatch(text))
    names: set[str] = set()
    for start in range(0, len(prefixes), _PREFIXES_PER_PROCESS):
        portion = prefixes[start : start + _PREFIXES_PER_PROCESS]
        asked = (f"--disambiguate={prefix}" for prefix in portion)
        names.update(reading.tool.must("rev-parse", *asked).decode("ascii").split())
    infos = reading.objects.info(sorted(names))
    commits = [info.oid for info in infos if info and info.kind == "commit"]
    ends = {text: bisect_left(commits, text + "g") for text in prefixes}  # after every digit
    return {text: commits[bisect_left(commits, text) : end] for text, end in ends.items()}


def _tags(reading: Reading, texts: set[str]) -> dict[str, tuple[str, str, int]]:
    """(ref name, commit, second) of the tag of each name, as the mirror shows it now.

    The second is what the tag object claims, or the commit where the tag is a mere name for it.
    """
    form = "--format=%(objectname) %(creatordate:unix) %(refname)"
    out = reading.tool.must("for-each-ref", form, "refs/tags").decode("utf-8", "surrogateescape")
    rows = [row.split(" ", 2) for row in out.split("\n") if row.count(" ") >= 2]
    wanted = [row for row in rows if row[2].removeprefix("refs/tags/") in texts]
    commits = reading.peeled([sha for sha, _, _ in wanted], "commit")
    return {
        ref.removeprefix("refs/tags/"): (ref, commit, int(made) if made.isdecimal() else 0)
        for (_, made, ref), commit in zip(wanted, commits, strict=True)
        if commit
    }
