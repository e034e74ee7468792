"""Answers about what a repository holds: trees, files, blobs, and what a name means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evidence.collectors.git.answers import MISSING, TOO_LARGE, Answer, Args, Reading, said
from evidence.collectors.git.objects import OBJECT_NAME, Entry, Info, Objects, path_text

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


def entries(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """All files below a directory of each commit, in byte order of their paths.

    Submodules are listed with mode 160000 (their object is a commit elsewhere), links with 120000.
    """
    roots = reading.trees([args[0] for args in asked])
    return [
        _listing(reading.objects, root, args[1]) if root else MISSING
        for root, args in zip(roots, asked, strict=True)
    ]


def _listing(objects: Objects, root: str, directory: str) -> Answer:
    above = directory.strip("/").encode("utf-8", "surrogateescape")
    top = _descend(objects, root, above)
    rows: list[tuple[bytes, str, str]] = []
    queue = [(top, above + b"/" if above else b"")] if top else []
    visited = 0
    while queue:
        oid, prefix = queue.pop()
        found = objects.tree(oid)
        if found is None:
            return MISSING
        visited += 1 + len(found)
        if visited > ENTRY_LIMIT:
            return TOO_LARGE
        for entry in found:
            path = prefix + entry.name
            if _is_folder(entry):
                queue.append((entry.oid, path + b"/"))
            else:
                rows.append((path, entry.mode, entry.oid))
    return said([[mode, oid, path_text(path)] for path, mode, oid in sorted(rows)])


def _descend(objects: Objects, root: str, directory: bytes) -> str:
    """The tree at a directory, or empty where there is none."""
    found = root
    for part in filter(None, directory.split(b"/")):
        rows = objects.tree(found) or ()
        found = next((row.oid for row in rows if row.name == part and _is_folder(row)), "")
        if not found:
            return ""
    return found


def _is_folder(entry: Entry) -> bool:
    return entry.mode == "040000"


def resolve(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Commits that a full or short object name means, and tags of exactly that name.

    A name of fewer than four digits means no commit: Git does not look for it.
    """
    texts = [args[0] for args in asked]
    commits = _named_commits(reading, {text.lower() for text in texts})
    tags = _tags(reading, set(texts))
    return [
        said({"commits": commits.get(text.lower(), []), "tags": tags.get(text, {})})
        for text in texts
    ]


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
    return {text: [sha for sha in commits if sha.startswith(text)] for text in prefixes}


def _tags(reading: Reading, texts: set[str]) -> dict[str, dict[str, str]]:
    """{ref name: commit} of the tag of each name, as the mirror shows it now."""
    form = "--format=%(objectname) %(refname)"
    out = reading.tool.must("for-each-ref", form, "refs/tags").decode("utf-8", "surrogateescape")
    rows = [(row[:at], row[at + 1 :]) for row in out.splitlines() if (at := row.find(" ")) > 0]
    wanted = [(sha, ref) for sha, ref in rows if ref.removeprefix("refs/tags/") in texts]
    commits = reading.peeled([sha for sha, _ in wanted], "commit")
    return {
        ref.removeprefix("refs/tags/"): {ref: commit}
        for (_, ref), commit in zip(wanted, commits, strict=True)
        if commit
    }
