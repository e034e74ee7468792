"""The collectors' contract, kept by the Git collector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def history(origin):
    first = origin.commit({"a": b"1"})
    second = origin.commit({"a": b"2"}, first)
    origin.ref("refs/heads/main", second)
    origin.ref("refs/pull/1/head", first)
    origin.tag("v1", first)
    return origin


def test_the_collector_keeps_its_promise(promise, history, collector):
    promise(lambda: collector)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, collector, contract):
    contract.parse_never_raises(lambda: collector, data, sample)


@pytest.fixture
def sample(history, collector, contract):
    return contract.captures(contract.run(lambda: collector))
