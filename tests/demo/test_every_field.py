"""Every field that the simulated GitHub lists can be asked for, whatever happened in the world."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import (
    get_named_type,
    is_composite_type,
    is_interface_type,
    is_union_type,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.demo.build import build
from evidence.demo.github_query import schema
from evidence.demo.github_server import GitHub
from evidence.demo.organisation import base_world, demo_world
from evidence.demo.steps import (
    CheckStep,
    CommentStep,
    CommitSpec,
    DismissStep,
    EditStep,
    LabelStep,
    LinkStep,
    MergeStep,
    PushStep,
    QueueStep,
    RebindStep,
    RequestStep,
    ReviewStep,
    StateStep,
    UpdateBranchStep,
)
from evidence.demo.world import Change, Issue, World
from evidence.errors import ConfigError

ARGUMENTS = {
    "first": "first: 2",
    "refPrefix": 'refPrefix: "refs/heads/"',
    "qualifiedName": 'qualifiedName: "refs/heads/main"',
    "oid": 'expression: "main"',
    "number": "number: 2",
    "login": 'login: "example-shop"',
}


def selection(kind, depth):
    """All fields of a type down to a depth, each under an alias of its own."""
    if is_union_type(kind) or is_interface_type(kind):
        members = [
            f"... on {one.name} {selection(one, depth)}"
            for one in schema().get_possible_types(kind)
        ]
        return "{ __typename " + " ".join(members) + " }"
    chosen = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_composite_type(inner) and depth == 0:
            continue
        given = [text for argument, text in ARGUMENTS.items() if argument in field.args]
        arguments = f"({', '.join(given)})" if given else ""
        below = selection(inner, depth - 1) if is_composite_type(inner) else ""
        chosen.append(f"{kind.name}_{name}: {name}{arguments} {below}")
    return "{ " + " ".join(chosen) + " }"


def everything(name, depth):
    return selection(schema().type_map[name], depth)


def github(world):
    history = build(world)
    return GitHub(world, history, "token", history.ends_at, "https://github.example")


def errors(server, query):
    """Messages of an answer, besides: number 2 is an issue or a pull request, never both."""
    found = [one["message"] for one in server.execute(query, {}).get("errors", ())]
    return [one for one in found if one != "Could not resolve to an item with the number of 2."]


@pytest.fixture(scope="module")
def demo():
    return github(demo_world())


def test_every_field_of_a_repository_can_be_asked_for(demo):
    query = f'{{ repository(owner: "example-shop", name: "shop") {everything("Repository", 2)} }}'
    assert errors(demo, query) == []


def test_every_field_of_a_pull_request_can_be_asked_for(demo):
    inner = everything("PullRequest", 3)
    query = f'{{ repository(owner: "example-shop", name: "shop") {{ pullRequest(number: 2) {inner} }} }}'
    assert errors(demo, query) == []


def test_every_kind_of_node_is_found_by_its_id(demo):
    query = """{ viewer { id } repository(owner: "example-shop", name: "shop") { id
      pullRequest(number: 2) { id author { ... on User { id } } mergeCommit { id } }
      issue(number: 1) { id } } }"""
    data = demo.execute(query, {})["data"]["repository"]
    pull = data["pullRequest"]
    ids = [
        data["id"],
        pull["id"],
        pull["author"]["id"],
        pull["mergeCommit"]["id"],
        data["issue"]["id"],
    ]
    found = demo.execute("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})
    kinds = ["Repository", "PullRequest", "User", "Commit", "Issue"]
    assert found["data"]["nodes"] == [
        {"__typename": kind, "id": one} for kind, one in zip(kinds, ids, strict=True)
    ]


@pytest.mark.parametrize("text", ["", "PR_", "PR_bm9uc2Vuc2U=", "garbage", "C_Q29tbWl0OjE6Mg=="])
def test_an_id_that_names_nothing_is_not_found(demo, text):
    answer = demo.execute("query($id: ID!) { node(id: $id) { id } }", {"id": text})
    assert (answer["data"]["node"], answer["errors"][0]["type"]) == (None, "NOT_FOUND")


people = st.sampled_from(["ada", "bert", "carl", "dora", "ship-bot"])
refs = st.sampled_from(["head", "c1", "none"])
steps = st.one_of(
    st.builds(
        PushStep, by=people, force=st.booleans(), rebase=st.booleans(), files=st.just({"x": "1"})
    ),
    st.builds(PushStep, commits=st.tuples(st.builds(CommitSpec, co_authors=st.tuples(people)))),
    st.builds(UpdateBranchStep, by=people),
    st.builds(ReviewStep, by=people, on=refs, state=st.sampled_from(["APPROVED", "COMMENTED"])),
    st.builds(DismissStep, review=people, by=people),
    st.builds(RebindStep, review=people, on=refs),
    st.builds(
        CheckStep,
        conclusion=st.sampled_from(["SUCCESS", "FAILURE", "none"]),
        kind=st.sampled_from(["check_run", "status"]),
    ),
    st.builds(LabelStep, name=st.just("emergency"), off=st.booleans()),
    st.builds(LinkStep, issue=st.just("wish"), off=st.booleans()),
    st.builds(CommentStep, by=people, body=st.text(max_size=5)),
    st.builds(EditStep, title=st.text(max_size=5), body=st.text(max_size=5)),
    st.builds(RequestStep, of=people, off=st.booleans()),
    st.builds(
        StateStep,
        to=st.sampled_from(["close", "reopen", "ready", "draft", "auto_merge", "auto_merge_off"]),
    ),
    st.builds(QueueStep, off=st.booleans()),
    st.builds(
        MergeStep,
        by=people,
        method=st.sampled_from(["squash", "merge", "rebase", "queue", "local"]),
    ),
)


@settings(max_examples=25)
@given(story=st.lists(steps, max_size=8))
def test_any_story_is_refused_with_a_reason_or_told_without_an_error(story):
    change = Change(key="x", author="ada", issues=("wish",), steps=(PushStep(), *story))
    world: World = replace(
        base_world(), issue=(Issue(key="wish", author="carl"),), change=(change,)
    )
    try:
        server = github(world)
    except ConfigError:
        return
    inner = everything("PullRequest", 2)
    query = f'{{ repository(owner: "example-shop", name: "shop") {{ pullRequest(number: 2) {inner} }} }}'
    assert errors(server, query) == []
