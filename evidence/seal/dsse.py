"""Signs a statement as a DSSE envelope."""

from __future__ import annotations

from evidence.manifest import Envelope, Signature, Statement, pae
from evidence.manifest.envelope import PAYLOAD_TYPE
from evidence.seal.signers import Signer


def sign_statement(statement: Statement, signer: Signer) -> Envelope:
    """The statement in an envelope with one signature by `signer`."""
    payload = statement.to_bytes()
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    return Envelope(
        payload=payload, signatures=(Signature(key_id=signer.key_id, signature=signature),)
    )
