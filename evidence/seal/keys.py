"""The sealer's keys: making, loading, rotating them. Public halves are handed over: trustfile.py.

`signing.key`  Ed25519: ledger checkpoints, and the packet's statement and OpenSSH signature unless
               a signer elsewhere (a token, a key service) makes those.
`pdf.key` with `pdf.crt`  EC P-256 and a self-made certificate: the PDF's own signature.
`retired/`  the public halves of keys that were rotated away, and until when they sealed.

They lie in the user's configuration directory with mode 0600, never beside the data: who can
change the ledger must not thereby be able to sign it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError
from evidence.manifest.publickey import PublicKey
from evidence.seal import keyfolder
from evidence.seal.certificate import VALIDITY, load_der, read_certificate, self_signed, to_pem
from evidence.seal.keyfolder import PDF_CERTIFICATE, PDF_KEY, SIGNING_KEY, Retired
from evidence.seal.signers import FileSigner, Signer, load_private_key
from evidence.seal.trustfile import PRINCIPAL, describe, trust_file

__all__ = [
    "PDF_CERTIFICATE",
    "PDF_KEY",
    "PRINCIPAL",
    "SIGNING_KEY",
    "VALIDITY",
    "KeySet",
    "PdfIdentity",
    "describe",
    "init",
    "load",
    "rotate",
    "trust_file",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfIdentity:
    """The key and certificate (DER) of the PDF signature; the key never prints."""

    key_der: bytes = field(repr=False)
    certificate_der: bytes

    @property
    def certificate_pem(self) -> str:
        """The certificate as openssl and pdfsig read it."""
        return to_pem(self.certificate_der)

    @property
    def valid_until(self) -> datetime:
        """The certificate's end, UTC."""
        end: datetime = load_der(self.certificate_der).not_valid_after_utc
        return end

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, upper-case hexadecimal with colons, as openssl prints it."""
        from cryptography.hazmat.primitives.hashes import SHA256

        return str(load_der(self.certificate_der).fingerprint(SHA256()).hex(":").upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """What seals a packet, and what earlier packets were sealed by."""

    signer: Signer
    """Signs the packet's statement and its list of digests."""
    pdf: PdfIdentity
    notes: Signer
    """Signs the ledger's checkpoints: always Ed25519, mostly the same key as `signer`."""
    retired: tuple[Retired, ...] = ()
    authorities: tuple[bytes, ...] = ()
    """Certificates (DER) of the time stamp authorities in use, to be handed over as well."""

    @property
    def public_key(self) -> PublicKey:
        """The key that signs statements and sums."""
        return self.signer.public_key

    @property
    def fingerprint(self) -> str:
        """What auditor and auditee compare over another channel."""
        return self.signer.key_id

    @property
    def since(self) -> str:
        """RFC 3339: when the present keys took over; empty where they are the first."""
        return max((each.until for each in self.retired), default="")


def init(
    directory: Path, *, name: str, now: datetime | None = None, passphrase: bytes | None = None
) -> KeySet:
    """Makes both keys in `directory` (created 0700) and returns them.

    `name` becomes the certificate's common name. With a passphrase both are encrypted at rest.
    An existing key is never overwritten.

    Raises:
        ConfigError: a key file exists, or the directory cannot be written.
    """
    for each in keyfolder.FILES:
        if (directory / each).exists():
            raise ConfigError(
                f"{directory / each} exists; keys are never overwritten",
                next_step="Use the existing keys, or replace them with `evidence keys rotate`.",
            )
    keyfolder.write_new(directory, _make(name, now or datetime.now(UTC), passphrase))
    return load(directory, passphrase=passphrase)


def load(
    directory: Path,
    *,
    signer: Signer | None = None,
    passphrase: bytes | None = None,
    authorities: tuple[bytes, ...] = (),
) -> KeySet:
    """The keys in `directory`; `signer` seals packets instead of the file key.

    Raises:
        ConfigError: a file is missing, open to other users or not a key; the passphrase is not
            theirs; or the certificate is not the key's.
    """
    if directory.is_dir() and directory.stat().st_mode & 0o022:
        raise ConfigError(
            f"other users may write to the key folder {directory}",
            next_step=f"Run `chmod 700 {directory}` and check that the keys are yours.",
        )
    keyfolder.finish_rotation(directory)
    notes = FileSigner.from_file(directory / SIGNING_KEY, passphrase)
    return KeySet(
        signer=signer or notes,
        notes=notes,
        pdf=_load_pdf(directory, passphrase),
        retired=keyfolder.retired(directory),
        authorities=authorities,
    )


def rotate(
    directory: Path, *, name: str, now: datetime | None = None, passphrase: bytes | None = None
) -> KeySet:
    """Replaces both keys by new ones; the old public halves stay, the private ones are gone.

    Packets sealed before stay verifiable by the trust file that is exported from now on: it
    lists the old keys as valid until this moment.

    Raises:
        ConfigError: as for `load`; or the keys were rotated less than a second ago.
    """
    held = load(directory, passphrase=passphrase)
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    until = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    if until <= held.since:
        raise ConfigError(f"these keys are in use since {held.since}, not earlier than {until}")
    old = Retired(
        public_key=held.notes.public_key.line,
        certificate=held.pdf.certificate_pem,
        since=held.since,
        until=until,
    )
    keyfolder.replace_all(directory, _make(name, moment, passphrase), old)
    return load(directory, passphrase=passphrase)


def _make(name: str, now: datetime, passphrase: bytes | None) -> dict[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    pdf_key = ec.generate_private_key(ec.SECP256R1())
    return {
        SIGNING_KEY: _pem(ed25519.Ed25519PrivateKey.generate(), passphrase),
        PDF_KEY: _pem(pdf_key, passphrase),
        PDF_CERTIFICATE: self_signed(pdf_key, name, now),
    }


def _pem(key: Any, passphrase: bytes | None) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


def _load_pdf(directory: Path, passphrase: bytes | None) -> PdfIdentity:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = load_private_key(directory / PDF_KEY, passphrase)
    der = read_certificate(directory / PDF_CERTIFICATE)
    if (
        not isinstance(key, EllipticCurvePrivateKey)
        or load_der(der).public_key() != key.public_key()
    ):
        raise ConfigError(f"{directory / PDF_CERTIFICATE} is not the certificate of {PDF_KEY}")
    return PdfIdentity(
        key_der=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate_der=der,
    )
