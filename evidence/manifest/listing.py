"""The packet's list of files: `manifest.json` (for programs) and `SHA256SUMS` (for stock tools)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import canonical_json
from evidence.errors import MalformedError
from evidence.manifest import strict
from evidence.manifest.paths import require_distinct, safe_path
from evidence.manifest.statement import Predicate

FORMAT = "evidence-packet/1"
"""Raised only when an older verifier could no longer judge the packet rightly."""

_SUMS_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the packet as it is handed over; `size` in bytes, `sha256` in hexadecimal."""

    path: str
    size: int
    sha256: str
    media_type: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A signed PDF before its signature: its first `size` bytes, which can be rendered again."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `manifest.json` says: the content files, who seals, and what the packet covers.

    It lists neither itself, `SHA256SUMS` nor the sidecars; the signed statement covers the first
    two. `signers` are OpenSSH public keys: the envelope carries exactly one signature by each, so
    that a signature can be neither added nor taken away. They are claims: trust comes from outside.
    """

    files: tuple[FileEntry, ...]
    signers: tuple[str, ...]
    predicate: Predicate
    unsigned: Mapping[str, Unsigned] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Canonical JSON, files in byte order of their paths."""
        return canonical_json(
            {
                "format": FORMAT,
                "files": [_file_json(entry) for entry in sorted(self.files, key=_by_path)],
                "signers": sorted(self.signers),
                "predicate": self.predicate.to_json(),
                "unsigned": {
                    path: {"size": item.size, "sha256": item.sha256}
                    for path, item in self.unsigned.items()
                },
            }
        )


def parse_manifest(data: bytes, *, parts: int = strict.MAX_PARTS) -> Manifest:
    """The manifest in `data`; `MalformedError` if any byte is not as `to_bytes` writes it."""
    value = strict.require_keys(
        strict.load_canonical(data, "manifest.json", parts=parts),
        frozenset({"format", "files", "signers", "predicate", "unsigned"}),
        "manifest.json",
    )
    if value["format"] != FORMAT:
        raise MalformedError(f"manifest.json is not of the format {FORMAT}")
    unsigned = value["unsigned"]
    if not isinstance(unsigned, dict):
        raise MalformedError("manifest.json: 'unsigned' is not a JSON object")
    manifest = Manifest(
        files=tuple(_parse_file(row) for row in strict.rows(value["files"], "'files'")),
        signers=tuple(
            strict.text(row, "a signer") for row in strict.rows(value["signers"], "'signers'")
        ),
        predicate=Predicate.from_json(value["predicate"]),
        unsigned={safe_path(path): _parse_unsigned(row) for path, row in unsigned.items()},
    )
    require_distinct(entry.path for entry in manifest.files)
    if len(set(manifest.signers)) != len(manifest.signers) or manifest.to_bytes() != data:
        raise MalformedError("manifest.json is not in the order that its format asks for")
    return manifest


def _by_path(entry: FileEntry) -> bytes:
    return entry.path.encode()


def _file_json(entry: FileEntry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "size": entry.size,
        "sha256": entry.sha256,
        "media_type": entry.media_type,
        "role": entry.role,
    }


def _parse_file(value: Any) -> FileEntry:
    keys = frozenset({"path", "size", "sha256", "media_type", "role"})
    row = strict.require_keys(value, keys, "a file of manifest.json")
    return FileEntry(
        path=safe_path(strict.text(row["path"], "a path")),
        size=strict.whole(row["size"], "a file's size"),
        sha256=strict.digest(row["sha256"], "a file's sha256"),
        media_type=strict.text(row["media_type"], "a media type"),
        role=strict.text(row["role"], "a role"),
    )


def _parse_unsigned(value: Any) -> Unsigned:
    row = strict.require_keys(value, frozenset({"size", "sha256"}), "an unsigned file")
    return Unsigned(
        size=strict.whole(row["size"], "an unsigned file's size"),
        sha256=strict.digest(row["sha256"], "an unsigned file's sha256"),
    )


def sums_text(digests: Mapping[str, str]) -> str:
    """`SHA256SUMS` as `sha256sum -c` reads it, sorted by the bytes of the path."""
    ordered = sorted(digests, key=lambda path: path.encode())
    return "".join(f"{digests[path]}  {path}\n" for path in ordered)


def parse_sums(data: bytes) -> dict[str, str]:
    """Path to digest of a `SHA256SUMS` written by `sums_text`; any other form is refused."""
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError("SHA256SUMS is not UTF-8") from error
    digests: dict[str, str] = {}
    for line in lines[:-1]:
        match = _SUMS_LINE.fullmatch(line)
        if match is None:
            raise MalformedError("SHA256SUMS holds a line that is not a digest and a file name")
        digests[safe_path(match[2])] = match[1]
    if sums_text(digests).encode() != data:
        raise MalformedError("SHA256SUMS is not in its one form: sorted, each file once")
    return digests
