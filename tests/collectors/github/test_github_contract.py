"""The collectors' contract, kept by the GitHub collector."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def organisation(github, build):
    github.pulls = [build.pull(number) for number in range(1, 61)]
    github.pulls[0] = build.pull(1, updated=build.now - timedelta(days=1))
    github.pulls[3]["reviews"] = [build.review(n) for n in range(1, 231)]
    github.pulls[7]["head_contexts"] = [build.check(n, f"check {n}") for n in range(1, 121)]
    github.pulls[9]["closingIssuesReferences"] = [build.issue(n) for n in range(1, 8)]
    github.commits = [build.branch_commit(n, n) for n in range(1, 251)]
    return github


def test_the_collector_keeps_its_promise(promise, organisation, make):
    promise(make)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


@pytest.fixture
def sample(organisation, make, contract):
    found = contract.captures(contract.run(make))
    kinds = {}
    for capture in found:
        kinds.setdefault(capture.kind, []).append(capture)
    return [capture for each in kinds.values() for capture in each[:4]]
