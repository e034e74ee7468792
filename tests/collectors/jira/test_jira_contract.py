"""The collectors' contract, kept by the Jira collector for Cloud and for Server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(params=["cloud", "server"])
def make(request, simulate, collector, story):
    many = "".join(story.issue(number) for number in range(1, 111))
    long = story.issue(111, story.long)
    moment = simulate(f'jira = "{request.param}"\n{many}{long}').end()
    return lambda: collector(moment, projects=("SHOP",))


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, make, contract, sample):
    contract.parse_never_raises(make, data, sample)


@pytest.fixture
def sample(make, contract):
    found = contract.captures(contract.run(make))
    return [found[0], found[-1]]
