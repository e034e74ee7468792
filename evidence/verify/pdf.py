"""The PDF's own signature, checked with pyHanko where it is installed.

"Valid" by the signature's arithmetic is not enough: pages laid over, or an attachment replaced,
by an incremental update leave it valid, and stock readers say so. Asked here: exactly one
signature, over the whole file, certified against changes, by the given certificate.

The certificate is judged as of the signing time that the signature claims: a packet outlives its
certificate. A claim from the future is refused. A time stamp by an authority that the reader did
not name as trusted stays a claim, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from evidence.errors import MalformedError

SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes of a PDF that is parsed in memory."""
_CLOCK_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSignature:
    """What a valid signature says."""

    signer: str
    """Common name in the certificate."""
    claimed_at: datetime
    stamped: bool
    stamp_trusted: bool


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
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature

    signatures = PdfFileReader(BytesIO(data)).embedded_signatures
    if len(signatures) != 1:
        raise MalformedError(f"packet.pdf carries {len(signatures)} signatures instead of one.")
    signature = signatures[0]
    claimed = _claimed_time(signature, now)
    status = validate_pdf_signature(
        signature,
        signer_validation_context=_context(certificates, claimed),
        ts_validation_context=_context(certificates, claimed),
    )
    stamp = status.timestamp_validity
    _require_whole(signature, status)
    _require_current(status.signing_cert, claimed)
    if not status.bottom_line and (stamp is None or stamp.trusted):
        raise MalformedError("packet.pdf's signature is not judged valid as a whole.")
    return PdfSignature(
        signer=str(status.signing_cert.subject.native.get("common_name", ""))[:100],
        claimed_at=claimed,
        stamped=stamp is not None,
        stamp_trusted=bool(stamp is not None and stamp.trusted),
    )


def _claimed_time(signature: Any, now: datetime) -> datetime:
    claimed = signature.self_reported_timestamp
    if not isinstance(claimed, datetime) or claimed.tzinfo is None:
        raise MalformedError("packet.pdf's signature states no signing time.")
    if claimed > now + _CLOCK_SKEW:
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


def _require_whole(signature: Any, status: Any) -> None:
    """Every condition of pyHanko's own bottom line but the time stamp's trust, and coverage."""
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if not status.intact or not status.valid:
        raise MalformedError("packet.pdf was changed after it was signed.")
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE or not status.docmdp_ok:
        raise MalformedError("packet.pdf was added to after it was signed.")
    if signature.docmdp_level != MDPPerm.NO_CHANGES:
        raise MalformedError("packet.pdf's signature does not certify it against changes.")
    if not status.trusted or status.revoked:
        raise MalformedError("packet.pdf was signed with another certificate than expected.")
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid):
        raise MalformedError("packet.pdf carries a time stamp that does not hold.")
