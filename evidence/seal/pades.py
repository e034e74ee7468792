"""The PDF's own signature: invisible, certified, PAdES B-B, B-T with a time stamp, or B-LTA.

B-B and B-T certify against any change. B-LTA adds, after the signature, what is needed to check it
long after certificates have ended, and a time stamp over all of it: the certification then allows
that, the verifier allows nothing beyond it, and stock readers no longer print `Total document
signed`. That is why it is asked for and not the default.

pyHanko appends; its output begins with the exact unsigned bytes, so anybody can cut them off and
render again. Nothing of the visible page changes: what a reader must know is printed in the PDF.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from evidence.errors import ConfigError, RenderError, UnavailableError
from evidence.seal.keys import PdfIdentity

FIELD = "EvidenceSeal"
_TIMEOUT = 30
"""Seconds for one answer of a time-stamping authority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """Where time stamps come from, and whether they shall carry the PDF beyond certificates."""

    tsa: str = ""
    """URL of an RFC 3161 authority; empty: no time stamp, B-B."""
    lta: bool = False
    authorities: tuple[bytes, ...] = ()
    """Certificates (DER) that the authority's stamps chain to; B-LTA embeds what they need."""


NO_STAMP = Stamping()


def sign_pdf(unsigned: bytes, identity: PdfIdentity, stamping: Stamping = NO_STAMP) -> bytes:
    """`unsigned` followed by its signature, at the level that `stamping` asks for.

    Raises:
        ConfigError: B-LTA without an authority or without its certificates.
        RenderError: the bytes are not a PDF that can be signed, or are signed already.
        UnavailableError: the time-stamping authority did not answer usefully.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.timestamps import TimestampRequestError

    meta = _metadata(identity, stamping)
    timestamper = _timestamper(stamping.tsa) if stamping.tsa else None
    try:
        writer = IncrementalPdfFileWriter(BytesIO(unsigned))
        if writer.prev.embedded_signatures:
            raise RenderError("the PDF is signed already; seal the folder as it was rendered")
        pdf_signer = PdfSigner(meta, _signer(identity), timestamper=timestamper)
        signed = pdf_signer.sign_pdf(writer).getvalue()
    except TimestampRequestError as error:
        raise _no_stamp(stamping.tsa) from error
    except (PdfError, SigningError, ValueError) as error:
        raise RenderError(f"the PDF cannot be signed: {error}") from error
    if not signed.startswith(unsigned):
        raise RenderError("the signed PDF does not begin with the unsigned one")
    return bytes(signed)


def _metadata(identity: PdfIdentity, stamping: Stamping) -> Any:
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata
    from pyhanko.sign.signers.pdf_signer import DSSContentSettings, TimestampDSSContentSettings

    more: dict[str, Any] = {"docmdp_permissions": MDPPerm.NO_CHANGES}
    if stamping.lta:
        if not (stamping.tsa and stamping.authorities):
            raise ConfigError(
                "B-LTA needs a time stamp authority and its certificates",
                next_step="Set tsa and tsa_certificates under [seal], or leave --lta out.",
            )
        more = {
            "docmdp_permissions": MDPPerm.FILL_FORMS,
            "embed_validation_info": True,
            "use_pades_lta": True,
            # All validation data goes in before the last stamp, which so covers the whole file.
            "dss_settings": DSSContentSettings(
                include_vri=False,
                next_ts_settings=TimestampDSSContentSettings(
                    include_vri=False, update_before_ts=True
                ),
            ),
            "validation_context": _long_term(identity, stamping.authorities),
        }
    return PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        **more,
    )


def _long_term(identity: PdfIdentity, authorities: tuple[bytes, ...]) -> Any:
    """Fetches revocation lists of the authority's chain where its certificates name any."""
    from asn1crypto.x509 import Certificate
    from pyhanko_certvalidator import ValidationContext

    roots = [Certificate.load(der) for der in (identity.certificate_der, *authorities)]
    return ValidationContext(trust_roots=roots, allow_fetching=True)


def _signer(identity: PdfIdentity) -> object:
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    return SimpleSigner(
        signing_cert=Certificate.load(identity.certificate_der),
        signing_key=PrivateKeyInfo.load(identity.key_der),
        cert_registry=SimpleCertificateStore(),
    )


def _timestamper(tsa: str) -> object:
    """A client of the authority that has answered once: pyHanko sizes the signature by it."""
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

    timestamper = HTTPTimeStamper(tsa, timeout=_TIMEOUT)
    try:
        asyncio.run(timestamper.async_dummy_response("sha256"))
    except (TimestampRequestError, ValueError, OSError) as error:
        raise _no_stamp(tsa) from error
    return timestamper


def _no_stamp(tsa: str) -> UnavailableError:
    return UnavailableError(
        f"the time-stamping authority {tsa} gave no time stamp",
        next_step="Try again, or seal without a time stamp by leaving the authority out.",
    )
