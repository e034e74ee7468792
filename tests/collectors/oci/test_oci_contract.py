"""The collectors' contract, kept by the OCI collector."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

IMAGE = "registry.example/acme/shop-web"


@pytest.fixture
def make(images, collector, told):
    wanted = []
    for number in range(21):
        made = images.image(told.labels, content=str(number))
        images.referring(made, told.envelope(made["digest"]))
        images.tag(f"1.{number}", made["digest"])
        wanted.append(f"{IMAGE}:1.{number}")
    return lambda: collector(*wanted)


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, make, contract, sample):
    contract.parse_never_raises(make, data, sample)


@pytest.fixture
def sample(make, contract):
    found = contract.captures(contract.run(make))
    return found[:3]
