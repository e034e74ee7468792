"""packet.pdf after its signature: still PDF/A-3a and PDF/UA-1, and attacked as auditors meet it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from test_packet_pdf import dictionaries

from evidence.manifest import Predicate
from evidence.seal import keys as key_files
from evidence.seal.packet import seal_folder
from evidence.verify import Status, examine_packet, read_trust


@pytest.fixture(scope="module")
def sealed(packet: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(packet, folder / "packet")
    (folder / "packet" / "checkpoint.note").unlink(missing_ok=True)
    shutil.rmtree(folder / "packet" / "captures", ignore_errors=True)
    held = key_files.init(folder / "keys", name="Acme Example Ltd")
    (folder / "trust.txt").write_text(key_files.trust_file(held))
    stated = Predicate(
        entity="Acme Example Ltd",
        period_from="2026-01-01T00:00:00Z",
        period_to="2026-04-01T00:00:00Z",
        zone="UTC",
        checkpoint="",
        tool_version="0",
    )
    seal_folder(folder / "packet", held, stated)
    return folder


@pytest.fixture
def signed(sealed: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(sealed / "packet" / "packet.pdf") as opened:
        yield opened


def test_it_begins_with_the_bytes_that_were_rendered(sealed: Path, packet: Path) -> None:
    unsigned = (packet / "packet.pdf").read_bytes()
    assert (sealed / "packet" / "packet.pdf").read_bytes().startswith(unsigned)


def test_both_identifiers_stand_in_one_metadata_stream(signed: pikepdf.Pdf) -> None:
    """PDF/A-3 6.6.2 and 6.6.4, PDF/UA-1 clause 5."""
    xmp = signed.Root.Metadata.read_bytes()
    for name in (b'pdfaid:part="3"', b'pdfaid:conformance="A"', b'pdfuaid:part="1"'):
        assert xmp.count(name) == 1
    assert xmp.count(b"</rdf:RDF>") == 1


def test_information_and_metadata_agree_on_what_both_hold(signed: pikepdf.Pdf) -> None:
    """PDF/A-3 does without, but readers compare: the title is one."""
    xmp = signed.Root.Metadata.read_bytes().decode()
    assert str(signed.docinfo.Title) in xmp.replace("&amp;", "&")


def test_the_structure_survives_the_signature(signed: pikepdf.Pdf) -> None:
    """PDF/UA-1 7.1: marked, a structure tree, a language, the title shown."""
    root = signed.Root
    assert bool(root.MarkInfo.Marked)
    assert str(root.StructTreeRoot.Type) == "/StructTreeRoot"
    assert str(root.Lang) == "en"
    assert bool(root.ViewerPreferences.DisplayDocTitle)


def test_pages_with_links_are_tabbed_in_the_order_of_the_structure(signed: pikepdf.Pdf) -> None:
    """PDF/UA-1 7.18.3."""
    with_links = [page for page in signed.pages if "/Annots" in page.obj]
    assert with_links
    assert {str(page.obj.get("/Tabs")) for page in with_links} == {"/S"}


def test_every_font_is_embedded_and_every_colour_defined(signed: pikepdf.Pdf) -> None:
    """PDF/A-3 6.2.11.4.1 and 6.2.4.3."""
    descriptors = [one for one in dictionaries(signed) if one.get("/Type") == "/FontDescriptor"]
    assert descriptors
    assert all("/FontFile2" in one or "/FontFile3" in one for one in descriptors)
    assert str(signed.Root.OutputIntents[0].S) == "/GTS_PDFA1"
    assert "/DestOutputProfile" in signed.Root.OutputIntents[0]


def test_nothing_is_encrypted_and_nothing_acts(signed: pikepdf.Pdf) -> None:
    """PDF/A-3 6.1.3 and 6.5.1."""
    keys = {key for one in dictionaries(signed) for key in one.keys()}  # noqa: SIM118
    kinds = {str(one.get("/S")) for one in dictionaries(signed)}
    acting = {"/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/SubmitForm", "/XFA"}
    assert "/Encrypt" not in signed.trailer
    assert (keys | kinds) & acting == set()
    assert len(signed.trailer.ID) == 2


def test_the_one_form_field_is_the_invisible_certifying_signature(signed: pikepdf.Pdf) -> None:
    (field,) = signed.Root.AcroForm.Fields
    assert (str(field.FT), [float(side) for side in field.Rect]) == ("/Sig", [0, 0, 0, 0])
    assert str(field.V.SubFilter) == "/ETSI.CAdES.detached"
    assert not bool(signed.Root.AcroForm.get("/NeedAppearances", False))
    assert int(field.F) & 0b100
    assert not int(field.F) & 0b100011
    (reference,) = field.V.Reference
    assert (str(reference.TransformMethod), int(reference.TransformParams.P)) == ("/DocMDP", 1)
    assert signed.Root.Perms.DocMDP.objgen == field.V.objgen


def test_the_attachment_is_named_as_data_of_the_document(signed: pikepdf.Pdf, packet: Path) -> None:
    """PDF/A-3 6.8: relationship, media type, and the file in the document's own list."""
    [(name, spec)] = signed.attachments.items()
    assert (name, str(spec.obj.AFRelationship)) == ("results.json", "/Data")
    assert "/UF" in spec.obj
    assert str(spec.get_file().obj.Subtype) in {"/application/json", "/application#2Fjson"}
    assert spec.obj.objgen in {one.objgen for one in signed.Root.AF}
    assert spec.get_file().read_bytes() == (packet / "results.json").read_bytes()


@pytest.mark.skipif(not shutil.which("verapdf"), reason="veraPDF is not installed")
@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_verapdf_accepts_both_profiles_of_the_signed_file(sealed: Path, flavour: str) -> None:
    path = sealed / "packet" / "packet.pdf"
    done = subprocess.run(
        ["verapdf", "--flavour", flavour, "--format", "text", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("PASS"), done.stdout


# --- the two attacks that stock tools call valid, on the packet itself


def overlaid(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    mark = generic.StreamObject(stream_data=b"q 0 1 0 rg 0 0 600 800 re f Q")
    writer.add_stream_to_page(0, writer.add_object(mark))
    return written(writer)


def swapped(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(data))
    names = writer.root["/Names"]["/EmbeddedFiles"]
    tree = names if "/Names" in names else names["/Kids"][0]
    specification = tree["/Names"][1]
    forged = writer.add_object(generic.StreamObject(stream_data=b'{"forged":true}'))
    specification["/EF"]["/F"] = forged
    if "/UF" in specification["/EF"]:
        specification["/EF"]["/UF"] = forged
    writer.update_container(specification["/EF"])
    return written(writer)


def written(writer: IncrementalPdfFileWriter) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize("attack", [overlaid, swapped])
def test_an_attacked_pdf_breaks_the_packet_although_pdfsig_calls_it_valid(
    sealed: Path, tmp_path: Path, attack
) -> None:
    folder = tmp_path / "packet"
    shutil.copytree(sealed / "packet", folder)
    path = folder / "packet.pdf"
    assert examine_packet(folder, read_trust(sealed / "trust.txt")).status is Status.VERIFIED
    path.write_bytes(attack(path.read_bytes()))
    verdict = examine_packet(folder, read_trust(sealed / "trust.txt"))
    assert verdict.problems == ("packet.pdf is not the file that was sealed.",)
    if attack is swapped:
        with pikepdf.open(path) as opened:
            [(_, spec)] = opened.attachments.items()
            assert spec.get_file().read_bytes() == b'{"forged":true}'
    if shutil.which("pdfsig"):
        done = subprocess.run(
            ["pdfsig", "-nocert", path], capture_output=True, text=True, check=False
        )
        assert "Signature is Valid" in done.stdout
        assert "Total document signed" not in done.stdout
