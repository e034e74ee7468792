"""Cases of families A, B and D about required checks, on records."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ALICE,
    P0,
    READ,
    SCAN,
    TEST,
    Direct,
    Pull,
    minute,
    replace_check,
)

from evidence.controls.attributes import cm_06
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import Chain
from evidence.model.change import Link, LinkKind, MergeMethod, Strength
from evidence.model.git import QuestionKind
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.settings import (
    BranchProtection,
    Observation,
    RequiredContext,
    RulesetListing,
    Subject,
)
from evidence.policy import RequiredCheck

DEPLOY = replace(P0, required_check_moment="before_deploy")


def flags(pull: Pull, policy=P0) -> tuple[str, ...]:
    return pull.determinations(policy)["CM-06"].flags


# --- A. merge methods


def rebased(deployed: str) -> Pull:
    pull = Pull(bare=True).push("c1").push("c2").push("c3")
    pull.landed = ("n1", "n2", "n3")
    pull.changes = {"merge_method": MergeMethod.REBASE}
    return pull.green().merge_equal().deploy(deployed)


def test_a05_a_deployed_middle_commit_of_a_rebase_was_not_tested():
    assert rebased("n2").covered("n2").outcome("CM-06") == ("fail", "tree-not-tested")


def test_a05_a_deployed_middle_commit_is_open_where_its_checks_were_not_read():
    assert rebased("n2").outcome("CM-06") == ("unknown", "checks-not-collected")


def test_a_deployed_middle_commit_that_was_tested_passes():
    assert rebased("n2").green("n2").outcome("CM-06") == ("pass", "checks-passed")


def test_the_last_commit_of_a_rebase_is_tested_by_the_head():
    assert rebased("n3").outcome("CM-06") == ("pass", "checks-passed")


def test_a_deployment_that_was_not_read_may_have_set_a_middle_commit():
    chain = rebased("n2").covered("n2").chain()
    unread = replace(chain, evidence=replace(chain.evidence, deployments=()))

    one = cm_06.determine(unread, P0, READ)

    assert (one.outcome, one.reason) == ("unknown", "deployments-incomplete")


def queued(*, complete: bool = True) -> Pull:
    """Merged by the queue; the head holds only a skipped check of the name."""
    pull = Pull(bare=True).push("c1")
    pull.check(conclusion="SKIPPED").check("scan/trivy", conclusion="SKIPPED").covered()
    pull.changes = {"merge_method": MergeMethod.QUEUE}
    pull.record = {"merge_queue": True}
    pull.merge_equal()
    return pull.covered("m1", complete=complete)


def test_a06_the_queue_head_is_the_gate_and_not_the_pull_requests_head():
    pull = queued()
    pull.coverage = []

    assert pull.green("m1").outcome("CM-06") == ("pass", "checks-passed")


def test_a07_checks_on_the_groups_head_count_for_every_change_in_it():
    pull = queued().green("g3").deploy("g3")

    assert pull.outcome("CM-06") == ("pass", "checks-passed")
    assert "group" in flags(pull)


def test_a07_a_change_deployed_without_its_group_was_not_tested():
    pull = queued().green("g3").deploy("g3", 60).deploy("m1", 50)

    assert pull.outcome("CM-06") == ("fail", "tree-not-tested")


def test_a_group_head_that_a_link_names_is_a_gate():
    pull = queued().green("g3").deploy("later")
    chain = pull.chain()
    links = tuple(
        Link(
            kind=LinkKind.VALIDATION,
            source=f"check:{run.check_id}",
            target="pr:app:7",
            basis="group_head",
            strength=Strength.STRONG,
        )
        for run in pull.checks
        if run.sha == "g3"
    )

    one = cm_06.determine(Chain(evidence=chain.evidence, links=links), P0, READ)

    assert (one.outcome.value, one.reason) == ("pass", "checks-passed")


def test_a08_a_rebuilt_group_without_a_record_has_no_test():
    assert queued().green("old").outcome("CM-06") == ("fail", "missing")


def test_a08_a_rebuilt_group_is_open_where_its_checks_were_not_read():
    assert queued(complete=False).green("old").outcome("CM-06") == (
        "unknown",
        "checks-not-collected",
    )


def test_a_queue_without_a_landed_commit_is_open():
    pull = queued()
    pull.changes |= {"landing_sha": "", "commits": ()}

    assert pull.outcome("CM-06") == ("unknown", "queue-head-unknown")


# --- B13


def behind() -> Pull:
    pull = Pull()
    return pull.net_diff("c1", "one", base="b-old")


def test_b13_a_moved_base_is_flagged_and_fails_where_the_policy_asks():
    assert behind().outcome("CM-06") == ("pass", "checks-passed")
    assert "not up to date" in flags(behind())
    strict = replace(P0, require_up_to_date=True)
    assert behind().outcome("CM-06", strict) == ("fail", "not-up-to-date")
    assert Pull().outcome("CM-06", strict) == ("pass", "checks-passed")


def test_an_unread_base_is_open_where_the_policy_asks():
    pull = Pull()
    pull.commits = []

    strict = replace(P0, require_up_to_date=True)
    assert pull.outcome("CM-06", strict) == ("unknown", "up-to-date-unknown")


def test_the_parents_of_the_commits_show_a_moved_base():
    pull = Pull(bare=True).push("c1", parents=("b-old",)).green().merge_equal()

    strict = replace(P0, require_up_to_date=True)
    assert pull.outcome("CM-06", strict) == ("fail", "not-up-to-date")


# --- D. checks and tests


def test_d01_success_on_the_head_before_the_merge_passes():
    one = Pull().determinations()["CM-06"]

    assert (one.outcome.value, one.reason) == ("pass", "checks-passed")
    assert "protection-not-observed" in one.flags


@pytest.mark.parametrize(
    ("conclusion", "reason"),
    [
        ("SKIPPED", "skipped"),
        ("NEUTRAL", "neutral"),
        ("FAILURE", "not-success"),
        ("CANCELLED", "not-success"),
        ("SOMETHING_NEW", "not-success"),
    ],
)
def test_d02_d03_d04_only_success_is_success(conclusion, reason):
    pull = replace_check(Pull(), "ci/test", conclusion=conclusion)

    assert pull.outcome("CM-06") == ("fail", reason)


def test_d02_a_path_rule_lifts_a_skipped_check_for_the_changed_files():
    lifted = replace(TEST, unless_only_paths=("docs/**",))
    pull = replace_check(Pull(), "ci/test", conclusion="SKIPPED").merge_equal(paths=("docs/a.md",))

    assert pull.outcome("CM-06", replace(P0, required_checks=(lifted,))) == (
        "not_applicable",
        "exempt-paths",
    )


def test_d03_neutral_passes_where_the_policy_accepts_it():
    neutral = replace(TEST, accept=("SUCCESS", "NEUTRAL"))
    pull = replace_check(Pull(), "ci/test", conclusion="NEUTRAL")

    assert pull.outcome("CM-06", replace(P0, required_checks=(neutral,))) == (
        "pass",
        "checks-passed",
    )


def without_test(*, complete: bool = True) -> Pull:
    pull = Pull().without_checks().check("scan/trivy", app="scanner")
    return pull.covered(complete=complete)


def test_d05_an_absent_check_is_missing_where_all_checks_were_read():
    assert without_test().outcome("CM-06") == ("fail", "missing")


def test_d06_an_absent_check_is_open_where_checks_were_not_read_whole():
    assert without_test(complete=False).outcome("CM-06") == ("unknown", "checks-not-collected")
    nothing = Pull().without_checks()
    assert nothing.outcome("CM-06") == ("unknown", "checks-not-collected")


@pytest.mark.parametrize(
    ("days", "kept", "told"),
    [
        (91, 90, ("unknown", "checks-not-collected")),
        (89, 90, ("fail", "missing")),
        (91, 400, ("fail", "missing")),
        (9_000, 0, ("fail", "missing")),
    ],
)
def test_d06_what_the_forge_may_have_dropped_is_not_missing(days, kept, told):
    pull = Pull().without_checks().covered()
    late = minute(days * 24 * 60)
    pull.coverage = [replace(one, observed_at=late) for one in pull.coverage]
    policy = replace(P0, checks_kept=kept * 24 * 60 * (minute(1) - minute(0)))
    assert pull.outcome("CM-06", policy) == told


def test_d06_a_check_that_is_still_shown_says_that_the_missing_one_would_be_too():
    pull = without_test()
    late = minute(100 * 24 * 60)
    pull.coverage = [replace(one, observed_at=late) for one in pull.coverage]
    assert pull.outcome("CM-06") == ("fail", "missing")


def test_a_present_success_is_open_where_checks_were_not_read_whole():
    pull = Pull()
    pull.coverage = []

    assert pull.outcome("CM-06") == ("unknown", "checks-not-collected")


def test_checks_read_before_the_merge_say_nothing_about_the_merge():
    pull = Pull()
    pull.coverage = [replace(one, observed_at=minute(25)) for one in pull.coverage]

    assert pull.outcome("CM-06") == ("unknown", "checks-not-collected")


def test_d07_a_failed_attempt_that_was_run_again_is_flagged_flaky():
    pull = Pull().check(started=5, ended=8, conclusion="FAILURE")

    assert pull.outcome("CM-06") == ("pass", "checks-passed")
    assert "flaky" in flags(pull)


def test_d08_a_later_failure_does_not_change_what_stood_at_the_merge():
    pull = Pull().check(started=40, ended=45, conclusion="FAILURE")
    pull.coverage = [replace(one, all_attempts=True) for one in pull.coverage]

    assert pull.outcome("CM-06") == ("pass", "checks-passed")


def test_d08_a_later_attempt_that_hides_the_earlier_one_leaves_it_open():
    pull = replace_check(Pull(), "ci/test", started=40, ended=45)

    assert pull.outcome("CM-06") == ("unknown", "earlier-attempts-not-read")


def test_d08_an_attempt_that_was_read_after_the_merge_stays_known():
    pull = Pull()
    pull.checks = [replace(one, observed_at=minute(35), entry_seq=5) for one in pull.checks]
    pull.check(started=40, ended=45, conclusion="FAILURE").check("scan/trivy", app="scanner")
    pull.coverage = [replace(one, reported=2, read=2) for one in pull.coverage]

    assert pull.outcome("CM-06") == ("pass", "checks-passed")


def test_a_check_that_ran_only_after_the_merge_is_late():
    pull = replace_check(Pull(), "ci/test", started=40, ended=45)
    pull.coverage = [replace(one, all_attempts=True) for one in pull.coverage]

    assert pull.outcome("CM-06") == ("fail", "finished-late")


def test_a_check_that_was_still_running_at_the_merge_is_late():
    assert replace_check(Pull(), "ci/test", started=25, ended=35).outcome("CM-06") == (
        "fail",
        "finished-late",
    )
    unfinished = replace_check(Pull(), "ci/test", started=25, ended=0, conclusion="")
    assert unfinished.outcome("CM-06") == ("fail", "finished-late")


def test_a_check_that_ended_in_the_second_of_the_merge_was_in_time():
    assert replace_check(Pull(), "ci/test", ended=30).outcome("CM-06") == ("pass", "checks-passed")


def test_a_check_without_times_is_open():
    pull = replace_check(Pull(), "ci/test", ended=0)
    assert pull.outcome("CM-06") == ("unknown", "check-time-unknown")
    pull.checks = [
        replace(one, started_at=0, conclusion="") if one.name == "ci/test" else one
        for one in pull.checks
    ]
    assert pull.outcome("CM-06") == ("unknown", "check-time-unknown")


def test_d09_success_on_another_commit_is_the_wrong_commit():
    pull = Pull(bare=True).push("c1").green().push("c2").covered().merge_equal()

    assert pull.outcome("CM-06") == ("fail", "wrong-sha")


def test_d10_a_failed_status_of_the_same_name_is_required_too():
    pull = Pull().check(kind="status", conclusion="FAILURE")

    assert pull.outcome("CM-06") == ("fail", "not-success")


def test_d10_a_successful_status_of_the_same_name_changes_nothing():
    assert Pull().check(kind="status").outcome("CM-06") == ("pass", "checks-passed")


def test_d11_a_status_that_a_user_set_is_not_from_the_expected_app():
    pull = replace_check(Pull(), "ci/test", kind="status", creator=ALICE)

    assert pull.outcome("CM-06") == ("fail", "source")


def test_d11_a_check_run_of_another_app_is_not_from_the_expected_one():
    assert replace_check(Pull(), "ci/test", app="other").outcome("CM-06") == ("fail", "source")


def test_a_status_by_the_expected_apps_own_account_counts():
    bot = Actor(system="forge.test", id="8", type=ActorType.BOT, login="github-actions[bot]")

    pull = replace_check(Pull(), "ci/test", kind="status", creator=bot)

    assert pull.outcome("CM-06") == ("pass", "checks-passed")


def test_another_apps_failing_run_of_the_same_name_is_left_out():
    assert Pull().check(app="other", conclusion="FAILURE").outcome("CM-06") == (
        "pass",
        "checks-passed",
    )


def test_d12_a_change_to_the_checks_themselves_is_flagged():
    pull = Pull().merge_equal(paths=(".github/workflows/test.yml",))

    assert pull.outcome("CM-06") == ("pass", "checks-passed")
    assert "gate modified" in flags(pull)


def test_d15_a_check_of_a_system_that_is_not_collected_is_open():
    foreign = RequiredCheck(name="nightly", source="jenkins")

    assert Pull().outcome("CM-06", replace(P0, required_checks=(TEST, foreign))) == (
        "unknown",
        "ci-not-collected",
    )


def deployed(ended: float, at: float = 60) -> Pull:
    """Tests run on the landed commit after the merge."""
    pull = Pull(bare=True).push("c1").covered("c1").merge_equal()
    pull.check(sha="m1", started=40, ended=ended)
    pull.check("scan/trivy", sha="m1", started=40, ended=ended).covered("m1")
    return pull.deploy("m1", at)


def test_d16_tests_between_merge_and_deployment_count_where_the_policy_says_so():
    assert deployed(50).outcome("CM-06", DEPLOY) == ("pass", "checks-passed")
    assert deployed(50).outcome("CM-06") == ("fail", "wrong-sha")


def test_d17_a_deployment_before_the_end_of_the_tests_fails():
    assert deployed(65).outcome("CM-06", DEPLOY) == ("fail", "finished-late")


def test_two_clocks_decide_nothing_inside_the_tolerance():
    assert deployed(59).outcome("CM-06", DEPLOY) == ("unknown", "check-time-unknown")


def test_a_deployed_commit_that_was_tested_before_its_deployment_needs_no_other():
    pull = deployed(50)
    pull.checks = [replace(one, sha="later") for one in pull.checks]
    pull.covered("later")
    pull.deployments = []

    assert pull.deploy("later").outcome("CM-06", DEPLOY) == ("pass", "checks-passed")


def test_a_later_deployed_commit_that_nobody_asked_about_leaves_it_to_the_landed_one():
    pull = deployed(50)
    pull.deployments = []

    assert pull.deploy("later").outcome("CM-06", DEPLOY) == ("pass", "checks-passed")


def test_a_change_that_is_not_deployed_yet_may_still_be_tested():
    pull = deployed(50)
    pull.deployments = []

    assert pull.outcome("CM-06", DEPLOY) == ("pass", "checks-passed")
    pull.without_checks().covered("c1").covered("m1")
    assert pull.outcome("CM-06", DEPLOY) == ("unknown", "not-yet-deployed")


def test_d18_an_exemption_is_all_or_nothing():
    lifted = replace(P0, required_checks=(replace(TEST, unless_only_paths=("docs/**",)),))
    pull = Pull().without_checks().covered()

    pull.merge_equal(paths=("docs/a.md", "docs/b/c.md"))
    assert pull.outcome("CM-06", lifted) == ("not_applicable", "exempt-paths")
    pull.merge_equal(paths=("docs/a.md", "src/x.py"))
    assert pull.outcome("CM-06", lifted) == ("fail", "missing")
    pull.merge_equal(paths=())
    assert pull.outcome("CM-06", lifted) == ("fail", "missing")


def test_an_exemption_whose_files_were_not_read_is_open():
    lifted = replace(P0, required_checks=(replace(TEST, unless_only_paths=("docs/**",)),))
    pull = Pull().without_checks().covered()
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.CHANGED_PATHS}

    assert pull.outcome("CM-06", lifted) == ("unknown", "paths-not-read")


def test_one_exempt_check_does_not_lift_the_other():
    lifted = replace(P0, required_checks=(replace(TEST, unless_only_paths=("docs/**",)), SCAN))

    pull = Pull().merge_equal(paths=("docs/a.md",))

    assert pull.outcome("CM-06", lifted) == ("pass", "checks-passed")


def test_a_policy_without_required_checks_leaves_the_set_open():
    assert Pull().outcome("CM-06", replace(P0, required_checks=())) == (
        "unknown",
        "required-set-unknown",
    )


def test_a_head_that_is_not_known_leaves_the_gate_open():
    pull = Pull()
    pull.changes = {"head_sha": ""}
    pull.record = {"head_sha": ""}

    assert pull.outcome("CM-06") == ("unknown", "head-unknown")


# --- direct commits


def test_a_direct_commit_whose_checks_were_read_and_never_ran_is_missing_them():
    assert Direct().covered("d1").outcome("CM-06") == ("fail", "missing")


def test_a_direct_commit_with_green_checks_is_open_as_its_arrival_was_not_observed():
    direct = Direct().green("d1")
    direct.evidence["landing"] = LandingRecords()

    assert direct.outcome("CM-06") == ("unknown", "merge-time-unknown")


def test_a_direct_commit_with_checks_before_its_recorded_push_passes():
    assert Direct().green("d1").outcome("CM-06") == ("pass", "checks-passed")


def test_a_direct_commit_is_unknown_where_the_forge_was_not_read():
    direct = Direct()
    direct.evidence["github_observed"] = False

    assert direct.outcome("CM-06") == ("unknown", "not-collected")


def test_the_failing_check_decides_before_the_open_one():
    pull = replace_check(Pull(), "ci/test", conclusion="FAILURE")
    pull.coverage = []

    assert pull.outcome("CM-06") == ("fail", "not-success")


# --- the required set as of the merge


def protected(*names: str, until: int = minute(60)) -> SettingsHistory:
    """Main was protected from before the story to after it, with these required checks."""
    looks = [(subject, at) for at in (minute(-60), until) for subject in SUBJECTS]
    return SettingsHistory(
        repository="app",
        protections=(
            BranchProtection(
                repository="app",
                branch="main",
                protected=True,
                required_checks=tuple(RequiredContext(name=name) for name in names),
                entry_seq=50,
                observed_at=minute(-60),
            ),
        ),
        listings=(
            RulesetListing(repository="app", ruleset_ids=(), entry_seq=51, observed_at=minute(-60)),
        ),
        observations=tuple(
            Observation(
                repository="app",
                subject=subject,
                key="main" if subject is Subject.BRANCH_PROTECTION else "",
                at=at,
                outcome="unchanged" if at == until else "read",
            )
            for subject, at in looks
        ),
    )


SUBJECTS = (Subject.BRANCH_PROTECTION, Subject.RULESETS)


def test_a_check_that_the_branch_required_then_is_required_beside_the_policys():
    pull = Pull()
    pull.evidence["settings"] = protected("ci/test", "ci/lint")

    assert pull.outcome("CM-06") == ("fail", "missing")
    assert "ci/lint" in pull.determinations()["CM-06"].sentence


def test_the_settings_that_were_known_at_the_merge_are_told_and_cited():
    pull = Pull()
    pull.evidence["settings"] = protected("ci/test")
    told = pull.determinations()["CM-06"]

    assert told.outcome == "pass"
    assert "protection-not-observed" not in told.flags
    assert "and what the branch required then" in told.sentence
    assert {50, 51} <= set(told.entries)


def test_settings_that_may_have_changed_before_the_merge_add_nothing():
    pull = Pull()
    pull.evidence["settings"] = protected("ci/lint", until=minute(10))

    assert pull.outcome("CM-06") == ("pass", "checks-passed")
    assert "protection-not-observed" in flags(pull)


def test_what_the_branch_required_is_enough_where_the_policy_lists_nothing():
    pull = Pull()
    pull.evidence["settings"] = protected("ci/test")
    policy = replace(P0, required_checks=())

    assert pull.outcome("CM-06", policy) == ("pass", "checks-passed")


def test_a_branch_that_required_nothing_leaves_nothing_to_test_where_the_policy_lists_nothing():
    pull = Pull()
    pull.evidence["settings"] = protected()
    policy = replace(P0, required_checks=())

    assert pull.outcome("CM-06", policy) == ("unknown", "required-set-unknown")
