"""The keys that the configuration names: from its folder, its signer and its references."""

from __future__ import annotations

from pathlib import Path

from evidence.config.load import Loaded
from evidence.config.secrets import resolve
from evidence.seal import keys
from evidence.seal.certificate import read_certificates
from evidence.seal.keys import KeySet
from evidence.seal.pades import Stamping
from evidence.seal.signers import FileSigner, Signer, open_signer


def load_keys(loaded: Loaded, *, elsewhere: bool = True) -> KeySet:
    """Everything that seals packets. `elsewhere=False` leaves a token or key service alone.

    Raises:
        ConfigError: a key, passphrase, PIN or certificate is missing or cannot be used.
        UnavailableError: a key service did not answer.
    """
    seal = loaded.settings.seal
    signer = open_signer(seal.signer, resolve) if seal.signer and elsewhere else None
    return keys.load(
        loaded.key_directory,
        signer=signer,
        passphrase=passphrase(loaded),
        authorities=_authorities(seal.tsa_certificates),
    )


def load_stamping(loaded: Loaded, held: KeySet, *, lta: bool = False) -> Stamping:
    """Where time stamps come from, by configuration; `lta` asks for B-LTA in any case."""
    seal = loaded.settings.seal
    return Stamping(tsa=seal.tsa, lta=lta or seal.lta, authorities=held.authorities)


def note_signer(loaded: Loaded) -> Signer | None:
    """The key that signs checkpoints; None where no keys were made yet."""
    path = loaded.key_directory / keys.SIGNING_KEY
    return FileSigner.from_file(path, passphrase(loaded)) if path.exists() else None


def passphrase(loaded: Loaded) -> bytes | None:
    """What the key files are encrypted with, None where nothing is configured."""
    reference = loaded.settings.seal.passphrase
    return resolve(reference).encode() if reference else None


def _authorities(path: str) -> tuple[bytes, ...]:
    return read_certificates(Path(path).expanduser()) if path else ()
