"""The sealer's two keys: making, loading, and handing over their public halves.

`signing.key`  Ed25519: ledger checkpoints, the packet's statement, OpenSSH signatures.
`pdf.key` with `pdf.crt`  EC P-256 and a self-made certificate: the PDF's own signature.

They lie in the user's configuration directory with mode 0600, never beside the data: who can
change the ledger must not thereby be able to sign it.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError
from evidence.manifest.publickey import PublicKey
from evidence.manifest.sshsig import NAMESPACE
from evidence.seal.signers import FileSigner, Signer, load_private_key

SIGNING_KEY = "signing.key"
PDF_KEY = "pdf.key"
PDF_CERTIFICATE = "pdf.crt"
PRINCIPAL = "evidence"
"""The name under which `allowed_signers` lists the key, and that `ssh-keygen -Y verify -I` asks."""

VALIDITY = timedelta(days=3653)
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning, RFC 9336."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfIdentity:
    """The key and certificate (DER) of the PDF signature; the key never prints."""

    key_der: bytes = field(repr=False)
    certificate_der: bytes

    @property
    def certificate_pem(self) -> str:
        """The certificate as openssl and pdfsig read it."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return str(_certificate(self.certificate_der).public_bytes(Encoding.PEM).decode())

    @property
    def valid_until(self) -> datetime:
        """The certificate's end, UTC."""
        end: datetime = _certificate(self.certificate_der).not_valid_after_utc
        return end

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, upper-case hexadecimal with colons, as openssl prints it."""
        from cryptography.hazmat.primitives.hashes import SHA256

        return str(_certificate(self.certificate_der).fingerprint(SHA256()).hex(":").upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """What seals a packet."""

    signer: Signer
    pdf: PdfIdentity

    @property
    def public_key(self) -> PublicKey:
        """The key that signs statements, sums and checkpoints."""
        return self.signer.public_key

    @property
    def fingerprint(self) -> str:
        """What auditor and auditee compare over another channel."""
        return self.signer.key_id

    @property
    def allowed_signers(self) -> str:
        """One line for `ssh-keygen -Y verify -f`."""
        return f'{PRINCIPAL} namespaces="{NAMESPACE}" {self.public_key.line}\n'


def init(directory: Path, *, name: str, now: datetime | None = None) -> KeySet:
    """Makes both keys in `directory` (created 0700) and returns them.

    `name` becomes the certificate's common name. An existing key is never overwritten.

    Raises:
        ConfigError: a key file exists, or the directory cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    for each in (SIGNING_KEY, PDF_KEY, PDF_CERTIFICATE):
        if (directory / each).exists():
            raise ConfigError(
                f"{directory / each} exists; keys are never overwritten",
                next_step="Use the existing keys, or name another folder for new ones.",
            )
    pdf_key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(pdf_key, name, now or datetime.now(UTC))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_private(directory / SIGNING_KEY, _pem(ed25519.Ed25519PrivateKey.generate()))
        _write_private(directory / PDF_KEY, _pem(pdf_key))
        _write_private(directory / PDF_CERTIFICATE, certificate)
    except OSError as error:
        raise ConfigError(f"keys cannot be written to {directory}: {error.strerror}") from error
    return load(directory)


def load(directory: Path, *, signer: Signer | None = None) -> KeySet:
    """The keys in `directory`; `signer` replaces the file key by one from elsewhere.

    Raises:
        ConfigError: a file is missing, open to other users or not a key; or the certificate
            is not the key's.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    if directory.is_dir() and directory.stat().st_mode & 0o022:
        raise ConfigError(
            f"other users may write to the key folder {directory}",
            next_step=f"Run `chmod 700 {directory}` and check that the keys are yours.",
        )
    key = load_private_key(directory / PDF_KEY)
    certificate = _read_certificate(directory / PDF_CERTIFICATE)
    if not isinstance(key, EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        raise ConfigError(f"{directory / PDF_CERTIFICATE} is not the certificate of {PDF_KEY}")
    return KeySet(
        signer=signer or FileSigner.from_file(directory / SIGNING_KEY),
        pdf=PdfIdentity(
            key_der=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            certificate_der=certificate.public_bytes(Encoding.DER),
        ),
    )


def trust_file(keys: KeySet) -> str:
    """One text file with the public halves, to be handed over by another way than the packet.

    `evidence verify --trust` and `ssh-keygen -Y verify -f` read it as it is. Key and certificate
    in PEM stand in its comment lines: `sed -n 's/^# //p'` gives them to openssl.
    """
    pem = keys.public_key.pem() + keys.pdf.certificate_pem
    head = f"Public keys of an evidence seal. Compare with the sender: {keys.fingerprint}\n"
    commented = "".join(f"# {line}\n" for line in (head + pem).splitlines())
    return commented + keys.allowed_signers


def describe(keys: KeySet) -> str:
    """Both fingerprints and when the certificate ends, to be read out over the telephone."""
    return (
        f"signing key      {keys.fingerprint}\n"
        f"PDF certificate  {keys.pdf.fingerprint} (SHA-256, until {keys.pdf.valid_until:%Y-%m-%d})"
    )


def _write_private(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(data)


def _pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _certificate(der: bytes) -> Any:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der)


def _read_certificate(path: Path) -> Any:
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"the certificate {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not a certificate in PEM") from error


def _self_signed(key: Any, name: str, now: datetime) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    subject = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name[:40]} evidence seal")]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    purposes = [
        x509.ObjectIdentifier(_DOCUMENT_SIGNING),
        x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ]
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject)
        .public_key(key.public_key())
        .serial_number(secrets.randbits(127) + 1)
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
