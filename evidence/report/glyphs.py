"""Characters that no font of this machine can draw are printed as marks, never as empty boxes.

An empty box hides what a title says, and PDF/A forbids it. WeasyPrint tells of each character that
it had to draw so, so a small document with the distinct characters is drawn first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from evidence.report.text import mark

_FACES = ("normal 8pt", "bold 8pt", "italic 8pt")
_LATIN_1 = "\xff"
_asked: dict[str, bool] = {}
"""Whether a character is missing, once it was asked for: fonts stay while a program runs."""


def drawable(html: str) -> str:
    r"""`html` with every character that the fonts lack as `\u4e16`; Latin-1 is taken as known."""
    odd = {char for char in html if char > _LATIN_1}
    new = sorted(odd - _asked.keys())
    if new:
        missing = _missing(new)
        _asked.update({char: char in missing for char in new})
    return html.translate({ord(char): mark(char) for char in odd if _asked[char]})


def _missing(characters: list[str]) -> set[str]:
    from weasyprint import HTML

    from evidence.report.fetcher import DenyAllFetcher

    text = " ".join(characters)
    faces = [f'<p style="font: {face} DejaVu Sans, sans-serif">{text}</p>' for face in _FACES]
    faces.append(f'<p style="font: 7pt DejaVu Sans Mono, monospace">{text}</p>')
    with _listening() as found:
        HTML(string="".join(faces), url_fetcher=DenyAllFetcher()).write_pdf()
    return found


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        if ".notdef" in str(record.msg) and arguments:
            self.heard.add(str(arguments[0]))


@contextmanager
def _listening() -> Iterator[set[str]]:
    logger = logging.getLogger("weasyprint")
    before = logger.level, logger.propagate, logger.handlers[:]
    ear = _Ear()
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers[:] = [ear]
    try:
        yield ear.heard
    finally:
        logger.setLevel(before[0])
        logger.propagate, logger.handlers[:] = before[1], before[2]
