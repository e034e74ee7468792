"""ECDSA signatures in the one form that is accepted: DER, with the lower of the two values of s.

Tokens and key services give either of them; both hold, and the lower one is written.
"""

from __future__ import annotations

from evidence.errors import ConfigError
from evidence.manifest.publickey import P256_ORDER


def from_raw(signature: bytes) -> bytes:
    """DER of `r || s`, as PKCS#11 gives it."""
    half = len(signature) // 2
    return _low(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def from_der(signature: bytes) -> bytes:
    """The same signature with the lower s; `ConfigError` if it is none."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    try:
        return _low(*decode_dss_signature(signature))
    except ValueError as error:
        raise ConfigError("the key service answered with something that is no signature") from error


def _low(r: int, s: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(r, min(s, P256_ORDER - s))
