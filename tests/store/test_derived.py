"""Derived rows: a new generation beside the old one, seen all at once or not at all."""

from __future__ import annotations

import json

import pytest

from evidence.errors import ConfigError
from evidence.model import codec
from evidence.model.change import Change, ChangeKind, Link, LinkKind, Strength
from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.model.production import DeploymentKind, ProductionDeployment, RevisionRange
from evidence.store import derived, queries, writer
from evidence.store.writer import IndexRow

SHA = "ab12" + "0" * 36


def change(number, title="Tea"):
    return Change(
        change_id=f"app:pr:{number}",
        kind=ChangeKind.PULL_REQUEST,
        repository="app",
        number=number,
        title=title,
    )


def rows(*changes):
    return [derived.change_row(each) for each in changes]


def judged(outcome=Outcome.PASS, subject="app:pr:1", control="CM-03", entries=(1, 2)):
    return Determination(
        control=control,
        subject_kind=SubjectKind.CHANGE,
        subject=subject,
        outcome=outcome,
        reason="approved",
        sentence="Mira \x00 approved.",
        entries=entries,
        rule_version="3",
    )


def determined(*found, policy="p1", as_of=1):
    return [derived.determination_row(each, policy_version=policy, as_of=as_of) for each in found]


def titles(store, **how):
    return [json.loads(body)["change"]["title"] for body in queries.change_bodies(store, **how)]


def test_a_change_comes_back_with_its_links(store):
    link = Link(
        kind=LinkKind.REQUEST,
        source="pr:app:1",
        target="ticket:SHOP-1",
        basis="title_key",
        strength=Strength.INFERRED,
    )
    writer.write_derived(store, changes=[derived.change_row(change(1), [link])], ledger_size=5)
    body = json.loads(queries.change_body(store, "app:pr:1"))
    assert codec.decode(Change, body["change"]) == change(1)
    assert [codec.decode(Link, each) for each in body["links"]] == [link]
    assert queries.change_body(store, "app:pr:2") is None


def test_only_rows_whose_content_changed_are_written_again(store):
    assert writer.write_derived(store, changes=rows(change(1), change(2)), ledger_size=5) == 1
    assert (
        writer.write_derived(store, changes=rows(change(1), change(2, "Coffee")), ledger_size=6)
        == 2
    )
    assert titles(store) == ["Tea", "Coffee"]
    assert titles(store, at=5) == ["Tea", "Tea"]
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM change").scalar() == 3


def test_nothing_new_is_no_new_generation(store):
    writer.write_derived(
        store, changes=rows(change(1)), determinations=determined(judged()), ledger_size=5
    )
    again = writer.write_derived(
        store, changes=rows(change(1)), determinations=determined(judged(), as_of=9), ledger_size=9
    )
    assert (again, queries.generation(store)) == (1, 1)


def test_a_row_that_changes_back_is_written_a_third_time(store):
    for title in ("Tea", "Coffee", "Tea"):
        writer.write_derived(store, changes=rows(change(1, title)), ledger_size=5)
    assert (titles(store), queries.generation(store)) == (["Tea"], 3)


def test_a_cut_evaluation_is_not_seen_and_the_next_one_starts_over(store, monkeypatch):
    writer.write_derived(store, changes=rows(change(1)), ledger_size=5)

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(derived, "_index", cut)
    with pytest.raises(KeyboardInterrupt):
        writer.write_derived(store, changes=rows(change(1, "Coffee"), change(3)), ledger_size=6)
    monkeypatch.undo()
    assert titles(store) == ["Tea"]
    assert writer.write_derived(store, changes=rows(change(1, "Milk")), ledger_size=6) == 2
    assert titles(store) == ["Milk"]


def test_a_determination_carries_what_it_is_a_function_of(store):
    writer.write_derived(store, determinations=determined(judged()), ledger_size=5)
    [found] = queries.determinations(store, "app:pr:1")
    assert found == queries.StoredDetermination(
        determination=judged(), generation=1, ledger_size=5, policy_version="p1", as_of=1
    )


def test_a_new_outcome_stands_beside_the_old_one(store):
    writer.write_derived(
        store, determinations=determined(judged(), judged(control="CM-01")), ledger_size=5
    )
    number = writer.write_derived(
        store,
        determinations=determined(judged(Outcome.FAIL), judged(control="CM-01")),
        ledger_size=7,
    )
    now = [
        (each.determination.control, each.determination.outcome)
        for each in queries.determinations(store)
    ]
    assert now == [("CM-01", Outcome.PASS), ("CM-03", Outcome.FAIL)]
    assert [
        each.determination.control for each in queries.determinations(store, outcome="fail")
    ] == ["CM-03"]
    assert [each.determination.outcome for each in queries.determinations(store, at=6)] == [
        Outcome.PASS,
        Outcome.PASS,
    ]
    assert [json.loads(body)["control"] for body in queries.changed_bodies(store, number)] == [
        "CM-03"
    ]


def test_another_policy_or_other_entries_are_a_new_determination(store):
    writer.write_derived(store, determinations=determined(judged()), ledger_size=5)
    assert (
        writer.write_derived(store, determinations=determined(judged(), policy="p2"), ledger_size=5)
        == 2
    )
    assert (
        writer.write_derived(
            store, determinations=determined(judged(entries=(1,)), policy="p2"), ledger_size=5
        )
        == 3
    )


def test_a_deployment_comes_back(store):
    deployment = ProductionDeployment(
        deployment_id="argo:u:5",
        application="shop",
        environment="production",
        kind=DeploymentKind.FORWARD,
        started_at=5,
        finished_at=6,
        phase="Succeeded",
        initiator=None,
        automated=None,
        ranges=(
            RevisionRange(
                repository="app", path="", previous="a", revision="b", kind=DeploymentKind.FORWARD
            ),
        ),
    )
    empty = ProductionDeployment(
        deployment_id="argo:u:9",
        application="shop",
        environment="production",
        kind=DeploymentKind.NO_COMMIT,
        started_at=9,
        finished_at=9,
        phase="Succeeded",
        initiator=None,
        automated=None,
    )
    writer.write_derived(
        store,
        deployments=[derived.deployment_row_of(each) for each in (deployment, empty)],
        ledger_size=1,
    )
    assert [
        codec.decode(ProductionDeployment, json.loads(body))
        for body in queries.deployment_bodies(store)
    ] == [deployment, empty]
    assert len(list(queries.deployment_bodies(store, ["argo:u:9", "none"]))) == 1
    with store.read() as connection:
        assert connection.exec_driver_sql(
            "SELECT revision, previous FROM deployment_row ORDER BY deployment_id"
        ).all() == [("b", "a"), ("", "")]


def test_more_rows_than_a_batch_arrive(store):
    writer.write_derived(
        store, changes=(derived.change_row(change(n)) for n in range(1201)), ledger_size=1
    )
    assert len(titles(store)) == 1201
    assert len(list(queries.change_bodies(store, [f"app:pr:{n}" for n in range(700)]))) == 700


@pytest.fixture
def indexed(store):
    words = [
        (SHA, "sha", "app:pr:1"),
        ("ab13" + "0" * 36, "sha", "app:pr:2"),
        ("12", "number", "app:pr:12"),
        ("SHOP-1", "ticket", "app:pr:1"),
        ("SHOP-1", "ticket", "app:pr:2"),
        ("abcd", "ticket", "app:pr:3"),
    ]
    writer.write_derived(
        store,
        index=[
            IndexRow(term=term, kind=kind, repository="app", change_id=of)
            for term, kind, of in words
        ],
        ledger_size=1,
    )
    return store


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (SHA, [("sha", "app:pr:1")]),
        ("ab12", [("sha", "app:pr:1")]),
        ("AB1300", [("sha", "app:pr:2")]),
        ("12", [("number", "app:pr:12")]),
        ("SHOP-1", [("ticket", "app:pr:1"), ("ticket", "app:pr:2")]),
        ("abcd", [("ticket", "app:pr:3")]),
        ("ab1", []),
        ("ffff", []),
        ("nothing", []),
        ("", []),
    ],
)
def test_a_change_is_found_by_whatever_names_it(indexed, term, found):
    assert queries.find(indexed, term) == found


def test_a_beginning_of_two_shas_is_not_guessed(indexed):
    writer.write_derived(
        indexed,
        index=[
            IndexRow(term="ab12" + "f" * 36, kind="sha", repository="app", change_id="app:pr:9")
        ],
        ledger_size=2,
    )
    with pytest.raises(ConfigError, match="beginning of 2 commits"):
        queries.find(indexed, "ab12")


def test_the_same_word_again_is_not_news(indexed):
    row = IndexRow(term=SHA, kind="sha", repository="app", change_id="app:pr:1")
    assert writer.write_derived(indexed, index=[row], ledger_size=9) == 1
