"""`kms:`: a key in a cloud's key service, by the signers of securesystemslib.

    kms:aws:KEY                key id, ARN or alias/NAME
    kms:gcp:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V
    kms:azure:VAULT/KEY

The key is ECDSA on P-256. Credentials and region are those of the cloud's own library
(environment, profile, workload identity): none of them stand in our configuration.
Source: https://github.com/secure-systems-lab/securesystemslib (securesystemslib.signer)
"""

from __future__ import annotations

import binascii
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.errors import ConfigError, EvidenceError, MalformedError, UnavailableError
from evidence.manifest.publickey import ECDSA_P256, PublicKey, from_cryptography
from evidence.seal.signers.ecdsa import from_der
from evidence.seal.signers.interface import Secrets, missing_extra


def _aws(name: str) -> Any:
    from securesystemslib.signer import AWSSigner

    uri, key = AWSSigner.import_(name)
    return AWSSigner.from_priv_key_uri(uri, key)


def _gcp(name: str) -> Any:
    from securesystemslib.signer import GCPSigner

    uri, key = GCPSigner.import_(name)
    return GCPSigner.from_priv_key_uri(uri, key)


def _azure(name: str) -> Any:
    from securesystemslib.signer import AzureSigner

    vault, _, key_name = name.partition("/")
    if not key_name:
        raise ConfigError(f"kms:azure:{name} names no key", next_step="Write kms:azure:VAULT/KEY")
    uri, key = AzureSigner.import_(vault, key_name)
    return AzureSigner.from_priv_key_uri(uri, key)


CLOUDS: Mapping[str, Callable[[str], Any]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsSigner:
    """A key that a cloud holds. The message's digest is sent there, never the message.

    Raises:
        ConfigError: the cloud's library is not installed, or the key is of another kind.
        UnavailableError: the service did not answer, refused, or knows no such key.
    """

    cloud: str
    public_key: PublicKey
    _signer: Any = field(repr=False)

    @classmethod
    def from_uri(cls, uri: str, _secrets: Secrets) -> KmsSigner:
        """Asks the service for the key's public half."""
        cloud, _, name = uri.partition(":")[2].partition(":")
        if cloud not in CLOUDS or not name:
            known = ", ".join(f"kms:{each}:KEY" for each in sorted(CLOUDS))
            raise ConfigError(f"the signer {uri!r} names no key service; known: {known}")
        signer = _asked(cloud, lambda: CLOUDS[cloud](name))
        return cls(cloud=cloud, public_key=_public_half(signer, uri), _signer=signer)

    @property
    def key_id(self) -> str:
        """The key's OpenSSH fingerprint."""
        return self.public_key.fingerprint

    @property
    def algorithm(self) -> str:
        """`ecdsa-sha2-nistp256`."""
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        """The service's signature in DER, with the lower s."""
        made = _asked(self.cloud, lambda: self._signer.sign(message))
        signature = from_der(binascii.unhexlify(made.signature))
        if not self.public_key.verifies(signature, message):
            raise UnavailableError(f"the {self.cloud} key service signed with another key")
        return signature


def _asked(cloud: str, question: Callable[[], Any]) -> Any:
    from securesystemslib.exceptions import UnsupportedLibraryError

    try:
        return question()
    except (ImportError, UnsupportedLibraryError) as error:
        raise missing_extra(f"a signer in the {cloud} key service (kms:{cloud}:)", "kms") from error
    except EvidenceError:
        raise
    except Exception as error:
        # Three clouds, three families of errors; what they say may name accounts, never secrets.
        logging.getLogger(__name__).debug("kms:%s", cloud, exc_info=error)
        raise UnavailableError(
            f"the {cloud} key service did not sign: {type(error).__name__}: {str(error)[:300]}",
            next_step="Check credentials, region and the key's permissions with the cloud's tool.",
        ) from error


def _public_half(signer: Any, uri: str) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        pem = signer.public_key.keyval["public"].encode()
        found = from_cryptography(load_pem_public_key(pem))
    except (KeyError, TypeError, ValueError, MalformedError) as error:
        raise ConfigError(f"the key {uri!r} is not an ECDSA key on P-256") from error
    if found.algorithm != ECDSA_P256:
        raise ConfigError(f"the key {uri!r} is not an ECDSA key on P-256")
    return found
