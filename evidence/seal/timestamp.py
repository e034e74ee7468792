"""RFC 3161 time stamps over bytes: an authority's word that they existed at a time."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from evidence.errors import UnavailableError

_TIMEOUT = 30
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamp:
    """A token (DER of a CMS ContentInfo) and the time in it, RFC 3339 UTC."""

    token: bytes
    time: str

    @property
    def response(self) -> bytes:
        """The token as a `.tsr` file: DER of a TimeStampResp that says `granted`."""
        from asn1crypto.cms import ContentInfo
        from asn1crypto.tsp import TimeStampResp

        token = ContentInfo.load(self.token)
        return bytes(
            TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()
        )


def time_stamp(data: bytes, tsa: str) -> TimeStamp:
    """The authority's token over the SHA-256 of the data.

    `openssl ts -verify -data FILE -in TOKEN -token_in -CAfile CA` checks it.

    Raises:
        UnavailableError: the authority gave no time stamp, or one of something else.
    """
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

    digest = hashlib.sha256(data).digest()
    try:
        asked = HTTPTimeStamper(tsa, timeout=_TIMEOUT).async_timestamp(digest, "sha256")
        found = asyncio.run(asked)
        stated = found["content"]["encap_content_info"]["content"].parsed
        stamped = stated["message_imprint"]["hashed_message"].native
        moment = stated["gen_time"].native
    except (TimestampRequestError, ValueError, TypeError, KeyError, OSError) as error:
        raise _none(tsa) from error
    if stamped != digest:
        raise _none(tsa)
    return TimeStamp(token=found.dump(), time=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def _none(tsa: str) -> UnavailableError:
    return UnavailableError(
        f"The time-stamping authority {tsa} gave no time stamp.",
        next_step="Try again, or leave the authority out; what was synced is stored.",
    )
