"""What an organisation's audit log adds: bypasses, and what held between two looks at a setting."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import ALICE, BERT, P0, minute
from settings_builder import ALWAYS, CHECKS, PULL_REQUEST, account_list, look, rules
from test_bypass_cases import given
from test_setting_cases import FULL, told

from evidence.controls.audited import SKEW, AuditTrail
from evidence.controls.rules import rules_at
from evidence.model.audit import OVERRIDE, AuditEvent
from evidence.model.protection import SettingsHistory
from evidence.model.settings import Subject

DESTROY = "protected_branch.destroy"
CHANGED = (-10.0, 20.0)


def event(action: str, at: float, **more) -> AuditEvent:
    return AuditEvent(
        **{
            "source": "forge:audit",
            "organisation": "acme",
            "event_id": f"{action} {at}",
            "repository": "app",
            "action": action,
            "at": minute(at),
            "actor": ALICE,
            "entry_seq": 90,
            **more,
        }
    )


def logged(
    settings: SettingsHistory, *events: AuditEvent, since: float = -200, until: float = 200, **more
) -> SettingsHistory:
    """The log was read from one moment to another, and told of these entries."""
    seen = look(
        Subject.AUDIT_LOG,
        until,
        "acme",
        **{
            "since": minute(since),
            "until": minute(until),
            "listed": tuple(one.event_id for one in events),
            **more,
        },
    )
    return replace(settings, audit=events, observations=(*settings.observations, seen))


def test_equal_looks_over_which_a_whole_log_is_silent_are_continuous():
    assert told(logged(rules(*FULL))) == [("pass", "protection-at-policy")]


@pytest.mark.parametrize("action", ["team.add_member", "repo.access", "issue_comment.update"])
def test_an_entry_that_changes_no_rule_of_a_branch_breaks_nothing(action):
    assert told(logged(rules(*FULL), event(action, 5))) == [("pass", "protection-at-policy")]


def test_a_log_that_was_not_read_over_all_of_the_time_covers_what_it_was_read_of():
    assert told(logged(rules(*FULL), until=20)) == [
        ("pass", "protection-at-policy"),
        ("unknown", "continuity"),
    ]


@pytest.mark.parametrize("outcome", ["not_visible", "absent of this credential"])
def test_a_log_that_was_not_shown_covers_nothing(outcome):
    settings = rules(*FULL)
    refused = look(Subject.AUDIT_LOG, 60, "acme", outcome)
    with_it = replace(settings, observations=(*settings.observations, refused))
    assert told(with_it) == told(settings) == [("unknown", "continuity")]


def test_a_log_of_which_an_entry_is_missing_covers_nothing():
    assert told(logged(rules(*FULL), listed=("gone",))) == [("unknown", "continuity")]


def test_two_logs_read_side_by_side_cover_what_either_covers_but_no_hole():
    settings = logged(rules(*FULL), until=0)
    more = look(Subject.AUDIT_LOG, 200, "acme", since=minute(1), until=minute(200))
    with_both = replace(settings, observations=(*settings.observations, more))
    assert ("unknown", "continuity") in told(with_both)


def test_what_held_between_the_first_and_the_last_change_is_not_known():
    settings = logged(rules(*FULL), *(event("repository_ruleset.update", at) for at in CHANGED))
    assert told(settings) == [
        ("pass", "protection-at-policy"),
        ("unknown", "changed-between-looks"),
        ("pass", "protection-at-policy"),
    ]
    assert rules_at(settings, "main", minute(0)).problem
    assert not rules_at(settings, "main", minute(-30)).problem


def test_one_entry_between_looks_that_saw_the_same_changed_nothing_if_the_log_is_whole():
    settings = logged(rules(*FULL), event("repository_ruleset.update", 0))
    assert {one for one, _ in told(settings)} == {"pass"}


def test_one_entry_leaves_it_open_where_the_next_one_may_not_have_been_read():
    settings = logged(rules(*FULL), event("repository_ruleset.update", 0), until=30)
    assert rules_at(settings, "main", minute(10)).problem
    assert not rules_at(settings, "main", minute(-30)).problem


def test_an_entry_about_another_ruleset_breaks_nothing():
    about = [event("repository_ruleset.update", at, target="6") for at in CHANGED]
    assert told(logged(rules(*FULL), *about)) == [("pass", "protection-at-policy")]


def test_an_entry_within_a_minute_of_a_look_may_have_come_before_or_after_it():
    trail = AuditTrail(logged(rules(*FULL), event(DESTROY, 10)))
    near = (Subject.BRANCH_PROTECTION, "main", minute(10) + SKEW // 2, minute(30))
    assert not trail.silent(*near)
    assert trail.silent(*near[:2], minute(10) + SKEW + 1, minute(30))


def test_after_a_transfer_the_log_says_nothing_more_of_the_repository():
    settings = logged(rules(*FULL), event("repo.transfer", 10))
    assert told(settings)[-1] == ("unknown", "continuity")


def test_access_that_was_changed_between_two_equal_looks_is_not_known():
    policy = replace(
        P0,
        access_approved=frozenset({ALICE.key, BERT.key}),
        access_reviews=(minute(-100),),
    )
    settings = account_list(ALICE, BERT, until=60, complete=True, permission="push")
    assert told(settings, policy, control="CM-18") == [("pass", "access-approved")]

    changes = [event("repo.add_member", -10), event("repo.remove_member", 10)]
    assert told(logged(settings, *changes), policy, control="CM-18") == [
        ("pass", "access-approved"),
        ("unknown", "access-not-known"),
        ("pass", "access-approved"),
    ]


# --- bypasses


def overridden(settings: SettingsHistory, **more) -> SettingsHistory:
    codes = ("required_status_checks",)
    found = {"ref": "refs/heads/main", "after_sha": "m1", "codes": codes, **more}
    return logged(settings, event(OVERRIDE, 0, **found))


def test_an_override_of_the_log_is_a_bypass_that_names_who_when_and_which_rule():
    found = given(
        settings=overridden(rules(PULL_REQUEST, CHECKS, bypass=(ALWAYS,)))
    ).determinations()["CM-08"]
    assert (found.outcome.value, found.reason) == ("fail", "rules-bypassed")
    assert "audit log tells that" in found.sentence
    assert "required_status_checks" in found.sentence
    assert 90 in found.entries


@pytest.mark.parametrize("more", [{"ref": "refs/heads/next"}, {"after_sha": "other"}])
def test_an_override_of_another_branch_or_push_says_nothing(more):
    found = given(settings=overridden(rules(PULL_REQUEST, CHECKS), **more)).determinations()[
        "CM-08"
    ]
    assert found.reason == "rules-deduced"


def test_an_entry_that_the_log_named_and_that_is_gone_leaves_it_open():
    settings = logged(rules(PULL_REQUEST, CHECKS), listed=("gone",))
    found = given(settings=settings).determinations()["CM-08"]
    assert (found.outcome.value, found.reason) == ("unknown", "audit-entry-missing")


def test_rules_that_were_changed_around_the_merge_are_not_known():
    changes = [event("repository_ruleset.update", at) for at in (20, 40)]
    found = given(settings=logged(rules(PULL_REQUEST, CHECKS), *changes)).determinations()["CM-08"]
    assert (found.outcome.value, found.reason) == ("unknown", "rules-unknown")
