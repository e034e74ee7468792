"""C2SP signed notes and the checkpoints written in them. Takes a signer; knows no key.

Formats: c2sp.org/signed-note and c2sp.org/tlog-checkpoint, Ed25519 signatures (type 0x01).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evidence.errors import IntegrityError

Sign = Callable[[bytes], bytes]
"""Message -> 64 bytes of Ed25519 signature."""

_SIGNATURE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_ED25519 = b"\x01"
_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Size and root of a log at one moment, under the log's name."""

    origin: str
    size: int
    root: bytes
    """32 bytes."""


def note_text(origin: str, size: int, root: bytes) -> str:
    """The checkpoint body: origin, size, base64 of the root, each on a line of its own."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads what `note_text` wrote; extension lines after the third (none empty) are ignored.

    Raises:
        IntegrityError: not in exactly that form.
    """
    *lines, end = text.split("\n")
    if len(lines) < 3 or end or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise IntegrityError("This is not a checkpoint: expected an origin, a size and a root")
    root = _decode(lines[2])
    if root is None or len(root) != 32:
        raise IntegrityError("The root in this checkpoint is not 32 bytes of base64")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def key_id(name: str, public_key: bytes) -> bytes:
    """The first 4 bytes of SHA-256(name, newline, 0x01, 32 bytes of Ed25519 public key)."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """The line by which others name this key: `name+key id+base64 of type and key`."""
    key = base64.b64encode(_ED25519 + public_key).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{key}"


def sign_note(text: str, name: str, public_key: bytes, sign: Sign) -> str:
    """The note: text, an empty line and one signature line.

    Raises:
        ValueError: a text that does not end in a newline or holds control characters, or a key
            name that is empty or holds blanks or a plus sign.
    """
    if not _is_note_text(text) or not re.fullmatch(r"[^\s+]+", name):
        raise ValueError(f"a note cannot hold this text or be signed by {name!r}")
    signature = base64.b64encode(key_id(name, public_key) + sign(text.encode())).decode()
    return f"{text}\n\u2014 {name} {signature}\n"


def open_note(note: str, keys: Mapping[str, bytes]) -> str:
    """The text of a note that carries a valid signature of at least one of the keys.

    `keys` maps a name to 32 bytes of Ed25519 public key. Signatures by other keys are ignored;
    one that names a known key and does not verify makes the whole note invalid, as the
    specification asks.

    Raises:
        IntegrityError: malformed, wrongly signed, or signed by none of the keys.
    """
    text, found = _split(note)
    verified = [name for name, signature in found if _verified(text, name, signature, keys)]
    if not verified:
        raise IntegrityError("No signature on this note is by a key that is trusted here")
    return text


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    body, mark, tail = note.rpartition("\n\n")
    if len(note) > _LIMIT or not mark or not tail.endswith("\n") or not _is_note_text(body + "\n"):
        raise IntegrityError("This is not a signed note")
    found = []
    for line in tail[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        signature = _decode(match[2]) if match else None
        if match is None or signature is None or len(signature) < 5:
            raise IntegrityError("This note has a malformed signature line")
        found.append((match[1], signature))
    return body + "\n", found


def _verified(text: str, name: str, signature: bytes, keys: Mapping[str, bytes]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public_key = keys.get(name)
    if public_key is None or key_id(name, public_key) != signature[:4]:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature[4:], text.encode())
    except (InvalidSignature, ValueError) as error:
        raise IntegrityError(f"The signature of {name} on this note does not verify") from error
    return True


def _decode(text: str) -> bytes | None:
    """Strict base64: only the one canonical spelling of some bytes is accepted."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def _is_note_text(text: str) -> bool:
    """Valid UTF-8, ends in a newline, no control character but newline."""
    if not text.endswith("\n") or any(ord(char) < 0x20 for char in text if char != "\n"):
        return False
    return not re.search("[\x7f\ud800-\udfff]", text)
