"""CM-03, CM-04 and CM-05 of a pull request that brings nothing but what others approved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import BERT, P0, Pull

from evidence.model.chain import Precedent
from evidence.model.git import QuestionKind

PROMOTING = replace(P0, promotion_of_reviewed_commits=True)
REVIEWED, OPEN = "promotion-of-reviewed", "promotion-open"


def release(*approved: bool | None) -> Pull:
    """A pull request that nobody reviewed, of parts that were approved, were not, or may be."""
    pull = Pull(bare=True).push("c1").green().ticket().merge_equal().deploy("m1")
    pull.evidence = {
        "promoted": tuple(
            Precedent(change_id=f"app:pr:{number}", landing_sha=f"x{number}", approved=one)
            for number, one in enumerate(approved, start=1)
        )
    }
    return pull


def reasons(pull: Pull, policy=PROMOTING) -> tuple[str, str, str]:
    found = pull.determinations(policy)
    return tuple(found[one].reason for one in ("CM-03", "CM-04", "CM-05"))


def test_what_was_approved_part_by_part_needs_no_approval_of_its_own():
    pull = release(True, True)
    assert reasons(pull) == (REVIEWED, REVIEWED, REVIEWED)
    assert "app:pr:1 and app:pr:2" in pull.determinations(PROMOTING)["CM-03"].sentence


def test_without_the_policy_it_is_an_ordinary_change():
    assert reasons(release(True, True), P0) == ("no-approval", "no-approval", "unilateral")


@pytest.mark.parametrize("approved", [(), (False,), (True, False), (None, False)])
def test_a_part_that_nobody_approved_makes_it_an_ordinary_change(approved):
    assert reasons(release(*approved))[0] == "no-approval"


def test_a_part_that_may_have_been_approved_leaves_it_open():
    pull = release(True, None)
    assert reasons(pull)[0] == reasons(pull)[2] == OPEN
    assert pull.determinations(PROMOTING)["CM-04"].outcome == "unknown"


def test_what_merging_added_makes_it_an_ordinary_change():
    pull = release(True)
    pull.answer(QuestionKind.TREE, pull.landed[-1], value="t2")
    pull.answer(QuestionKind.RANGE_DIFF, "t1", "t2", value={"digest": "d", "paths": ["more.py"]})
    assert reasons(pull)[0] == "no-approval"


def test_a_merge_that_was_not_compared_leaves_it_open():
    pull = release(True)
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.TREE}
    assert reasons(pull)[0] == OPEN


def test_an_objection_to_the_promotion_itself_stands():
    pull = release(True).review(BERT, "CHANGES_REQUESTED")
    assert reasons(pull)[0] != REVIEWED


def test_an_approval_of_its_own_goes_before():
    assert reasons(release(False).approve(BERT))[0] == "approved"
