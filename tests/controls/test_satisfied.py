"""Each rule of a branch where the forge left no record: shown to be met, not met, or neither."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import BERT, CORA, Pull, replace_check
from settings_builder import PULL_REQUEST, rules

from evidence.model.change import MergeMethod
from evidence.model.git import QuestionKind
from evidence.model.protection import LandingRecords
from evidence.model.settings import RequiredContext, Rule

MET, NOT_MET, OPEN = (
    ("pass", "rules-deduced"),
    ("fail", "rule-not-met"),
    ("unknown", "rules-not-shown"),
)
TESTED = Rule(type="required_status_checks", required_checks=(RequiredContext(name="ci/test"),))
STRICT = replace(TESTED, strict=True)
LINEAR = Rule(type="required_linear_history")
OWNERS = Rule(type="pull_request", code_owner_review=True)
STALE = Rule(type="pull_request", approvals_required=1, dismiss_stale=True)
LAST_PUSH = Rule(type="pull_request", approvals_required=1, last_push_approval=True)


def judged(pull: Pull, *demanded: Rule, settings=None) -> tuple[str, str]:
    """CM-08 by the rules alone: nothing was recorded of how the pull request landed."""
    pull.evidence = {"settings": settings or rules(*demanded), "landing": LandingRecords()}
    return pull.outcome("CM-08")


def landed_by(method: MergeMethod) -> Pull:
    pull = Pull()
    pull.changes = {"merge_method": method}
    return pull


class TestTheHeadMustBeUpToDate:
    def test_a_head_that_held_the_base_met_it(self):
        assert judged(Pull().net_diff("c1", "d", base="b0"), STRICT) == MET

    def test_a_head_that_branched_off_earlier_did_not(self):
        assert judged(Pull().net_diff("c1", "d", base="a9"), STRICT) == NOT_MET

    def test_without_git_the_parents_of_the_commits_show_it(self):
        assert judged(Pull(), STRICT) == MET

    def test_commits_that_stand_on_something_else_did_not_hold_the_base(self):
        pull = Pull(bare=True).push("c1", parents=("a9",)).approve(BERT).green().merge_equal()
        assert judged(pull.deploy("m1"), STRICT) == NOT_MET

    def test_where_neither_shows_it_it_is_open(self):
        pull = Pull(bare=True).push("c1", in_git=False).approve(BERT).green().merge_equal()
        assert judged(pull.deploy("m1"), STRICT) == OPEN


class TestHistoryMustBeLinear:
    def test_a_squash_is_linear(self):
        assert judged(landed_by(MergeMethod.SQUASH), LINEAR, PULL_REQUEST) == MET

    def test_a_merge_commit_is_not(self):
        assert judged(landed_by(MergeMethod.MERGE), LINEAR, PULL_REQUEST) == NOT_MET


class TestCodeOwnersMustApprove:
    def test_an_owners_approval_met_it(self):
        assert judged(Pull(), OWNERS) == MET

    def test_a_base_that_names_no_owner_demands_none(self):
        assert judged(Pull().owned_by("docs/ @cora\n"), OWNERS) == MET

    def test_no_approval_at_all_did_not_meet_it(self):
        pull = Pull(bare=True).push("c1").green().merge_equal().deploy("m1")
        assert judged(pull, OWNERS) == NOT_MET

    def test_an_approval_by_somebody_else_leaves_it_open(self):
        """The forge may know the approver as a member of the owning team."""
        assert judged(Pull().owned_by("* @cora\n"), OWNERS) == OPEN


class TestApprovalsMustBeCurrent:
    @pytest.mark.parametrize("rule", [STALE, LAST_PUSH])
    def test_an_approval_of_the_merged_head_met_it(self, rule):
        assert judged(Pull(), rule) == MET

    @pytest.mark.parametrize("rule", [STALE, LAST_PUSH])
    def test_an_approval_of_an_earlier_head_leaves_it_open(self, rule):
        pull = Pull(bare=True).push("c1").approve(BERT).push("c2").green().merge_equal()
        assert judged(pull.deploy("m1"), rule)[0] != "pass"


class TestApprovalsAreCounted:
    def test_one_whose_reviewer_may_have_had_no_right_is_open(self):
        pull = Pull(bare=True).push("c1").approve(BERT, can_push=None).green().merge_equal()
        assert judged(pull.deploy("m1"), PULL_REQUEST) == OPEN

    def test_one_of_two_is_too_few(self):
        two = replace(PULL_REQUEST, approvals_required=2)
        assert judged(Pull(), two) == NOT_MET
        assert judged(Pull().approve(CORA), two) == MET


class TestChecks:
    def test_a_check_without_a_commit_to_run_on_is_open(self):
        pull = Pull()
        pull.head = ""
        pull.changes = {"head_sha": ""}
        pull.record = {"head_sha": ""}
        assert judged(pull, TESTED) == OPEN

    def test_a_check_that_nobody_read_is_open(self):
        assert judged(Pull().without_checks(), TESTED) == OPEN

    @pytest.mark.parametrize(("app_id", "found"), [("15368", MET), ("99", NOT_MET)])
    def test_a_check_of_that_name_counts_only_from_the_app_that_the_rule_names(self, app_id, found):
        pull = Pull()
        pull.checks = [replace(run, app_id="15368") for run in pull.checks if run.name == "ci/test"]
        of_app = replace(TESTED, required_checks=(RequiredContext(name="ci/test", app_id=app_id),))
        assert judged(pull, of_app) == found

    def test_a_check_that_failed_was_not_met(self):
        pull = replace_check(Pull(), "ci/test", conclusion="FAILURE")
        assert judged(pull, TESTED) == NOT_MET


class TestNotTestable:
    def test_signatures_that_had_to_be_there_leave_it_open(self):
        settings = rules(protected=True)
        classic = replace(
            settings.protections[0], required_signatures=True, pull_request_required=True
        )
        settings = replace(settings, protections=(classic,))
        assert judged(Pull(), settings=settings) == OPEN

    def test_classic_protection_is_read_like_a_ruleset(self):
        settings = rules(protected=True)
        classic = replace(
            settings.protections[0],
            pull_request_required=True,
            approvals_required=1,
            linear_history=True,
            dismiss_stale=True,
            code_owner_review=True,
            strict=True,
        )
        settings = replace(settings, protections=(classic,))
        assert judged(Pull(), settings=settings) == MET
        merged = landed_by(MergeMethod.MERGE).answer(
            QuestionKind.CODEOWNERS, "b0", value={"path": ""}
        )
        assert judged(merged, settings=settings) == NOT_MET
