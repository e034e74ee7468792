"""Dispositions in a packet: printed beside the deviations, counted as such, and never as passes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packet_factory import DAY, END, START, make_packet
from test_packet_schemas import validator

from evidence.controls.evaluate import roll_up
from evidence.model.determination import Outcome, Verdict
from evidence.model.disposition import (
    Act,
    Alternative,
    AlternativeTerms,
    Attachment,
    Disposition,
    DispositionClass,
    Register,
    Response,
    ResponseTerms,
    Ruling,
    Terms,
)
from evidence.report.chapters import choose
from evidence.report.data import Limits, PacketData
from evidence.report.render import write_packet
from evidence.report.sections.deviations import context
from evidence.report.summary import summarise
from evidence.report.view import Medium, View

MARK = "<b>Reviewed</b> by the board"
SUBJECT = ("CM-03", "shop:pr:2")


def disposition(**more: Any) -> Disposition:
    minutes = Attachment(entry=5, name="minutes.txt", sha256="0" * 64, statement="Of the review.")
    terms: dict[str, Any] = {
        "control": "CM-03",
        "rule_version": "1",
        "kind": DispositionClass.COMPENSATING_CONTROL,
        "subjects": ("shop:pr:2",),
        "cause": "One engineer.",
        "response": MARK,
        "owner": "Carl Example",
        "role": "head of engineering",
        "compensating": "R-1 weekly review",
        "valid_from": START,
        "valid_to": END,
        "evidence": (minutes,),
    }
    return Disposition(
        terms=Terms(**{**terms, **more}),
        requested=Act(entry=100, at=START + 5 * DAY, by="ada"),
        approvals=(Act(entry=101, at=START + 6 * DAY, by="dora"),),
    )


def ruling(*, holds: bool = True) -> Ruling:
    return Ruling(
        disposition="D-100",
        kind=DispositionClass.COMPENSATING_CONTROL,
        control="CM-03",
        subject="shop:pr:2",
        holds=holds,
        reason="accepted" if holds else "self-approved",
        sentence="Dora Example approved it." if holds else "Ada Example approved it herself.",
    )


def answered(*, holds: bool = True) -> PacketData:
    told = Response(
        terms=ResponseTerms(
            control="CM-03",
            subject="shop:pr:2",
            text="A second engineer was hired.",
            owner="Carl Example",
            role="head of engineering",
        ),
        said=Act(entry=102, at=START + 7 * DAY, by="carl"),
    )
    return replace(
        make_packet(),
        register=Register(dispositions=(disposition(),), responses=(told,)),
        rulings={SUBJECT: (ruling(holds=holds),)},
    )


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("answered") / "packet"
    write_packet(answered(), directory)
    return directory


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ({Verdict.ACCEPTED, Verdict.PASS}, Verdict.ACCEPTED),
        ({Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.PASS}, Verdict.UNKNOWN),
        ({Verdict.ACCEPTED, Verdict.FAIL}, Verdict.FAIL),
        ({Verdict.ACCEPTED, Verdict.NOT_APPLICABLE}, Verdict.ACCEPTED),
    ],
)
def test_an_accepted_deviation_hides_nothing_and_is_no_pass(
    verdicts: set[Verdict], worst: Verdict
) -> None:
    assert roll_up(verdicts) == worst


def test_the_rate_is_the_same_with_and_without_a_disposition() -> None:
    plain, disposed = summarise(make_packet()), summarise(answered())
    assert [(row.passed, row.rate) for row in disposed.counts] == [
        (row.passed, row.rate) for row in plain.counts
    ]
    assert {row.control: row.accepted for row in disposed.counts}["CM-03"] == 1
    assert disposed.deviations == plain.deviations


def test_a_change_whose_deviations_are_accepted_is_counted_as_deviating() -> None:
    plain, disposed = summarise(make_packet()), summarise(answered())
    assert disposed.outcomes["shop:pr:2"] == Verdict.ACCEPTED
    assert disposed.rolled_up().deviations == plain.rolled_up().deviations
    assert disposed.rolled_up().passed == plain.rolled_up().passed


def test_a_disposition_that_does_not_hold_changes_no_count() -> None:
    assert summarise(answered(holds=False)).counts == summarise(make_packet()).counts


def test_the_pdf_has_the_dossiers_of_open_deviations_first() -> None:
    limits = Limits(pdf_dossiers=1, pdf_plain_dossiers=0)
    assert "shop:pr:2" not in choose(summarise(answered()), limits)
    assert "shop:pr:2" in choose(summarise(answered()), replace(limits, pdf_dossiers=9))


def test_results_keep_what_was_computed_apart_from_its_disposition(packet: Path) -> None:
    document = json.loads((packet / "results.json").read_text("utf-8"))
    assert [error.message for error in validator("results.json").iter_errors(document)] == []
    change = next(one for one in document["changes"] if one["change_id"] == "shop:pr:2")
    computed = {one["control"]: one["outcome"] for one in change["determinations"]}
    assert computed["CM-03"] == "fail"
    assert change["outcome"] == "accepted"
    assert [(one["disposition"], one["holds"]) for one in change["rulings"]] == [("D-100", True)]
    held = document["dispositions"][0]
    assert (held["id"], held["terms"]["compensating"]) == ("D-100", "R-1 weekly review")
    assert held["rulings"] == change["rulings"]
    assert document["responses"][0]["terms"]["text"] == "A second engineer was hired."


@pytest.mark.long
def test_the_register_prints_class_validity_evidence_and_words_that_nobody_audited(
    packet: Path,
) -> None:
    page = (packet / "packet.html").read_text("utf-8")
    for words in (
        "compensating-control 1; without a disposition 1",
        "Accepted</strong> (compensating-control, D-100)",
        "asked for by ada",
        "approved by dora",
        "R-1 weekly review",
        "minutes.txt",
        "A second engineer was hired.",
        "not audited",
        "deviation, accepted",
    ):
        assert words in page, words
    assert MARK not in page
    assert "&lt;b&gt;Reviewed" in page


@pytest.mark.long
def test_deviations_of_one_person_that_repeat_are_told(tmp_path: Path) -> None:
    data = make_packet()
    again = [
        replace(row, outcome=Outcome.FAIL, reason="no-approval") if row.control == "CM-03" else row
        for row in data.determinations["shop:pr:1"]
    ]
    told = replace(data, determinations={**data.determinations, "shop:pr:1": again})
    write_packet(told, tmp_path / "packet")
    page = (tmp_path / "packet" / "packet.html").read_text("utf-8")
    assert "Repeated, by who opened the change: CM-03 ada-example (github.test id 101) 2." in page
    write_packet(data, tmp_path / "plain")
    assert "Repeated" not in (tmp_path / "plain" / "packet.html").read_text("utf-8")


def supported(*, holds: bool = True) -> PacketData:
    given = Alternative(
        terms=AlternativeTerms(
            control="CM-06",
            subject="shop:pr:4",
            reason="checks-not-collected",
            evidence=Attachment(
                entry=5, name="report.xml", sha256="1" * 64, statement="From the archive."
            ),
        ),
        said=Act(entry=103, at=START + 8 * DAY, by="dora"),
    )
    found = Ruling(
        disposition="A-103",
        kind="alternative-evidence",
        control="CM-06",
        subject="shop:pr:4",
        holds=holds,
        reason="supported" if holds else "attacher-contributed",
        sentence="Dora Example attached it.",
    )
    return replace(
        make_packet(),
        register=Register(alternatives=(given,)),
        rulings={("CM-06", "shop:pr:4"): (found,)},
    )


def _classes_of(data: PacketData) -> list[tuple[str, int]]:
    """How many deviations each class accepts, as the register prints it."""
    view = View(
        data=data,
        summary=summarise(data),
        medium=Medium.HTML,
        lines=(),
        ipe={},
        fragments=(),
        linked=frozenset(),
    )
    return context(view)["classes"]


def test_the_register_counts_its_deviations_by_class() -> None:
    assert _classes_of(answered()) == [("compensating-control", 1), ("without a disposition", 1)]
    assert _classes_of(answered(holds=False)) == [("without a disposition", 2)]
    assert _classes_of(supported()) == [("without a disposition", 2)]


@pytest.mark.long
def test_alternative_evidence_is_a_pass_that_is_counted_apart(tmp_path: Path) -> None:
    plain, told = summarise(make_packet()), summarise(supported())
    before = next(row for row in plain.counts if row.control == "CM-06")
    after = next(row for row in told.counts if row.control == "CM-06")
    assert (after.passed, after.alternative) == (before.passed, 1)
    assert after.unknown == before.unknown - 1
    assert sum(row.count for row in told.unknown) == sum(row.count for row in plain.unknown) - 1
    assert summarise(supported(holds=False)).counts == plain.counts
    write_packet(supported(), tmp_path / "packet")
    document = json.loads((tmp_path / "packet" / "results.json").read_text("utf-8"))
    assert [error.message for error in validator("results.json").iter_errors(document)] == []
    change = next(one for one in document["changes"] if one["change_id"] == "shop:pr:4")
    computed = {one["control"]: one["outcome"] for one in change["determinations"]}
    assert (computed["CM-06"], change["outcome"]) == ("unknown", "alternative")
    page = (tmp_path / "packet" / "packet.html").read_text("utf-8")
    for words in ("report.xml", "From the archive.", "Pass by alternative evidence", "1" * 64):
        assert words in page, words


@pytest.mark.long
def test_open_deviations_are_told_by_age(tmp_path: Path) -> None:
    write_packet(replace(answered(holds=False), as_of=END + 40 * DAY), tmp_path / "packet")
    page = (tmp_path / "packet" / "packet.html").read_text("utf-8")
    assert "up to 60 days 1; up to 90 days 1" in page
    assert "Not accepted</strong>" in page
