"""CM-09 and CM-18 on records: intervals of settings, without a hole from begin to end."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from chain_builder import ALICE, BERT, P0, minute
from hypothesis import given as each
from hypothesis import strategies as st
from settings_builder import ALWAYS, CHECKS, PULL_REQUEST, account_list, look, rules

from evidence.controls.evaluate import evaluate_settings
from evidence.in_scope import Repository
from evidence.model.activity import RepositoryActivity
from evidence.model.policy_result import Binding, PolicyResult
from evidence.model.policy_result import Subject as Examined
from evidence.model.protection import SettingsHistory
from evidence.model.settings import (
    CodeownersError,
    CodeownersErrors,
    Rule,
    RulesetVersion,
    Subject,
)
from evidence.policy import Automation, ControlScope

APP = Repository(id="app", forge="forge")
FULL = (
    PULL_REQUEST,
    replace(
        CHECKS,
        required_checks=(
            *CHECKS.required_checks,
            replace(CHECKS.required_checks[0], name="scan/trivy"),
        ),
    ),
    Rule(type="non_fast_forward"),
)
BEGIN, END = minute(-60), minute(60)
MINUTE = minute(1) - minute(0)


def told(settings: SettingsHistory, policy=P0, begin=BEGIN, end=END, control="CM-09"):
    """(outcome, reason) of each interval, in order."""
    return [
        (one.determination.outcome.value, one.determination.reason)
        for one in intervals(settings, policy, begin, end, control)
    ]


def intervals(settings: SettingsHistory, policy=P0, begin=BEGIN, end=END, control="CM-09"):
    found = evaluate_settings(settings, APP, policy, begin, end)
    return [one for one in found if one.determination.control == control]


def with_history(settings: SettingsHistory, *versions: tuple[float, dict]) -> SettingsHistory:
    """The ruleset's own history, read whole from before the begin to after the end."""
    base = settings.rulesets[0]
    rows = tuple(
        RulesetVersion(
            repository="app",
            ruleset_id="5",
            version_id=str(number),
            actor=ALICE,
            updated_at=minute(at),
            state_read=True,
            **{
                "enforcement": "active",
                "include": base.include,
                "rules": FULL,
                "bypass_actors": (),
                **more,
            },
        )
        for number, (at, more) in enumerate(versions, start=1)
    )
    window = look(Subject.RULESET_HISTORY, 90, "5", since=minute(-200), until=minute(90))
    return replace(settings, ruleset_versions=rows, observations=(*settings.observations, window))


def test_a_history_without_a_hole_shows_protection_throughout():
    assert told(with_history(rules(*FULL), (-120, {}))) == [("pass", "protection-at-policy")]


def test_e06_equal_looks_that_nothing_connects_leave_it_open():
    assert told(rules(*FULL)) == [("unknown", "continuity")]


def test_a_rulesets_own_history_shows_it_before_anybody_looked():
    settings = with_history(rules(*FULL), (-120, {}))
    assert told(settings, begin=minute(-110)) == [("pass", "protection-at-policy")]


def test_before_the_rulesets_own_history_begins_nothing_is_known():
    settings = with_history(rules(*FULL), (-120, {}))
    assert told(settings, begin=minute(-180)) == [
        ("unknown", "continuity"),
        ("pass", "protection-at-policy"),
    ]


def test_too_little_before_anybody_looked_may_not_have_been_all():
    settings = with_history(rules(*FULL), (-120, {"enforcement": "disabled"}), (-70, {}))
    assert told(settings, begin=minute(-110)) == [
        ("unknown", "continuity"),
        ("pass", "protection-at-policy"),
    ]


def moved(kind: str, at: float, branch: str = "main") -> RepositoryActivity:
    return RepositoryActivity(
        repository="app",
        activity_id=f"{kind} {at}",
        kind=kind,
        ref=f"refs/heads/{branch}",
        before_sha="0" * 40,
        after_sha="0" * 40,
        at=minute(at),
        actor=ALICE,
        entry_seq=77,
    )


def living(*moves: RepositoryActivity, first: float | None = None) -> SettingsHistory:
    """Protection throughout, of a branch that was made and deleted as given."""
    settings = with_history(rules(*FULL), (-120, {}))
    deployed = 0 if first is None else minute(first)
    return replace(settings, movements=moves, deployed_from=deployed)


def spans(settings: SettingsHistory) -> list[tuple[str, int, int]]:
    """(reason, begin, end) of each interval, in minutes."""
    start = minute(0)
    return [
        (one.determination.reason, (one.begin - start) // MINUTE, (one.end - start) // MINUTE)
        for one in intervals(settings)
    ]


def test_e11_a_branch_is_judged_while_it_was_there():
    settings = living(moved("branch_creation", -90), moved("branch_deletion", 15))
    assert spans(settings) == [
        ("protection-at-policy", -60, 15),
        ("branch-not-there", 15, 60),
    ]
    again = living(moved("branch_deletion", -20), moved("branch_creation", 15))
    assert spans(again) == [
        ("protection-at-policy", -60, -20),
        ("branch-not-there", -20, 15),
        ("protection-at-policy", 15, 60),
    ]


def test_g13_a_new_repository_is_judged_from_its_first_production_deployment():
    settings = living(moved("branch_creation", -30), first=20)
    assert spans(settings) == [
        ("branch-not-there", -60, -30),
        ("not-in-production-yet", -30, 20),
        ("protection-at-policy", 20, 60),
    ]


@pytest.mark.parametrize(
    ("moves", "first"),
    [
        (
            [moved("branch_creation", -30)],
            None,
        ),  # that none was seen does not say that there is none
        ([moved("branch_creation", -30)], -50),
        ([moved("branch_deletion", -40), moved("branch_creation", -30)], 20),
        ([moved("branch_creation", -90)], 20),
        ([], 20),
    ],
)
def test_an_older_repository_is_judged_throughout(moves, first):
    reasons = {reason for reason, *_ in spans(living(*moves, first=first))}
    assert "not-in-production-yet" not in reasons


def renamed(*moves: RepositoryActivity) -> SettingsHistory:
    """The rules speak of the default branch, which the second look calls main."""
    settings = living(*moves)
    first = replace(settings.listings[0], default_branch="master")
    second = replace(first, default_branch="main", observed_at=minute(60), entry_seq=43)
    seen = tuple(one for one in settings.observations if one.subject != Subject.RULESETS)
    return replace(settings, listings=(first, second), observations=seen)


def test_e11_what_the_default_branch_was_follows_from_when_it_was_renamed():
    moves = (moved("branch_deletion", 15, "master"), moved("branch_creation", 15))
    assert spans(renamed(*moves)) == [
        ("branch-not-there", -60, 15),
        ("protection-at-policy", 15, 60),
    ]


def test_a_default_branch_that_changed_without_a_record_of_when_leaves_it_open():
    assert ("continuity", -60, 60) in spans(renamed(moved("branch_creation", -90)))


def test_settings_that_were_never_read_leave_it_open():
    assert told(SettingsHistory()) == [("unknown", "settings-not-read")]


def test_e05_a_window_without_protection_is_listed_by_itself():
    off = {"enforcement": "disabled"}
    found = intervals(with_history(rules(*FULL), (-120, {}), (10, off), (20, {})))
    assert [one.determination.reason for one in found] == [
        "protection-at-policy",
        "protection-below-policy",
        "protection-at-policy",
    ]
    assert (found[1].begin, found[1].end) == (minute(10), minute(20))


def test_e07_a_ruleset_that_only_reports_is_below_the_policy():
    settings = with_history(
        rules(*FULL, enforcement="evaluate"), (-120, {"enforcement": "evaluate"})
    )
    (one,) = intervals(settings)
    assert one.determination.reason == "protection-below-policy"
    assert "only reported" in one.determination.sentence


def test_e08_a_bypass_list_is_below_the_policy_although_nobody_used_it():
    settings = with_history(rules(*FULL), (-120, {"bypass_actors": (ALWAYS,)}))
    assert told(settings) == [("fail", "protection-below-policy")]


def test_registered_automation_on_the_bypass_list_is_set_aside():
    policy = replace(P0, automations=(Automation(id="bot", accounts=(ALWAYS.key,)),))
    settings = with_history(rules(*FULL), (-120, {"bypass_actors": (ALWAYS,)}))
    assert told(settings, policy) == [("pass", "protection-at-policy")]


def test_e17_a_bypass_list_that_is_not_visible_is_not_an_empty_one():
    settings = with_history(rules(*FULL, bypass=None), (-120, {"bypass_actors": None}))
    assert told(settings) == [("unknown", "bypass-list-not-visible")]


def test_a_list_that_an_administrator_supplied_for_that_very_version_is_used():
    settings = with_history(rules(*FULL, bypass=None), (-120, {"bypass_actors": None}))
    supplied = replace(
        settings.rulesets[0], origin="administrator", updated_at=minute(-120), bypass_actors=()
    )
    settings = replace(settings, rulesets=(*settings.rulesets, supplied))
    assert told(settings) == [("pass", "protection-at-policy")]


@pytest.mark.parametrize(
    ("policy", "kept", "words"),
    [
        (replace(P0, approvals_required=2), FULL, "1 of 2 approvals were required"),
        (P0, FULL[1:], "no pull request was required"),
        (P0, (FULL[0], FULL[2]), "the checks ci/test and scan/trivy were not required"),
        (P0, FULL[:2], "history could be rewritten"),
        (replace(P0, require_up_to_date=True), FULL, "the head need not be up to date"),
    ],
)
def test_each_demand_of_the_policy_that_the_branch_lacks_is_named(policy, kept, words):
    (one,) = intervals(with_history(rules(*kept), (-120, {"rules": kept})), policy)
    assert one.determination.reason == "protection-below-policy"
    assert words in one.determination.sentence


def test_c27_errors_in_codeowners_are_below_the_policy():
    settings = with_history(rules(*FULL), (-120, {}))
    errors = CodeownersErrors(
        repository="app",
        branch="main",
        exists=True,
        errors=(CodeownersError(line=3, kind="Unknown owner", path="CODEOWNERS"),),
        observed_at=BEGIN,
    )
    looks = tuple(look(Subject.CODEOWNERS, at, "main", "unchanged") for at in (-60, 60))
    settings = replace(
        settings, codeowners=(errors,), observations=(*settings.observations, *looks)
    )
    assert told(settings) == [("fail", "protection-below-policy")]


def test_one_look_at_too_little_protection_is_a_deviation_between_what_is_unknown():
    on = rules(*FULL)
    weak = replace(on.rulesets[0], enforcement="disabled", observed_at=minute(5), entry_seq=50)
    again = replace(on.rulesets[0], observed_at=minute(10), entry_seq=51)
    seen = tuple(look(Subject.RULESET, at, "5") for at in (5, 10))
    settings = replace(
        on, rulesets=(*on.rulesets, weak, again), observations=(*on.observations, *seen)
    )
    found = intervals(settings)
    bad = [one for one in found if one.determination.reason == "protection-below-policy"]
    assert [(one.begin, one.end) for one in bad] == [(minute(5), minute(5))]
    assert {one.determination.reason for one in found} == {"continuity", "protection-below-policy"}


@each(
    st.lists(
        st.tuples(st.integers(-50, 50), st.sampled_from(["active", "disabled", "evaluate"])),
        max_size=6,
        unique_by=lambda one: one[0],
    )
)
def test_intervals_cover_the_whole_time_in_order(changes):
    versions = [(-120, {}), *((at, {"enforcement": how}) for at, how in sorted(changes))]
    spans = [
        (one.begin, one.end)
        for one in intervals(with_history(rules(*FULL), *versions))
        if one.begin != one.end
    ]
    assert spans[0][0] == BEGIN
    assert spans[-1][1] == END
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_a_control_out_of_scope_has_no_interval():
    policy = replace(P0, controls=(ControlScope(id="CM-09", in_scope=False),))
    assert told(SettingsHistory(), policy) == []


# --- CM-18


APPROVED = replace(P0, access_approved=(ALICE.key,), access_reviews=(minute(-100),))


def access(*people, until: float = 60, complete: bool = True, permission: str = "push"):
    return account_list(*people, until=until, complete=complete, permission=permission)


def test_approved_holders_with_a_review_in_time_pass():
    assert told(access(ALICE), APPROVED, control="CM-18") == [("pass", "access-approved")]


def test_a_holder_who_is_not_on_the_list_is_a_deviation():
    found = told(access(ALICE, BERT), APPROVED, control="CM-18")
    assert found == [("fail", "holder-not-approved")]


def test_who_can_only_read_needs_no_approval():
    found = told(access(BERT, permission="pull"), APPROVED, control="CM-18")
    assert found == [("pass", "access-approved")]


def test_a_shared_account_is_a_deviation_even_on_the_list():
    policy = replace(APPROVED, shared_accounts=(ALICE.key,))
    assert told(access(ALICE), policy, control="CM-18") == [("fail", "shared-account")]


def test_without_a_declared_list_nothing_is_decided():
    assert told(access(ALICE), control="CM-18") == [("unknown", "no-approved-list")]


def test_a_list_that_was_cut_is_not_known_whole():
    found = told(access(ALICE, complete=False), APPROVED, control="CM-18")
    assert found == [("unknown", "access-not-known")]


def test_a_review_that_is_too_old_is_a_deviation_from_the_day_it_became_so():
    policy = replace(APPROVED, access_review_limit=100 * 60_000_000)
    found = intervals(access(ALICE), policy, control="CM-18")
    assert [(one.determination.reason, one.begin, one.end) for one in found] == [
        ("access-approved", BEGIN, minute(0)),
        ("access-not-reviewed", minute(0), END),
    ]


def test_without_a_declared_review_it_is_open():
    policy = replace(APPROVED, access_reviews=())
    assert told(access(ALICE), policy, control="CM-18") == [("unknown", "access-review-unknown")]


def reported(at: float, **more) -> PolicyResult:
    fields = {
        "source": "ci",
        "scan_id": f"{at}",
        "tool": "kyverno",
        "subject_kind": Examined.COMMIT,
        "subject": "m1",
        "binding": Binding.ASSERTED,
        "scanned_at": minute(at),
        "enforcement": "audit",
        "entry_seq": 90,
        "observed_at": minute(500),
    }
    return PolicyResult(**{**fields, **more})


def off_for_a_while() -> SettingsHistory:
    off = {"enforcement": "disabled"}
    return with_history(rules(*FULL), (-120, {}), (10, off), (20, {}))


def test_d24_a_policy_engine_that_only_reported_is_noted_on_the_time_in_which_it_did():
    plain = off_for_a_while()
    settings = replace(plain, reporting=(reported(15),))
    found = [one.determination for one in intervals(settings)]
    assert [(), ("not enforcing",), ()] == [one.flags for one in found]
    assert 90 in found[1].entries
    assert told(settings) == told(plain)


def test_the_note_is_one_on_protection_and_not_on_access():
    settings = replace(off_for_a_while(), reporting=(reported(15),))
    assert not any(one.determination.flags for one in intervals(settings, control="CM-18"))
