"""The self-made certificate of the PDF signature, and reading certificates from PEM."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError

VALIDITY = timedelta(days=3653)
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning, RFC 9336."""


def load_der(der: bytes) -> Any:
    """The certificate object of DER bytes."""
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der)


def to_pem(der: bytes) -> str:
    """The certificate as openssl and pdfsig read it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return str(load_der(der).public_bytes(Encoding.PEM).decode())


def read_certificate(path: Path) -> bytes:
    """DER of the one certificate in a PEM file; `ConfigError` otherwise."""
    return read_certificates(path)[0]


def read_certificates(path: Path) -> tuple[bytes, ...]:
    """DER of every certificate in a PEM file; `ConfigError` if there is none."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    try:
        found = load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"the certificate {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not a certificate in PEM") from error
    return tuple(each.public_bytes(Encoding.DER) for each in found)


def self_signed(key: Any, name: str, now: datetime) -> bytes:
    """A certificate in PEM for the key, by the key: trust in it is exchanged by hand."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    subject = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name[:40]} evidence seal")]
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
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def _usage() -> Any:
    from cryptography import x509

    return x509.KeyUsage(
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
