"""A report sealed as a house would have it: keys locked, a token, a time stamp authority."""

from __future__ import annotations

import secrets as random
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from instructed import run_instructions

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, bump, pull, shop
from softtoken import softhsm, uri

from evidence.config.load import Loaded
from evidence.export import ReportRequest, report
from evidence.seal import keys as key_files
from evidence.seal.held import load_keys
from evidence.sync import sync
from evidence.verify import Outcome, Status, examine_packet, read_trust

JULY = {"start": "2026-07-01", "end": "2026-07-31"}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A synced shop whose keys are encrypted, and its settings with more under [seal]."""
    secret = random.token_hex(12)
    monkeypatch.setenv("SEAL_PASSPHRASE", secret)

    def settled(**seal: object) -> Loaded:
        with shop(tmp_path / "shop", FIRST + pull("gift") + bump("to-gift", "gift")) as rehearsal:
            key_files.init(rehearsal.keys, name="Example Shop", passphrase=secret.encode())
            loaded = rehearsal.loaded(rehearsal.simulation.end())
            more = {"passphrase": "env:SEAL_PASSPHRASE", **seal}
            sections = {"seal": loaded.settings.seal.model_copy(update=more)}
            settings = loaded.settings.model_copy(update=sections)
            settled = Loaded(settings=settings, path=None, origins={}, home=loaded.home)
            sync(settled)
        return settled

    return settled


def outcomes(verdict) -> dict[str, Outcome]:
    return {step.name: step.outcome for step in verdict.steps}


@pytest.mark.long
@pytest.mark.timeout(600)  # two whole reports, and a B-LTA file is read object by object
def test_a_report_with_locked_keys_and_a_time_stamp_authority_verifies_whole(
    house, tsa_url, authority, tmp_path, brief_pdfs
):
    loaded = house(tsa=tsa_url, tsa_certificates=str(authority / "tsa.crt"))
    trust = tmp_path / "trust.txt"
    trust.write_text(key_files.trust_file(load_keys(loaded)))
    for lta in (False, True):
        packet = tmp_path / f"packet-{lta}"
        with nullcontext() if lta else brief_pdfs():
            report(loaded, ReportRequest(**JULY, destination=packet, lta=lta))
        verdict = examine_packet(packet, read_trust(trust))
        done = run_instructions(packet, trust, authority / "tsa.crt")
        assert verdict.status is Status.VERIFIED
        assert set(outcomes(verdict).values()) == {Outcome.OK}
        assert ("(B-LTA)" in " ".join(verdict.sentences)) is lta
        assert done.returncode == 0, done.stderr


@pytest.mark.long
@softhsm
@pytest.mark.usefixtures("brief_pdf")
def test_a_report_sealed_by_a_token_verifies_with_its_captures(house, token, tmp_path, monkeypatch):
    monkeypatch.setenv("PIN", token)
    loaded = house(signer=uri("object=seal"))
    (tmp_path / "trust.txt").write_text(key_files.trust_file(load_keys(loaded)))
    report(loaded, ReportRequest(**JULY, destination=tmp_path / "packet"))
    verdict = examine_packet(tmp_path / "packet", read_trust(tmp_path / "trust.txt"))
    done = run_instructions(tmp_path / "packet", tmp_path / "trust.txt")
    assert verdict.status is Status.VERIFIED
    assert outcomes(verdict)["checkpoint"] == outcomes(verdict)["captures"] == Outcome.OK
    assert done.returncode == 0, done.stderr
