"""No packet of an invented organisation can look like a real one."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, pull, shop

from evidence.demo.run import settings_text
from evidence.export import ReportRequest, report
from evidence.seal import keys

REAL = {"organisation": {"simulated": False}}
"""What somebody would write who wants the mark gone."""


def marks(packet: Path) -> tuple[set[bool], bool, bool, bool]:
    """Whether pages of the PDF say it, and whether page, results and signed statement do."""
    pages = pypdf.PdfReader(packet / "packet.pdf").pages
    results = json.loads((packet / "results.json").read_text(encoding="utf-8"))
    return (
        {"SIMULATED" in page.extract_text() for page in pages},
        "SIMULATED" in (packet / "packet.html").read_text(encoding="utf-8"),
        results["simulated"],
        "SIMULATED" in (packet / "VERIFY.md").read_text(encoding="utf-8"),
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory, brief_pdfs):
    """Three packets: as configured, after the mark was taken out, and never marked."""
    folder = tmp_path_factory.mktemp("simulated")
    asked = ReportRequest(start="2026-07-01", end="2026-07-31")
    found = {}
    with shop(folder / "marked", FIRST + pull("gift")) as rehearsal:
        keys.init(rehearsal.keys, name="Example Shop")
        end = rehearsal.simulation.end()
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = rehearsal.loaded(end)
        written = settings_text(loaded.settings)
        found["by hand"] = report(loaded, replace(asked, destination=folder / "a")).directory
        rehearsal.overrides = {**rehearsal.overrides, **REAL}
        later = replace(asked, destination=folder / "b")
        first = replace(asked, destination=folder / "c", at=0)
        with brief_pdfs():  # the mark stands in the head of the document, for every page
            found["taken out"] = report(rehearsal.loaded(end), later).directory
            found["before all"] = report(rehearsal.loaded(end), first).directory
    with shop(folder / "real", FIRST, **REAL) as rehearsal:
        keys.init(rehearsal.keys, name="Example Shop")
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        asked = replace(asked, destination=folder / "d")
        found["never"] = report(rehearsal.loaded(rehearsal.simulation.end()), asked).directory
    return found, written


@pytest.mark.long
def test_a_report_by_hand_on_the_demos_configuration_says_simulated_on_every_page(told):
    found, written = told
    assert "simulated = true" in written
    assert marks(found["by hand"]) == ({True}, True, True, True)


def test_a_store_that_was_filled_as_simulated_stays_marked_without_the_setting(told):
    found, _ = told
    assert marks(found["taken out"]) == ({True}, True, True, True)


@pytest.mark.long
def test_an_earlier_size_of_the_ledger_does_not_lose_the_mark(told):
    found, _ = told
    assert marks(found["before all"]) == ({True}, True, True, True)


def test_an_organisation_that_never_was_simulated_is_not_marked(told):
    found, _ = told
    assert marks(found["never"]) == ({False}, False, False, False)
