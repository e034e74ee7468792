"""A simulated Jira, Cloud and Server, with more issues than a page and longer changelogs."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from evidence.collectors.jira import JiraCollector
from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.simulation import Simulation
from evidence.model.capture import Capture, Form


def issue(number: int, events: str = "", more: str = "") -> str:
    """One issue of project SHOP, created `number` minutes after the epoch."""
    return f"""
[[issue]]
key = "i{number}"
tracker = "jira"
author = "carl"
at = "+{number}m"
number = {number}
events = [{events}]
{more}
"""


APPROVED = '{ do = "transition", by = "dora", name = "Approved" }'
_CHANGES = (
    APPROVED,
    '{ do = "label", by = "dora", name = "one" }',
    '{ do = "label", by = "dora", name = "two" }',
    '{ do = "assign", by = "carl", name = "ada" }',
    '{ do = "transition", by = "ada", name = "In Progress" }',
)
LONG = ", ".join(_CHANGES)


@pytest.fixture(scope="session")
def story():
    """What stories of issues are written with."""
    return SimpleNamespace(issue=issue, long=LONG, approved=APPROVED)


@pytest.fixture
def simulate(tmp_path):
    """Serves a Jira that holds what a TOML text says, and closes it at the end."""
    running = []

    def start(text: str) -> Simulation:
        world = extended(base_world(), read_world(text))
        running.append(Simulation(world, tmp_path / f"world-{len(running)}"))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def collector():
    """Makes a collector that reads a moment."""

    def make(moment, **settings) -> JiraCollector:
        deployment = "cloud" if moment.jira_email else "server"
        return JiraCollector(
            source="jira",
            url=moment.jira_url,
            token=moment.jira_token,
            email=moment.jira_email,
            deployment=deployment,
            system="jira.test",
            **settings,
        )

    return make


@pytest.fixture
def captured():
    """A capture of an issue, made from its parts."""

    def make(body: dict, kind: str = "jira.issue") -> Capture:
        return Capture(
            source="jira",
            kind=kind,
            key=str(body.get("id", "")),
            series="issue/1",
            observed_at=1,
            form=Form.SLICE,
            payload=json.dumps(body).encode(),
            collector="jira",
            collector_version="1",
            context={"system": "jira.test", "url": "https://jira.test"},
        )

    return make
