"""Signers by URI scheme: where a private key lives and how it signs.

ADD A SIGNER HERE: a module with a class that has the four members of `Signer`, and one row in
`SCHEMES`. `sigstore:` is no row: a keyless signature has no key to trust, see `cosigners.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evidence.errors import ConfigError
from evidence.seal.signers.file import FileSigner, load_private_key, read_private
from evidence.seal.signers.interface import Secrets, Signer, no_secrets
from evidence.seal.signers.kms import KmsSigner
from evidence.seal.signers.pkcs11 import Pkcs11Signer

__all__ = [
    "SCHEMES",
    "FileSigner",
    "KmsSigner",
    "Pkcs11Signer",
    "Secrets",
    "Signer",
    "load_private_key",
    "open_signer",
    "read_private",
]

SCHEMES: Mapping[str, Callable[[str, Secrets], Signer]] = {
    "file": FileSigner.from_uri,
    "kms": KmsSigner.from_uri,
    "pkcs11": Pkcs11Signer.from_uri,
}


def open_signer(uri: str, secrets: Secrets = no_secrets) -> Signer:
    """The signer behind a URI; `secrets` resolves the references to PINs and passphrases in it.

    Raises:
        ConfigError: an unknown scheme, or the signer cannot be used as the URI says.
        UnavailableError: a key service did not answer.
    """
    scheme = uri.partition(":")[0].lower()
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in sorted(SCHEMES))
        hint = "sigstore: goes into seal.cosigner" if scheme == "sigstore" else f"known: {known}"
        raise ConfigError(f"the signer {uri!r} has an unknown scheme; {hint}")
    return SCHEMES[scheme](uri, secrets)
