"""PAdES B-T: the PDF's signature with a time stamp of a real local authority (openssl ts)."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from evidence.errors import UnavailableError
from evidence.seal import keys as key_files
from evidence.seal.packet import seal_folder
from evidence.seal.pades import Stamping
from evidence.verify import Status, examine_packet, read_trust


def pdf_sentence(verdict) -> str:
    return next(step.sentence for step in verdict.steps if step.name == "pdf_signature")


def test_a_stamp_by_a_trusted_authority_is_told_as_such(
    rendered, keys, predicate, tsa_url, authority, tmp_path
):
    result = seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url))
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(keys) + (authority / "tsa.crt").read_text())
    verdict = examine_packet(rendered, read_trust(trust))
    assert result.timestamped
    assert verdict.status is Status.VERIFIED
    assert "time stamped by a trusted authority" in pdf_sentence(verdict)


def test_a_stamp_by_an_unknown_authority_stays_a_claim(rendered, keys, predicate, tsa_url):
    seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url))
    verdict = examine_packet(rendered)
    assert verdict.status is Status.UNTRUSTED
    assert "by an authority that was not given as trusted" in pdf_sentence(verdict)


def test_the_instructions_hold_for_a_stamped_pdf_too(rendered, keys, predicate, tsa_url):
    seal_folder(rendered, replace(keys), predicate, stamping=Stamping(tsa=tsa_url))
    text = (rendered / "VERIFY.md").read_text()
    blocks = [part.split("```")[0] for part in text.split("```sh\n")[1:]]
    done = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(blocks)], cwd=rendered, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("answer", [b"", b"not a time stamp"])
def test_an_authority_that_answers_nonsense_seals_nothing(
    rendered, keys, predicate, httpserver, answer, pdf
):
    httpserver.expect_request("/tsa").respond_with_data(
        answer, content_type="application/timestamp-reply"
    )
    with pytest.raises(UnavailableError, match="gave no time stamp"):
        seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=httpserver.url_for("/tsa")))
    assert (rendered / "packet.pdf").read_bytes() == pdf


def test_an_authority_that_is_not_there_seals_nothing(rendered, keys, predicate, pdf):
    with pytest.raises(UnavailableError, match="gave no time stamp"):
        seal_folder(rendered, keys, predicate, stamping=Stamping(tsa="http://127.0.0.1:1/tsa"))
    assert (rendered / "packet.pdf").read_bytes() == pdf


def test_an_authority_that_fails_after_its_first_answer_seals_nothing(
    rendered, keys, predicate, tsa_url, httpserver, pdf, monkeypatch
):
    from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

    async def fail(*_args):
        raise TimestampRequestError("gone")

    monkeypatch.setattr(HTTPTimeStamper, "async_timestamp", fail)
    monkeypatch.setattr(HTTPTimeStamper, "async_dummy_response", _answered)
    with pytest.raises(UnavailableError, match="gave no time stamp"):
        seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url))
    assert (rendered / "packet.pdf").read_bytes() == pdf


async def _answered(*_args):
    from asn1crypto.cms import ContentInfo

    return ContentInfo({"content_type": "data"})
