"""The PDF's own signature, checked with pyHanko where it is installed.

"Valid" by the signature's arithmetic is not enough: pages laid over, or an attachment replaced,
by an incremental update leave it valid, and stock readers say so. Asked here: exactly one
signature, over the whole file, certified against changes, by the given certificate. For B-LTA:
exactly one signature, then nothing but its validation data and one time stamp over the whole file.

The certificate is judged as of the signing time that the signature claims: a packet outlives its
certificate. A claim from the future is refused. A time stamp by an authority that the reader did
not name as trusted stays a claim, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.errors import MalformedError
from evidence.verify.pdfreader import open_pdf
from evidence.verify.stamp import CLOCK_SKEW

SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes of a PDF that is parsed in memory."""
_ADDED = "packet.pdf was added to after it was signed."


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignature:
    """What a valid signature says."""

    signer: str
    """Common name in the certificate."""
    certificate: bytes
    """DER."""
    claimed_at: datetime
    stamped: bool
    stamp_trusted: bool
    long_term: bool
    """PAdES B-LTA: a second time stamp covers the signature and its validation data."""


def pyhanko_is_installed() -> bool:
    """Whether the step can run at all."""
    try:
        import pyhanko.sign.validation
    except ImportError:
        return False
    return bool(pyhanko.sign.validation)


def check_pdf(data: bytes, certificates: Sequence[bytes], now: datetime) -> PdfSignature:
    """The signature of the PDF if it holds by one of the certificates (DER).

    Raises:
        MalformedError: unsigned, changed or added to after signing, or signed by another.
    """
    try:
        return _check(data, certificates, now)
    except MalformedError:
        raise
    except Exception as error:
        # pyHanko meets hostile bytes here; whatever it raises means that nothing was shown.
        raise MalformedError("packet.pdf carries a signature that cannot be read.") from error


def _check(data: bytes, certificates: Sequence[bytes], now: datetime) -> PdfSignature:
    from pyhanko.sign.validation import validate_pdf_signature

    reader = open_pdf(data)
    signature, archive = _signatures(reader)
    claimed = _claimed_time(signature, now)
    context = _context(certificates, claimed)
    status = validate_pdf_signature(
        signature, signer_validation_context=context, ts_validation_context=context
    )
    stamp = status.timestamp_validity
    _require_sound(status)
    if archive is None:
        _require_whole(signature, status)
    else:
        _require_archived(signature, status, archive, context)
    _require_current(status.signing_cert, claimed)
    if not status.bottom_line and (stamp is None or stamp.trusted):
        raise MalformedError("packet.pdf's signature is not judged valid as a whole.")
    return PdfSignature(
        signer=str(status.signing_cert.subject.native.get("common_name", ""))[:100],
        certificate=bytes(status.signing_cert.dump()),
        claimed_at=claimed,
        stamped=stamp is not None,
        stamp_trusted=bool(stamp is not None and stamp.trusted),
        long_term=archive is not None,
    )


def _signatures(reader: Any) -> tuple[Any, Any | None]:
    """The one signature, and the one time stamp after it that B-LTA adds."""
    found = reader.embedded_signatures
    stamps = reader.embedded_timestamp_signatures
    if len(found) - len(stamps) != 1 or len(stamps) > 1 or found[0] in stamps:
        raise MalformedError(f"packet.pdf carries {len(found)} signatures instead of one.")
    return found[0], (stamps[0] if stamps else None)


def _claimed_time(signature: Any, now: datetime) -> datetime:
    claimed = signature.self_reported_timestamp
    if not isinstance(claimed, datetime) or claimed.tzinfo is None:
        raise MalformedError("packet.pdf's signature states no signing time.")
    if claimed > now + CLOCK_SKEW:
        raise MalformedError("packet.pdf's signature claims a time that has not come yet.")
    return claimed


def _require_current(certificate: Any, moment: datetime) -> None:
    """The certificate's dates: pyHanko takes a trusted certificate as it is, dates unread."""
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        raise MalformedError("packet.pdf was signed when its certificate was not valid.")


def _context(certificates: Sequence[bytes], moment: datetime) -> Any:
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import ValidationContext

    roots = [Certificate.load(der) for der in certificates]
    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=moment)


def _require_sound(status: Any) -> None:
    """Every condition of pyHanko's own bottom line but coverage and the time stamp's trust."""
    if not status.intact or not status.valid:
        raise MalformedError("packet.pdf was changed after it was signed.")
    if not status.trusted or status.revoked:
        raise MalformedError("packet.pdf was signed with another certificate than expected.")
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid):
        raise MalformedError("packet.pdf carries a time stamp that does not hold.")


def _require_whole(signature: Any, status: Any) -> None:
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE or not status.docmdp_ok:
        raise MalformedError(_ADDED)
    if signature.docmdp_level != MDPPerm.NO_CHANGES:
        raise MalformedError("packet.pdf's signature does not certify it against changes.")


def _require_archived(signature: Any, status: Any, archive: Any, context: Any) -> None:
    """B-LTA: only validation data was added, and the last time stamp covers every byte."""
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import validate_pdf_timestamp
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if signature.docmdp_level != MDPPerm.FILL_FORMS or status.timestamp_validity is None:
        raise MalformedError("packet.pdf's signature does not certify it against changes.")
    if status.modification_level != ModificationLevel.LTA_UPDATES or not status.docmdp_ok:
        raise MalformedError(_ADDED)
    over_all = validate_pdf_timestamp(archive, validation_context=context)
    if over_all.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise MalformedError(_ADDED)
    if not (over_all.intact and over_all.valid):
        raise MalformedError("packet.pdf carries a time stamp that does not hold.")


def is_document_certificate(der: bytes) -> bool:
    """Whether a certificate is one that signs documents: neither an authority's nor a TSA's."""
    from asn1crypto.x509 import Certificate

    certificate = Certificate.load(der)
    usage = certificate.extended_key_usage_value
    only_stamps = usage is not None and set(usage.native) == {"time_stamping"}
    return not certificate.ca and not only_stamps
