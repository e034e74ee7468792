"""The public halves as one text file that `evidence verify --trust` and `ssh-keygen` both read.

    # key SHA256:...                         each key by its fingerprint,
    # -----BEGIN PUBLIC KEY-----             in PEM for openssl,
    # certificate of PDFs AB:CD:...          the certificate of its PDFs,
    # -----BEGIN CERTIFICATE-----
    evidence namespaces="evidence-packet" ssh-ed25519 AAAA...     and for ssh-keygen

Keys that were rotated away carry `valid-before`: packets of that time verify, later ones do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.manifest.publickey import PublicKey, parse_public_key
from evidence.manifest.sshsig import CHECKPOINTS, NAMESPACE
from evidence.seal.certificate import to_pem

if TYPE_CHECKING:
    from evidence.seal.keys import KeySet

PRINCIPAL = "evidence"
"""The name under which `allowed_signers` lists the key, and that `ssh-keygen -Y verify -I` asks."""


def trust_file(keys: KeySet) -> str:
    """Every public half, to be handed over by another way than the packet."""
    return packet_keys(keys) + "".join(_retired(keys)) + "".join(_authorities(keys))


def packet_keys(keys: KeySet) -> str:
    """The public halves that seal now: what a packet carries along, to no one's trust."""
    head = f"# Public keys of an evidence seal. Compare with the sender: {keys.fingerprint}\n"
    text = head + _key(keys.public_key) + _certificate(keys.pdf.certificate_pem, "PDFs")
    text += _line(keys.public_key, NAMESPACE, since=keys.since)
    if keys.notes.public_key != keys.public_key:
        text += _key(keys.notes.public_key) + _line(keys.notes.public_key, CHECKPOINTS)
    return text


def describe(keys: KeySet) -> str:
    """Fingerprints and dates, to be read out over the telephone."""
    lines = [f"signing key      {keys.fingerprint}{_from(keys.since)}"]
    if keys.notes.public_key != keys.public_key:
        lines.append(f"checkpoint key   {keys.notes.key_id}")
    lines.append(
        f"PDF certificate  {keys.pdf.fingerprint} (SHA-256, until {keys.pdf.valid_until:%Y-%m-%d})"
    )
    lines += [
        f"retired key      {parse_public_key(each.public_key).fingerprint} until {each.until}"
        for each in keys.retired
    ]
    return "\n".join(lines)


def _from(since: str) -> str:
    return f" since {since}" if since else ""


def _retired(keys: KeySet) -> Iterator[str]:
    for each in keys.retired:
        key = parse_public_key(each.public_key)
        yield _key(key) + _certificate(each.certificate, "PDFs until then")
        yield _line(key, NAMESPACE, since=each.since, until=each.until)


def _authorities(keys: KeySet) -> Iterator[str]:
    for der in keys.authorities:
        yield _certificate(to_pem(der), "time stamps")


def _key(key: PublicKey) -> str:
    return _commented(f"key {key.fingerprint}\n{key.pem()}")


def _certificate(pem: str, purpose: str) -> str:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificate

    print_of = load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex(":").upper()
    return _commented(f"certificate of {purpose} {print_of}\n{pem}")


def _line(key: PublicKey, namespace: str, *, since: str = "", until: str = "") -> str:
    """A line of `allowed_signers`; times as ssh-keygen writes them, in UTC."""
    options = [f'namespaces="{namespace}"']
    options += [f'valid-after="{_digits(since)}"'] * bool(since)
    options += [f'valid-before="{_digits(until)}"'] * bool(until)
    return f"{PRINCIPAL} {','.join(options)} {key.line}\n"


def _digits(time: str) -> str:
    return "".join(char for char in time if char.isdigit())


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())
