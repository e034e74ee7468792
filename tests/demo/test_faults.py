"""Faults: each answers its numbered requests, in the shape of the real system, and then is over."""

from __future__ import annotations

import pytest
import requests

from evidence.demo.faults import FAULTS, SPOILERS
from evidence.errors import ConfigError

QUERY = """{ repository(owner: "example-shop", name: "shop") {
  pullRequests(first: 5) { nodes { number reviews(first: 5) { totalCount } } } } }"""


def post(moment):
    return requests.post(
        moment.github_graphql_url,
        json={"query": QUERY},
        headers={"Authorization": f"bearer {moment.github_token}"},
        timeout=2,
    )


@pytest.mark.parametrize("kind", [*FAULTS, *SPOILERS])
def test_a_fault_is_over_after_its_request(simulate, kind):
    simulation = simulate()
    moment = simulation.end()
    simulation.github_server.fail_next(kind)
    try:
        first = post(moment)
        spoiled = first.content != post(moment).content or first.status_code != 200
    except requests.RequestException:
        spoiled = True
    assert spoiled is (kind not in ("slow", "date_ahead", "date_behind"))
    assert "errors" not in post(moment).json()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("429", 429),
        ("429_retry_after", 429),
        ("403_secondary", 403),
        ("403_permission", 403),
        ("401", 401),
        ("404", 404),
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("504", 504),
        ("rate_limited", 200),
        ("html", 200),
        ("empty", 200),
    ],
)
def test_a_fault_answers_with_its_status(simulate, kind, status):
    simulation = simulate()
    simulation.github_server.fail_next(kind, seconds=7)
    answer = post(simulation.end())
    assert answer.status_code == status
    wait = {"429_retry_after": "7", "403_secondary": "7", "503": "7"}.get(kind)
    assert answer.headers.get("Retry-After") == wait


def test_a_reset_ends_the_connection(simulate):
    simulation = simulate()
    simulation.github_server.fail_next("reset")
    with pytest.raises(requests.ConnectionError):
        post(simulation.end())


def test_a_truncated_answer_breaks_off(simulate):
    simulation = simulate()
    simulation.github_server.fail_next("truncated")
    with pytest.raises(requests.RequestException):
        post(simulation.end())


def test_resource_limits_null_a_list_and_say_where(simulate):
    simulation = simulate()
    simulation.github_server.fail_next("resource_limits")
    answer = post(simulation.end()).json()
    path = ["repository", "pullRequests", "nodes", 2, "reviews"]
    assert answer["errors"][0]["type"] == "RESOURCE_LIMITS_EXCEEDED"
    assert answer["errors"][0]["path"] == path
    nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
    assert [one["reviews"] is None for one in nodes] == [False, False, True]


def test_a_world_can_carry_its_faults(simulate):
    simulation = simulate('[[fault]]\nrequest = 2\nkind = "502"\ntimes = 2')
    moment = simulation.end()
    assert [post(moment).status_code for _ in range(4)] == [200, 502, 502, 200]


def test_an_unknown_fault_or_server_is_refused(simulate):
    simulation = simulate()
    with pytest.raises(ConfigError, match="no fault `fire`"):
        simulation.github_server.fail_next("fire")
    with pytest.raises(ConfigError, match="no simulated server `jira`"):
        simulation.server("jira")


def test_a_server_counts_and_keeps_its_requests(simulate):
    simulation = simulate()
    moment = simulation.end()
    post(moment)
    post(moment)
    assert (simulation.github_server.calls, simulation.points) == (2, 2)
    assert [one.path for one in simulation.github_server.requests] == ["/api/graphql"] * 2
