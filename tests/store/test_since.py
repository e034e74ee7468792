"""Small reads beside what is new, on both databases."""

from __future__ import annotations

from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.store import handover, since, writer
from evidence.store.derived import determination_row

WHO = ("A", "a@people.example", 1)


def sha(number):
    return f"{number:040x}"


def written(store, parents):
    """Commits by number, each with the numbers of its parents."""
    rows = [
        ("shop", sha(own), sha(own), " ".join(map(sha, above)), *WHO, *WHO, "Message", "", None)
        for own, above in parents.items()
    ]
    writer.write_commits(store, rows, 0)


def test_a_line_goes_down_by_first_parents_to_its_limit(store):
    written(store, {1: (), 2: (1,), 3: (1,), 4: (2, 3), 5: (4,)})
    line = since.first_parent_line(store, "shop", sha(5), 3)
    assert line == [(sha(5), (sha(4),)), (sha(4), (sha(2), sha(3))), (sha(2), (sha(1),))]


def test_a_line_ends_at_a_commit_without_parents(store):
    written(store, {1: (), 2: (1,)})
    assert [one for one, _ in since.first_parent_line(store, "shop", sha(2), 9)] == [sha(2), sha(1)]


def test_a_line_from_a_commit_that_is_not_there_is_empty(store):
    assert since.first_parent_line(store, "shop", sha(7), 9) == []


def test_parents_are_told_of_what_is_stored(store):
    written(store, {1: (), 2: (1,)})
    assert since.parents_of(store, "shop", [sha(2), sha(8)]) == {sha(2): (sha(1),)}


def test_deployments_are_found_by_what_they_are_judged_by(store):
    row = writer.IndexRow(
        term="judged shop:pr:1", kind=since.JUDGED, repository="shop", change_id="argo:uid:5"
    )
    writer.write_derived(store, index=[row], ledger_size=0)
    assert since.judged_by(store, ["shop:pr:1", "shop:pr:2"]) == {"argo:uid:5"}


def test_changes_are_found_by_a_word_that_is_its_own_kind(store):
    rows = [
        writer.IndexRow(term=since.URGENT, kind=kind, repository="shop", change_id=change_id)
        for kind, change_id in ((since.URGENT, "shop:pr:1"), ("ticket", "shop:pr:2"))
    ]
    writer.write_derived(store, index=rows, ledger_size=0)
    assert since.found_by(store, since.URGENT) == {"shop:pr:1"}
    assert since.found_by(store, since.DOUBTFUL) == set()


def test_the_newest_determination_of_a_control_says_whether_it_is_flagged(store):
    for flags in ({"shop:pr:1": ("due",), "shop:pr:2": ("due",)}, {"shop:pr:1": ()}):
        rows = [
            determination_row(
                Determination(
                    control=control,
                    subject_kind=SubjectKind.CHANGE,
                    subject=subject,
                    outcome=Outcome.UNKNOWN,
                    reason="open",
                    sentence="It is open.",
                    flags=own if control == "CM-12" else ("due",),
                ),
                policy_version="v",
                as_of=1,
            )
            for subject, own in flags.items()
            for control in ("CM-12", "CM-03")
        ]
        writer.write_derived(store, determinations=rows, ledger_size=0)
    known = ["shop:pr:1", "shop:pr:2", "shop:pr:3"]
    assert since.flagged(store, known, "CM-12", "due") == {"shop:pr:2"}
    assert since.flagged(store, ["shop:pr:1"], "CM-12", "due") == set()


def test_an_earlier_id_of_a_change_is_told(store):
    row = writer.IndexRow(
        term="shop:commit:1", kind="change", repository="shop", change_id="shop:pr:1"
    )
    own = writer.IndexRow(term="shop:pr:1", kind="change", repository="shop", change_id="shop:pr:1")
    writer.write_derived(store, index=[row, own], ledger_size=0)
    with store.read() as connection:
        shown = since.current_generation(connection)
    assert (shown, since.superseded(store, ["shop:commit:1", "shop:pr:1"])) == (
        1,
        {"shop:commit:1"},
    )


def test_what_was_handed_over_counts_for_its_own_decision_only(store):
    with store.write() as connection:
        handover.keep(connection, 7, "{}")
        handover.keep(connection, 9, '{"format":1}')
    assert (handover.load(store, 7), handover.load(store, 9)) == ("", '{"format":1}')


def test_what_was_handed_over_can_be_forgotten(store):
    with store.write() as connection:
        handover.keep(connection, 9, "{}")
        handover.drop(connection)
    assert handover.load(store, 9) == ""
