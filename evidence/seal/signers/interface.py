"""What a signer is: a key that signs bytes, wherever its private half lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote

from evidence.errors import ConfigError
from evidence.manifest.publickey import PublicKey

Secrets = Callable[[str], str]
"""From a reference (`env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`) to the secret behind it."""


class Signer(Protocol):
    """Something that signs bytes and can say by which key: Ed25519, or ECDSA on P-256."""

    @property
    def public_key(self) -> PublicKey: ...

    @property
    def key_id(self) -> str:
        """The key's OpenSSH fingerprint, `SHA256:...`."""
        ...

    @property
    def algorithm(self) -> str:
        """The OpenSSH name of the key's algorithm."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: 64 raw bytes (Ed25519), or DER with the lower s (ECDSA)."""
        ...


def no_secrets(reference: str) -> str:
    """For callers that hold no secrets: refuses, naming what was asked for."""
    raise ConfigError(f"{reference!r}: no secret can be looked up here")


def attributes(text: str, separator: str, uri: str) -> dict[str, str]:
    """`name=value` pairs of a URI, percent-decoded; `ConfigError` for a repeated or broken one."""
    found: dict[str, str] = {}
    for pair in filter(None, text.split(separator)):
        name, sign, value = pair.partition("=")
        if not sign or name in found:
            raise ConfigError(f"the signer {uri!r} has a part that cannot be read: {pair!r}")
        found[name] = unquote(value)
    return found


def missing_extra(what: str, extra: str) -> ConfigError:
    """The error for a signer whose library is not installed."""
    return ConfigError(
        f"{what} needs libraries that are not installed",
        next_step=f"Install them: pip install 'soc2-evidence[{extra}]'",
    )
