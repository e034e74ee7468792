"""`file:PATH`: a key in a PEM file that only its owner can read, encrypted if he wishes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from evidence.errors import ConfigError
from evidence.manifest.publickey import PublicKey, from_cryptography
from evidence.seal.signers.interface import Secrets, attributes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LIMIT = 1 << 20
"""Bytes of a key file."""


@dataclass(frozen=True, slots=True)
class FileSigner:
    """An Ed25519 key in PKCS#8.

    Raises:
        ConfigError: on reading, when the file is missing, open to others, holds another key, or
            is encrypted by another passphrase.
    """

    _key: Ed25519PrivateKey
    public_key: PublicKey

    @classmethod
    def from_uri(cls, uri: str, secrets: Secrets) -> FileSigner:
        """Reads `file:/path` or `file:///path`, with `?passphrase=env:NAME` where encrypted."""
        parts = urlsplit(uri)
        if parts.netloc not in {"", "localhost"} or not parts.path:
            raise ConfigError(f"{uri!r} names no local file: write file:/path/to/signing.key")
        wanted = attributes(parts.query, "&", uri)
        reference = wanted.pop("passphrase", "")
        if wanted:
            raise ConfigError(f"{uri!r}: only ?passphrase=REFERENCE may follow the path")
        passphrase = secrets(reference).encode() if reference else None
        return cls.from_file(Path(unquote(parts.path)), passphrase)

    @classmethod
    def from_file(cls, path: Path, passphrase: bytes | None = None) -> FileSigner:
        """Reads the key in `path`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = load_private_key(path, passphrase)
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"{path} does not hold an Ed25519 key")
        return cls(key, from_cryptography(key.public_key()))

    @property
    def key_id(self) -> str:
        """The key's OpenSSH fingerprint."""
        return self.public_key.fingerprint

    @property
    def algorithm(self) -> str:
        """`ssh-ed25519`."""
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        """64 bytes, the same for the same message (RFC 8032)."""
        return self._key.sign(message)


def load_private_key(path: Path, passphrase: bytes | None = None) -> Any:
    """The private key in a PEM file that only its owner can read; `ConfigError` otherwise.

    A passphrase that the file does not need is passed over.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = read_private(path)
    encrypted = b"ENCRYPTED" in data
    if encrypted and not passphrase:
        raise ConfigError(
            f"{path} is encrypted, and no passphrase is configured",
            next_step='Set [seal] passphrase = "env:NAME", "file:PATH" or "keyring:SERVICE/NAME".',
        )
    try:
        return load_pem_private_key(data, password=passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise ConfigError(
                f"the passphrase does not open {path}",
                next_step="Correct what seal.passphrase refers to; nobody can open it without.",
            ) from error
        raise ConfigError(f"{path} is not a private key in PEM") from error


def read_private(path: Path) -> bytes:
    """The bytes of a file that nobody but its owner may read or change.

    Raises:
        ConfigError: the file is missing, a link, not a file, another user's, or open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be read: {error.strerror}",
            next_step="Make keys with `evidence keys init`, or name the folder that holds them.",
        ) from error
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise ConfigError(f"the key {path} is not a file")
        if state.st_uid != os.geteuid():
            raise ConfigError(f"the key file {path} belongs to another user")
        if state.st_mode & 0o077:
            raise ConfigError(
                f"the key file {path} is open to other users (mode {state.st_mode & 0o777:04o})",
                next_step=f"Run `chmod 600 {path}`; if others could read it, make a new key.",
            )
        return stream.read(_LIMIT)
