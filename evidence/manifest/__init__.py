"""The packet's formats, shared by `seal` (writes) and `verify` (reads). Pure: bytes in, bytes out.

    packet.pdf packet.html population.* results.json ...   content
    captures/NNNNNNNN.json    raw evidence with its proof of inclusion      capture_file.py
    checkpoint.note           the ledger's signed head (C2SP signed note)
    keys/                     the sealer's public keys: a convenience, never trust
    VERIFY.md                 the commands that check all this with stock tools
    manifest.json             every file above: size, digest, type, role    listing.py
    SHA256SUMS                every file above and the manifest             listing.py
    packet.dsse.json          signed statement over every file above  statement.py, envelope.py
    SHA256SUMS.sig            OpenSSH signature over SHA256SUMS             sshsig.py
    SHA256SUMS.tsr            RFC 3161 time stamp over SHA256SUMS, a subject of the statement
    SHA256SUMS.sigstore.json  keyless signature over SHA256SUMS, a subject of the statement

Every document has one accepted byte form, so a packet with any byte changed never verifies. What
cannot be read is a `MalformedError`. As one file the packet is a stored ZIP: archive.py.
"""

from __future__ import annotations

from evidence.manifest.capture_file import CaptureFile, parse_capture_file
from evidence.manifest.envelope import Envelope, Signature, pae, parse_envelope
from evidence.manifest.listing import (
    FileEntry,
    Manifest,
    Unsigned,
    parse_manifest,
    parse_sums,
    sums_text,
)
from evidence.manifest.statement import Predicate, Statement, parse_statement

__all__ = [
    "CaptureFile",
    "Envelope",
    "FileEntry",
    "Manifest",
    "Predicate",
    "Signature",
    "Statement",
    "Unsigned",
    "pae",
    "parse_capture_file",
    "parse_envelope",
    "parse_manifest",
    "parse_statement",
    "parse_sums",
    "sums_text",
]
