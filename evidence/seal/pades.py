"""The PDF's own signature: invisible, certified (DocMDP: no changes), PAdES B-B or B-T.

pyHanko appends; its output begins with the exact unsigned bytes, so anybody can cut them off and
render again. Nothing of the visible page changes: what a reader must know is printed in the PDF.
"""

from __future__ import annotations

import asyncio
from io import BytesIO

from evidence.errors import RenderError, UnavailableError
from evidence.seal.keys import PdfIdentity

FIELD = "EvidenceSeal"
_TIMEOUT = 30
"""Seconds for one answer of a time-stamping authority."""


def sign_pdf(unsigned: bytes, identity: PdfIdentity, *, tsa: str | None = None) -> bytes:
    """`unsigned` followed by its signature; with a time stamp of `tsa` (RFC 3161 URL) if given.

    Raises:
        RenderError: the bytes are not a PDF that can be signed, or are signed already.
        UnavailableError: the time-stamping authority did not answer usefully.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.timestamps import TimestampRequestError

    timestamper = _timestamper(tsa) if tsa else None
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    try:
        writer = IncrementalPdfFileWriter(BytesIO(unsigned))
        if writer.prev.embedded_signatures:
            raise RenderError("the PDF is signed already; seal the folder as it was rendered")
        pdf_signer = PdfSigner(meta, _signer(identity), timestamper=timestamper)
        signed = pdf_signer.sign_pdf(writer).getvalue()
    except TimestampRequestError as error:
        raise _no_stamp(tsa) from error
    except (PdfError, SigningError, ValueError) as error:
        raise RenderError(f"the PDF cannot be signed: {error}") from error
    if not signed.startswith(unsigned):
        raise RenderError("the signed PDF does not begin with the unsigned one")
    return bytes(signed)


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


def _no_stamp(tsa: str | None) -> UnavailableError:
    return UnavailableError(
        f"the time-stamping authority {tsa} gave no time stamp",
        next_step="Try again, or seal without a time stamp by leaving the authority out.",
    )
