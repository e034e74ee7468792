"""What single sections make of their data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packet_factory import change, determination, make_packet, make_small

from evidence.model.change import Strength
from evidence.model.custody import Anchor, Custody, Handling
from evidence.model.determination import Outcome
from evidence.report import html
from evidence.report.lanes import LaneCount
from evidence.report.render import write_packet
from evidence.report.sections import custody, produced_information, results, yardsticks
from evidence.report.summary import summarise
from evidence.report.view import Medium, View


def view(medium: Medium, **fields: object) -> View:
    data = make_packet(**fields)
    return View(
        data=data,
        summary=summarise(data),
        medium=medium,
        lines=(),
        ipe={},
        fragments=(),
        linked=frozenset(),
    )


def test_the_longest_pause_lies_between_complete_runs() -> None:
    first = replace(make_packet().receipts[0], complete=True, started_at=10, finished_at=20)
    broken = replace(first, complete=False, started_at=50, finished_at=60)
    last = replace(first, started_at=100, finished_at=110)
    shown = produced_information.context(view(Medium.HTML, receipts=(last, broken, first)))
    [told] = shown["sources"]
    assert (told.runs, told.incomplete, told.longest_pause) == (3, 1, 80)


def test_it_is_said_by_how_much_our_clock_differed_from_the_sources() -> None:
    run = make_packet().receipts[0]
    minute = 60_000_000

    def told(*skews: int | None, simulated: bool = False) -> int | None:
        runs = tuple(replace(run, skew=one) for one in skews)
        shown = produced_information.context(view(Medium.HTML, receipts=runs, simulated=simulated))
        [source] = shown["sources"]
        found: int | None = source.skew
        return found

    assert told(None, 2 * minute, -minute) is None
    assert told(3 * minute, -10 * minute, None) == -10 * minute
    assert told(10 * minute, simulated=True) is None


def test_the_pdf_prints_only_the_newest_text_of_a_kind_and_the_page_all() -> None:
    old = replace(make_packet().yardsticks[0], since_us=1, text="old")
    new = replace(old, since_us=2, text="new")
    both = {
        medium: yardsticks.context(view(medium, yardsticks=(new, old)))["parts"]
        for medium in Medium
    }
    assert both == {Medium.PDF: [[], [("", "new")]], Medium.HTML: [[("", "old")], [("", "new")]]}


def handled(seq: int, handling: Handling) -> Custody:
    return Custody(seq=seq, handling=handling, actor="ada-example", at=seq, detail="told")


def anchored(size: int, **fields: object) -> Anchor:
    return Anchor(seq=size + 1, size=size, root="ab" * 32, actor="", at=size, **fields)


def test_what_every_sync_does_is_counted_and_what_people_do_is_listed_newest_first() -> None:
    ways = (Handling.RECORDED, Handling.SEALED, Handling.EXPORTED, Handling.SEALED, Handling.PURGED)
    done = tuple(handled(seq, way) for seq, way in enumerate(ways))
    shown = custody.context(view(Medium.HTML, custody=done))
    assert shown["counts"] == [("recorded", 1), ("sealed", 2), ("exported", 1), ("purged", 1)]
    assert list(shown["handlings"]) == [done[4], done[2]]


def test_the_newest_anchors_are_listed_and_what_lies_beyond_them_is_counted() -> None:
    rows = tuple(anchored(size) for size in range(1, 31))
    shown = custody.context(view(Medium.HTML, anchors=rows, ledger_size=37))
    assert [one.size for one in shown["anchors"]] == list(range(30, 10, -1))
    assert (shown["earlier"], shown["since"]) == (10, 7)


def test_a_packet_carries_the_newest_anchor_and_its_token(tmp_path) -> None:
    newest = anchored(9, note="evidence/acme\n9\n", stamp=b"\x30\x00", tsa="time stamp of then")
    write_packet(make_small(anchors=(anchored(4), newest)), tmp_path / "packet")
    assert (tmp_path / "packet/anchor.note").read_text() == newest.note
    assert (tmp_path / "packet/anchor.tst").read_bytes() == newest.stamp
    page = (tmp_path / "packet/packet.html").read_text()
    assert "time stamp of then" in page
    assert "openssl ts -verify -data anchor.note -in anchor.tst -token_in" in page


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain text", [("", "plain text")]),
        ("[1]", [("", "[1]")]),
        ("{}", [("", "{}")]),
        (
            '{"catalogue":"a\\nb","policy":{"n":1}}',
            [("catalogue", "a\nb"), ("policy", '{\n  "n": 1\n}')],
        ),
    ],
)
def test_a_yardstick_is_printed_in_readable_parts(text: str, parts: list[tuple[str, str]]) -> None:
    assert yardsticks.readable(text) == parts


@pytest.mark.parametrize(
    ("sentence", "markup"),
    [
        ("run `evidence sync` now", "run <code>evidence sync</code> now"),
        ("one ` alone", "one ` alone"),
        ("`<b>` & co", "<code>&lt;b&gt;</code> &amp; co"),
    ],
)
def test_commands_in_sentences_are_set_apart(sentence: str, markup: str) -> None:
    assert html.prose(sentence) == markup


def test_times_are_printed_to_the_second() -> None:
    assert html.utc(1_772_319_600_999_999) == "2026-02-28T23:00:00Z"
    assert html.utc(0) == ""


def test_lanes_are_counted_with_their_share_of_the_population() -> None:
    lane = replace(determination("CM-03", "x", Outcome.NOT_APPLICABLE), reason="standard-lane")
    told = {"shop:pr:2": [lane], "shop:pr:3": [lane]}
    promotion = change(3, change_type="promotion")
    shown = view(
        Medium.HTML,
        population=[change(1), change(2)],
        promotions=[promotion],
        undeployed=(),
        determinations=told,
    )

    assert results.context(shown)["lanes"] == (
        LaneCount(lane="normal", changes=1, share="50.0 %", promotions=0),
        LaneCount(lane="standard", changes=1, share="50.0 %", promotions=1),
    )


EMERGENCY = replace(
    determination("CM-12", "x", Outcome.FAIL),
    reason="emergency-approved-late",
    flags=("emergency-declared",),
)


@pytest.mark.parametrize(
    ("emergencies", "changes", "flagged"),
    [(3, 20, True), (2, 20, False), (1, 1, True), (0, 5, False), (0, 0, False)],
)
def test_f06_a_population_with_more_emergencies_than_the_policy_accepts_is_flagged(
    emergencies: int, changes: int, flagged: bool
) -> None:
    shown = view(
        Medium.HTML,
        population=[change(number) for number in range(1, changes + 1)],
        promotions=(),
        undeployed=(),
        determinations={f"shop:pr:{one}": [EMERGENCY] for one in range(1, emergencies + 1)},
    )

    assert [one.flag for one in results.context(shown)["flags"]] == ["many-emergencies"] * flagged


def test_f06_the_share_of_emergencies_is_told_beside_the_threshold() -> None:
    shown = view(
        Medium.HTML,
        population=[change(number) for number in range(1, 21)],
        promotions=(),
        undeployed=(),
        determinations={f"shop:pr:{one}": [EMERGENCY] for one in (1, 2, 3)},
        emergency_share_limit=12,
    )
    (flag,) = results.context(shown)["flags"]

    assert "3 of 20 changes (15.0 %) were declared emergencies, more than 12 %" in flag.sentence


def test_an_image_is_printed_with_how_it_was_tied_or_with_what_it_may_be(tmp_path) -> None:
    small = make_small()
    row = small.deployments[0]
    told = {"basis": "bump_message", "strength": Strength.INFERRED}
    tied = replace(row.images[0], new_commit="a" * 40, **told)
    open_one = replace(tied, new_commit="", problem="digest_only", candidates=("b" * 40,))
    shown = replace(small, deployments=(replace(row, images=(tied, open_one)),))

    write_packet(shown, tmp_path / "packet")

    page = (tmp_path / "packet/packet.html").read_text()
    assert "bump message, inferred" in page
    assert "(digest only)" in page
    assert "may be <code>bbbbbbb" in page
    assert "nothing decides it" in page
