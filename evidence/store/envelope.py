"""What a ledger entry says: the canonical JSON that is hashed, and the payload that lies outside.

Leaf = RFC 6962 leaf hash of the envelope text. The envelope commits to its payload by
SHA-256(salt || payload), so that a purge deletes salt and payload and leaves a hash from which
nothing can be guessed back.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.canonical import canonical_json, sha256_hex
from evidence.errors import IntegrityError
from evidence.merkle import leaf_hash
from evidence.model import codec
from evidence.model.capture import Capture, Exchange, Form, Redaction
from evidence.store.escaped import from_text, to_text

SALT_BYTES = 32
CAPTURE = "capture"
CHECKPOINT = "checkpoint"
"""Type of the entry that names a signed checkpoint: `size`, `root` and the note's SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The searchable part of an envelope: the columns of `entry_index`, escaped for the store."""

    type: str
    source: str = ""
    kind: str = ""
    key: str = ""
    series: str = ""
    observed_at: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An entry ready to be appended: nothing in it depends on its place in the ledger."""

    index: Index
    envelope: str
    leaf: bytes
    salt: bytes
    data: bytes | None
    """zlib of the payload; None where the entry has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredCapture:
    """The fields of a capture that its envelope holds: all but the payload."""

    source: str
    kind: str
    key: str
    series: str
    observed_at: int
    form: Form
    collector: str
    collector_version: str
    exchanges: tuple[Exchange, ...]
    volatile: tuple[str, ...]
    redactions: tuple[Redaction, ...]
    context: Mapping[str, str]


def seal(body: Mapping[str, Any], payload: bytes | None, index: Index) -> Sealed:
    """Commits to the payload under a fresh salt and hashes the envelope.

    Lone surrogates and NUL in strings are escaped as everywhere in the store.

    Raises:
        MalformedError: a value without a canonical JSON form (an integer beyond 2^53).
    """
    salt = os.urandom(SALT_BYTES) if payload is not None else b""
    promise = None
    if payload is not None:
        promise = {"commitment": commitment(salt, payload), "size": len(payload)}
    text = canonical_json(_escape({**body, "type": index.type, "payload": promise}))
    return Sealed(
        index=index,
        envelope=text.decode(),
        leaf=leaf_hash(text),
        salt=salt,
        data=None if payload is None else zlib.compress(payload),
    )


def seal_capture(capture: Capture, digest: str) -> Sealed:
    """The entry for a capture; `digest` is its comparison digest.

    Raises:
        MalformedError: a number in its provenance is beyond 2^53.
    """
    body = {
        "source": capture.source,
        "kind": capture.kind,
        "key": capture.key,
        "series": capture.series,
        "observed_at": capture.observed_at,
        "form": str(capture.form),
        "collector": capture.collector,
        "version": capture.collector_version,
        "exchanges": [codec.encode(each) for each in capture.exchanges],
        "redactions": [codec.encode(each) for each in capture.redactions],
        "volatile": capture.volatile,
        "context": capture.context,
    }
    return seal(body, capture.payload, capture_index(capture, digest))


def capture_index(capture: Capture, digest: str) -> Index:
    """What a capture is searched by."""
    return Index(
        type=CAPTURE,
        source=to_text(capture.source),
        kind=to_text(capture.kind),
        key=to_text(capture.key),
        series=to_text(capture.series),
        observed_at=capture.observed_at,
        digest=digest,
    )


def open_capture(envelope: Mapping[str, Any], payload: bytes) -> Capture:
    """The capture that an opened envelope and its payload hold.

    Raises:
        MalformedError: the envelope is not that of a capture.
    """
    value = {**envelope, "collector_version": envelope.get("version")}
    stored = codec.decode(_StoredCapture, value)
    fields = {name: getattr(stored, name) for name in codec.field_types(_StoredCapture)}
    return Capture(**fields, payload=payload)


def seal_body(kind: str, body: Mapping[str, Any], payload: bytes | None = None) -> Sealed:
    """The entry of any other type: `body` stands in the envelope as it is.

    Raises:
        MalformedError: the body has no canonical JSON form.
    """
    return seal({"body": body}, payload, body_index(kind, body))


def body_index(kind: str, body: Mapping[str, Any]) -> Index:
    """What such an entry is searched by: its type and, where it has them, source and time."""
    source, observed_at = body.get("source", ""), body.get("observed_at", 0)
    return Index(
        type=to_text(kind),
        source=to_text(source) if isinstance(source, str) else "",
        observed_at=observed_at if type(observed_at) is int else 0,
    )


def commitment(salt: bytes, payload: bytes) -> str:
    """SHA-256(salt || payload) as hex: what an envelope says of its payload."""
    return sha256_hex(salt + payload)


def open_envelope(envelope: str) -> dict[str, Any]:
    """The envelope as values, escapes undone."""
    value: dict[str, Any] = _unescape(json.loads(envelope))
    return value


def inflate(data: bytes, seq: int) -> bytes:
    """A stored payload.

    Raises:
        IntegrityError: the stored bytes are not what was written.
    """
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data)
    except zlib.error as error:
        raise IntegrityError(f"The payload of entry {seq} is damaged: {error}") from error
    if not stream.eof or stream.unused_data:
        raise IntegrityError(f"The payload of entry {seq} is damaged: it is cut or goes on")
    return found


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return to_text(value)
    if isinstance(value, Mapping):
        return {to_text(str(name)): _escape(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escape(item) for item in value]
    return value


def _unescape(value: Any) -> Any:
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, dict):
        return {from_text(name): _unescape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_unescape(item) for item in value]
    return value
