"""Changes after signing that leave the PDF signature's arithmetic valid; stock readers say so."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from evidence.errors import MalformedError
from evidence.seal.keys import init
from evidence.seal.pades import sign_pdf
from evidence.verify import Status, Trust, examine_packet
from evidence.verify.pdf import check_pdf
from evidence.verify.pdfreader import open_pdf

NOW = datetime.now(UTC)


def overlay(signed: bytes) -> bytes:
    """An incremental update that lays a full-page mark over the page."""
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    mark = generic.StreamObject(stream_data=b"q 0 1 0 rg 0 0 300 200 re f Q")
    writer.add_stream_to_page(0, writer.add_object(mark))
    return written(writer)


def replace_attachment(signed: bytes, forged: bytes) -> bytes:
    """An incremental update that puts another stream behind the embedded file's name."""
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    names = writer.root["/Names"]["/EmbeddedFiles"]
    tree = names if "/Names" in names else names["/Kids"][0]
    specification = tree["/Names"][1]
    specification["/EF"]["/F"] = writer.add_object(generic.StreamObject(stream_data=forged))
    writer.update_container(specification["/EF"])
    return written(writer)


def written(writer) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def embedded(data: bytes) -> bytes:
    names = PdfFileReader(BytesIO(data)).root["/Names"]["/EmbeddedFiles"]
    tree = names if "/Names" in names else names["/Kids"][0]
    return tree["/Names"][1]["/EF"]["/F"].data


@pytest.fixture
def signed(packet) -> bytes:
    return (packet.folder / "packet.pdf").read_bytes()


def doctored(kind: str, signed: bytes) -> bytes:
    if kind == "overlay":
        return overlay(signed)
    return replace_attachment(signed, b'{"verdict": "pass"}')


def test_the_signature_holds_on_the_untouched_pdf(packet, signed):
    found = check_pdf(signed, [packet.keys.pdf.certificate_der], NOW + timedelta(minutes=1))
    assert (found.signer, found.stamped) == ("Orchard Example evidence seal", False)


def test_a_replaced_attachment_is_what_a_reader_would_get(signed):
    assert embedded(doctored("attachment", signed)) == b'{"verdict": "pass"}'


@pytest.mark.parametrize("kind", ["overlay", "attachment"])
def test_an_update_after_signing_is_refused_by_the_signature_check_alone(packet, signed, kind):
    with pytest.raises(MalformedError, match="was added to after it was signed"):
        check_pdf(doctored(kind, signed), [packet.keys.pdf.certificate_der], NOW)


@pytest.mark.parametrize("kind", ["overlay", "attachment"])
def test_an_update_after_signing_breaks_the_packet(packet, signed, kind):
    (packet.folder / "packet.pdf").write_bytes(doctored(kind, signed))
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.problems == ("packet.pdf is not the file that was sealed.",)


@pytest.mark.parametrize("kind", ["overlay", "attachment"])
def test_an_update_after_signing_is_refused_even_when_the_packet_is_sealed_anew(
    packet, signed, kind
):
    (packet.folder / "packet.pdf").write_bytes(doctored(kind, signed))
    packet.reseal()
    verdict = examine_packet(packet.folder, packet.trust)
    assert verdict.problems == ("packet.pdf was added to after it was signed.",)


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="poppler's pdfsig is not installed")
def test_pdfsig_calls_the_overlaid_pdf_valid_and_only_leaves_out_one_line(signed, tmp_path):
    said = {}
    for name, data in (("clean", signed), ("overlaid", overlay(signed))):
        (tmp_path / name).write_bytes(data)
        command = ["pdfsig", "-nocert", tmp_path / name]
        said[name] = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said["overlaid"]
    assert "Total document signed" in said["clean"]
    assert "Total document signed" not in said["overlaid"]


def test_a_pdf_signed_with_another_certificate_is_refused(packet, signed, other_keys):
    with pytest.raises(MalformedError, match="another certificate than expected"):
        check_pdf(signed, [other_keys.pdf.certificate_der], NOW)


def test_a_pdf_without_a_signature_is_refused(packet):
    unsigned = (packet.folder / "packet.pdf").read_bytes()[: packet.unsigned().size]
    with pytest.raises(MalformedError, match="0 signatures instead of one"):
        check_pdf(unsigned, [packet.keys.pdf.certificate_der], NOW)


def test_a_signing_time_in_the_future_is_refused(packet, signed):
    with pytest.raises(MalformedError, match="has not come yet"):
        check_pdf(signed, [packet.keys.pdf.certificate_der], NOW - timedelta(days=2))


def test_a_certificate_that_had_expired_when_it_signed_is_refused(packet, tmp_path):
    expired = init(tmp_path / "old", name="Orchard", now=datetime(2010, 1, 1, tzinfo=UTC)).pdf
    unsigned = (packet.folder / "packet.pdf").read_bytes()[: packet.unsigned().size]
    with pytest.raises(MalformedError, match="when its certificate was not valid"):
        check_pdf(
            sign_pdf(unsigned, expired), [expired.certificate_der], NOW + timedelta(minutes=1)
        )


def test_a_packet_outlives_its_certificate(packet, trust_path):
    later = NOW + timedelta(days=365 * 20)
    assert examine_packet(packet.folder, packet.trust, now=later).status is Status.VERIFIED


def test_trust_that_names_another_certificate_rejects_the_pdf(packet, other_keys):
    trust = Trust(keys=packet.trust.keys, certificates=(other_keys.pdf.certificate_der,))
    assert examine_packet(packet.folder, trust).status is Status.REJECTED


def test_trust_without_a_certificate_takes_the_one_that_the_statement_vouches_for(packet):
    trust = Trust(keys=packet.trust.keys)
    assert examine_packet(packet.folder, trust).status is Status.VERIFIED


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n%%EOF", b"\x00" * 1000])
def test_bytes_that_are_no_pdf_are_refused(packet, data):
    with pytest.raises(MalformedError):
        check_pdf(data, [packet.keys.pdf.certificate_der], NOW)


def uncertified(unsigned: bytes, identity) -> bytes:
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    from evidence.seal import pades

    meta = PdfSignatureMetadata(field_name="Seal", subfilter=SigSeedSubFilter.PADES)
    signer = PdfSigner(meta, pades._signer(identity))
    return signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(unsigned))).getvalue()


def test_a_signature_that_does_not_certify_against_changes_is_refused(packet):
    unsigned = (packet.folder / "packet.pdf").read_bytes()[: packet.unsigned().size]
    data = uncertified(unsigned, packet.keys.pdf)
    with pytest.raises(MalformedError, match="does not certify it against changes"):
        check_pdf(data, [packet.keys.pdf.certificate_der], NOW + timedelta(minutes=1))


def test_a_byte_changed_under_the_signature_is_refused(packet, signed):
    data = signed.replace(b"/MediaBox", b"/MediaBos", 1)
    with pytest.raises(MalformedError, match="was changed after it was signed"):
        check_pdf(data, [packet.keys.pdf.certificate_der], NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("doubt", "sentence"),
    [
        ({"bottom_line": False}, "not judged valid as a whole"),
        (
            {"timestamp_validity": SimpleNamespace(intact=False, valid=True)},
            "time stamp that does not",
        ),
    ],
)
def test_a_doubt_of_the_library_is_never_overruled(packet, signed, monkeypatch, doubt, sentence):
    from pyhanko.sign import validation

    real = validation.validate_pdf_signature

    def doubting(*args, **options):
        status = real(*args, **options)
        names = ("intact", "valid", "coverage", "docmdp_ok", "trusted", "revoked", "signing_cert")
        members = {name: getattr(status, name) for name in names}
        return SimpleNamespace(**({"timestamp_validity": None, **members} | doubt))

    monkeypatch.setattr(validation, "validate_pdf_signature", doubting)
    with pytest.raises(MalformedError, match=sentence):
        check_pdf(signed, [packet.keys.pdf.certificate_der], NOW + timedelta(minutes=1))


def test_a_signature_without_a_signing_time_is_refused(packet, signed, monkeypatch):
    from pyhanko.sign.validation import EmbeddedPdfSignature

    monkeypatch.setattr(EmbeddedPdfSignature, "self_reported_timestamp", None)
    with pytest.raises(MalformedError, match="states no signing time"):
        check_pdf(signed, [packet.keys.pdf.certificate_der], NOW)


# --- the reader


def streamed_pdf() -> bytes:
    """A PDF whose objects lie in object streams, as WeasyPrint writes them."""
    document = pikepdf.new()
    for number in range(40):
        document.add_blank_page(page_size=(300, 200 + number))
    buffer = BytesIO()
    document.save(buffer, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return buffer.getvalue()


def test_the_indexed_reader_reads_what_the_librarys_own_reads():
    data = streamed_pdf()
    plain, indexed = PdfFileReader(BytesIO(data)), open_pdf(data)
    numbers = range(1, int(plain.trailer["/Size"]))
    found = [
        [repr(reader.get_object(generic.Reference(number, 0, reader))) for number in numbers]
        for reader in (plain, indexed)
    ]
    assert found[0] == found[1]
    assert any("/MediaBox" in text for text in found[0])
    assert indexed._tables


@pytest.mark.parametrize(
    "table", [b"", b"7 0", b"x 0", b"8 0 7 0", b"7 -1", b"7 99999999999999999999"]
)
def test_an_object_stream_with_a_false_table_is_refused(table):
    from pyhanko.pdf_utils.misc import PdfError

    body = b"<< /Type /Catalog >>"
    padded = table.ljust(24)
    stream = padded + body
    parts = [
        b"%PDF-1.7\n",
        b"1 0 obj\n<< /Type /ObjStm /N 1 /First 24 /Length %d >>\nstream\n" % len(stream),
        stream + b"\nendstream\nendobj\n",
    ]
    start = len(b"".join(parts))
    rows = bytes(5) + bytes([1, 0, 9, 0, 0]) + bytes([1]) + start.to_bytes(2) + bytes([0, 0])
    entry = bytes([2]) + (1).to_bytes(2) + bytes([0, 0])
    xref = (
        b"2 0 obj\n<< /Type /XRef /Size 4 /W [1 2 2] /Root 3 0 R /Length %d >>\nstream\n" % 20
        + rows
        + entry
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    )
    data = b"".join(parts) + xref
    good = data.replace(padded, b"3 0".ljust(24))
    assert open_pdf(good).root["/Type"] == "/Catalog"
    with pytest.raises((PdfError, ValueError)):
        _ = open_pdf(data).root["/Type"]
