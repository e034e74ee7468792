"""Streams commits and their changed paths out of a mirror as plain tuples.

Commits are read by `git rev-list | git cat-file --batch`, where each record is prefixed by its
length; paths by one `git log` beside it, in which NUL ends every path and two NULs every commit.
Neither can be faked by a message or a file name. No object per commit, no process per commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from io import BufferedReader
from itertools import starmap

from evidence.collectors.git.objects import Objects, path_text
from evidence.collectors.git.tool import GitTool, lines
from evidence.errors import SourceError

CommitRow = tuple[str, str, str, str, str, str, int, str, str, int, str, str]
"""repository, sha, tree, parents joined by a blank, author name, e-mail and time, committer
name, e-mail and time, message, signature: the fields of `evidence.model.git.Commit`. Times in
microseconds UTC. Text is UTF-8 or the commit's own `encoding`; bytes that are neither become
lone surrogates (PEP 383)."""
PathedRow = tuple[str, str, str, str, str, str, int, str, str, int, str, str, str | None]
"""A `CommitRow` and the paths that the commit changed against its first parent, as the text of a
JSON list in Git's order; None where they were not asked for."""

COMMIT_LIMIT = 32 * 1024 * 1024
"""Bytes of one commit that are read; the message of a larger one ends there."""
_CHUNK = 1 << 20
_LATEST = (1 << 63) // 1_000_000 - 1

_PERSON = r"([^\n<]*)<([^\n>]*)> (\d{1,12}) [^\n]*\n"
_HEAD = re.compile(r"tree (.+)\n((?:parent .+\n)*)author " + _PERSON + "committer " + _PERSON)
_LOOSE_PERSON = re.compile(r"([^<]*)<?(.*?)>?(?: (-?\d+)(?: [+-]?\d+)?)?\s*$")
_ENCODINGS = re.compile(
    r"(?:iso-?|latin-?|windows-|cp)[0-9][0-9-]*|koi8-[ru]|euc-?(?:jp|kr|cn)|gb(?:k|2312|18030)"
    r"|big5|shift[_-]?jis|sjis|iso-?2022-jp|us-ascii|ascii",
    re.IGNORECASE,
)
"""Codecs that are tried; names from outside never reach Python's codec table unchecked."""


def commit_rows(
    tool: GitTool, repository: str, tips: Iterable[str], known: Iterable[str], *, paths: bool
) -> Iterator[PathedRow]:
    """Rows of all commits reachable from `tips` and not from `known`, newest first.

    With `paths` each has the paths that it changed: renames are a removal and an addition.

    Raises:
        SourceError: the mirror lacks an object or is damaged; rows yielded before are right.
    """
    span = _span(tool, tips, known)
    if not span:
        return
    rows = _commits(tool, repository, span)
    if not paths:
        yield from ((*row, None) for row in rows)
        return
    yield from _beside(rows, _paths(tool, span))


def _beside(rows: Iterable[CommitRow], paths: Iterator[tuple[str, str]]) -> Iterator[PathedRow]:
    """Each row with its paths. Both come in Git's order; should they not, those ahead wait.

    A commit that `paths` does not name, though it ended well, has none: they are asked for later.
    """
    ahead: dict[str, str] = {}
    for row in rows:
        sha = row[1]
        found = ahead.pop(sha, None) if ahead else None
        if found is None:
            for name, told in paths:
                if name == sha:
                    found = told
                    break
                ahead[name] = told
        yield (*row, found)
    for _ in paths:  # to the end of git log, which says whether it ended well
        continue


def _commits(tool: GitTool, repository: str, span: bytes) -> Iterator[CommitRow]:
    with (
        tool.stream("rev-list", "--stdin", stdin=span) as names,
        tool.stream("cat-file", "--batch", "--buffer", stdin=names.stdout) as bodies,
    ):
        yield from starmap(partial(commit_row, repository), _records(bodies.stdout))
        bodies.check()
        names.check()


def _paths(tool: GitTool, span: bytes) -> Iterator[tuple[str, str]]:
    """(sha, JSON list of the paths changed against the first parent), newest first."""
    arguments = ("--stdin", "-z", "--name-only", "--no-renames", "--diff-merges=first-parent")
    with tool.stream("log", *arguments, "--format=format:%x00%H", stdin=span) as log:
        for record in _split(log.stdout, b"\0\0"):
            sha, _, paths = record.strip(b"\0").partition(b"\n")
            yield sha.decode("ascii"), listed(paths)
        log.check()


def listed(paths: bytes) -> str:
    """NUL-separated paths as a JSON list of texts by `path_text`; the common case in one step."""
    if not paths:
        return "[]"
    if paths.isascii() and b'"' not in paths and b"\\" not in paths:
        text = paths.decode("ascii").replace("\0", '", "')
        if text.isprintable():
            return f'["{text}"]'
    return json.dumps([path_text(path) for path in paths.split(b"\0")])


def _span(tool: GitTool, tips: Iterable[str], known: Iterable[str]) -> bytes:
    """What rev-list reads; empty where nothing is new. Known objects that are gone are left out."""
    known = sorted(set(known))
    new = sorted(set(tips).difference(known))
    if not new:
        return b""
    with Objects(tool) as objects:
        present = [info.oid for info in objects.info(known) if info]
    return lines([*new, *(f"^{sha}" for sha in present)])


def _records(source: BufferedReader) -> Iterator[tuple[str, bytes]]:
    """(sha, body) of each length-prefixed record."""
    readline, read = source.readline, source.read
    while header := readline():
        sha, _, rest = header.partition(b" ")
        if not rest.startswith(b"commit "):
            raise SourceError(
                f"The mirror cannot give the commit {sha.decode('ascii', 'replace')}.",
                next_step="Run `git fsck` in the mirror; fetch it anew if objects are missing.",
            )
        size = int(rest[7:])
        if size <= COMMIT_LIMIT:
            yield sha.decode("ascii"), read(size + 1)[:-1]
            continue
        body = read(COMMIT_LIMIT)
        left = size + 1 - COMMIT_LIMIT
        while left > 0 and (skipped := read(min(left, _CHUNK))):
            left -= len(skipped)
        yield sha.decode("ascii"), body


def _split(source: BufferedReader, mark: bytes) -> Iterator[bytes]:
    """Non-empty records between marks; a record may be longer than what one read gives."""
    rest = b""
    while chunk := source.read1(_CHUNK):
        *records, rest = (rest + chunk).split(mark)
        yield from filter(None, records)
    if rest:
        yield rest


def commit_row(repository: str, sha: str, body: bytes) -> CommitRow:
    """One raw commit object as a row. Never raises: what cannot be read is empty or 0."""
    text = body.decode("utf-8", "surrogateescape")
    head = _HEAD.match(text)
    if head is None:
        return _loose_row(repository, sha, text)
    end = head.end()
    signature = ""
    if text.startswith("\n", end):
        message = text[end + 1 :]
    else:
        extra, _, message = text[end:].partition("\n\n")
        headers = _headers(extra)
        if encoded := _decoded(body, headers.get("encoding", "")):
            return commit_row(repository, sha, encoded)
        signature = headers.get("gpgsig") or headers.get("gpgsig-sha256", "")
    tree, parents, author, mail, when, committer, committer_mail, committed = head.groups()
    # Twelve digits of seconds always fit 64 bits of microseconds.
    return (
        repository,
        sha,
        tree,
        parents[7:-1].replace("\nparent ", " "),
        author.strip(),
        mail.strip(),
        int(when) * 1_000_000,
        committer.strip(),
        committer_mail.strip(),
        int(committed) * 1_000_000,
        message,
        signature,
    )


def _loose_row(repository: str, sha: str, text: str) -> CommitRow:
    """A commit whose headers no current Git would write: every field that can still be told."""
    head, _, message = text.partition("\n\n")
    parents = [line[7:] for line in head.split("\n") if line.startswith("parent ")]
    headers = _headers(head)
    author, mail, when = _loose_person(headers.get("author", ""))
    committer, committer_mail, committed = _loose_person(headers.get("committer", ""))
    signature = headers.get("gpgsig") or headers.get("gpgsig-sha256", "")
    return (
        repository,
        sha,
        headers.get("tree", ""),
        " ".join(parents),
        author,
        mail,
        when,
        committer,
        committer_mail,
        committed,
        message,
        signature,
    )


def _loose_person(text: str) -> tuple[str, str, int]:
    found = _LOOSE_PERSON.match(text.replace("\n", " "))
    if found is None:
        return text, "", 0
    return found[1].strip(), found[2].strip(), _micros(found[3] or "0")


def _headers(text: str) -> dict[str, str]:
    """Header lines by name, continuation lines joined; of a repeated name the first stays."""
    headers: dict[str, str] = {}
    for line in text.replace("\n ", "\0").split("\n"):
        name, _, value = line.partition(" ")
        headers.setdefault(name, value.replace("\0", "\n"))
    return headers


def _decoded(body: bytes, encoding: str) -> bytes:
    """The commit in UTF-8, its `encoding` header saying so; empty where that changes nothing."""
    if not encoding or not _ENCODINGS.fullmatch(encoding):
        return b""
    try:
        text = body.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return b""
    return text.replace(f"\nencoding {encoding}\n", "\nencoding UTF-8\n", 1).encode()


def _micros(seconds: str) -> int:
    """Microseconds UTC; 0 where the number is beyond 64 bits, as Git itself reads it."""
    if len(seconds) > 14:
        return 0
    value = int(seconds)
    return value * 1_000_000 if -_LATEST <= value <= _LATEST else 0
