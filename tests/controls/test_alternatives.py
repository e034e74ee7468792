"""Alternative evidence resolves what is unknown, by whoever took no part, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_dispositions import (
    ACTS,
    AS_OF,
    DAY,
    DETERMINATIONS,
    MERGED,
    MINUTES,
    POLICY,
    act,
    deviation,
    event,
    took_part,
)

from evidence.controls.alternatives import support
from evidence.controls.dispositions import accepted
from evidence.controls.evaluate import count, roll_up, verdict
from evidence.controls.rulings import RULINGS
from evidence.model.determination import Determination, Outcome, Verdict
from evidence.model.disposition import Alternative, AlternativeTerms, Register


def unknown(**more) -> Determination:
    return replace(deviation(Outcome.UNKNOWN), reason="checks-not-collected", **more)


def attached(**more) -> Alternative:
    terms = {
        "control": "CM-03",
        "subject": "shop:pr:7",
        "reason": "checks-not-collected",
        "evidence": MINUTES,
    }
    said = more.pop("said", act("dora", MERGED + DAY))
    return Alternative(terms=AlternativeTerms(**{**terms, **more}), said=said)


def ruled(one: Alternative, told=None, found: Determination | None = None) -> list[str]:
    """The codes of the rulings."""
    held = Register(alternatives=(one,))
    rulings = support([found or unknown()], held, lambda _: told or event(), POLICY, AS_OF)
    return [each.reason for group in rulings.values() for each in group]


@pytest.mark.parametrize(
    ("one", "codes"),
    [
        (attached(), ["supported"]),
        (attached(subject="shop:pr:8"), []),
        (attached(control="CM-05"), []),
        (attached(reason="checks-forbidden"), ["other-unknown"]),
        (attached(evidence=replace(MINUTES, held=False)), ["evidence-missing"]),
        (attached(said=act("nobody")), ["attacher-unmapped"]),
        (attached(said=act("dora", AS_OF + 1)), ["attached-later"]),
    ],
)
def test_what_it_comes_to_is_told(one, codes):
    assert ruled(one) == codes


def test_whoever_took_part_cannot_attach_it_nor_somebody_who_may_have():
    assert ruled(attached(), event(contributors=took_part("dora"))) == ["attacher-contributed"]
    unsure = took_part("ada")
    unsure.leave_open("contributor-unmapped", "an address maps to nobody")
    assert ruled(attached(), event(contributors=unsure)) == ["independence-open"]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.UNKNOWN])
def test_it_says_nothing_of_what_is_decided(outcome):
    found = replace(deviation(outcome), reason="checks-not-collected")
    assert ruled(attached(), found=found) == []


def test_it_is_a_pass_that_is_counted_apart():
    key = frozenset({("CM-03", "shop:pr:7")})
    assert verdict(unknown(), key) == Verdict.ALTERNATIVE
    counted = count([unknown()], key)[0]
    assert (counted.passed, counted.alternative, counted.unknown, counted.tested) == (0, 1, 0, 1)
    assert roll_up([Verdict.ALTERNATIVE, Verdict.PASS]) == Verdict.ALTERNATIVE
    assert roll_up([Verdict.ALTERNATIVE, Verdict.ACCEPTED]) == Verdict.ACCEPTED
    assert roll_up([Verdict.ALTERNATIVE, Verdict.UNKNOWN]) == Verdict.UNKNOWN


ALTERNATIVES = st.builds(
    lambda said, **more: attached(said=said, **more),
    ACTS,
    control=st.sampled_from(["CM-03", "CM-05"]),
    reason=st.sampled_from(["no-approval", "checks-not-collected"]),
)


@given(DETERMINATIONS, st.lists(ALTERNATIVES, max_size=3))
def test_it_never_touches_a_deviation_and_makes_no_plain_pass(found, given_):
    held = Register(alternatives=tuple(given_))
    rulings = support(found, held, lambda _: event(), POLICY, AS_OF)
    assert {one.reason for group in rulings.values() for one in group} <= set(RULINGS)
    before, after = count(found), count(found, accepted(rulings))
    for old, new in zip(before, after, strict=True):
        assert (new.passed, new.deviations) == (old.passed, old.deviations)
        assert new.alternative + new.unknown == old.unknown
