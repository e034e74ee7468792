"""Seals a rendered folder: signs the PDF, lists every file, signs the list.

The envelope is written last: a folder without it is not a packet, so a seal that was cut short
never looks like one.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from evidence.canonical import sha256_hex
from evidence.errors import ConfigError, MalformedError, RenderError
from evidence.manifest import (
    FileEntry,
    Manifest,
    Predicate,
    Statement,
    Unsigned,
    archive,
    paths,
    sums_text,
)
from evidence.seal.cosigners import cosign
from evidence.seal.dsse import sign_statement
from evidence.seal.instructions import Extras, Instructions
from evidence.seal.keys import KeySet
from evidence.seal.pades import NO_STAMP, Stamping, sign_pdf
from evidence.seal.sshsig import sign_file
from evidence.seal.timestamp import time_stamp
from evidence.seal.trustfile import packet_keys

_WRITTEN_HERE = frozenset({paths.MANIFEST, paths.INSTRUCTIONS, *paths.SIDECARS, *paths.OVER_SUMS})
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SealResult:
    """What was sealed. `digest` is the SHA-256 of `SHA256SUMS`: it names the packet."""

    digest: str
    fingerprint: str
    files: int
    size: int
    """Bytes of all files together."""
    unsigned_pdf: str
    """SHA-256 of the PDF before its signature, or empty."""
    timestamped: bool


def seal_folder(
    directory: Path,
    keys: KeySet,
    predicate: Predicate,
    *,
    stamping: Stamping = NO_STAMP,
    cosigner: str = "",
    now: datetime | None = None,
) -> SealResult:
    """Makes a packet of the rendered files in `directory`, in place.

    `packet.pdf`, if there, is signed; it and `SHA256SUMS` are time stamped where `stamping` names
    an authority. `cosigner` is the URI of a keyless signature to be added (`sigstore:`). `now`
    (default: the clock) is the time that the packet states.

    Raises:
        ConfigError: the folder is sealed already, cannot be written, or holds a link or a file
            whose name may not stand in a packet; or the PDF certificate has ended.
        RenderError: the PDF cannot be signed.
        UnavailableError: the time-stamping authority, or a service that signs, did not answer.
    """
    moment = now or datetime.now(UTC)
    stated = replace(predicate, sealed_at=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    extras = Extras(stamping=stamping, cosigner=cosigner)
    try:
        present = _list_files(directory)
        _refuse_sealed(directory, present)
        unsigned = _seal_pdf(directory, keys, stamping) if paths.PDF in present else None
        _write_companions(directory, keys, stated, unsigned, extras)
        manifest = _write_manifest(directory, keys, stated, unsigned)
        return _write_signatures(directory, keys, manifest, extras)
    except OSError as error:
        raise ConfigError(f"the packet {directory} cannot be sealed: {error.strerror}") from error


def zip_folder(directory: Path, target: Path) -> Path:
    """Writes the sealed folder as one stored ZIP; the same folder gives the same bytes.

    Raises:
        ConfigError: the folder is not sealed, the ZIP would pass 4 GiB, or cannot be written.
    """
    try:
        present = _list_files(directory)
        if paths.ENVELOPE not in present:
            raise ConfigError(f"{directory} is not sealed: {paths.ENVELOPE} is missing")
        rows = [(path, *_crc(directory / path)) for path in present]
        members = archive.plan(rows)
        with target.open("xb") as stream:
            for piece in _archive_bytes(directory, members):
                stream.write(piece)
    except MalformedError as error:
        raise ConfigError(error.message) from error
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error
    return target


def _list_files(directory: Path) -> list[str]:
    found: list[str] = []
    for root, folders, names in os.walk(directory, onerror=_reraise):
        for name in [*folders, *names]:
            path = Path(root, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise ConfigError(f"{path} is a link or device and may not stand in a packet")
        found += [Path(root, name).relative_to(directory).as_posix() for name in names]
    try:
        paths.require_distinct(paths.safe_path(path) for path in found)
    except MalformedError as error:
        raise ConfigError(error.message) from error
    return sorted(found, key=lambda path: path.encode())


def _reraise(error: OSError) -> None:
    raise error


def _refuse_sealed(directory: Path, present: list[str]) -> None:
    written = sorted(_WRITTEN_HERE & set(present))
    if written:
        raise ConfigError(
            f"{directory} holds {written[0]} already; a packet is sealed once",
            next_step="Export into a new folder; a sealed packet is never changed.",
        )


def _seal_pdf(directory: Path, keys: KeySet, stamping: Stamping) -> Unsigned:
    path = directory / paths.PDF
    if keys.pdf.valid_until < datetime.now(UTC):
        raise ConfigError(
            f"the PDF certificate ended on {keys.pdf.valid_until:%Y-%m-%d}",
            next_step="Replace the keys with `evidence keys rotate` and hand the new ones over.",
        )
    data = path.read_bytes()
    if not data.startswith(b"%PDF-"):
        raise RenderError(f"{path} is not a PDF")
    _replace(path, sign_pdf(data, keys.pdf, stamping))
    return Unsigned(size=len(data), sha256=sha256_hex(data))


def _replace(path: Path, data: bytes) -> None:
    """Writes beside the folder's files and renames: never half a file under its own name."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    temporary.replace(path)


def _write_companions(
    directory: Path,
    keys: KeySet,
    predicate: Predicate,
    unsigned: Unsigned | None,
    extras: Extras,
) -> None:
    (directory / paths.KEYS).mkdir(exist_ok=True)
    _replace(directory / paths.ALLOWED_SIGNERS, packet_keys(keys).encode())
    if predicate.checkpoint:
        _replace(directory / paths.CHECKPOINT, predicate.checkpoint.encode())
    text = Instructions(predicate=predicate, keys=keys, unsigned=unsigned, extras=extras).render()
    _replace(directory / paths.INSTRUCTIONS, text.encode())


def _write_manifest(
    directory: Path, keys: KeySet, predicate: Predicate, unsigned: Unsigned | None
) -> Manifest:
    manifest = Manifest(
        files=tuple(_entry(directory, path) for path in _list_files(directory)),
        signers=(keys.public_key.line,),
        predicate=predicate,
        unsigned={} if unsigned is None else {paths.PDF: unsigned},
    )
    _replace(directory / paths.MANIFEST, manifest.to_bytes())
    return manifest


def _write_signatures(
    directory: Path, keys: KeySet, manifest: Manifest, extras: Extras
) -> SealResult:
    digests = {entry.path: entry.sha256 for entry in manifest.files}
    digests[paths.MANIFEST] = _entry(directory, paths.MANIFEST).sha256
    sums = sums_text(digests).encode()
    _replace(directory / paths.SUMS, sums)
    _replace(directory / paths.SSH_SIGNATURE, sign_file(sums, keys.signer))
    digests[paths.SUMS] = sha256_hex(sums)
    for path, data in _attested(sums, extras):
        _replace(directory / path, data)
        digests[path] = sha256_hex(data)
    statement = Statement(subjects=digests, predicate=manifest.predicate)
    _replace(directory / paths.ENVELOPE, sign_statement(statement, keys.signer).to_bytes())
    unsigned = manifest.unsigned.get(paths.PDF)
    return SealResult(
        digest=digests[paths.SUMS],
        fingerprint=keys.fingerprint,
        files=len(digests) + 2,
        size=sum((directory / path).stat().st_size for path in _list_files(directory)),
        unsigned_pdf=unsigned.sha256 if unsigned else "",
        timestamped=bool(extras.stamping.tsa),
    )


def _attested(sums: bytes, extras: Extras) -> Iterator[tuple[str, bytes]]:
    """What others sign over the list. It is made before the statement, which then binds it."""
    if extras.stamping.tsa:
        yield paths.STAMP, time_stamp(sums, extras.stamping.tsa).response
    if extras.cosigner:
        yield paths.BUNDLE, cosign(sums, extras.cosigner)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _entry(directory: Path, path: str) -> FileEntry:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(directory / path):
        digest.update(chunk)
        size += len(chunk)
    return FileEntry(
        path=path,
        size=size,
        sha256=digest.hexdigest(),
        media_type=paths.media_type_of(path),
        role=paths.role_of(path),
    )


def _crc(path: Path) -> tuple[int, int]:
    crc, size = 0, 0
    for chunk in _chunks(path):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
    return crc, size


def _archive_bytes(directory: Path, members: tuple[archive.Member, ...]) -> Iterator[bytes]:
    size = 0
    for member in members:
        yield archive.local_header(member)
        yield from _chunks(directory / member.path)
    for member in members:
        row = archive.central_header(member)
        size += len(row)
        yield row
    offset = members[-1].end if members else 0
    yield archive.end_records(len(members), size, offset)
