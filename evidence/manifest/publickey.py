"""Public keys as OpenSSH writes them, their fingerprints, and strict signature checks.

One fingerprint (`SHA256:...`, what `ssh-keygen -l` prints) names a key everywhere: in the
envelope, in `allowed_signers`, on paper. Signatures are accepted in one form only: Ed25519
(RFC 8032, s below the group order) and ECDSA P-256 in DER with the lower of its two values of s.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from evidence.errors import MalformedError

ED25519 = "ssh-ed25519"
ECDSA_P256 = "ecdsa-sha2-nistp256"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An OpenSSH public key: its algorithm name and its wire bytes (RFC 4253, RFC 8709)."""

    algorithm: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and the unpadded base64 digest, as `ssh-keygen -l` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def line(self) -> str:
        """Algorithm and base64, the two fields of a `.pub` file."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode()}"

    @property
    def raw(self) -> bytes:
        """The 32 bytes of an Ed25519 key, for signed notes; empty for another algorithm."""
        return self.blob[-32:] if self.algorithm == ED25519 else b""

    def pem(self) -> str:
        """SubjectPublicKeyInfo in PEM, as openssl reads it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = _load(self)
        return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` over `message` is by this key and in its one accepted form."""
        from cryptography.exceptions import InvalidSignature

        try:
            if self.algorithm == ED25519:
                _load(self).verify(signature, message)
                return True
            return _is_low_s(signature) and _verify_ecdsa(self, signature, message)
        except (InvalidSignature, ValueError):
            return False


def parse_public_key(text: str) -> PublicKey:
    """The key of an OpenSSH public key line (`algorithm base64 [comment]`)."""
    from cryptography.exceptions import UnsupportedAlgorithm

    fields = text.split()
    try:
        key = PublicKey(fields[0], base64.b64decode(fields[1], validate=True))
        _load(key)
    except (IndexError, ValueError, UnsupportedAlgorithm) as error:
        raise MalformedError("a public key is not an Ed25519 or P-256 OpenSSH key") from error
    return key


def from_cryptography(key: Any) -> PublicKey:
    """The OpenSSH form of a `cryptography` public key object."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        return parse_public_key(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())
    except (AttributeError, ValueError, TypeError) as error:
        raise MalformedError("a public key is not an Ed25519 or P-256 key") from error


def _load(key: PublicKey) -> Any:
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    if key.algorithm not in {ED25519, ECDSA_P256}:
        raise ValueError(key.algorithm)
    return load_ssh_public_key(key.line.encode())


def _is_low_s(signature: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    r, s = decode_dss_signature(signature)
    return s <= P256_ORDER // 2 and encode_dss_signature(r, s) == signature


def _verify_ecdsa(key: PublicKey, signature: bytes, message: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    _load(key).verify(signature, message, ECDSA(SHA256()))
    return True
