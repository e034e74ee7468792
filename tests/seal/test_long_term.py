"""PAdES B-LTA: asked for by a flag, checked to hold nothing beyond its validation data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from instructed import run_instructions
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from evidence.errors import ConfigError, MalformedError
from evidence.seal import keys as key_files
from evidence.seal.certificate import read_certificates
from evidence.seal.packet import seal_folder
from evidence.seal.pades import Stamping, sign_pdf
from evidence.verify import Status, examine_packet, read_trust
from evidence.verify.pdf import check_pdf


@pytest.fixture
def stamping(tsa_url, authority) -> Stamping:
    return Stamping(tsa=tsa_url, lta=True, authorities=read_certificates(authority / "tsa.crt"))


@pytest.fixture
def trusted(keys, stamping) -> tuple[bytes, ...]:
    return (keys.pdf.certificate_der, *stamping.authorities)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def overlaid(signed: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    mark = generic.StreamObject(stream_data=b"q 0 1 0 rg 0 0 300 200 re f Q")
    writer.add_stream_to_page(0, writer.add_object(mark))
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def stamped_again(data: bytes, stamping: Stamping) -> bytes:
    """One more time stamp over what lies there now: what hides an overlay from a careless reader."""
    from pyhanko.sign.signers import PdfTimeStamper

    from evidence.seal import pades

    writer = IncrementalPdfFileWriter(BytesIO(data))
    stamper = PdfTimeStamper(pades._timestamper(stamping.tsa))
    return stamper.timestamp_pdf(writer, "sha256").getvalue()


def test_a_pdf_sealed_for_long_verifies_and_says_so(
    rendered, keys, predicate, stamping, authority, tmp_path
):
    seal_folder(rendered, keys, predicate, stamping=stamping)
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(keys) + (authority / "tsa.crt").read_text())
    verdict = examine_packet(rendered, read_trust(trust))
    sentence = next(step.sentence for step in verdict.steps if step.name == "pdf_signature")
    assert verdict.status is Status.VERIFIED
    assert "(B-LTA)" in sentence


def test_the_instructions_hold_for_it_too(rendered, keys, predicate, stamping, authority):
    seal_folder(rendered, keys, predicate, stamping=stamping)
    done = run_instructions(rendered, tsa=authority / "tsa.crt")
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("Verification: OK") == 2
    assert "CMS Verification successful" in done.stderr


def test_the_instructions_stop_at_an_overlay(rendered, keys, predicate, stamping):
    seal_folder(rendered, keys, predicate, stamping=stamping)
    path = rendered / "packet.pdf"
    text = (rendered / "VERIFY.md").read_text()
    pdf_alone = text.split("sealer's clock")[0].split("```sh")[1].split("```")[0]
    pdf_alone += text.split("(PAdES B-LTA)")[1].split("```sh")[1].split("```")[0]
    import subprocess

    def run() -> int:
        return subprocess.run(
            ["sh", "-eu", "-c", pdf_alone], cwd=rendered, capture_output=True, check=False
        ).returncode

    assert run() == 0
    path.write_bytes(overlaid(path.read_bytes()))
    assert run() != 0


def test_it_begins_with_the_unsigned_bytes(pdf, keys, stamping):
    assert sign_pdf(pdf, keys.pdf, stamping).startswith(pdf)


def test_an_overlay_after_it_is_refused_although_its_parts_stay_valid(pdf, keys, stamping, trusted):
    signed = sign_pdf(pdf, keys.pdf, stamping)
    assert check_pdf(signed, trusted, soon()).long_term
    with pytest.raises(MalformedError, match="was added to after it was signed"):
        check_pdf(overlaid(signed), trusted, soon())


def test_an_overlay_between_signature_and_last_stamp_is_refused(pdf, keys, stamping, trusted):
    signed = sign_pdf(pdf, keys.pdf, Stamping(tsa=stamping.tsa))
    hidden = stamped_again(overlaid(signed), stamping)
    with pytest.raises(MalformedError, match=r"was added to|does not certify"):
        check_pdf(hidden, trusted, soon())


def test_an_overlay_under_one_more_stamp_is_refused(pdf, keys, stamping, trusted):
    signed = sign_pdf(pdf, keys.pdf, stamping)
    with pytest.raises(MalformedError, match="3 signatures instead of one"):
        check_pdf(stamped_again(overlaid(signed), stamping), trusted, soon())


def test_a_stamp_alone_is_no_signature(pdf, keys, stamping, trusted):
    with pytest.raises(MalformedError, match="1 signatures instead of one"):
        check_pdf(stamped_again(pdf, stamping), trusted, soon())


@pytest.mark.parametrize("missing", ["tsa", "authorities"])
def test_without_an_authority_or_its_certificates_it_is_not_made(pdf, keys, stamping, missing):
    from dataclasses import replace

    lacking = replace(stamping, **{missing: type(getattr(stamping, missing))()})
    with pytest.raises(ConfigError, match="needs a time stamp authority and its certificates"):
        sign_pdf(pdf, keys.pdf, lacking)
