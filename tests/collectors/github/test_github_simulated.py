"""The collector against the simulated GitHub, which is written without knowing the collector."""

from __future__ import annotations

import json
from math import ceil

import pytest

from evidence.collectors.github import GitHubCollector, GitHubRepository, queries
from evidence.collectors.github.transport import Transport
from evidence.collectors.http import Clock
from evidence.demo.faults import FAULTS, SPOILERS
from evidence.demo.load import load_world
from evidence.demo.organisation import demo_world
from evidence.demo.simulation import Simulation
from evidence.demo.world_access import Fault
from evidence.errors import AuthError, SourceError
from evidence.model.capture import Window

ALL = Window(since=0, until=2**62)


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(demo_world(), tmp_path_factory.mktemp("demo")) as running:
        yield running


def collector(simulation, moment, clock=None):
    return GitHubCollector(
        source="forge",
        url=moment.github_api_url,
        token=moment.github_token,
        system="github.example",
        clock=clock or Clock(sleep=lambda _seconds: None),
        timeout=(10.0, 1.0),
        repositories=tuple(
            GitHubRepository(id=key, name=name, branches=("main",))
            for key, name in moment.repositories.items()
        ),
    )


@pytest.fixture(scope="module")
def whole(simulation, contract):
    """What one undisturbed run at the end of the story captures."""
    moment = simulation.end()
    return contract.heads(contract.captures(contract.run(lambda: collector(simulation, moment))))


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.end()
    promise(lambda: collector(simulation, moment))


@pytest.mark.long
def test_a_story_polled_every_week_ends_where_one_look_at_its_end_does(simulation, contract, whole):
    cursor, weekly = "", []
    for day in range(5, 75, 7):
        moment = simulation.at(f"+{day}d")
        pages = list(collector(simulation, moment).fetch(ALL, cursor))
        weekly += contract.captures(pages)
        cursor = pages[-1].cursor
    moment = simulation.end()
    weekly += contract.captures(list(collector(simulation, moment).fetch(ALL, cursor)))
    found = contract.heads(weekly)
    assert {key: found.get(key) for key in whole} == whole


def test_nothing_that_the_simulation_serves_is_a_gap(simulation, contract):
    made = collector(simulation, simulation.end())
    pages = list(made.fetch(ALL, ""))
    gaps = [gap for page in pages for gap in page.gaps]
    gaps += [gap for capture in contract.captures(pages) for gap in made.parse(capture).gaps]
    assert gaps == []


@pytest.mark.npm
def test_every_simulated_answer_is_valid_by_the_published_schema(simulation, schema, monkeypatch):
    from graphql import execute_sync, parse

    exchanged = []
    ask = Transport.ask

    def record(self, operation, variables, **how):
        answer = ask(self, operation, variables, **how)
        exchanged.append((operation, variables, json.loads(answer.text)))
        return answer

    monkeypatch.setattr(Transport, "ask", record)
    moment = simulation.end()
    first = list(collector(simulation, moment).fetch(ALL, ""))
    moment = simulation.at(moment.at + 3 * 86_400_000_000)
    list(collector(simulation, moment).fetch(ALL, first[-1].cursor))
    assert {operation for operation, _, _ in exchanged} == {
        "PullRequestSweep",
        "MergedCount",
        "BranchPopulation",
        "CommitChecks",
        "CheckAttempts",
        "CheckLooks",
        "RepositoriesNow",
    }
    for operation, variables, answer in exchanged:
        result = execute_sync(
            schema,
            parse(queries.document(operation)),
            root_value=answer["data"],
            variable_values=variables,
            # The answer stands in for the server: each field is what stands under its own name
            # in the answer, and the published schema checks types, enums and nulls on the way.
            field_resolver=lambda source, info, **_: source.get(info.path.key),
            type_resolver=lambda value, *_: value["__typename"],
        )
        assert result.errors is None
        assert result.data == answer["data"]


@pytest.mark.parametrize("changes", [10, 130])
def test_the_calls_grow_with_pages_and_not_with_pull_requests(tmp_path, changes):
    with Simulation(load_world(changes), tmp_path) as simulation:
        moment = simulation.end()
        pages = list(collector(simulation, moment).fetch(ALL, ""))
    calls = sum(page.calls for page in pages)
    captured = [capture.kind for page in pages for capture in page.captures]
    allowed = 0
    for key in moment.repositories:
        contexts = [
            c.kind for page in pages for c in page.captures if c.context["repository"] == key
        ]
        pulls = contexts.count("github.pull_request")
        commits = contexts.count("github.branch_commit")
        allowed += ceil(pulls / 25) + ceil(commits / 100) + 5
    assert calls <= allowed
    assert captured.count("github.pull_request") > changes * 0.8


ENDING = ("301", "307", "401", "403_permission", "404")
PASSING = tuple(sorted((FAULTS.keys() | SPOILERS.keys()) - set(ENDING)))


def leaping():
    """A clock that is past every wait when it is asked again."""
    return Clock(now=iter(range(10**9, 10**11, 10_000)).__next__, sleep=lambda _seconds: None)


@pytest.mark.parametrize("kind", PASSING)
def test_one_failing_answer_is_got_over_and_nothing_is_lost(simulation, contract, whole, kind):
    moment = simulation.end()
    server = simulation.server("github")
    server.fail(Fault(server="github", request=server.calls + 2, kind=kind))
    found = contract.captures(collector(simulation, moment, leaping()).fetch(ALL, ""))
    assert contract.heads(found) == whole


@pytest.mark.parametrize("kind", ENDING)
@pytest.mark.parametrize("call", range(1, 9))
def test_a_run_ended_at_any_response_is_made_good_by_the_next(
    simulation, contract, whole, kind, call
):
    moment = simulation.end()
    server = simulation.server("github")
    server.fail(Fault(server="github", request=server.calls + call, kind=kind))
    before, error = [], AuthError if kind[0] == "4" and kind != "404" else SourceError
    with pytest.raises(error, match="redirects" if kind[0] == "3" else kind[:3]):
        before.extend(collector(simulation, moment).fetch(ALL, ""))
    cursor = before[-1].cursor if before else ""
    after = list(collector(simulation, moment).fetch(ALL, cursor))
    assert contract.heads(contract.captures(before + after)) == whole
