"""A story served as GitHub, and what one run of a collector came to: for tests of any of its parts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from evidence.collectors.github import GitHubRepository
from evidence.collectors.github.deployments import GitHubDeploymentsCollector
from evidence.collectors.http import Clock
from evidence.demo.reading import read_world
from evidence.demo.simulation import Simulation
from evidence.model.capture import Window

ALL = Window(since=0, until=2**62)


def served(tmp_path_factory, story, **access):
    """The simulated GitHub of a story; `access`: what it shows of itself (`world.access`)."""
    world = read_world(story)
    return Simulation(
        replace(world, access=replace(world.access, **access)), tmp_path_factory.mktemp("world")
    )


def addressed(moment, clock=None, **fields) -> dict[str, Any]:
    """What every collector of a served GitHub is made with; without a clock it never sleeps."""
    return {
        "url": moment.github_api_url,
        "token": moment.github_token,
        "system": "github.example",
        "clock": clock or Clock(sleep=lambda _seconds: None),
        **fields,
    }


def deployments_of(moment, **fields):
    """The collector of the deployments of `shop`."""
    repositories = (GitHubRepository(id="shop", name=moment.repositories["shop"]),)
    given = {"source": "ghd", "repositories": repositories, **fields}
    return GitHubDeploymentsCollector(**addressed(moment, **given))


def facts(collector, cursor=""):
    """What a run told, and its pages."""
    run = Run(collector, cursor)
    return run.facts, run.pages


def digest(text):
    """A digest as registries write it, of any text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Run:
    """What one run of a collector came to."""

    def __init__(self, collector, cursor=""):
        self.pages = list(collector.fetch(ALL, cursor))
        self.captures = [capture for page in self.pages for capture in page.captures]
        said = [collector.parse(capture) for capture in self.captures]
        self.facts = [fact for each in said for fact in each.facts]
        self.gaps = [gap for page in self.pages for gap in page.gaps]
        self.gaps += [gap for each in said for gap in each.gaps]
        self.lists = [pair for page in self.pages for pair in page.lists]
        self.calls = sum(page.calls for page in self.pages)
        self.cursor = self.pages[-1].cursor

    def of(self, cls, **equals):
        """Facts of a type with such fields."""
        return [
            fact
            for fact in self.facts
            if isinstance(fact, cls)
            and all(getattr(fact, name) == value for name, value in equals.items())
        ]

    def one(self, cls, **equals):
        """The only one of those."""
        (found,) = self.of(cls, **equals)
        return found
