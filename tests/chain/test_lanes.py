"""Ranges of a lane do not depend on how they are computed, and say what each step did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.graph import CommitGraph
from evidence.chain.lanes import Step, _in_one_pass, _one_by_one, lane_ranges, new_commits
from evidence.model.production import DeploymentKind


@st.composite
def graphs(draw: st.DrawFn) -> CommitGraph:
    size = draw(st.integers(1, 20))
    parents: list[tuple[int, ...]] = [()]
    for commit in range(1, size):
        older = st.integers(max(0, commit - 5), commit - 1)
        parents.append(tuple(draw(st.lists(older, min_size=1, max_size=3, unique=True))))
    return CommitGraph([f"{commit:040x}" for commit in range(size)], parents)


def reach(graph: CommitGraph, start: int) -> set[int]:
    seen, stack = {start}, [start]
    while stack:
        for parent in graph.parents[stack.pop()]:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen


@given(st.data())
def test_both_ways_to_find_new_commits_agree(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    revisions = data.draw(st.lists(st.integers(0, len(graph) - 1), max_size=7))
    assert _in_one_pass(graph, revisions) == _one_by_one(graph, revisions)


def test_where_much_is_brought_one_pass_serves_all_revisions() -> None:
    graph = CommitGraph([f"{one:040x}" for one in range(100)], [(), *((n,) for n in range(99))])
    revisions = [0, 60, 99]

    assert _one_by_one(graph, revisions, most=10) is None
    assert new_commits(graph, revisions) == {1: tuple(range(1, 61)), 2: tuple(range(61, 100))}


@given(st.data())
def test_every_step_brings_what_no_step_before_it_contained(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    commit = st.integers(0, len(graph) - 1)
    steps = [
        Step(revision=revision, settles=settles)
        for revision, settles in data.draw(st.lists(st.tuples(commit, st.booleans()), max_size=7))
    ]
    baseline = data.draw(st.integers(-1, len(graph) - 1))
    seen = reach(graph, baseline) if baseline >= 0 else set()
    started = baseline >= 0
    settled, previous = set(seen), baseline
    first = reach(graph, steps[0].revision) if steps else set()
    for step, found in zip(steps, lane_ranges(graph, steps, baseline), strict=True):
        own = reach(graph, step.revision)
        expected = own - seen if started else set()
        if step.settles:
            expected |= own - settled
            expected -= set() if baseline >= 0 else first
        assert expected == set(found.commits)
        assert previous == found.previous
        gone = reach(graph, previous) - own if previous >= 0 else set()
        assert (gone if found.kind != DeploymentKind.FORWARD else set()) == set(found.removed)
        seen |= own
        started = True
        if step.settles:
            settled |= own
            previous = step.revision


def test_no_steps_have_no_ranges() -> None:
    assert not lane_ranges(CommitGraph(["a"], [()]), [])
