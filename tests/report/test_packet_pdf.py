"""What packet.pdf is, read by other libraries than the one that wrote it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest
from packet_factory import make_small

from evidence.report.data import Limits, PacketData
from evidence.report.render import write_packet


@pytest.fixture
def pdf(packet: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(packet / "packet.pdf") as opened:
        yield opened


def pages(path: Path) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the file, those that stand inside others included."""
    for item in pdf.objects:
        yield from _within(item)


def _within(item: object) -> Iterator[pikepdf.Object]:
    if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        yield item
        for value in item.values():
            if not getattr(value, "is_indirect", False):
                yield from _within(value)
    elif isinstance(item, pikepdf.Array):
        for value in item:
            if not getattr(value, "is_indirect", False):
                yield from _within(value)


def test_the_metadata_identifies_pdf_a_3a_and_pdf_ua_1(pdf: pikepdf.Pdf) -> None:
    xmp = pdf.Root.Metadata.read_bytes()
    names = (b'pdfaid:part="', b'pdfaid:conformance="', b'pdfuaid:part="')
    found = [xmp.split(name)[1][:1] for name in names]
    assert found == [b"3", b"A", b"1"]


def test_the_metadata_is_one_rdf_block_that_describes_its_extension(pdf: pikepdf.Pdf) -> None:
    xmp = pdf.Root.Metadata.read_bytes()
    assert (xmp.count(b"</rdf:RDF>"), xmp.count(b"<pdfaSchema:prefix>pdfuaid<")) == (1, 1)


def test_the_document_is_tagged_has_a_language_and_a_title(pdf: pikepdf.Pdf) -> None:
    root = pdf.Root
    assert bool(root.MarkInfo.Marked)
    assert str(root.StructTreeRoot.Type) == "/StructTreeRoot"
    assert str(root.Lang) == "en"
    assert str(pdf.docinfo.Title).startswith("Acme Example Ltd")
    assert bool(root.ViewerPreferences.DisplayDocTitle)


def test_the_document_carries_an_output_intent_and_an_identifier(pdf: pikepdf.Pdf) -> None:
    assert str(pdf.Root.OutputIntents[0].S) == "/GTS_PDFA1"
    assert len(pdf.trailer.ID) == 2


def test_every_font_is_embedded(pdf: pikepdf.Pdf) -> None:
    descriptors = [item for item in dictionaries(pdf) if item.get("/Type") == "/FontDescriptor"]
    embedded = [any(key in item for key in ("/FontFile2", "/FontFile3")) for item in descriptors]
    assert embedded == [True] * len(descriptors)
    assert descriptors


def test_nothing_in_the_document_acts_or_is_signed(pdf: pikepdf.Pdf) -> None:
    acting = {"/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/AcroForm", "/SubmitForm"}
    keys = {key for item in dictionaries(pdf) for key in item.keys()}  # noqa: SIM118
    kinds = {str(item.get("/S")) for item in dictionaries(pdf)}
    assert (keys | kinds) & acting == set()


def test_links_lead_only_to_https_or_mail_addresses(pdf: pikepdf.Pdf) -> None:
    addresses = {str(item.URI) for item in dictionaries(pdf) if "/URI" in item}
    assert addresses
    assert {address.split(":")[0] for address in addresses} <= {"https", "mailto"}


def test_the_results_are_embedded_as_data_with_the_date_of_the_evaluation(
    pdf: pikepdf.Pdf, packet: Path
) -> None:
    [(name, spec)] = pdf.attachments.items()
    file = spec.get_file()
    assert name == "results.json"
    assert str(spec.obj.AFRelationship) == "/Data"
    assert file.read_bytes() == (packet / "results.json").read_bytes()
    assert str(file.obj.Params.CreationDate).startswith("D:20260331220000")


def test_every_page_of_simulated_data_says_so(packet: Path) -> None:
    told = pages(packet / "packet.pdf")
    assert ["SIMULATED" in text for text in told] == [True] * len(told)


@pytest.mark.long
def test_real_data_is_not_called_simulated(tmp_path: Path) -> None:
    write_packet(make_small(simulated=False), tmp_path)
    told = "".join(pages(tmp_path / "packet.pdf")) + (tmp_path / "packet.html").read_text("utf-8")
    assert "SIMULATED" not in told


def test_every_page_names_the_entity_the_period_and_its_number(packet: Path) -> None:
    told = pages(packet / "packet.pdf")
    for number, text in enumerate(told, start=1):
        assert "Acme Example Ltd" in text
        assert "2026-03-01 to 2026-03-31 (Europe/Berlin)" in text
        assert f"{number} / {len(told)}" in text


@pytest.mark.long
def test_a_pdf_with_fewer_dossiers_says_so_and_the_page_has_them_all(
    data: PacketData, tmp_path: Path
) -> None:
    write_packet(replace(data, limits=Limits(pdf_dossiers=3, pdf_rows=2)), tmp_path)
    told = re.sub(r"\s+", " ", " ".join(pages(tmp_path / "packet.pdf")))
    page = (tmp_path / "packet.html").read_text("utf-8")
    assert "This PDF carries 3 of 7 dossiers" in told
    assert "4 more rows are not printed here: population.csv holds all of them." in told
    assert page.count('<article class="dossier">') == 7
    assert "more rows are not printed" not in page


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
def test_qpdf_finds_no_fault_in_the_structure(packet: Path) -> None:
    subprocess.run(["qpdf", "--check", str(packet / "packet.pdf")], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("verapdf") is None, reason="veraPDF is not installed")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_verapdf_accepts_both_profiles(packet: Path, flavour: str) -> None:
    subprocess.run(
        ["verapdf", "--flavour", flavour, "--format", "text", str(packet / "packet.pdf")],
        check=True,
        capture_output=True,
    )
