"""Signs a file as `ssh-keygen -Y sign -n evidence-packet` does."""

from __future__ import annotations

from evidence.manifest import sshsig
from evidence.seal.signers import Signer


def sign_file(message: bytes, signer: Signer) -> bytes:
    """The armoured `.sig` file over `message`."""
    return sshsig.armour(signer.public_key, signer.sign(sshsig.signed_bytes(message)))
