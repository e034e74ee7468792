"""One capture in a packet: `captures/NNNNNNNN.json`, everything an auditor needs to check it.

    {"envelope": "<the ledger entry's canonical JSON, as text>",
     "payload": "<base64>", "proof": ["<hex>", ...], "salt": "<hex>", "seq": 17}

The entry's leaf is the RFC 6962 leaf hash of the envelope's bytes. The envelope commits to its
payload by `"payload": {"commitment": SHA-256(salt || payload), "size": bytes}`. `proof` is the
RFC 6962 inclusion proof of `seq` in the tree that `checkpoint.note` signs. Salt and payload are
both null where the payload was purged or the entry never had one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from evidence.canonical import canonical_json
from evidence.manifest import strict
from evidence.manifest.envelope import strict_base64
from evidence.manifest.paths import CAPTURES


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFile:
    """A ledger entry with its payload and its proof of inclusion."""

    seq: int
    envelope: str
    salt: bytes | None
    payload: bytes | None
    proof: tuple[bytes, ...]

    @property
    def path(self) -> str:
        """Where it lies in the packet; eight digits at least, so that names sort as numbers do."""
        return f"{CAPTURES}{self.seq:08d}.json"

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        payload = None if self.payload is None else base64.b64encode(self.payload).decode()
        return canonical_json(
            {
                "seq": self.seq,
                "envelope": self.envelope,
                "salt": None if self.salt is None else self.salt.hex(),
                "payload": payload,
                "proof": [node.hex() for node in self.proof],
            }
        )


def parse_capture_file(data: bytes) -> CaptureFile:
    """The capture in `data`; `MalformedError` if any byte is not as `to_bytes` writes it."""
    what = "a capture"
    keys = frozenset({"seq", "envelope", "salt", "payload", "proof"})
    row = strict.require_keys(strict.load_canonical(data, what), keys, what)
    purged = row["salt"] is None and row["payload"] is None
    return CaptureFile(
        seq=strict.whole(row["seq"], "a capture's seq"),
        envelope=strict.text(row["envelope"], "a capture's envelope"),
        salt=None if purged else _hex(row["salt"], "a capture's salt"),
        payload=None if purged else strict_base64(row["payload"], "a capture's payload"),
        proof=tuple(_hex(node, "a proof node") for node in strict.rows(row["proof"], "'proof'")),
    )


def _hex(value: object, what: str) -> bytes:
    return bytes.fromhex(strict.digest(value, what))
