"""Counts, rates and roll-ups."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_factory import chain, change, determination, make_packet

from evidence.model.chain import Chain
from evidence.model.determination import Outcome
from evidence.report import html
from evidence.report.chapters import choose, write_chapters
from evidence.report.data import Limits, PacketData, no_progress
from evidence.report.ipe import reconciled
from evidence.report.summary import rate, summarise, total, worst

PASS, FAIL, UNKNOWN, NA = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([PASS, NA], PASS),
        ([PASS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAIL, PASS], FAIL),
        ([NA, NA], NA),
        ([], UNKNOWN),
    ],
)
def test_the_worst_outcome_stands_for_a_change(outcomes: list[Outcome], expected: Outcome) -> None:
    assert worst(outcomes) == expected


@given(st.lists(st.sampled_from(Outcome)))
def test_one_more_pass_never_hides_a_deviation_or_an_unknown(outcomes: list[Outcome]) -> None:
    before, after = worst(outcomes), worst([*outcomes, PASS])
    assert after == (before if before in {FAIL, UNKNOWN} and outcomes else PASS)


def test_unknown_and_not_applicable_are_in_neither_part_of_the_rate() -> None:
    counts = {row.control: row for row in summarise(make_packet()).counts}
    checks, currency = counts["CM-06"], counts["CM-04"]
    assert (checks.deviations, checks.tested, checks.unknown, rate(checks)) == (0, 4, 2, "0.0 %")
    assert (currency.tested, currency.not_applicable, total(currency)) == (5, 1, 6)


def test_a_control_with_nothing_decided_has_no_rate() -> None:
    rows = [determination("CM-06", "shop:pr:1", UNKNOWN)]
    data = make_packet(population=[change(1)], deployments=(), determinations={"shop:pr:1": rows})
    count = next(row for row in summarise(data).counts if row.control == "CM-06")
    assert rate(count) == "n/a"


def test_changes_not_deployed_are_counted_apart() -> None:
    summary = summarise(make_packet())
    assert [total(row) for row in summary.counts] == [6] * 7
    assert [total(row) for row in summary.undeployed_counts] == [1] * 6


def promoted() -> PacketData:
    """A packet with one promotion, whose approval is a deviation and whose rest is unknown."""
    one = change(2, change_type="promotion", deployments=("d",))
    rows = {
        one.change_id: [
            determination("CM-03", one.change_id, FAIL),
            determination("CM-04", one.change_id, UNKNOWN),
        ]
    }
    plain = change(1, deployments=("d",))
    return make_packet(
        population=[plain], promotions=[one], undeployed=(), deployments=(), determinations=rows
    )


def test_promotions_are_counted_apart_and_their_deviations_stay_visible() -> None:
    summary = summarise(promoted())

    assert [total(row) for row in summary.counts] == [0] * 7
    assert [(row.control, row.deviations) for row in summary.promotion_counts] == [
        ("CM-03", 1),
        ("CM-04", 0),
    ]
    assert [row.subject for row in summary.deviations] == ["shop:pr:2"]
    assert [(row.stratum, row.control) for row in summary.unknown] == [("promotions", "CM-04")]
    assert [row.change_id for row in summary.changes] == ["shop:pr:1", "shop:pr:2"]


def test_a_deviation_of_a_deployment_shows_on_its_changes() -> None:
    rows = {"d": [determination("CM-01", "d", FAIL)], "shop:pr:1": []}
    data = make_packet(
        population=[change(1, deployments=("d",))], undeployed=(), determinations=rows
    )
    assert summarise(data).outcomes == {"shop:pr:1": FAIL}


def test_the_action_that_decides_most_comes_first() -> None:
    rows = [
        determination("CM-06", "shop:pr:1", UNKNOWN, missing="map the image"),
        determination("CM-03", "shop:pr:1", UNKNOWN, missing="read checks"),
        determination("CM-02", "shop:pr:1", UNKNOWN, missing="read checks"),
    ]
    data = make_packet(population=[change(1)], determinations={"shop:pr:1": rows})
    told = [(row.text, row.clears, row.controls) for row in summarise(data).actions]
    assert told == [("read checks", 2, ("CM-02", "CM-03")), ("map the image", 1, ("CM-06",))]


def test_the_pdf_takes_deviations_then_unknown_then_a_few_others() -> None:
    summary = summarise(make_packet())
    few = Limits(pdf_dossiers=5, pdf_plain_dossiers=2)
    expected = {"shop:pr:2", f"shop:commit:{0xD1:040x}", "shop:pr:4", "shop:pr:5", "shop:pr:1"}
    assert choose(summary, few) == expected
    assert choose(summary, Limits(pdf_dossiers=1)) == {f"shop:commit:{0xD1:040x}"}


def test_advisory_counts_do_not_decide_the_reconciled_line() -> None:
    data = make_packet()
    assert reconciled(data) == "Reconciled: 0 unexplained differences in R1. Not performed: R9."
    assert reconciled(make_packet(reconciliations=())).startswith("Not reconciled")


def test_unexplained_differences_are_named_in_the_reconciled_line() -> None:
    first = replace(make_packet().reconciliations[0], unexplained=3)
    line = reconciled(make_packet(reconciliations=(first,)))
    assert line == "Not reconciled: 3 unexplained differences (R1: 3)."


def test_chains_do_not_gather_in_memory(tmp_path: Path) -> None:
    data = replace(make_packet(), chains=())
    summary = summarise(data)
    seen: list[int] = []

    def lazily() -> Iterator[Chain]:
        for about in summary.changes:
            yield chain(about)
            seen.append(_living() - before)

    before = _living()
    env = html.environment("Europe/Berlin")
    write_chapters(replace(data, chains=lazily()), summary, env, tmp_path, no_progress)
    assert len(seen) == 7
    assert max(seen) <= 2


def _living() -> int:
    gc.collect()
    return sum(isinstance(item, Chain) for item in gc.get_objects())
