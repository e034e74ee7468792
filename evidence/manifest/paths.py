"""Names in a packet: which are safe, what each is for, and which lie outside the signature.

A packet is opened on any system, so a name is held to what all of them keep as it is: relative,
`/` between parts, NFC, printable, nothing that a shell, `sha256sum` or Windows reads otherwise.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from evidence.errors import MalformedError

PDF = "packet.pdf"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
SSH_SIGNATURE = "SHA256SUMS.sig"
ENVELOPE = "packet.dsse.json"
CHECKPOINT = "checkpoint.note"
INSTRUCTIONS = "VERIFY.md"
CAPTURES = "captures/"
KEYS = "keys/"
ALLOWED_SIGNERS = "keys/allowed_signers"

STAMP = "SHA256SUMS.tsr"
BUNDLE = "SHA256SUMS.sigstore.json"
SIDECARS = frozenset({ENVELOPE, SSH_SIGNATURE})
"""Each in one accepted form and wholly signed or a signature, so they need not be subjects."""
OVER_SUMS = frozenset({SUMS, STAMP, BUNDLE})
"""Made of or over `SHA256SUMS`, so not in it; subjects of the statement, which is signed last: a
token has parts that its authority does not sign, and a bundle cannot be checked everywhere."""

MAX_PATH_BYTES = 1024
_FORBIDDEN = frozenset('\\:*?"<>|')
_ROLES = {
    PDF: "report",
    "packet.html": "report",
    "population.csv": "population",
    "population.jsonl": "population",
    "results.json": "results",
    CHECKPOINT: "checkpoint",
    INSTRUCTIONS: "instructions",
}
_MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".note": "text/plain",
    ".pem": "application/x-pem-file",
    ".crt": "application/x-x509-ca-cert",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".bundle": "application/x-git-bundle",
}


def safe_path(path: str) -> str:
    """`path` itself if it may stand in a packet, else `MalformedError` with the reason."""
    reason = _unsafe(path)
    if reason:
        raise MalformedError(f"the file name {path[:120]!r} may not stand in a packet: {reason}")
    return path


def _unsafe(path: str) -> str:
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if not 0 < size <= MAX_PATH_BYTES:
        return f"its length is not between 1 and {MAX_PATH_BYTES} bytes"
    if not path.isprintable() or _FORBIDDEN & set(path):
        return "it holds a control or reserved character"
    if unicodedata.normalize("NFC", path) != path:
        return "it is not in Unicode normal form C"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "it is absolute or leaves its folder"
    if any(part != part.strip() or part.startswith("-") or part.endswith(".") for part in parts):
        return "a part begins or ends with a space, begins with a dash or ends with a dot"
    return ""


def require_distinct(paths: Iterable[str]) -> None:
    """Raises `MalformedError` if two names are one file somewhere (equal but for letter case)."""
    seen: set[str] = set()
    for path in paths:
        folded = unicodedata.normalize("NFC", path.casefold())
        if folded in seen:
            raise MalformedError(f"the file name {path[:120]!r} stands in the packet twice")
        seen.add(folded)


def is_subject(path: str) -> bool:
    """Whether the signed statement lists this file: every file is, the sidecars excepted."""
    return path not in SIDECARS


def role_of(path: str) -> str:
    """What the file is for, as one word printed in the manifest."""
    if path.startswith(CAPTURES):
        return "capture"
    if path.startswith(KEYS):
        return "key"
    return _ROLES.get(path, "other")


def media_type_of(path: str) -> str:
    """The media type by the name's ending; unknown endings are `application/octet-stream`."""
    return _MEDIA_TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
