"""Signers by URI scheme: where a private key lives and how it signs.

ADD A SIGNER HERE: a class with the four members of `Signer`, and one row in `SCHEMES`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from evidence.errors import ConfigError
from evidence.manifest.publickey import PublicKey, from_cryptography

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer(Protocol):
    """Something that signs bytes with Ed25519 and can say by which key."""

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
        """The raw signature over `message`."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """`file:PATH`: an unencrypted PKCS#8 PEM file with an Ed25519 key, readable by its owner only.

    Raises:
        ConfigError: on reading, when the file is missing, open to others or holds another key.
    """

    _key: Ed25519PrivateKey
    public_key: PublicKey

    @classmethod
    def from_uri(cls, uri: str) -> FileSigner:
        """Reads the key that the URI names (`file:/path` or `file:///path`)."""
        parts = urlsplit(uri)
        if parts.netloc not in {"", "localhost"} or not parts.path:
            raise ConfigError(f"{uri!r} names no local file: write file:/path/to/signing.key")
        return cls.from_file(Path(unquote(parts.path)))

    @classmethod
    def from_file(cls, path: Path) -> FileSigner:
        """Reads the key in `path`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = load_private_key(path)
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


SCHEMES: Mapping[str, Callable[[str], Signer]] = {"file": FileSigner.from_uri}


def open_signer(uri: str) -> Signer:
    """The signer behind a URI; `ConfigError` for a scheme that is not in `SCHEMES`."""
    scheme = uri.partition(":")[0].lower()
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in sorted(SCHEMES))
        raise ConfigError(f"the signer {uri!r} has an unknown scheme; known: {known}")
    return SCHEMES[scheme](uri)


def load_private_key(path: Path) -> Any:
    """The private key in a PEM file that only its owner can read; `ConfigError` otherwise."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is not an unencrypted PEM private key") from error


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
        return stream.read(1 << 20)
