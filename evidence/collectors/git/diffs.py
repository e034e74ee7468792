"""Compares pairs of trees of a mirror in one `git diff-tree --stdin` for all of them.

**The digest.** A diff is hashed as Git's raw form with full object names: for each changed path,
in Git's order, `:old-mode new-mode old-blob new-blob status NUL path NUL`, without renames, as
SHA-256. Modes and binaries are in it; diff algorithm, context, attributes and white-space options
are not, so every Git version gives the same digest.

Two net diffs `merge-base..head` have equal digests exactly when each path starts from the same
blob and mode and ends in the same blob and mode. That is the whole condition under which an
approval stays current (reference: "hash of normalised full diff incl. modes and binaries, *and*
merge-base delta applied cleanly without touching the same files"): where the base moved on in
other files only, a clean "update branch" merge and a patch-identical rebase give equal digests;
where it touched one of the same files, the blobs differ and so do the digests, even if the patch
text reads the same. Patch ids are not used: they ignore white space and where a hunk applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader

from evidence.canonical import sha256_hex
from evidence.collectors.git.objects import path_text
from evidence.collectors.git.tool import GitTool, lines

PATH_LIMIT = 200_000
"""Changed paths of one pair beyond which the answer is `too_large`."""
EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without entries, by length of a repository's object names; Git always knows it."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeDiff:
    """Digest and changed paths (byte order) of one pair of trees; `problem` where unreadable."""

    digest: str = ""
    paths: tuple[str, ...] = ()
    problem: str = ""


def tree_diffs(tool: GitTool, pairs: Sequence[tuple[str, str]]) -> list[TreeDiff]:
    """One diff per (old tree, new tree), in order.

    A pair that Git cannot read (an object is missing) is a `missing_object`; the others are
    still answered.
    """
    answers: list[TreeDiff] = []
    while len(answers) < len(pairs):
        left = pairs[len(answers) :]
        done, failed = _run(tool, left)
        answers.extend(done[: len(done) - 1] if failed else done)
        if failed or not done:
            answers.append(TreeDiff(problem="missing_object"))
    return answers


def _run(tool: GitTool, pairs: Sequence[tuple[str, str]]) -> tuple[list[TreeDiff], bool]:
    """Answers until the first failure; after a failure the last one is unfinished."""
    request = lines(f"{old} {new}" for old, new in pairs)
    arguments = ("--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")
    with tool.stream("diff-tree", *arguments, stdin=request) as diff:
        answers = list(_answers(diff.stdout))
        return answers, diff.wait() != 0


def _answers(source: BufferedReader) -> Iterator[TreeDiff]:
    """Splits the output: `old SP new LF` opens a pair, each path is two NUL-ended fields."""
    current: _Sum | None = None
    texts: dict[bytes, str] = {}
    meta = b""
    for field in _fields(source):
        if meta:
            if current is not None:
                current.add(meta, field)
            meta = b""
            continue
        while not field.startswith(b":") and b"\n" in field:
            _, _, field = field.partition(b"\n")  # noqa: PLW2901
            if current is not None:
                yield current.answer()
            current = _Sum(texts)
        meta = field
    if current is not None:
        yield current.answer()


def _fields(source: BufferedReader) -> Iterator[bytes]:
    rest = b""
    while chunk := source.read1(_CHUNK):
        *fields, rest = (rest + chunk).split(b"\0")
        yield from fields
    if rest:
        yield rest


class _Sum:
    """What was read of one pair so far."""

    def __init__(self, texts: dict[bytes, str]) -> None:
        self._texts = texts  # shared by all pairs: neighbours change the same paths
        self._raw: list[bytes] = []
        self._paths: list[str] = []

    def add(self, meta: bytes, path: bytes) -> None:
        if len(self._paths) <= PATH_LIMIT:
            self._raw += (meta, b"\0", path, b"\0")
            text = self._texts.get(path)
            if text is None:
                text = self._texts[path] = path_text(path)
            self._paths.append(text)

    def answer(self) -> TreeDiff:
        if len(self._paths) > PATH_LIMIT:
            return TreeDiff(problem="too_large")
        return TreeDiff(digest=sha256_hex(b"".join(self._raw)), paths=tuple(self._paths))
