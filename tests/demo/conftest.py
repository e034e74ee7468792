"""Small worlds and running simulations for the demo's tests."""

from __future__ import annotations

import pytest
import requests

from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.simulation import Simulation

SIMPLE = """
[[change]]
key = "gift"
author = "ada"
title = "Add gift cards"
requested_by = "carl"
steps = [
  { do = "push", files = { "gift.py" = "GIFT = 1\\n" } },
  { do = "checks" },
  { do = "review", by = "bert" },
  { do = "merge", by = "ada" },
]
[[change]]
key = "cart"
author = "bert"
steps = [
  { do = "push", commits = [ { files = { "cart.py" = "1\\n" } }, { files = { "cart.py" = "2\\n" } } ] },
  { do = "checks" },
  { do = "review", by = "ada" },
  { do = "merge", by = "bert", method = "rebase" },
]
[[change]]
key = "pay"
author = "carl"
steps = [
  { do = "push", files = { "pay.py" = "1\\n" } },
  { do = "checks" },
  { do = "review", by = "ada" },
  { do = "merge", by = "carl", method = "merge" },
]
[[bump]]
key = "to-pay"
set = [{ file = "apps/shop-prod/kustomization.yaml", image = "registry.example/shop-web", tag = "${sha:pay}" }]
deploy = ["shop-prod"]
"""


@pytest.fixture
def world_with():
    """The base world with a delta, given as TOML, laid over it."""
    return lambda delta="": extended(base_world(), read_world(delta))


@pytest.fixture
def simulate(world_with, tmp_path):
    """Starts simulations of a delta; they are closed after the test."""
    running = []

    def start(delta=SIMPLE):
        running.append(Simulation(world_with(delta), tmp_path / str(len(running))))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def ask():
    """Asks the simulated GitHub a GraphQL query; the answer's JSON."""

    def post(moment, query, **variables):
        answer = requests.post(
            moment.github_graphql_url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"bearer {moment.github_token}"},
            timeout=20,
        )
        return answer.json()

    return post


@pytest.fixture
def argocd():
    """Reads the list of applications of the simulated Argo CD."""

    def get(moment, **query):
        answer = requests.get(
            f"{moment.argocd_url}/api/v1/applications",
            params=query,
            headers={"Authorization": f"Bearer {moment.argocd_token}"},
            timeout=20,
        )
        return answer.json()["items"]

    return get
