"""The steps of a check, in order: each returns one sentence, or raises `MalformedError`.

ADD A STEP HERE: a function, and one row in `STEPS`. A step may return `None`: it has nothing to
check in this packet. `NotChecked` says that something is there but could not be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from evidence.errors import MalformedError
from evidence.manifest import (
    pae,
    parse_envelope,
    parse_manifest,
    parse_statement,
    parse_sums,
    paths,
    sshsig,
    strict,
)
from evidence.manifest.envelope import PAYLOAD_TYPE
from evidence.manifest.publickey import PublicKey, parse_public_key
from evidence.verify import captures, pdf, stamp
from evidence.verify.examination import Examination
from evidence.verify.files import read
from evidence.verify.stamp import CLOCK_SKEW
from evidence.verify.trust import Trust, parse_trust
from evidence.verify.verdict import plain

MAX_CAPTURE = 192 * 1024 * 1024
"""Bytes: a payload of 128 MiB in base64."""
_MAX_SIDECAR = 64 * 1024
_LISTED = 10


class NotChecked(Exception):  # noqa: N818 - it is an outcome, not an error
    """Something that this installation or this trust cannot judge; the text says what."""


def statement(exam: Examination) -> str:
    """Opens the envelope and checks its signatures by the keys that the manifest names."""
    envelope = parse_envelope(read(exam.files, paths.ENVELOPE, strict.MAX_DOCUMENT))
    parts = strict.MAX_PARTS + strict.PARTS_OF_A_FILE * len(exam.files.sizes)
    exam.statement = parse_statement(envelope.payload, parts=parts)
    exam.manifest = parse_manifest(exam.document(paths.MANIFEST), parts=parts)
    exam.signers = tuple(parse_public_key(line) for line in exam.manifest.signers)
    keys = {key.fingerprint: key for key in exam.signers}
    if keys.keys() != {item.key_id for item in envelope.signatures}:
        raise MalformedError("The signatures are not by exactly the keys that the manifest names.")
    message = pae(PAYLOAD_TYPE, envelope.payload)
    for item in envelope.signatures:
        if not keys[item.key_id].verifies(item.signature, message):
            raise MalformedError(f"The signature of {item.key_id} over the statement is not valid.")
    if exam.manifest.predicate != exam.statement.predicate:
        raise MalformedError("manifest.json and the signed statement describe different packets.")
    if exam.sealing_time > exam.now + CLOCK_SKEW:
        raise MalformedError("The packet says that it was sealed at a time that has not come yet.")
    return (
        f"The statement about this packet (entity, period, {len(exam.subjects)} file digests) "
        f"is signed by {', '.join(sorted(keys))}."
    )


def trusted(exam: Examination) -> str:
    """Whether one of the signing keys is one that the reader trusts."""
    if exam.trust is None:
        raise NotChecked("who sealed the packet, because no trusted key was given.")
    named = tuple(key.fingerprint for key in exam.signers if exam.trust.vouches_for(key))
    if not named:
        sealed_by = ", ".join(key.fingerprint for key in exam.signers)
        raise MalformedError(f"It was sealed by {sealed_by}, which is not among the trusted keys.")
    exam.trusted = _in_time(exam.trust, named, exam.sealed_at)
    limits = exam.trust.limits(exam.trusted[0])
    within = (
        f"; it is trusted for packets sealed {limits}, and this one says that it was sealed at "
        f"{exam.sealed_at}"
    ) * bool(limits)
    return f"The signing key {exam.trusted[0]} is among the keys given as trusted{within}."


def _in_time(trust: Trust, named: tuple[str, ...], at: str) -> tuple[str, ...]:
    """Those of the keys that may have sealed at that time; none is a `MalformedError`."""
    found = tuple(name for name in named if trust.allows(name, at))
    if not found:
        raise MalformedError(
            f"It was sealed at {at} by {named[0]}, which is trusted only {trust.limits(named[0])}."
        )
    return found


def contents(exam: Examination) -> str:
    """Every file's bytes against the signed digests; nothing missing, nothing extra."""
    problems = list(_content_problems(exam))
    if problems:
        more = len(problems) - _LISTED
        tail = f" And {more} more." if more > 0 else ""
        raise MalformedError(" ".join(problems[:_LISTED]) + tail)
    return (
        f"Each of the {len(exam.subjects)} listed files has exactly the signed content "
        f"({exam.size:,} bytes); none is missing and no other file lies in the packet."
    )


def _content_problems(exam: Examination) -> Iterator[str]:
    present = exam.files.sizes.keys()
    for path in sorted(exam.subjects.keys() - present):
        yield f"{path} is missing."
    for path in sorted(present - exam.subjects.keys() - paths.SIDECARS):
        yield f"{path} is not part of the sealed packet."
    if paths.SSH_SIGNATURE not in present:
        yield f"{paths.SSH_SIGNATURE} is missing."
    stated = {entry.path: entry.size for entry in exam.manifest.files} if exam.manifest else {}
    for path in sorted(exam.subjects.keys() & present):
        if exam.files.sizes[path] > stated.get(path, exam.files.sizes[path]):
            yield f"{path} is not the file that was sealed."
            continue
        digest = hashlib.sha256()
        for chunk in exam.files.chunks(path):
            digest.update(chunk)
        if digest.hexdigest() != exam.subjects[path]:
            yield f"{path} is not the file that was sealed."
        exam.size += exam.files.sizes[path]


def lists(exam: Examination) -> str:
    """`manifest.json`, `SHA256SUMS` and the statement list the same files alike."""
    listed = {path: value for path, value in exam.subjects.items() if path not in paths.OVER_SUMS}
    if parse_sums(exam.document(paths.SUMS)) != listed:
        raise MalformedError("SHA256SUMS and the signed statement list different files.")
    listed.pop(paths.MANIFEST, None)
    entries = exam.manifest.files if exam.manifest else ()
    if {entry.path: entry.sha256 for entry in entries} != listed:
        raise MalformedError("manifest.json and the signed statement list different files.")
    for entry in entries:
        if entry.size != exam.files.sizes[entry.path]:
            raise MalformedError(f"{entry.path} has another size than manifest.json states.")
    return "manifest.json, SHA256SUMS and the signed statement list the same files."


def ssh_signature(exam: Examination) -> str:
    """The signature that `ssh-keygen -Y verify` checks, by one of the same keys."""
    key, signature = sshsig.parse_armour(read(exam.files, paths.SSH_SIGNATURE, _MAX_SIDECAR))
    if key.blob not in {signer.blob for signer in exam.signers}:
        raise MalformedError("SHA256SUMS.sig is by a key that did not sign the statement.")
    if not key.verifies(signature, sshsig.signed_bytes(exam.document(paths.SUMS))):
        raise MalformedError("SHA256SUMS.sig is not a valid signature over SHA256SUMS.")
    return "SHA256SUMS carries a valid OpenSSH signature by the same key."


def time_stamp(exam: Examination) -> str | None:
    """The word of a time stamp authority that SHA256SUMS existed when the packet was sealed."""
    if paths.STAMP not in exam.subjects:
        return None
    if not pdf.pyhanko_is_installed():
        raise NotChecked("the time stamp over SHA256SUMS, because pyHanko is not installed here.")
    found = stamp.check_stamp(
        exam.document(paths.STAMP, _MAX_SIDECAR),
        exam.document(paths.SUMS),
        exam.trust.certificates if exam.trust else (),
        sealed_at=exam.sealing_time,
        now=exam.now,
    )
    authority = plain(found.authority)
    if not found.trusted:
        raise NotChecked(
            f"the time stamp over SHA256SUMS: it is there and says {found.time}, but the "
            f"certificate of its authority ({authority}) was not given as trusted."
        )
    if exam.trust:
        exam.trusted = _in_time(exam.trust, exam.trusted, found.time)
    return (
        f"SHA256SUMS, and with it every file of this packet, existed at {found.time} by the time "
        f"stamp of a trusted authority ({authority})."
    )


def bundle(exam: Examination) -> str | None:
    """A keyless signature: bound by the statement, checked with Sigstore's own tool."""
    if paths.BUNDLE not in exam.subjects:
        return None
    raise NotChecked(
        f"the Sigstore bundle {paths.BUNDLE}; VERIFY.md has the command of Sigstore's own tool. "
        "The bundle's bytes are signed with the other files and were checked."
    )


def checkpoint(exam: Examination) -> str | None:
    """The ledger's signed head: the statement's and the file's are one, and signed."""
    note = exam.statement.predicate.checkpoint if exam.statement else ""
    if not note and paths.CHECKPOINT not in exam.subjects:
        return None
    if exam.document(paths.CHECKPOINT, _MAX_SIDECAR) != note.encode():
        raise MalformedError("checkpoint.note is not the checkpoint that the statement names.")
    exam.checkpoint = captures.open_checkpoint(note, (*exam.signers, *_note_keys(exam)))
    return (
        f"The checkpoint of the ledger {plain(exam.checkpoint.origin)!r} at "
        f"{exam.checkpoint.size:,} entries is validly signed (root {exam.checkpoint.root.hex()})."
    )


def _note_keys(exam: Examination) -> tuple[PublicKey, ...]:
    """Keys that sign checkpoints only: the reader's, or else those that the packet carries."""
    if exam.trust is None:
        return _own_keys(exam).note_keys
    return exam.trust.note_keys or _own_keys(exam).note_keys


def _own_keys(exam: Examination) -> Trust:
    own = exam.document(paths.ALLOWED_SIGNERS, _MAX_SIDECAR)
    return parse_trust(own, paths.ALLOWED_SIGNERS)


def ledger(exam: Examination) -> str | None:
    """Every capture in the packet is in the ledger that the checkpoint signs."""
    found = [path for path in exam.by_path if path.startswith(paths.CAPTURES)]
    if not found:
        return None
    if exam.checkpoint is None:
        raise MalformedError("The packet holds captures but no checkpoint to check them against.")
    for path in found:
        data = exam.document(path, MAX_CAPTURE)
        capture = captures.check_capture(path, data, exam.checkpoint)
        exam.purged += captures.is_purged(capture)
    purged = f" The payloads of {exam.purged} were purged; their hashes stay." * bool(exam.purged)
    return (
        f"Each of the {len(found)} captures was in that ledger when its checkpoint was signed, "
        f"and every payload is the one that was recorded.{purged}"
    )


def pdf_signature(exam: Examination) -> str | None:
    """The PDF's own signature covers the whole file and is by the packet's certificate."""
    if paths.PDF not in exam.subjects:
        return None
    if not pdf.pyhanko_is_installed():
        raise NotChecked(
            "the PDF's own signature, because pyHanko is not installed here; the PDF's digest is "
            "signed with the other files and was checked."
        )
    if exam.files.sizes[paths.PDF] > pdf.SIZE_LIMIT:
        raise NotChecked(
            "the PDF's own signature, because the PDF is too large to be parsed here; its digest "
            "is signed with the other files and was checked."
        )
    data = exam.document(paths.PDF)
    _check_unsigned(exam, data)
    found = pdf.check_pdf(data, _certificates(exam), exam.now)
    if found.certificate not in _own_keys(exam).certificates:
        raise MalformedError("packet.pdf was signed with another certificate than the packet's.")
    stamp = {
        (False, False): "as claimed by the signer",
        (True, False): "time stamped by an authority that was not given as trusted",
        (True, True): "time stamped by a trusted authority",
    }[found.stamped, found.stamp_trusted]
    afterwards = "nothing was added to it afterwards"
    if found.long_term:
        afterwards = "only its validation data and a time stamp over all of it were added (B-LTA)"
    return (
        f"packet.pdf carries one signature over the whole file, by {plain(found.signer)!r}, at "
        f"{found.claimed_at.isoformat()} ({stamp}); {afterwards}."
    )


def _certificates(exam: Examination) -> tuple[bytes, ...]:
    """The trusted certificates; with none of a PDF given, those that the statement vouches for."""
    given = exam.trust.certificates if exam.trust else ()
    if any(pdf.is_document_certificate(der) for der in given):
        return given
    return (*given, *_own_keys(exam).certificates)


def _check_unsigned(exam: Examination, data: bytes) -> None:
    stated = exam.manifest.unsigned.get(paths.PDF) if exam.manifest else None
    if stated is None or hashlib.sha256(data[: stated.size]).hexdigest() != stated.sha256:
        raise MalformedError("packet.pdf does not begin with the PDF that the manifest names.")


STEPS: Mapping[str, Callable[[Examination], str | None]] = {
    "statement": statement,
    "trust": trusted,
    "contents": contents,
    "lists": lists,
    "ssh_signature": ssh_signature,
    "time_stamp": time_stamp,
    "bundle": bundle,
    "checkpoint": checkpoint,
    "captures": ledger,
    "pdf_signature": pdf_signature,
}
"""In this order; the first that fails ends the check."""
