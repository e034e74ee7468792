"""The population files: complete, sorted, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packet_factory import BOB, chain, change, make_packet

from evidence.canonical import loads
from evidence.report.dossier import build_dossier
from evidence.report.listing import (
    CHANGE_COLUMNS,
    DEPLOYMENT_COLUMNS,
    Listing,
    change_row,
    deployment_row,
    disarmed,
)
from evidence.report.summary import summarise

ZONE = "Europe/Berlin"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def listed(directory: Path, title: str) -> tuple[dict[str, str], dict[str, object]]:
    about = change(1, title=title)
    dossier = build_dossier(about, None, summarise(make_packet()), (), in_population=True)
    with Listing(directory, "population", CHANGE_COLUMNS) as listing:
        listing.write(change_row(dossier, ZONE))
    return rows(listing.paths[0])[0], loads(listing.paths[1].read_bytes())


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a"],
)
def test_a_cell_that_could_be_a_formula_is_disarmed_in_csv_only(
    tmp_path: Path, formula: str
) -> None:
    cell, value = listed(tmp_path, formula)
    assert cell["title"].startswith("'")
    assert value["title"] == formula


@given(st.text())
def test_no_disarmed_text_begins_like_a_formula(value: str) -> None:
    assert not disarmed(value).startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    )


def test_every_field_is_quoted(packet: Path) -> None:
    lines = (packet / "population.csv").read_text("utf-8-sig").split("\r\n")[:-1]
    assert [line[:1] + line[-1:] for line in lines] == ['""'] * len(lines)


def test_csv_and_json_lines_list_the_same_changes_by_id(packet: Path) -> None:
    ids = [row["change_id"] for row in rows(packet / "population.csv")]
    lines = (packet / "population.jsonl").read_bytes().splitlines()
    assert ids == [loads(line)["change_id"] for line in lines]
    assert ids == sorted(ids, key=str.encode)
    assert len(ids) == len(make_packet().population)


def test_each_row_has_exactly_the_stated_columns() -> None:
    data = make_packet()
    about = chain(change(1))
    dossier = build_dossier(about.change, about, summarise(data), (), in_population=True)
    assert set(change_row(dossier, ZONE)) == set(CHANGE_COLUMNS)
    assert set(deployment_row(data.deployments[0], ZONE)) == set(DEPLOYMENT_COLUMNS)


def test_a_row_names_the_people_the_times_and_the_evidence() -> None:
    about = chain(change(1))
    dossier = build_dossier(about.change, about, summarise(make_packet()), (), in_population=True)
    row = change_row(dossier, ZONE)
    told = {
        "requestor": ["cyd-example"],
        "developer": "ada-example",
        "approver": ["bob-example"],
        "tester": ["github-actions"],
        "implementer": ["argocd-example"],
        "merged_at": "2026-03-01T23:00:00Z",
        "last_approval_at": "2026-03-01T22:00:00Z",
        "first_prod_deploy_local": "2026-03-02 01:01:30+01:00",
        "repo_full_name_at_time": "acme-example/shop",
        "ticket_ids": ["acme-example/shop#401"],
        "evidence_ids": ["#5", "#10", "#11", "#12", "#13"],
        "deployed_revision": [f"shop@{16:040x}"],
    }
    assert {name: row[name] for name in told} == told


def test_an_approval_after_the_merge_is_not_the_last_approval_before_it() -> None:
    about = chain(change(1))
    late = replace(
        about.evidence.reviews[0], review_id="late", submitted_at=about.change.merged_at + 1
    )
    both = replace(about, evidence=replace(about.evidence, reviews=(*about.evidence.reviews, late)))
    dossier = build_dossier(both.change, both, summarise(make_packet()), (), in_population=True)
    assert change_row(dossier, ZONE)["last_approval_at"] == "2026-03-01T22:00:00Z"


def test_a_review_that_changed_at_its_source_is_shown_in_both_versions() -> None:
    about = chain(change(1))
    first = about.evidence.reviews[0]
    later = replace(first, state="DISMISSED", entry_seq=99)
    both = replace(about, evidence=replace(about.evidence, reviews=(first, later)))
    dossier = build_dossier(both.change, both, summarise(make_packet()), (), in_population=True)
    told = [(row.review.state, row.version, row.versions) for row in dossier.reviews]
    assert told == [("APPROVED", 1, 2), ("DISMISSED", 2, 2)]


def test_one_person_is_listed_once_with_every_role() -> None:
    about = chain(change(1))
    dossier = build_dossier(about.change, about, summarise(make_packet()), (), in_population=True)
    [bob] = [row for row in dossier.people if row.name.startswith(BOB.login)]
    assert bob.roles == ("review APPROVED", "merged")


def test_the_timeline_is_in_order_and_marks_what_a_client_claims() -> None:
    about = chain(change(1))
    dossier = build_dossier(about.change, about, summarise(make_packet()), (), in_population=True)
    times = [row.at for row in dossier.moments]
    assert times == sorted(times)
    assert [row.what for row in dossier.moments if row.claim] == ["Commit"]
