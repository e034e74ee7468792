"""Captures against the ledger's checkpoint: leaf, commitment, inclusion."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from evidence import merkle, notes
from evidence.canonical import loads
from evidence.errors import EvidenceError, MalformedError
from evidence.manifest import CaptureFile, parse_capture_file
from evidence.manifest.publickey import PublicKey


def open_checkpoint(note: str, keys: Sequence[PublicKey]) -> notes.Checkpoint:
    """The checkpoint in `note` if one of `keys` signed it; `MalformedError` otherwise.

    A note names its signers; the name is part of the key id, so each key is tried under it.
    """
    names = {
        line[2:].rpartition(" ")[0] for line in note.splitlines() if line.startswith("\u2014 ")
    }
    for key in keys:
        for name in names if key.raw else ():
            try:
                return notes.parse_checkpoint(notes.open_note(note, {name: key.raw}))
            except EvidenceError:
                continue
    raise MalformedError("The ledger's checkpoint is not signed by a key of this packet.")


def check_capture(path: str, data: bytes, checkpoint: notes.Checkpoint) -> CaptureFile:
    """The capture in `data` if it lies in the checkpointed ledger; `MalformedError` otherwise."""
    try:
        capture = parse_capture_file(data)
        envelope = loads(capture.envelope)
        leaf = merkle.leaf_hash(capture.envelope.encode())
    except (EvidenceError, UnicodeError) as error:
        raise MalformedError(f"{path} is not a capture in its one accepted form.") from error
    if capture.path != path:
        raise MalformedError(
            f"{path} holds ledger entry {capture.seq}, not the one it is named for."
        )
    if not merkle.verify_inclusion(
        leaf, capture.seq, checkpoint.size, capture.proof, checkpoint.root
    ):
        raise MalformedError(f"{path} is not in the ledger that the checkpoint signs.")
    if capture.salt is None or capture.payload is None:
        return capture
    if _promise(envelope) != _commit(capture.salt, capture.payload):
        raise MalformedError(f"{path} holds another payload than its ledger entry commits to.")
    return capture


def is_purged(capture: CaptureFile) -> bool:
    """Whether the entry commits to a payload that is no longer there."""
    return capture.payload is None and _promise(loads(capture.envelope)) is not None


def _promise(envelope: object) -> dict[str, object] | None:
    """What an envelope says of its payload; None for an entry that never had one."""
    payload = envelope.get("payload") if isinstance(envelope, dict) else None
    return payload if isinstance(payload, dict) else None


def _commit(salt: bytes, payload: bytes) -> dict[str, object]:
    return {"commitment": hashlib.sha256(salt + payload).hexdigest(), "size": len(payload)}
