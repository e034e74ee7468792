"""The list of changes that did not go the ordinary way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from packet_factory import change, determination, make_packet

from evidence.model.change import ChangeKind
from evidence.model.determination import Outcome
from evidence.report.render import write_packet

BYPASS = replace(
    determination("CM-08", "shop:pr:3", Outcome.FAIL),
    reason="rules-bypassed",
    sentence="The forge recorded that the rules were bypassed.",
)
TESTED = replace(
    determination("CM-12", "shop:pr:2", Outcome.UNKNOWN),
    reason="open",
    sentence="Declared an emergency: it was not approved yet, which is due by 2026-07-08.",
    flags=("emergency-declared",),
)
ORDINARY = change(1, title="Went the ordinary way")
EMERGENCY = change(2, title="Put out a fire", change_type="emergency")
BYPASSED = change(3, title="Went past the rules")
PUSHED = change(
    4,
    change_id="shop:commit:" + "4" * 40,
    kind=ChangeKind.DIRECT,
    title="Pushed by hand",
    change_type="direct",
)
PROMOTED = change(
    5,
    change_id="deploy:commit:" + "5" * 40,
    kind=ChangeKind.DIRECT,
    title="Moved an image",
    change_type="promotion",
)


def section(folder: Path, changes: list, promotions: list) -> str:
    data = make_packet(
        population=changes,
        promotions=promotions,
        undeployed=(),
        deployments=(),
        chains=(),
        determinations={"shop:pr:2": [TESTED], "shop:pr:3": [BYPASS]},
    )
    write_packet(data, folder)
    page = (folder / "packet.html").read_text(encoding="utf-8")
    begin = page.index('id="exceptional"')
    return page[begin : page.index("<section", begin)]


def test_each_emergency_direct_push_and_bypass_is_listed_with_what_it_was(tmp_path: Path) -> None:
    told = section(tmp_path, [ORDINARY, EMERGENCY, BYPASSED, PUSHED], [PROMOTED])
    told = told[told.index("All changes that did not go the ordinary way") :]
    titles = ("Put out a fire", "Went past the rules", "Pushed by hand")
    assert sorted(titles, key=told.index) == list(titles)
    for way in (">emergency<", ">bypass<", ">direct push<"):
        assert way in told
    assert "The forge recorded that the rules were bypassed." in told


def test_what_went_the_ordinary_way_and_promotions_are_not_listed(tmp_path: Path) -> None:
    told = section(tmp_path, [ORDINARY], [PROMOTED])
    assert "Went the ordinary way" not in told
    assert "Moved an image" not in told
    assert told.count("<p>None.</p>") == 2


def test_each_emergency_is_listed_with_what_its_procedure_came_to_and_what_is_due(
    tmp_path: Path,
) -> None:
    told = section(tmp_path, [ORDINARY, EMERGENCY, BYPASSED, PUSHED], [PROMOTED])
    told = told[: told.index("All changes that did not go the ordinary way")]
    assert "Put out a fire" in told
    assert ">open<" in told
    assert "which is due by 2026-07-08." in told
    assert "Went past the rules" not in told
