"""The RFC 3161 time stamp over `SHA256SUMS`: by whom, when, and whether it holds.

The token is bound by the signed statement like any other file. What it adds is a second party's
word that the list existed at a time; that counts only where the reader was given the authority's
certificate. Checked with pyHanko where it is installed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.errors import MalformedError

CLOCK_SKEW = timedelta(minutes=10)
_APART = timedelta(hours=1)
"""How far the stamp may lie from the time at which the packet says it was sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a time stamp says; `trusted` if by an authority that the reader trusts."""

    authority: str
    at: datetime
    trusted: bool

    @property
    def time(self) -> str:
        """RFC 3339, UTC, to the second."""
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


def check_stamp(
    data: bytes, sums: bytes, certificates: Sequence[bytes], *, sealed_at: datetime, now: datetime
) -> Stamp:
    """The stamp in a `.tsr` file over `sums`; `certificates` (DER) are those that are trusted.

    Raises:
        MalformedError: it is of something else, does not hold by its own certificate, lies in the
            future, or far from the time of sealing.
    """
    try:
        stamp = _read(data, sums, certificates)
    except MalformedError:
        raise
    except Exception as error:
        # Hostile DER: whatever asn1crypto and pyHanko raise on it, nothing was shown.
        raise MalformedError("SHA256SUMS.tsr is a time stamp that cannot be read.") from error
    if stamp.at > now + CLOCK_SKEW:
        raise MalformedError("SHA256SUMS.tsr bears a time that has not come yet.")
    if abs(stamp.at - sealed_at) > _APART:
        raise MalformedError(
            f"SHA256SUMS was stamped at {stamp.time}, the packet says that it was sealed at "
            f"{sealed_at:%Y-%m-%dT%H:%M:%SZ}."
        )
    return stamp


def _read(data: bytes, sums: bytes, certificates: Sequence[bytes]) -> Stamp:
    from asn1crypto.tsp import TimeStampResp

    reply = TimeStampResp.load(data, strict=True)
    if reply["status"]["status"].native not in {"granted", "granted_with_mods"}:
        raise MalformedError("SHA256SUMS.tsr is a refusal, not a time stamp.")
    signed = reply["time_stamp_token"]["content"]
    found = signed["encap_content_info"]["content"].parsed
    moment: datetime = found["gen_time"].native
    status = _validate(signed, sums, _context(certificates, moment))
    if not status.intact or not status.valid:
        raise MalformedError("SHA256SUMS.tsr is not a valid time stamp over SHA256SUMS.")
    certificate = status.signing_cert
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        raise MalformedError(
            "SHA256SUMS was stamped when the authority's certificate was not valid."
        )
    return Stamp(
        authority=str(certificate.subject.human_friendly)[:200],
        at=moment,
        trusted=bool(status.trusted),
    )


def _validate(signed: Any, sums: bytes, context: Any) -> Any:
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko.sign.validation.status import TimestampSignatureStatus

    def imprint(algorithm: str) -> bytes:
        return hashlib.new(algorithm, sums).digest()

    found = asyncio.run(validate_tst_signed_data(signed, context, imprint))
    return TimestampSignatureStatus(**found)


def _context(certificates: Sequence[bytes], moment: datetime) -> Any:
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import ValidationContext

    roots = [Certificate.load(der) for der in certificates]
    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=moment)
