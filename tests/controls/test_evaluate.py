"""Counting, scope and the catalogue."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from chain_builder import ALICE, CORA, P0, Pull, minute

from evidence.controls import catalog, reasons, rulings
from evidence.controls.after import AFTER_RULES
from evidence.controls.evaluate import (
    CHANGE_RULES,
    DEPLOYMENT_RULES,
    INTERVAL_RULES,
    Counts,
    count,
    roll_up,
)
from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.policy import ControlScope, Policy

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def one(outcome: Outcome, subject: str = "a", control: str = "CM-03") -> Determination:
    return Determination(
        control=control,
        subject_kind=SubjectKind.CHANGE,
        subject=subject,
        outcome=outcome,
        reason="approved",
        sentence="",
    )


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([], "not_applicable"),
        (["not_applicable"], "not_applicable"),
        (["pass", "not_applicable"], "pass"),
        (["pass", "unknown"], "unknown"),
        (["unknown", "fail", "pass"], "fail"),
    ],
)
def test_a_known_failure_is_not_softened_by_a_gap(outcomes, worst):
    assert roll_up(Outcome(name) for name in outcomes) == Outcome(worst)


def test_the_rate_counts_accepted_deviations_and_leaves_unknown_beside_it():
    found = count(
        [
            one(Outcome.PASS, "a"),
            one(Outcome.PASS, "b"),
            one(Outcome.FAIL, "c"),
            one(Outcome.FAIL, "d"),
            one(Outcome.UNKNOWN, "e"),
            one(Outcome.NOT_APPLICABLE, "f"),
        ],
        accepted=[("CM-03", "d"), ("CM-03", "a")],
    )

    assert found == (
        Counts(control="CM-03", passed=2, failed=1, accepted=1, unknown=1, not_applicable=1),
    )
    assert (found[0].deviations, found[0].tested, found[0].rate) == (2, 4, Fraction(1, 2))


def test_nothing_decided_has_no_rate():
    assert count([one(Outcome.UNKNOWN)])[0].rate is None


def test_every_control_of_the_catalogue_has_a_rule_of_its_unit():
    units = {control.id: control.unit for control in catalog.catalog()}

    assert units == {
        **dict.fromkeys(CHANGE_RULES, "change"),
        **dict.fromkeys((*DEPLOYMENT_RULES, *AFTER_RULES), "deployment"),
        "CM-13": "event",
        **dict.fromkeys(INTERVAL_RULES, "interval"),
    }


def test_every_criterion_is_paraphrased_and_supported():
    named = {criterion for control in catalog.catalog() for criterion in control.criteria}

    assert named == {criterion.id for criterion in catalog.criteria()}


def test_every_parameter_is_a_field_of_the_policy():
    names = {one.name for control in catalog.catalog() for one in control.parameters}

    assert names <= set(Policy.__dataclass_fields__)


def test_the_rule_version_is_the_newest_of_the_history():
    for control in catalog.catalog():
        assert control.rule_version == control.history[-1].version
    assert 'id = "CM-03"' in catalog.catalog_text()


def test_a_determination_carries_the_rule_version_of_the_catalogue():
    for control, determination in Pull().determinations().items():
        assert determination.rule_version == catalog.by_id(control).rule_version


def test_a_control_out_of_scope_is_not_tested():
    policy = replace(P0, controls=(ControlScope(id="CM-05", in_scope=False),))

    found = set(Pull().determinations(policy))
    assert found == set(CHANGE_RULES) - {"CM-05"}
    assert "CM-04" in found


def test_the_page_of_reason_codes_is_the_table():
    assert (DOCS / "reason-codes.md").read_text(encoding="utf-8") == (
        reasons.as_markdown() + rulings.as_markdown()
    )


def test_every_code_that_is_no_pass_says_what_to_do():
    silent = {
        code
        for code, reason in reasons.REASONS.items()
        if reason.outcome in {Outcome.FAIL, Outcome.UNKNOWN} and not reason.fix
    }

    assert silent == set()


def test_every_code_in_the_table_is_used_by_the_rules():
    folder = Path(reasons.__file__).parent
    written = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py")
        if path.name != "reasons.py"
    )

    unused = {name for name in (*reasons.REASONS, *reasons.FLAGS) if f'"{name}"' not in written}

    assert unused == set()


@pytest.mark.parametrize("at", [45, 60, 75])
def test_a_deployment_after_the_time_of_evaluation_changes_nothing(at):
    """By then alice had deployed nothing, so nobody implemented her change alone."""
    pull = Pull()
    pull.reviews, pull.merged_by, pull.deployments = [], CORA, []
    pull.deploy("m1", 60, by=ALICE, automated=False)

    found = pull.determinations(as_of=minute(at))

    seen = at >= 60
    assert found["CM-05"].reason == ("unilateral" if seen else "separate-people")
    assert found["CM-14"].reason == ("deployed" if seen else "pending")


def test_an_earlier_deployment_stays_when_a_later_one_is_left_out():
    pull = Pull().deploy("m1", 90, by=ALICE, automated=False)

    found = pull.determinations(as_of=minute(75))

    assert "contributor-deployed" not in found["CM-05"].flags
    assert found["CM-14"].reason == "deployed"
