"""When each revision was applied, from looks at a status that Flux rewrites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.flux.applied import HISTORY_LIMIT, Known, look
from evidence.collectors.flux.revisions import built_from, commit

SECOND = 1_000_000
DAY = 86_400
SHA = "0123456789" * 4


def iso(second):
    return f"2026-09-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


EPOCH = 1_788_220_800 * SECOND  # 2026-09-01T00:00:00Z


def body(current, *rows, **status):
    """(revision, first, last) of each row, in seconds of the day."""
    told = [
        {
            "metadata": {"revision": revision},
            "firstReconciled": iso(first),
            "lastReconciled": iso(last),
            "lastReconciledStatus": "ReconciliationSucceeded",
        }
        for revision, first, last in rows
    ]
    return {"status": {"lastAppliedRevision": current, "history": told, **status}}


def looked(*looks):
    """(body, second of the look) one after another; the starts in seconds after the last one."""
    known = Known()
    for one, at in looks:
        known = look(one, known, 0, EPOCH + at * SECOND)
    return {
        key.removeprefix("Succeeded "): (start - EPOCH) // SECOND
        for key, start in known.starts.items()
    }


def test_a_row_starts_when_it_was_first_reconciled():
    assert looked((body("b", ("b", 20, 25), ("a", 10, 15)), 30)) == {"a": 10, "b": 20}


def test_the_start_stays_while_the_last_time_moves():
    looks = [(body("a", ("a", 10, last)), last + 1) for last in (15, 600, 1200)]
    assert looked(*looks) == {"a": 10}


def test_a_row_that_another_revision_took_over_starts_at_its_last_time():
    """b rendered like a, so that a's row now names b and keeps a's first time."""
    assert looked((body("a", ("a", 10, 15)), 20), (body("b", ("b", 10, 25)), 30)) == {"b": 25}


def test_a_revision_that_is_applied_again_has_a_second_start():
    first = (body("a", ("a", 10, 10)), 11)
    between = (body("b", ("b", 20, 20), ("a", 10, 10)), 21)
    again = (body("a", ("a", 10, 30), ("b", 20, 20)), 31)
    later = (body("a", ("a", 10, 90), ("b", 20, 20)), 91)
    assert looked(first, between, again) == {"a": 30, "b": 20}
    assert looked(first, between, again, later) == {"a": 30, "b": 20}


def test_it_has_one_too_when_nobody_looked_in_between():
    first = (body("a", ("a", 10, 10)), 11)
    again = (body("a", ("a", 10, 30), ("b", 20, 20)), 31)
    assert looked(first, again) == {"a": 30, "b": 20}
    assert looked(again) == {"a": 30, "b": 20}


def test_without_history_a_revision_starts_when_it_was_first_seen():
    assert looked((body("a"), 100)) == {"a": 100}
    assert looked((body("a"), 100), (body("a"), 200)) == {"a": 100}
    assert looked((body("a"), 100), (body("b"), 200), (body("a"), 300)) == {"a": 300}


def test_a_revision_was_not_applied_before_its_source_had_it():
    one = body("b", ("b", 10, 40))
    known = look(one, Known(), EPOCH + 35 * SECOND, EPOCH + 50 * SECOND)
    assert known.starts == {"Succeeded b": EPOCH + 35 * SECOND}


def test_what_took_over_a_row_starts_when_its_source_had_it():
    known = look(body("a", ("a", 10, 15)), Known(), 0, EPOCH + 20 * SECOND)
    later = look(body("b", ("b", 10, 90)), known, EPOCH + 30 * SECOND, EPOCH + 95 * SECOND)
    assert later.starts == {"Succeeded b": EPOCH + 30 * SECOND}


def test_one_revision_rendered_twice_is_one_application():
    assert looked((body("a", ("a", 30, 40), ("a", 10, 20)), 50)) == {"a": 10}


def test_two_revisions_of_one_second_have_starts_of_their_own():
    known = look(body("b", ("b", 10, 10), ("a", 10, 10)), Known(), 0, EPOCH + 20 * SECOND)
    assert len(set(known.starts.values())) == 2
    assert max(known.starts, key=known.starts.get) == "Succeeded b"


class Controller:
    """What Flux does to `status.history`, written down from its rule."""

    def __init__(self):
        self.rows = []
        self.current = ""

    def apply(self, name, rendered, second):
        """A row of the same digest takes the revision and moves to the front."""
        same = [row for row in self.rows if row[0] == rendered]
        first = same[0][2] if same else second
        rest = [row for row in self.rows if row[0] != rendered]
        self.rows = [(rendered, name, first, second), *rest][:HISTORY_LIMIT]
        self.current = name

    def body(self):
        return body(self.current, *(row[1:] for row in self.rows))


applications = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.integers(0, 3), st.integers(0, 2)), max_size=12
)


@given(story=applications)
def test_whoever_looks_after_every_application_sees_each_exactly_once(story):
    """Whatever is rendered alike and whatever returns: as many starts as changes of revision."""
    flux, known, second = Controller(), Known(), 0
    seen, changes = set(), 0
    for name, rendered, reconciled_again in story:
        changes += name != flux.current
        for _ in range(1 + reconciled_again):
            second += 10
            flux.apply(name, (name, "x")[rendered == 0], second)
            known = look(flux.body(), known, 0, EPOCH + (second + 5) * SECOND)
            seen.add((known.current, known.starts[known.current]))
    assert len(seen) == changes
    assert len({start for _, start in seen}) == changes


@given(story=applications, skip=st.integers(1, 4))
def test_the_applied_revision_never_starts_before_another_one_that_was_seen(story, skip):
    flux, known = Controller(), Known()
    for number, (name, rendered, _) in enumerate(story):
        flux.apply(name, rendered, 10 * number + 10)
        if number % skip == 0:
            before = known
            known = look(flux.body(), before, 0, EPOCH + (10 * number + 15) * SECOND)
            last = max(known.starts.values())
            assert known.starts[known.current] == last
            assert last >= before.starts.get(before.current, 0)


# --- revisions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"main@sha1:{SHA}", SHA),
        (f"feature/a@b@sha1:{SHA}", SHA),
        (f"v1.2.3@sha1:{SHA}", SHA),
        (f"refs/pull/4/head@sha1:{SHA}", SHA),
        (f"sha1:{SHA}", SHA),
        (f"main/{SHA}", SHA),
        (f"feature/x/{SHA.upper()}", SHA),
        (f"6.1.8/{SHA}", SHA),
        (SHA, SHA),
        (f"main@sha256:{'a' * 64}", "a" * 64),
        (f"main@sha1:{SHA}0", ""),
        (f"main@sha256:{SHA}", ""),
        (f"main@md5:{SHA}", ""),
        (f"{SHA}0", ""),
        ("6.6.1+0cc9a8446c95", ""),
        ("main", ""),
        ("", ""),
    ],
)
def test_a_revision_names_a_whole_commit_or_none(text, expected):
    assert commit(text) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.6.1+0cc9a8446c95", "0cc9a8446c95"),
        ("6.6.1+0cc9a8446c95.1", "0cc9a8446c95"),
        ("6.6.1", ""),
        ("6.6.1+build", ""),
        ("6.6.1+0cc9", ""),
        ("", ""),
    ],
)
def test_a_chart_built_from_git_names_an_abbreviated_commit(version, expected):
    assert built_from(version) == expected
