"""Whom the reader trusts: public keys and certificates that came by another way than the packet.

`--trust` names a file or a folder of files, each holding any of: OpenSSH public key lines,
`allowed_signers` lines, PEM public keys, PEM certificates, or only a fingerprint (`SHA256:...`) as
it stands in an engagement letter. `evidence keys export-public` prints such a file.

A line may limit its key by `valid-after` and `valid-before` (UTC): keys that were rotated away. The
limits are held against the time at which the packet says it was sealed, and against its time stamp
where one is verified: a thief of an old key can write any time into a packet, but not stamp it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import MalformedError, VerificationError
from evidence.manifest.publickey import (
    ECDSA_P256,
    ED25519,
    PublicKey,
    from_cryptography,
    parse_public_key,
)
from evidence.manifest.sshsig import CHECKPOINTS, NAMESPACE
from evidence.verify.window import Window, read_window

_LIMIT = 1 << 20
_MAX_FILES = 100
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.*?-----END \1-----\n?", re.DOTALL)
_COMMENT = re.compile(r"^# ?", re.MULTILINE)
_KEY = re.compile(rf"(?:^|\s)({ED25519}|{ECDSA_P256})\s+(\S+)")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_NAMESPACES = re.compile(r'namespaces="([^"]*)"')


class TrustError(VerificationError):
    """What was given as trusted cannot be used. The packet was not judged: exit code 2."""

    exit_code = 2
    default_next_step = "Pass the folder or file that the entity gave you as its public keys."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Trusted signing keys, and trusted certificates (DER) of PDF signatures and time stamps."""

    keys: tuple[PublicKey, ...] = ()
    certificates: tuple[bytes, ...] = ()
    fingerprints: tuple[str, ...] = ()
    """Keys that are trusted without being at hand: the packet's key of this fingerprint is."""
    checkpoint_keys: tuple[PublicKey, ...] = ()
    """Keys that may sign the ledger's checkpoints and nothing else."""
    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    """By fingerprint: when a key may have sealed. A key that is not here has no limit."""

    @property
    def note_keys(self) -> tuple[PublicKey, ...]:
        """Every key by which a checkpoint may be signed."""
        return (*self.keys, *self.checkpoint_keys)

    def allows(self, fingerprint: str, moment: str) -> bool:
        """Whether this key may have sealed at that moment (RFC 3339, UTC)."""
        windows = self.windows.get(fingerprint, ())
        return not windows or any(window.holds(moment) for window in windows)

    def limits(self, fingerprint: str) -> str:
        """In words, when this key may have sealed; empty without limit."""
        return " or ".join(window.text for window in self.windows.get(fingerprint, ()))

    def vouches_for(self, key: PublicKey) -> bool:
        """Whether the reader trusts this signing key."""
        return key in self.keys or key.fingerprint in self.fingerprints


def read_trust(path: Path) -> Trust:
    """Reads a trust file, or every file of a trust folder.

    Raises:
        TrustError: it cannot be read, holds something else, or no signing key at all.
    """
    try:
        found = [parse_trust(_read(file), file.name) for file in _files(path)]
    except OSError as error:
        raise TrustError(f"the trusted keys {path} cannot be read: {error.strerror}") from error
    trust = _together(found)
    if not trust.keys and not trust.fingerprints:
        raise TrustError(f"{path} holds no signing key")
    return trust


def _together(found: list[Trust]) -> Trust:
    """One trust of several files. What one file limits, no other file lets loose."""
    windows: dict[str, tuple[Window, ...]] = {}
    for each in found:
        for name, more in each.windows.items():
            windows[name] = (*windows.get(name, ()), *more)
    return Trust(
        keys=tuple({key: None for each in found for key in each.keys}),
        certificates=tuple({der: None for each in found for der in each.certificates}),
        fingerprints=tuple({name: None for each in found for name in each.fingerprints}),
        checkpoint_keys=tuple({key: None for each in found for key in each.checkpoint_keys}),
        windows=windows,
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.iterdir() if each.is_file())
    if len(files) > _MAX_FILES:
        raise TrustError(f"{path} holds more than {_MAX_FILES} files: it is no folder of keys")
    return files


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_LIMIT + 1)
    if len(data) > _LIMIT or b"PRIVATE KEY" in data:
        raise TrustError(f"{path} is not a file of public keys")
    return data


def parse_trust(data: bytes, path: str) -> Trust:
    """The keys and certificates in a trust file's bytes; `path` names it in the `TrustError`.

    PEM blocks count in comment lines, too: there `ssh-keygen` does not stumble over them.
    """
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TrustError(f"{path} is not a file of public keys in text form") from error
    pems: list[PublicKey] = []
    certificates: list[bytes] = []
    for block in _PEM.finditer(_COMMENT.sub("", text)):
        if block[1] == "CERTIFICATE":
            certificates.append(_certificate(block[0], path))
        else:
            pems.append(_pem_key(block[0], path))
    fingerprints: list[str] = []
    lines: list[_Line] = []
    uncommented = "".join(
        row for row in text.splitlines(keepends=True) if not row.lstrip().startswith("#")
    )
    for row in _PEM.sub("", uncommented).splitlines():
        if _FINGERPRINT.fullmatch(row.strip()):
            fingerprints.append(row.strip())
        elif row.strip():
            lines.append(_read_line(row, path))
    listed = {line.key for line in lines}
    windows: dict[str, tuple[Window, ...]] = {}
    for line in lines:
        if line.window and line.seals:
            name = line.key.fingerprint
            windows[name] = (*windows.get(name, ()), line.window)
    return Trust(
        keys=(
            *(line.key for line in lines if line.seals),
            *(key for key in pems if key not in listed),
        ),
        certificates=tuple(certificates),
        fingerprints=tuple(fingerprints),
        checkpoint_keys=tuple(line.key for line in lines if line.notes and not line.seals),
        windows=windows,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of `allowed_signers` or one `.pub` line: a key, what for, and when."""

    key: PublicKey
    seals: bool
    notes: bool
    window: Window | None


def _read_line(line: str, path: str) -> _Line:
    match = _KEY.search(line)
    if match is None:
        raise TrustError(f"{path} holds a line that is neither a public key nor a comment")
    options = line[: match.start()]
    if "cert-authority" in options:
        raise TrustError(
            f"{path} trusts a certificate authority, whose keys a packet does not carry",
            next_step="List the signing key itself once you have decided that it holds.",
        )
    allowed = _NAMESPACES.search(options)
    named = allowed[1].split(",") if allowed else [NAMESPACE]
    try:
        return _Line(
            key=parse_public_key(f"{match[1]} {match[2]}"),
            seals=NAMESPACE in named,
            notes=CHECKPOINTS in named,
            window=read_window(options),
        )
    except MalformedError as error:
        raise TrustError(f"{path}: {error.message}") from error


def _pem_key(block: str, path: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return from_cryptography(load_pem_public_key(block.encode()))
    except (ValueError, UnsupportedAlgorithm, MalformedError) as error:
        raise TrustError(f"{path} holds a PEM block that is not a usable public key") from error


def _certificate(block: str, path: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(block.encode()).public_bytes(Encoding.DER)
    except ValueError as error:
        raise TrustError(f"{path} holds a certificate that cannot be read") from error
