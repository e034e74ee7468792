"""Ancestry over the commit graph equals what brute-force reachability says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.graph import (
    NEVER,
    CommitGraph,
    Relation,
    contains,
    first_reached,
    landing,
    newest_first,
    only_in,
    relation,
)


@st.composite
def graphs(draw: st.DrawFn) -> CommitGraph:
    size = draw(st.integers(1, 24))
    parents = []
    for commit in range(size):
        older = st.integers(0, commit - 1) if commit else st.nothing()
        chosen = draw(st.lists(older, max_size=3, unique=True)) if commit else []
        parents.append(chosen)
    shuffled = draw(st.permutations(range(size)))
    place = {old: new for new, old in enumerate(shuffled)}
    shas = [f"{old:040x}" for old in shuffled]
    return CommitGraph(shas, [tuple(place[p] for p in parents[old]) for old in shuffled])


def reach(graph: CommitGraph, start: int) -> set[int]:
    seen, stack = {start}, [start]
    while stack:
        for parent in graph.parents[stack.pop()]:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen


@given(st.data())
def test_the_first_deployment_of_a_commit_is_the_first_that_reaches_it(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    revisions = data.draw(st.lists(st.integers(0, len(graph) - 1), max_size=8))
    reached = [reach(graph, revision) for revision in revisions]
    expected = [
        next((rank for rank, known in enumerate(reached) if commit in known), NEVER)
        for commit in range(len(graph))
    ]
    assert expected == first_reached(graph, revisions)


@given(st.data())
def test_a_difference_is_what_one_reaches_and_the_others_do_not(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    commit = st.integers(0, len(graph) - 1)
    revision, others = data.draw(commit), data.draw(st.lists(commit, max_size=4))
    excluded = set().union(*(reach(graph, other) for other in others))
    expected = reach(graph, revision) - excluded
    found = only_in(graph, revision, others)
    assert expected == set(found)
    assert len(found) == len(expected)
    generations = [graph.generation[one] for one in found]
    assert sorted(generations, reverse=True) == generations


@given(st.data())
def test_a_relation_says_who_contains_whom(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    commit = st.integers(0, len(graph) - 1)
    old, new = data.draw(commit), data.draw(commit)
    assert (old in reach(graph, new)) == contains(graph, new, old)
    if old == new:
        expected = Relation.EQUAL
    elif old in reach(graph, new):
        expected = Relation.FORWARD
    elif new in reach(graph, old):
        expected = Relation.BACKWARD
    else:
        expected = Relation.DIVERGED
    assert expected == relation(graph, old, new)


@given(graphs())
def test_every_commit_of_a_branch_lands_with_the_oldest_first_parent_commit_that_reaches_it(
    graph: CommitGraph,
) -> None:
    tip = graph.order[0]
    line = [tip]
    while graph.parents[line[-1]]:
        line.append(graph.parents[line[-1]][0])
    landed = landing(graph, tip)
    for commit in range(len(graph)):
        carriers = [one for one in line if commit in reach(graph, one)]
        assert (carriers[-1] if carriers else -1) == landed[commit]


@given(graphs())
def test_the_order_puts_every_child_before_its_parents(graph: CommitGraph) -> None:
    for order in (graph.order, newest_first(graph, range(len(graph)))):
        place = {commit: position for position, commit in enumerate(order)}
        assert len(place) == len(graph)
        for commit in order:
            assert all(place[parent] > place[commit] for parent in graph.parents[commit])


def test_a_cycle_is_refused() -> None:
    graph = CommitGraph(["a", "b"], [(1,), (0,)])
    with pytest.raises(ValueError, match="cycle"):
        _ = graph.order


def test_an_empty_repository_has_an_empty_order() -> None:
    expected: list[int] = []
    assert expected == first_reached(CommitGraph([], []), [])
