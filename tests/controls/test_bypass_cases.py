"""Family E and CM-08 on records: the forge's own record first, then the rules one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import ALICE, BERT, READ, Direct, Pull, minute, suite
from settings_builder import ALWAYS, CHECKS, EXEMPT, PULL_REQUEST, rules

from evidence.model.activity import RepositoryActivity, RuleEvaluation
from evidence.model.change import MergeMethod
from evidence.model.git import QuestionKind
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.pushes import LostPush
from evidence.model.settings import Rule


def given(
    pull: Pull | None = None,
    *,
    settings: SettingsHistory | None = None,
    suites=(),
    activity=(),
) -> Pull:
    """A pull request with these records of its landing in place of the happy path's."""
    pull = pull or Pull()
    pull.evidence = {
        "settings": settings or SettingsHistory(),
        "landing": LandingRecords(suites=tuple(suites), activity=tuple(activity)),
    }
    return pull


def moved(kind: str, by=ALICE, after: str = "m1") -> RepositoryActivity:
    return RepositoryActivity(
        repository="app",
        activity_id=f"{kind}-{after}",
        kind=kind,
        ref="refs/heads/main",
        before_sha="b0",
        after_sha=after,
        at=minute(30),
        actor=by,
        entry_seq=31,
        observed_at=READ,
    )


# --- the forge's own record


def test_a_record_that_the_rules_were_met_is_enough():
    pull = given(suites=[suite()])
    assert pull.outcome("CM-08") == ("pass", "rules-met")
    assert 30 in pull.determinations()["CM-08"].entries


def test_e02_a_recorded_bypass_is_a_deviation_and_names_who_and_which_rule():
    failed = RuleEvaluation(rule_type="pull_request", result="fail", enforcement="active")
    pull = given(suites=[suite("bypass", evaluations=(failed,))])
    assert pull.outcome("CM-08") == ("fail", "rules-bypassed")
    sentence = pull.determinations()["CM-08"].sentence
    assert "alice (id 1) bypassed rules" in sentence
    assert "pull_request" in sentence


def test_of_several_records_of_one_landing_the_bypass_speaks():
    assert given(suites=[suite(), suite("bypass")]).outcome("CM-08")[0] == "fail"


def test_a_record_for_another_branch_says_nothing():
    pull = given(suites=[suite("bypass", ref="refs/heads/other")])
    assert pull.outcome("CM-08") == ("unknown", "rules-unknown")


def test_a_bypass_stays_one_although_every_rule_seems_met():
    pull = given(settings=rules(PULL_REQUEST), suites=[suite("bypass")])
    assert pull.outcome("CM-08")[0] == "fail"


# --- no record: the rules then in force


def test_e04_without_a_record_and_without_settings_it_is_open():
    assert given().outcome("CM-08") == ("unknown", "rules-unknown")


def test_without_a_record_every_rule_that_is_shown_to_be_met_is_a_deduced_pass():
    pull = given(settings=rules(PULL_REQUEST, CHECKS))
    assert pull.outcome("CM-08") == ("pass", "rules-deduced")
    assert "deduced" in pull.determinations()["CM-08"].flags


def test_a_rule_that_was_not_met_was_bypassed():
    pull = Pull(bare=True).push("c1").green().ticket().merge_equal().deploy("m1")
    found = given(pull, settings=rules(PULL_REQUEST)).outcome("CM-08")
    assert found == ("fail", "rule-not-met")


def test_the_forge_counts_an_approval_by_a_contributor_so_that_disproves_nothing():
    pull = Pull(bare=True).push("c1").push("c2", BERT).approve(BERT).green().ticket().merge_equal()
    found = given(pull.deploy("m1"), settings=rules(PULL_REQUEST)).outcome("CM-08")
    assert found == ("unknown", "rules-not-shown")


def test_a_skipped_check_is_success_for_the_forge():
    pull = Pull()
    pull.checks = [replace(run, conclusion="SKIPPED") for run in pull.checks]
    assert given(pull, settings=rules(CHECKS)).outcome("CM-08") == ("pass", "rules-deduced")
    assert given(pull).outcome("CM-06")[0] == "fail"


def test_a_failed_required_check_was_bypassed():
    pull = Pull()
    pull.checks = [replace(run, conclusion="FAILURE") for run in pull.checks]
    assert given(pull, settings=rules(CHECKS)).outcome("CM-08") == ("fail", "rule-not-met")


def test_a_rule_that_evidence_cannot_show_leaves_it_open():
    pull = given(settings=rules(PULL_REQUEST, Rule(type="code_scanning")))
    assert pull.outcome("CM-08") == ("unknown", "rules-not-shown")


def test_settings_that_were_not_seen_again_after_the_merge_are_not_known_to_have_held():
    pull = given(settings=rules(PULL_REQUEST, until=29))
    assert pull.outcome("CM-08") == ("unknown", "rules-unknown")


@pytest.mark.parametrize("enforcement", ["disabled", "evaluate"])
def test_e05_a_change_that_landed_while_no_rule_was_enforced_is_a_deviation(enforcement):
    pull = given(settings=rules(PULL_REQUEST, enforcement=enforcement), suites=[suite()])
    assert pull.outcome("CM-08") == ("fail", "rules-not-in-force")
    assert pull.outcome("CM-03")[0] == "pass"


def test_e08_a_bypass_list_that_nobody_used_is_no_bypass():
    assert given(settings=rules(PULL_REQUEST, bypass=(ALWAYS,))).outcome("CM-08")[0] == "pass"


def test_who_is_exempt_leaves_no_record_and_is_a_deviation():
    pull = given(settings=rules(PULL_REQUEST, bypass=(EXEMPT,)))
    assert pull.outcome("CM-08") == ("fail", "exempt-actor")


def test_a_bypass_list_that_is_not_visible_is_said_so():
    pull = given(settings=rules(PULL_REQUEST, bypass=None))
    assert pull.outcome("CM-08") == ("pass", "rules-deduced")
    assert "bypass-list-not-visible" in pull.determinations()["CM-08"].flags


def test_rules_of_another_branch_do_not_protect_this_one():
    settings = rules(PULL_REQUEST)
    other = tuple(replace(one, include=("refs/heads/release/*",)) for one in settings.rulesets)
    pull = given(settings=replace(settings, rulesets=other))
    assert pull.outcome("CM-08") == ("fail", "rules-not-in-force")


# --- holes in the record of pushes


def lost(ref: str = "refs/heads/main") -> LostPush:
    return LostPush(
        repository="app",
        ref=ref,
        before_sha="b0",
        after_sha="m1",
        since=minute(20),
        until=minute(40),
    )


def with_a_hole(pull: Pull, ref: str = "refs/heads/main") -> Pull:
    landing = replace(pull.evidence["landing"], lost=(lost(ref),))
    pull.evidence = {**pull.evidence, "landing": landing}
    return pull


def test_a_hole_in_which_it_landed_may_hide_a_force_push_so_a_met_rule_is_no_pass():
    pull = with_a_hole(given(suites=[suite()]))
    assert pull.outcome("CM-08") == ("unknown", "push-record-broken")


def test_a_hole_leaves_what_is_recorded_as_a_bypass_a_deviation():
    assert with_a_hole(given(suites=[suite("bypass")])).outcome("CM-08")[0] == "fail"


def test_a_hole_in_another_branch_says_nothing_of_this_one():
    pull = with_a_hole(given(suites=[suite()]), "refs/heads/release")
    assert pull.outcome("CM-08") == ("pass", "rules-met")


def test_a_hole_in_the_branch_of_the_pull_request_leaves_its_contributors_open():
    pull = with_a_hole(
        given(suites=[suite()]), f"refs/heads/{Pull().gathered().pull_request.head_ref}"
    )
    assert pull.outcome("CM-03") == ("unknown", "contributors-incomplete")
    assert pull.outcome("CM-08") == ("pass", "rules-met")


# --- pushes


def test_e01_a_direct_push_is_a_deviation_whatever_the_record_says():
    direct = Direct()
    landing = direct.gathered().change.landing_sha
    given(direct, suites=[suite(after=landing)])
    assert direct.outcome("CM-08") == ("fail", "direct-push")


def test_a_direct_commit_of_a_forge_that_was_not_read_is_open():
    direct = Direct()
    direct.evidence = {"github_observed": False}
    assert direct.outcome("CM-08") == ("unknown", "not-collected")


def test_a_force_push_that_landed_it_is_a_deviation():
    pull = given(suites=[suite()], activity=[moved("force_push")])
    assert pull.outcome("CM-08") == ("fail", "force-push")


def test_a10_a_local_merge_is_judged_by_the_record():
    def local(*suites) -> Pull:
        pull = Pull()
        pull.changes = {"merge_method": MergeMethod.LOCAL}
        return given(pull, suites=suites)

    assert local(suite()).outcome("CM-08")[0] == "pass"
    assert local(suite("bypass")).outcome("CM-08")[0] == "fail"
    assert local().outcome("CM-08")[0] == "unknown"


def test_a_local_merge_that_added_content_is_a_direct_push():
    pull = Pull()
    pull.changes = {"merge_method": MergeMethod.LOCAL}
    pull.answer(QuestionKind.TREE, "m1", value="other")
    pull.answer(QuestionKind.RANGE_DIFF, "t1", "other", value={"digest": "x", "paths": ["x"]})
    assert given(pull, suites=[suite()]).outcome("CM-08") == ("fail", "direct-push")
