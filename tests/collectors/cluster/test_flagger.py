"""Canaries of Flagger: every phase of the CRD, and what went back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.flagger import PHASES, FlaggerCollector
from evidence.model.capture import GapReason, Window
from evidence.model.rollout import Verdict

ALL = Window(since=0, until=2**62)


@pytest.fixture
def make(cluster, build):
    cluster.lists = {"flagger.app/v1beta1/canaries": [build.canary(name=n) for n in "abc"]}

    def maker(**fields):
        return FlaggerCollector(source="fl", url=cluster.url, token=build.token, **fields)

    return maker


def parsed(tmp_path, body):
    path = tmp_path / "canary.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    collector = FlaggerCollector(source="fl", file=path)
    (capture,) = [one for page in collector.fetch(ALL, "") for one in page.captures]
    return collector.parse(capture)


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@pytest.fixture
def sample(make, contract):
    return contract.captures(contract.run(make))


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


def test_a_canary_that_failed_its_analysis_was_rolled_back(tmp_path, build):
    (one,) = parsed(tmp_path, build.canary()).facts
    assert (one.verdict, one.revision, one.stable) == (Verdict.ROLLED_BACK, "new", "old")
    assert (one.weight, one.message) == (20, "Failed: went back")
    assert one.ended_at == one.aborted_at > 0
    assert one.application == "flux-system/shop"
    assert one.gates == ("confirm-promotion: ask",)


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_its_verdict(tmp_path, build, phase):
    found = parsed(tmp_path, build.canary(phase))
    assert [one.verdict for one in found.facts] == [PHASES[phase]]
    assert found.gaps == ()


def test_a_phase_that_is_not_known_is_a_gap_and_no_verdict(tmp_path, build):
    found = parsed(tmp_path, build.canary("Teleporting"))
    assert [one.verdict for one in found.facts] == [Verdict.UNKNOWN]
    assert [gap.reason for gap in found.gaps] == [GapReason.UNSUPPORTED]


def test_a_canary_that_flagger_has_not_looked_at_says_nothing(tmp_path, build):
    assert parsed(tmp_path, build.canary("")).facts == ()
