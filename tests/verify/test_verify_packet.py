"""A packet that verifies, and every way in which one does not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import VerificationError
from evidence.verify import Outcome, Status, Trust, examine_packet, verify_packet

ROOT = Path(__file__).parents[2]


def problems(path, trust=None) -> str:
    verdict = examine_packet(path, trust)
    assert verdict.status is Status.REJECTED
    return " ".join(verdict.problems)


def test_an_untouched_packet_verifies_with_the_trusted_key(packet):
    verdict = verify_packet(packet.folder, packet.trust)
    assert verdict.status is Status.VERIFIED
    assert verdict.trusted == (packet.keys.fingerprint,)
    assert {step.outcome for step in verdict.steps} == {Outcome.OK}
    assert [step.name for step in verdict.steps] == [
        "statement",
        "trust",
        "contents",
        "lists",
        "ssh_signature",
        "checkpoint",
        "captures",
        "pdf_signature",
    ]


def test_the_verdict_repeats_what_the_packet_states(packet):
    verdict = verify_packet(packet.folder, packet.trust)
    assert (verdict.entity, verdict.period_from, verdict.zone, verdict.simulated) == (
        "Orchard Example",
        "2026-01-01T00:00:00Z",
        "Europe/Lisbon",
        True,
    )
    assert any(sentence.startswith("SIMULATED") for sentence in verdict.sentences)
    assert verdict.files == len([path for path in packet.folder.rglob("*") if path.is_file()])


def test_without_trusted_keys_an_intact_packet_is_untrusted_and_says_so_first(packet):
    verdict = verify_packet(packet.folder)
    assert verdict.status is Status.UNTRUSTED
    assert "who sealed it is not established" in verdict.sentences[0]
    assert [step.outcome for step in verdict.steps if step.name == "trust"] == [Outcome.NOT_CHECKED]


def test_a_packet_sealed_by_another_key_is_rejected(packet, other_keys):
    verdict = examine_packet(packet.folder, Trust(keys=(other_keys.public_key,)))
    assert verdict.status is Status.REJECTED
    assert "not among the trusted keys" in verdict.summary


def test_the_verdict_is_the_same_in_json(packet):
    verdict = verify_packet(packet.folder, packet.trust)
    value = json.loads(json.dumps(verdict.as_json()))
    assert value["status"] == "verified"
    assert (value["scope"], value["sealed_at"]) == ("period", verdict.sealed_at)
    assert verdict.sealed_at.endswith("Z")
    assert [step["sentence"] for step in value["steps"]] == [
        step.sentence for step in verdict.steps
    ]


def test_verify_raises_only_the_verification_error(packet):
    (packet.folder / "results.json").write_text('{"CM-01":"pass"}')
    with pytest.raises(VerificationError, match=r"results\.json is not the file that was sealed"):
        verify_packet(packet.folder, packet.trust)


def test_a_missing_file_is_named(packet):
    (packet.folder / "population.csv").unlink()
    assert problems(packet.folder) == "population.csv is missing."


def test_an_extra_file_is_named(packet):
    (packet.folder / "captures" / "extra.json").write_text("{}")
    assert problems(packet.folder) == "captures/extra.json is not part of the sealed packet."


def test_a_renamed_file_is_missing_under_one_name_and_extra_under_the_other(packet):
    (packet.folder / "results.json").rename(packet.folder / "outcome.json")
    assert problems(packet.folder) == (
        "results.json is missing. outcome.json is not part of the sealed packet."
    )


@pytest.mark.parametrize("name", ["SHA256SUMS.tsr", "SHA256SUMS.sigstore.json", "packet.pdf.sig"])
def test_a_sidecar_that_was_not_sealed_is_refused(packet, name):
    (packet.folder / name).write_bytes(b"\x30\x00")
    assert f"{name} is not part of the sealed packet" in problems(packet.folder)


@pytest.mark.parametrize(
    "name", ["packet.dsse.json", "manifest.json", "SHA256SUMS", "SHA256SUMS.sig"]
)
def test_a_packet_without_one_of_its_own_documents_is_rejected(packet, name):
    (packet.folder / name).unlink()
    assert f"{name} is missing" in problems(packet.folder)


def test_a_symbolic_link_is_refused_even_to_equal_content(packet, tmp_path):
    file = packet.folder / "results.json"
    shutil.move(file, tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert "symbolic link" in problems(packet.folder)


def test_a_device_is_refused_without_being_read(packet):
    os.mkfifo(packet.folder / "pipe")
    assert "symbolic link or a device" in problems(packet.folder)


@pytest.mark.parametrize("name", ["a\nb", "CON: x", "e\u0301", " x", "-rf", "\udcff"])
def test_an_unsafe_file_name_is_refused(packet, name):
    (packet.folder / name).write_text("")
    assert "may not stand in a packet" in problems(packet.folder)


def test_names_that_are_one_file_on_some_systems_are_refused(packet):
    (packet.folder / "Results.JSON").write_text("{}")
    assert "twice" in problems(packet.folder)


def test_a_path_that_is_not_there_is_a_rejection_not_a_traceback(tmp_path):
    assert "cannot be read" in problems(tmp_path / "nowhere")


def test_an_empty_folder_is_not_a_packet(tmp_path):
    assert problems(tmp_path) == "packet.dsse.json is missing."


def test_names_in_a_statement_cannot_write_to_the_terminal(packet):
    packet.reseal(entity="Orchard\x1b[2J\u202eExample")
    verdict = verify_packet(packet.folder, packet.trust)
    assert verdict.entity == "Orchard\ufffd[2J\ufffdExample"


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("2999-01-01T00:00:00Z", "a time that has not come yet"),
        ("", "does not say when the packet was sealed"),
        ("today", "does not say when the packet was sealed"),
        ("2026-07-02T09:00:00+00:00", "does not say when the packet was sealed"),
        ("2026-7-2T9:00:00Z", "does not say when the packet was sealed"),
    ],
)
def test_a_packet_sealed_at_no_time_or_in_the_future_is_refused(packet, moment, sentence):
    packet.reseal(sealed_at=moment)
    assert sentence in problems(packet.folder, packet.trust)


BLOCKED = ("sqlalchemy", "requests", "github", "git", "weasyprint", "jinja2", "typer", "alembic")

SCRIPT = """
import sys
from pathlib import Path

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
from evidence.verify import examine_packet, read_trust
verdict = examine_packet(Path(sys.argv[1]), read_trust(Path(sys.argv[2])))
print(verdict.status.value, *(step.outcome.value for step in verdict.steps))
"""


def run_blocked(folder, trust_path, *blocked):
    script = SCRIPT.format(blocked=set(blocked))
    done = subprocess.run(
        [sys.executable, "-c", script, folder, trust_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_an_auditor_needs_neither_database_nor_network_nor_renderer(packet, trust_path):
    assert run_blocked(packet.folder, trust_path, *BLOCKED) == ["verified", *["ok"] * 8]


def test_without_pyhanko_the_pdf_signature_is_reported_as_not_checked(packet, trust_path):
    found = run_blocked(packet.folder, trust_path, *BLOCKED, "pyhanko")
    assert found == ["verified", *["ok"] * 7, "not_checked"]
