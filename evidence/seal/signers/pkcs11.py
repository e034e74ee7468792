"""`pkcs11:`: a key in a hardware token, named as RFC 7512 names it.

    pkcs11:token=audit;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=env:PIN

`object` is the label of the key pair, or `id` its identifier in hexadecimal (`id=%02` of the RFC
works too). `pin-source` refers to the PIN, which may not stand in the URI. The private half never
leaves the token: for each signature a session is opened, and closed again.
Source: https://www.rfc-editor.org/rfc/rfc7512
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from evidence.errors import ConfigError
from evidence.manifest.publickey import ED25519, PublicKey, from_cryptography
from evidence.seal.signers.ecdsa import from_raw
from evidence.seal.signers.interface import Secrets, attributes, missing_extra

_PATH = frozenset({"token", "object", "id"})
_QUERY = frozenset({"module-path", "pin-source"})
_ED25519_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Signer:
    """A key pair in a token: Ed25519, or ECDSA on P-256.

    Raises:
        ConfigError: the library, token or key is not there, or the token refuses the PIN.
    """

    module: str
    token: str
    label: str | None
    identifier: bytes | None
    public_key: PublicKey
    _pin: str = field(repr=False)

    @classmethod
    def from_uri(cls, uri: str, secrets: Secrets) -> Pkcs11Signer:
        """Finds the key and reads its public half."""
        path, _, query = uri.partition(":")[2].partition("?")
        named, options = attributes(path, ";", uri), attributes(query, "&", uri)
        _check(uri, named, options)
        _require_library()
        module = options["module-path"]
        if not Path(module).is_file():
            raise ConfigError(f"there is no PKCS#11 module at {module}")
        raw = dict(pair.partition("=")[::2] for pair in path.split(";"))
        identifier = unquote_to_bytes(raw["id"]) if "id" in raw else None
        found = cls(
            module=module,
            token=named["token"],
            label=named.get("object"),
            identifier=identifier,
            public_key=PublicKey("", b""),
            _pin=secrets(options["pin-source"]),
        )
        return found._with_public_half()

    @property
    def key_id(self) -> str:
        """The key's OpenSSH fingerprint."""
        return self.public_key.fingerprint

    @property
    def algorithm(self) -> str:
        """`ssh-ed25519` or `ecdsa-sha2-nistp256`."""
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        """The token's signature, in its one accepted form."""
        import pkcs11

        with self._session() as session:
            key = self._find(session, pkcs11.ObjectClass.PRIVATE_KEY)
            if self.algorithm == ED25519:
                return bytes(key.sign(message, mechanism=pkcs11.Mechanism.EDDSA))
            digest = hashlib.sha256(message).digest()
            return from_raw(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))

    def _with_public_half(self) -> Pkcs11Signer:
        import pkcs11

        with self._session() as session:
            key = self._find(session, pkcs11.ObjectClass.PUBLIC_KEY)
            return replace(self, public_key=_public_half(key, self.token))

    def _find(self, session: Any, kind: Any) -> Any:
        return session.get_key(kind, label=self.label, id=self.identifier)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        import pkcs11
        from pkcs11 import exceptions

        try:
            token = pkcs11.lib(self.module).get_token(token_label=self.token)
            with token.open(user_pin=self._pin) as session:
                yield session
        except exceptions.NoSuchToken as error:
            raise ConfigError(f"there is no token {self.token!r} behind {self.module}") from error
        except (exceptions.NoSuchKey, exceptions.MultipleObjectsReturned) as error:
            raise ConfigError(
                f"the token {self.token!r} does not hold exactly one such key pair"
            ) from error
        except (exceptions.PinIncorrect, exceptions.PinLenRange, exceptions.PinLocked) as error:
            raise ConfigError(f"the token {self.token!r} refuses the PIN") from error
        except (exceptions.PKCS11Error, RuntimeError) as error:
            name = type(error).__name__
            raise ConfigError(f"the token {self.token!r} cannot be used: {name}") from error


def _require_library() -> None:
    try:
        import pkcs11  # noqa: F401
    except ImportError as error:
        raise missing_extra("a signer in a hardware token (pkcs11:)", "pkcs11") from error


def _check(uri: str, named: dict[str, str], options: dict[str, str]) -> None:
    odd = sorted((named.keys() - _PATH) | (options.keys() - _QUERY))
    if odd:
        raise ConfigError(
            f"the signer {_without_pin(uri)!r} has attributes that are not read: {', '.join(odd)}",
            next_step="Refer to the PIN by pin-source=env:NAME or pin-source=file:PATH."
            if "pin-value" in odd
            else None,
        )
    missing = [name for name in ("module-path", "pin-source") if name not in options]
    missing += [] if "token" in named else ["token"]
    missing += [] if {"object", "id"} & named.keys() else ["object"]
    if missing:
        raise ConfigError(
            f"the signer {uri!r} lacks {', '.join(missing)}",
            next_step="Write pkcs11:token=T;object=K?module-path=/path.so&pin-source=env:PIN",
        )


def _without_pin(uri: str) -> str:
    return uri.partition("?")[0]


def _public_half(key: Any, token: str) -> PublicKey:
    import pkcs11
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from pkcs11.util.ec import encode_ec_public_key

    try:
        if key.key_type == pkcs11.KeyType.EC_EDWARDS:
            point = bytes(key[pkcs11.Attribute.EC_POINT])
            return from_cryptography(Ed25519PublicKey.from_public_bytes(point[-_ED25519_BYTES:]))
        return from_cryptography(load_der_public_key(encode_ec_public_key(key)))
    except Exception as error:
        # RSA keys, other curves, tokens that hide a point: each library has its own words for it.
        raise ConfigError(
            f"the key in the token {token!r} is neither Ed25519 nor ECDSA on P-256"
        ) from error
