"""The DSSE envelope around the statement, in one canonical form.

Well-known libraries verify an envelope with other white space, added members or loose base64.
Here one statement and its signatures have exactly one byte string: canonical JSON, strict base64,
signatures in order of their key ids, each key once.
Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from evidence.canonical import canonical_json
from evidence.errors import MalformedError
from evidence.manifest import strict

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: the bytes that a DSSE signature is made over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature; `key_id` is the key's OpenSSH fingerprint (`SHA256:...`), only a hint."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement's exact bytes and the signatures over them."""

    payload: bytes
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The one accepted form of `packet.dsse.json`."""
        ordered = sorted(self.signatures, key=lambda item: item.key_id)
        return canonical_json(
            {
                "payload": _encode(self.payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [
                    {"keyid": item.key_id, "sig": _encode(item.signature)} for item in ordered
                ],
            }
        )


def parse_envelope(data: bytes) -> Envelope:
    """The envelope in `data`; `MalformedError` unless `data` is its one accepted form."""
    what = "packet.dsse.json"
    keys = frozenset({"payload", "payloadType", "signatures"})
    value = strict.require_keys(strict.load_canonical(data, what), keys, what)
    if value["payloadType"] != PAYLOAD_TYPE:
        raise MalformedError(f"packet.dsse.json is not of the type {PAYLOAD_TYPE}")
    signatures = tuple(
        _parse_signature(row) for row in strict.rows(value["signatures"], "'signatures'")
    )
    if len({item.key_id for item in signatures}) != len(signatures) or not signatures:
        raise MalformedError(
            "packet.dsse.json must carry one signature of each key, and at least one"
        )
    envelope = Envelope(payload=strict_base64(value["payload"], "payload"), signatures=signatures)
    if envelope.to_bytes() != data:
        raise MalformedError("packet.dsse.json is not in its one accepted form")
    return envelope


def strict_base64(value: Any, what: str) -> bytes:
    """The bytes of a base64 text in its only canonical spelling (RFC 4648 section 3.5)."""
    if not isinstance(value, str):
        raise MalformedError(f"{what} is not base64 text")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"{what} is not base64") from error
    if _encode(data) != value:
        raise MalformedError(f"{what} is base64 in an unusual spelling")
    return data


def _parse_signature(value: Any) -> Signature:
    row = strict.require_keys(value, frozenset({"keyid", "sig"}), "a signature of packet.dsse.json")
    return Signature(
        key_id=strict.text(row["keyid"], "a key id"),
        signature=strict_base64(row["sig"], "a signature"),
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
