"""`packet.pdf`: PDF/A-3a with a PDF/UA-1 identifier, tagged, reproducible, unsigned.

WeasyPrint writes one of the two identifiers; the other is added to its XMP by wrapping
`generate_rdf_metadata`, which is not a documented hook: the version is pinned and a test looks.
Dates are given, never taken from the clock (attachments would else carry the moment of rendering).
"""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import RenderError

VARIANT = "pdf/a-3a"

_UA = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" '
    b'pdfuaid:part="1"/>'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name>"
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property>"
    b"</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


def write_pdf(html: str, path: Path, attachment: tuple[str, str, bytes], at: datetime) -> None:
    """Renders `html`; `attachment` is (name, description, bytes), `at` the date of both.

    Raises `RenderError` where the document asks for anything outside itself, or where Pango or
    the fonts are missing.
    """
    try:
        with warnings.catch_warnings():
            # It announces at import that a later version will need one more library.
            warnings.simplefilter("ignore", DeprecationWarning)
            from weasyprint import HTML, Attachment
    except (ImportError, OSError) as error:
        raise RenderError(
            f"WeasyPrint cannot start: {error}",
            next_step="Install Pango (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0).",
        ) from error
    from weasyprint.urls import FatalURLFetchingError

    from evidence.report.fetcher import DenyAllFetcher
    from evidence.report.glyphs import drawable

    name, description, content = attachment
    fetcher = DenyAllFetcher()
    try:
        with _quiet(), _fewer_collections(), _clock_of_fonts(at):
            document = HTML(string=drawable(html), url_fetcher=fetcher).render(
                pdf_variant=VARIANT, pdf_tags=True
            )
            document.metadata.attachments = [
                Attachment(
                    string=content,
                    name=name,
                    description=description,
                    relationship="Data",
                    created=at,
                    modified=at,
                    url_fetcher=fetcher,
                )
            ]
            _identify_as_accessible(document.metadata)
            document.write_pdf(path, pdf_variant=VARIANT, pdf_tags=True)
    except FatalURLFetchingError as error:
        raise RenderError(
            f"{error}; the rendering was stopped",
            next_step="Report this: text from a source was read as markup.",
        ) from error


def _identify_as_accessible(metadata: Any) -> None:
    written: Callable[..., bytes] = metadata.generate_rdf_metadata

    def both(*args: Any, **kwargs: Any) -> bytes:
        rdf = written(*args, **kwargs)
        if rdf.count(b"</rdf:RDF>") != 1:
            raise RenderError("this WeasyPrint writes its metadata in another way than 70 does")
        return rdf.replace(b"</rdf:RDF>", _UA + b"</rdf:RDF>")

    metadata.generate_rdf_metadata = both


@contextmanager
def _quiet() -> Iterator[None]:
    # WeasyPrint reports every CSS rule that it passes over on stderr, which belongs to the reader.
    logger = logging.getLogger("weasyprint")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _clock_of_fonts(at: datetime) -> Iterator[None]:
    # Where HarfBuzz's subsetter is missing fontTools cuts the fonts, and it writes the moment of
    # doing so into them unless this variable names another.
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = str(max(0, int(at.timestamp())))
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _fewer_collections() -> Iterator[None]:
    # Layout makes many long-lived objects: the default thresholds cost a fifth of the time.
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
