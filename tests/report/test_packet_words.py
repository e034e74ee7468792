"""The packet's words: what it says, and what is left to the auditor to say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pypdf
import pytest

OPINIONS = re.compile(
    r"\b(complian\w*|violat\w*|passed audit|effective\w*|satisf\w*|qualified|unqualified"
    r"|certif\w*|proof of|guarantee\w*|score)\b",
    re.IGNORECASE,
)


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._skip = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._skip = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._skip = False

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.text.append(data)


@pytest.fixture(scope="module")
def said(page: str) -> str:
    parser = Text()
    parser.feed(page)
    return " ".join("".join(parser.text).split())


def test_the_page_gives_no_opinion(said: str) -> None:
    assert OPINIONS.findall(said) == []


def test_the_pdf_gives_no_opinion(packet: Path) -> None:
    reader = pypdf.PdfReader(packet / "packet.pdf")
    assert OPINIONS.findall(" ".join(page.extract_text() for page in reader.pages)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "A control supports the criteria beside it.",
        "It does not show that a source told the truth, nor that everything was collected.",
        "Auditors call a deviation an exception.",
        "This packet is management's evidence about changes to production.",
        "Reconciled: 0 unexplained differences in R1. Not performed: R9.",
        "Give the GitHub credential read access to checks of acme-example/shop. (2 determinations",
        "33.3 %2 of 6",
    ],
)
def test_the_page_says(said: str, sentence: str) -> None:
    assert sentence in re.sub(r"\s+", " ", said)


@pytest.mark.parametrize(
    "part",
    [
        "Pull request opened",
        "Branch force-pushed",
        "Review APPROVED",
        "Check unit tests: SUCCESS",
        "Merged into main",
        "Deployment of shop: Succeeded",
        "(client's clock)",
        "2026-03-01T22:00:00Z",
        "2026-03-01 23:00:00+01:00",
        "closing_reference",
        "bob-example (github.test id 102): review APPROVED; merged",
        "argocd-example (github.test id 950, app)",
    ],
)
def test_a_dossier_prints(said: str, part: str) -> None:
    assert part in said


def test_a_bare_mail_address_is_printed_as_a_digest(said: str) -> None:
    assert "ada@acme.example" not in said
    assert "e-mail sha256:" in said


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    targets = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


def test_no_anchor_stands_twice(page: str) -> None:
    anchors = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(set(anchors)) == sorted(anchors)
