"""Loading facts: by value, in bulk, as of a ledger size."""

from __future__ import annotations

import dataclasses

import pytest

from evidence.errors import StoreError
from evidence.model import codec
from evidence.model.actor import Actor
from evidence.model.capture import Page
from evidence.model.check import CheckRun
from evidence.model.deployment import Deployment
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequest, Review
from evidence.store import facts, queries, rows, writer


def test_many_values_of_a_field_are_loaded_together(store, shop):
    shop.write(store, *(shop.pull(n, reviews=[("r", "APPROVED")]) for n in range(600)))
    assert [
        pull.number
        for pull in queries.load_in(store, PullRequest, "number", range(10, 590), repository="shop")
    ] == list(range(10, 590))
    assert queries.load_in(store, PullRequest, "number", []) == []
    assert len(queries.load_in(store, Review, "review_id", ["r"], versions=True, at=100)) == 100


def test_a_stream_gives_tuples_of_the_fields_asked_for(store, shop):
    shop.write(store, *(shop.pull(n) for n in range(3)))
    assert list(
        queries.stream(store, PullRequest, ("number", "labels", "merged_by"), repository="shop")
    ) == [(n, ("tea",), None) for n in range(3)]
    assert list(queries.stream(store, PullRequest, ("entry_seq",), at=1)) == [(0,)]
    shop.write(store, shop.pull(0, "coffee"))
    assert len(list(queries.stream(store, PullRequest, ("number",), versions=True))) == 4


def test_an_unknown_class_or_field_is_a_store_error(store):
    with pytest.raises(StoreError, match="no field colour"):
        queries.load(store, PullRequest, colour="red")
    with pytest.raises(StoreError, match="Actor is not a class of fact"):
        queries.load(store, Actor)


def test_a_bounded_history_that_moves_on_does_not_unsay_what_it_said(store, shop):
    def deployed(start):
        return Deployment(
            source="argo",
            application_uid="u",
            application="shop",
            started_at=start,
            finished_at=0,
            phase="Succeeded",
            sources=(),
            initiator=None,
            automated=None,
        )

    for at, starts in enumerate([(1, 2), (2, 3)]):
        capture = shop.pull(1, f"{at}")
        said = rows_of(*(deployed(start) for start in starts))
        writer.write_page(store, "hub", "apps", Page(captures=(capture,)), [said], run_id="r")
    assert [(found.started_at, found.entry_seq) for found in queries.load(store, Deployment)] == [
        (1, 0),
        (2, 1),
        (3, 1),
    ]


@pytest.mark.parametrize("cls", facts.FACTS, ids=lambda cls: cls.__name__)
def test_every_class_of_fact_has_a_table_with_its_fields(cls):
    table = facts.FACTS[cls].table
    assert issubclass(cls, Fact)
    assert {field.name for field in dataclasses.fields(cls)} == {
        column.name for column in table.columns
    } - ({"paths"} if facts.FACTS[cls].table is facts.commits else {"ordinal"})
    assert set(facts.FACTS[cls].natural_key) <= set(codec.field_types(cls))


def test_a_fact_whose_field_is_of_another_type_is_malformed():
    from evidence.errors import MalformedError

    check = CheckRun(
        repository="shop",
        sha="a",
        kind="status",
        check_id=5,
        name="",
        app="",
        app_id="",
        status="",
        conclusion="",
        started_at=0,
        completed_at=0,
    )
    with pytest.raises(MalformedError):
        facts.row_of(check)


def test_facts_of_several_classes_are_written_table_by_table(store, shop):
    capture = shop.pull(1, reviews=[("r1", "APPROVED"), ("r2", "COMMENTED")])
    made, gaps = rows.fact_rows(capture, shop.parse(capture))
    assert {cls.__name__: [row[0] for row in some] for cls, some in made.items()} == {
        "PullRequest": [0],
        "Review": [0, 1],
    }
    assert gaps == ()


def rows_of(*found):
    return type("Said", (), {"facts": found, "gaps": ()})()
