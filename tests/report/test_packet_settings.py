"""Settings in a packet: counted by themselves, and no deviation or unknown of theirs is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from packet_factory import DAY, END, START, change, determination, make_packet

from evidence.model.determination import Determination, Outcome, SettingInterval, SubjectKind
from evidence.report.chapters import choose
from evidence.report.data import ControlEntry, Limits, PacketData
from evidence.report.render import write_packet
from evidence.report.summary import summarise

PROTECTION = ControlEntry(
    id="CM-09",
    wording="Production branches are protected as the policy demands at all times.",
    criteria=("A.8.9",),
    unit=SubjectKind.INTERVAL,
    rule_version="1",
)


def interval(begin: int, end: int, outcome: Outcome, reason: str) -> SettingInterval:
    return SettingInterval(
        repository="shop",
        setting="main",
        begin=begin,
        end=end,
        determination=Determination(
            control="CM-09",
            subject_kind=SubjectKind.INTERVAL,
            subject=f"shop:main:{begin}-{end}",
            outcome=outcome,
            reason=reason,
            sentence=f"This span was told as {reason}.",
            missing="Sync often." if outcome is Outcome.UNKNOWN else "",
        ),
    )


def packet() -> PacketData:
    data = make_packet()
    edges = (START, START + 5 * DAY, START + 9 * DAY, END)
    outcomes = (
        (Outcome.UNKNOWN, "continuity"),
        (Outcome.FAIL, "protection-below-policy"),
        (Outcome.PASS, "protected"),
    )
    spans = zip(edges, edges[1:], outcomes, strict=False)
    return replace(
        data,
        controls=(*data.controls, PROTECTION),
        settings=tuple(interval(begin, end, *told) for begin, end, told in spans),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("settings")
    write_packet(packet(), folder)
    return folder


def test_intervals_are_in_no_rate_of_changes() -> None:
    plain, told = summarise(make_packet()), summarise(packet())
    assert told.counts == plain.counts
    assert told.rolled_up() == plain.rolled_up()
    (counted,) = told.setting_counts
    assert (counted.control, counted.passed, counted.deviations, counted.unknown) == (
        "CM-09",
        1,
        1,
        1,
    )


def test_a_deviating_interval_stands_in_the_register_and_an_unknown_one_among_the_unknown() -> None:
    told = summarise(packet())
    assert [one.reason for one in told.deviations if one.control == "CM-09"] == [
        "protection-below-policy"
    ]
    (group,) = [one for one in told.unknown if one.control == "CM-09"]
    assert (group.stratum, group.reason, group.action) == ("settings", "continuity", "Sync often.")
    assert "Sync often." in {one.text for one in told.actions}


def test_the_page_names_an_interval_by_its_setting_and_its_time(written: Path) -> None:
    page = (written / "packet.html").read_text(encoding="utf-8")
    register = page[page.index('id="deviations"') : page.index('id="unknowns"')]
    assert "shop: main" in register
    assert "2026-03-05T23:00:00Z until 2026-03-09T23:00:00Z" in register
    assert "deployment shop:main" not in page
    assert "Settings, by interval" in page


def test_the_results_count_settings_apart(written: Path) -> None:
    results = json.loads((written / "results.json").read_text(encoding="utf-8"))
    (counted,) = results["counts"]["settings"]
    assert (counted["control"], counted["pass"], counted["fail"]) == ("CM-09", 1, 1)
    assert "CM-09" not in {row["control"] for row in results["counts"]["population"]}


def test_the_examples_of_the_pdf_are_changes_of_the_population_before_promotions() -> None:
    data = make_packet()
    moved = [change(number, change_id=f"deploy:commit:{number:040x}") for number in range(50, 53)]
    passed = {one.change_id: [determination("CM-14", one.change_id, Outcome.PASS)] for one in moved}
    judged = {**data.determinations, **passed}
    summary = summarise(replace(data, promotions=moved, determinations=judged))
    chosen = choose(summary, Limits(pdf_dossiers=len(summary.population), pdf_plain_dossiers=40))
    assert chosen == frozenset(one.change_id for one in summary.population)
