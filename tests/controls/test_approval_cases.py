"""Cases of families A to C about approval, content and duties, on records."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ACTIONS,
    AGENT,
    ALICE,
    ALICE_TWO,
    BERT,
    CORA,
    DEPENDABOT,
    DORA,
    GHOST,
    P0,
    READ,
    ROBOT,
    SERVICE,
    SYNC,
    Direct,
    Pull,
    email,
    minute,
    person,
)

from evidence.model.activity import RepositoryActivity
from evidence.model.actor import Actor, ActorType
from evidence.model.change import MergeMethod
from evidence.model.git import QuestionKind
from evidence.model.protection import LandingRecords
from evidence.policy import Automation

EXACT = replace(P0, profile="P-exact", approval_currency="exact")
TIME = replace(P0, profile="P-time", approval_currency="time")
STRICT = replace(
    P0,
    profile="P-strict",
    approval_currency="exact",
    suggester_contributes=True,
    require_mapped_approvers=False,
    require_up_to_date=True,
    forbidden_pairs=(
        ("contributor", "deployer"),
        ("contributor", "merger"),
        ("contributor", "dismisser"),
    ),
)
FOUR_ROLES = replace(
    P0,
    profile="P-4role",
    forbidden_pairs=(
        ("author", "approver"),
        ("author", "merger"),
        ("author", "deployer"),
        ("approver", "merger"),
        ("approver", "deployer"),
        ("merger", "deployer"),
    ),
)


# --- A. merge methods


def test_a01_an_approved_green_merged_deployed_pull_request_passes_every_control():
    pull = Pull()
    pull.changes = {"merge_method": MergeMethod.MERGE}

    found = pull.determinations()

    lanes = {found.pop(control).outcome.value for control in ("CM-07", "CM-12", "CM-17")}
    assert lanes == {"not_applicable"}
    assert {one.outcome.value for one in found.values()} == {"pass"}


def test_a02_a_squash_commit_that_is_the_clean_merge_passes():
    assert Pull().outcome("CM-04") == ("pass", "current")


def test_a03_content_added_while_squashing_is_a_deviation():
    pull = Pull().answer(QuestionKind.TREE, "m1", value="other")
    pull.answer(QuestionKind.RANGE_DIFF, "t1", "other", value={"digest": "x", "paths": ["src/x"]})

    assert pull.outcome("CM-04") == ("fail", "content-added-at-merge")
    assert pull.outcome("CM-03") == ("pass", "approved")


def test_a_merge_with_a_conflict_is_not_reproducible():
    pull = Pull()
    conflicted = {"trees": [], "conflicted": ["src/basket.py"], "both_changed": []}
    pull.answer(QuestionKind.MERGE_TREE, "b0", "c1", value=conflicted)
    pull.answer(QuestionKind.RANGE_DIFF, "t1", "t1", value={"digest": "x", "paths": []})

    assert pull.outcome("CM-04") == ("unknown", "merge-not-reproducible")


def test_an_unread_landed_tree_leaves_the_content_open():
    pull = Pull()
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.TREE}

    assert pull.outcome("CM-04") == ("unknown", "merge-content-not-read")


def test_a04_a_rebase_merge_of_three_commits_passes():
    pull = Pull(bare=True).push("c1").push("c2").push("c3")
    pull.landed = ("n1", "n2", "n3")
    pull.changes = {"merge_method": MergeMethod.REBASE}
    pull.approve(BERT).green().ticket().merge_equal().deploy("n3")
    brought = {"digest": "d", "paths": ["src/basket.py"]}
    pull.answer(QuestionKind.RANGE_DIFF, "b0", "n3", value=brought)

    found = pull.determinations()

    lanes = {found.pop(control).outcome.value for control in ("CM-07", "CM-12", "CM-17")}
    assert lanes == {"not_applicable"}
    assert {one.outcome.value for one in found.values()} == {"pass"}


def test_a09_auto_merge_enabled_by_the_author_is_not_approving():
    pull = Pull().event("AutoMergeEnabled", 5, ALICE)
    pull.record = {"auto_merge_by": ALICE}

    assert pull.outcome("CM-03") == ("pass", "approved")
    assert pull.outcome("CM-05") == ("pass", "independent-approval")


def test_a11_a_direct_commit_that_calls_itself_a_merge_has_no_pull_request():
    direct = Direct("Merge pull request #42 from acme/basket")

    assert direct.outcome("CM-03") == ("fail", "no-pull-request")
    assert direct.outcome("CM-04") == ("not_applicable", "no-approval")


def test_a12_an_empty_direct_commit_still_went_past_review():
    direct = Direct().answer(QuestionKind.CHANGED_PATHS, "d1", value=[])

    assert direct.outcome("CM-03") == ("fail", "no-pull-request")


def test_a_direct_commit_is_unknown_where_the_forge_was_not_read():
    direct = Direct()
    direct.evidence["github_observed"] = False

    outcomes = {c: d.outcome.value for c, d in direct.determinations().items()}

    assert outcomes["CM-03"] == outcomes["CM-04"] == outcomes["CM-05"] == "unknown"
    assert direct.outcome("CM-03") == ("unknown", "not-collected")


def test_a_direct_commit_is_unknown_where_the_forge_was_not_asked_about_it():
    direct = Direct()
    direct.changes["flags"] = ("association_not_observed",)

    assert direct.outcome("CM-03") == ("unknown", "not-collected")


def test_a_direct_commit_for_which_the_forge_lists_a_pull_request_is_a_contradiction():
    direct = Direct()
    direct.changes["flags"] = ("associated_pull_request",)

    assert direct.outcome("CM-03") == ("unknown", "contradiction")


def test_h09_a_commit_from_outside_the_production_branches_is_said_to_be_from_there():
    direct = Direct()
    direct.changes |= {"flags": ("association_not_observed",), "branch": ""}

    for control in ("CM-03", "CM-04", "CM-05"):
        assert "outside every production branch" in direct.determinations()[control].sentence


def unrecorded() -> Direct:
    direct = Direct()
    direct.evidence["landing"] = LandingRecords()
    return direct


def pushed(actor: Actor | None, kind: str = "push") -> Direct:
    direct = Direct()
    move = RepositoryActivity(
        repository="app",
        activity_id="1",
        kind=kind,
        ref="refs/heads/main",
        before_sha="b0",
        after_sha=direct.landed[-1],
        at=minute(30),
        actor=actor,
    )
    direct.evidence["landing"] = LandingRecords(activity=(move,))
    return direct


def test_who_pushed_a_direct_commit_is_not_known_without_a_record_of_the_push():
    assert unrecorded().outcome("CM-05") == ("unknown", "pusher-unknown")


def test_who_pushed_a_direct_commit_of_their_own_acted_alone():
    assert pushed(ALICE).outcome("CM-05") == ("fail", "unilateral")


def test_who_pushed_a_direct_commit_of_another_contributed_and_acted_alone():
    assert pushed(BERT).outcome("CM-05") == ("fail", "unilateral")


def test_a_push_without_an_account_leaves_open_who_it_was():
    assert pushed(None).outcome("CM-05") == ("unknown", "pusher-unknown")


def test_a_push_of_another_branch_says_nothing_of_who_pushed_to_this_one():
    direct = pushed(ALICE)
    records = direct.evidence["landing"]
    elsewhere = replace(records.activity[0], ref="refs/heads/other")
    direct.evidence["landing"] = LandingRecords(activity=(elsewhere,))

    assert direct.outcome("CM-05") == ("unknown", "pusher-unknown")


# --- B. currency of approvals


def stale() -> Pull:
    pull = Pull(bare=True).push("c1").approve(BERT).push("c2").green().ticket().merge_equal()
    return pull.net_diff("c1", "one").net_diff("c2", "two")


def test_b01_code_pushed_after_the_approval_makes_it_stale():
    assert stale().outcome("CM-03") == ("pass", "approved")
    assert stale().outcome("CM-04") == ("fail", "stale-approval")


def test_b02_a_second_approval_of_the_new_head_is_current():
    assert stale().approve(BERT, 25, sha="c2").outcome("CM-04") == ("pass", "current")


def updated(digest: str = "one", shared: tuple[str, ...] = ()) -> Pull:
    """Approved at c1; `Update branch` merged the base b1 into it."""
    pull = Pull(bare=True).push("c1").approve(BERT).push("c2", parents=("c1", "b1"), web=True)
    pull.green().ticket().merge_equal()
    pull.net_diff("c1", "one", base="b-old").net_diff("c2", digest, base="b0")
    return pull.answer(
        QuestionKind.RANGE_DIFF, "b-old", "b0", value={"digest": "d", "paths": list(shared)}
    )


def test_b03_a_clean_update_from_the_base_is_content_equivalent():
    one = updated().determinations()["CM-04"]

    assert (one.outcome.value, one.reason) == ("pass", "current")
    assert "content-equivalent" in one.flags


def test_b03_the_exact_profile_calls_an_update_stale():
    assert updated().outcome("CM-04", EXACT) == ("fail", "stale-approval")


def test_b04_an_update_with_a_resolved_conflict_is_stale():
    assert updated("two").outcome("CM-04") == ("fail", "stale-approval")


def test_an_update_whose_base_touched_the_same_files_is_stale():
    assert updated(shared=("src/basket.py",)).outcome("CM-04") == ("fail", "stale-approval")


def rebound(digest: str, *, seen_before: bool = False) -> Pull:
    """Approved at c1, force-pushed to n1 at minute 25; the review names n1 since."""
    pull = Pull(bare=True).push("c1").push("n1", parents=("b0",)).pushed_away("c1")
    if seen_before:
        pull.approve(BERT, 20, sha="c1", review_id="r1", entry=5, read=minute(21))
    pull.approve(BERT, 20, sha="n1", review_id="r1").green().ticket().merge_equal()
    pull.force_push("c1", "n1", 25)
    return pull.net_diff("c1", "one").net_diff("n1", digest)


@pytest.mark.parametrize("seen_before", [False, True])
def test_b05_a_rebound_approval_of_the_same_patch_is_content_equivalent(seen_before):
    one = rebound("one", seen_before=seen_before).determinations()["CM-04"]

    assert (one.outcome.value, one.reason) == ("pass", "current")
    assert "rebound" in one.flags


@pytest.mark.parametrize("seen_before", [False, True])
def test_b05_the_exact_profile_does_not_trust_a_rebound_commit(seen_before):
    one = rebound("one", seen_before=seen_before)

    assert one.outcome("CM-04", EXACT) == ("fail", "stale-approval")


@pytest.mark.parametrize("seen_before", [False, True])
def test_b06_a_rebound_approval_of_other_content_is_stale(seen_before):
    one = rebound("two", seen_before=seen_before).determinations()["CM-04"]

    assert (one.outcome.value, one.reason) == ("fail", "stale-approval")
    assert "rebound" in one.flags


def test_a_rebound_commit_inside_the_new_history_is_not_trusted_either():
    pull = Pull(bare=True).push("c1").push("n1", parents=("b0",)).push("n2").pushed_away("c1")
    pull.approve(BERT, 20, sha="n1").green().ticket().merge_equal().force_push("c1", "n2", 25)
    pull.net_diff("c1", "one").net_diff("n1", "two").net_diff("n2", "two")

    assert pull.outcome("CM-04") == ("fail", "stale-approval")


def test_b07_a_push_in_the_second_of_the_approval_is_decided_by_the_commit():
    same = Pull(bare=True).push("c1").push("c2").green().ticket().merge_equal()
    same.net_diff("c1", "one").net_diff("c2", "two")

    assert same.approve(BERT, 20, sha="c2").outcome("CM-04") == ("pass", "current")
    same.reviews = []
    assert same.approve(BERT, 20, sha="c1").outcome("CM-04") == ("fail", "stale-approval")
    same.reviews = []
    assert same.approve(BERT, 20, sha="").outcome("CM-04") == (
        "unknown",
        "approved-commit-unknown",
    )


def test_b08_an_approval_without_a_commit_is_open_unless_one_was_stored_before():
    pull = Pull()
    pull.reviews = []
    pull.approve(BERT, sha="", review_id="r1")

    assert pull.outcome("CM-04") == ("unknown", "approved-commit-unknown")
    assert pull.outcome("CM-04", EXACT) == ("unknown", "approved-commit-unknown")
    pull.approve(BERT, sha="c1", review_id="r1", entry=5, read=minute(21))
    assert pull.outcome("CM-04") == ("pass", "current")


def test_b09_an_objection_that_the_author_dismissed_is_flagged():
    pull = Pull(bare=True).push("c1").review(CORA, "CHANGES_REQUESTED", 10)
    pull.dismiss("r1", 15, ALICE, was="CHANGES_REQUESTED")
    pull.approve(BERT).green().ticket().merge_equal()

    one = pull.determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("pass", "approved")
    assert "objection-dismissed-by-contributor" in one.flags
    assert pull.outcome("CM-05", STRICT) == ("fail", "forbidden-pair")


def test_b10_an_approval_dismissed_after_the_merge_counted_at_the_merge():
    pull = Pull().dismiss("r1", 40)

    one = pull.determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("pass", "approved")
    assert "dismissed-after-merge" in one.flags


def test_an_approval_dismissed_before_the_merge_does_not_count():
    assert Pull().dismiss("r1", 25).outcome("CM-03") == ("fail", "dismissed-approval")


def test_a_dismissal_does_not_revive_an_older_approval():
    pull = Pull().approve(BERT, 22).dismiss("r2", 25)

    assert pull.outcome("CM-03") == ("fail", "dismissed-approval")


def test_a_dismissal_of_an_older_approval_leaves_the_newer_one():
    pull = Pull().approve(BERT, 22).dismiss("r1", 25)

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_a_dismissed_review_whose_event_is_lost_is_open():
    pull = Pull()
    pull.reviews = [replace(one, state="DISMISSED") for one in pull.reviews]

    assert pull.outcome("CM-03") == ("unknown", "review-state-unknown")


def test_a_dismissal_without_an_event_leaves_an_approval_that_was_seen_open():
    pull = Pull().approve(BERT, review_id="r1", entry=5, read=minute(21))
    pull.reviews[0] = replace(pull.reviews[0], state="DISMISSED")

    assert pull.outcome("CM-03") == ("unknown", "review-state-unknown")


def test_b11_a_review_after_the_merge_is_too_late():
    pull = Pull()
    pull.reviews = []

    assert pull.approve(BERT, 31).outcome("CM-03") == ("fail", "late-approval")


def test_a_review_in_the_second_of_the_merge_is_open():
    pull = Pull()
    pull.reviews = []

    assert pull.approve(BERT, 30).outcome("CM-03") == ("unknown", "order-unknown")


def test_the_timeline_decides_before_where_it_lists_the_review():
    pull = Pull().event("PullRequestReview", 30 - 1e-9, subject="r1")
    pull.reviews = [replace(one, submitted_at=minute(30)) for one in pull.reviews]

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_b12_a_comment_is_no_approval_unless_the_policy_says_so():
    pull = Pull()
    pull.reviews = []
    pull.review(BERT, "COMMENTED", body="LGTM!")

    one = pull.determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("fail", "no-approval")
    assert "approval-in-comment" in one.flags
    assert pull.outcome("CM-03", replace(P0, comment_approval=True)) == ("pass", "approved")


def test_b12_an_edited_comment_is_no_approval():
    pull = Pull()
    pull.reviews = []
    pull.review(BERT, "COMMENTED", body="LGTM", edited=22)

    assert pull.outcome("CM-03", replace(P0, comment_approval=True)) == ("fail", "no-approval")


def test_b12_a_comment_that_says_more_is_no_approval():
    pull = Pull()
    pull.reviews = []
    pull.review(BERT, "COMMENTED", body="not LGTM")

    assert pull.outcome("CM-03", replace(P0, comment_approval=True)) == ("fail", "no-approval")


def test_b14_a_title_edited_after_approval_is_noted():
    pull = Pull().event("RenamedTitle", 25, previous="Basket", current="Show the basket")

    one = pull.determinations()["CM-02"]

    assert one.outcome.value == "pass"
    assert "title-edited" in one.flags


def formatted(robot: Automation | None, *, web: bool = True, path: str = "app/x.lock") -> Pull:
    """Approved at c1; a bot's commit follows."""
    pull = Pull(bare=True).push("c1").approve(BERT)
    pull.push("c2", DEPENDABOT if robot else AGENT, web=web).green().ticket().merge_equal()
    pull.net_diff("c1", "one").net_diff("c2", "two")
    return pull.answer(QuestionKind.CHANGED_PATHS, "c2", value=[path])


IGNORED = replace(ROBOT, ignore_commits=True)


def test_b15_a_registered_path_limited_bot_commit_leaves_the_approval_current():
    one = formatted(ROBOT).determinations(replace(P0, automations=(IGNORED,)))["CM-04"]

    assert (one.outcome.value, one.reason) == ("pass", "current")
    assert "automation-after-approval" in one.flags


def test_b15_a_bot_that_is_not_to_be_ignored_makes_it_stale():
    assert formatted(ROBOT).outcome("CM-04", replace(P0, automations=(ROBOT,))) == (
        "fail",
        "stale-approval",
    )


def test_b15_a_bot_outside_its_paths_makes_it_stale():
    pull = formatted(ROBOT, path="src/basket.py")

    assert pull.outcome("CM-04", replace(P0, automations=(IGNORED,))) == ("fail", "stale-approval")


def test_b15_a_bot_whose_files_were_not_read_leaves_it_open():
    pull = formatted(ROBOT)
    pull.answers.popitem()

    assert pull.outcome("CM-04", replace(P0, automations=(IGNORED,))) == (
        "unknown",
        "content-not-read",
    )


def test_b15_a_commit_with_only_the_name_of_a_bot_leaves_it_open():
    pull = formatted(ROBOT, web=False)

    found = pull.determinations(replace(P0, automations=(IGNORED,)))

    assert (found["CM-03"].outcome.value, found["CM-03"].reason) == (
        "unknown",
        "automation-unverified",
    )
    assert found["CM-04"].outcome.value == "unknown"


def test_b15_after_an_approved_pull_request_of_the_bot_an_unsigned_commit_stays_open():
    pull = Pull(author=DEPENDABOT, bare=True).push("c1", DEPENDABOT).approve(BERT)
    pull.push("c2", DEPENDABOT).green().ticket().merge_equal()
    pull.net_diff("c1", "one").net_diff("c2", "two")
    pull.answer(QuestionKind.CHANGED_PATHS, "c2", value=["app/x.lock"])

    assert pull.outcome("CM-04", replace(P0, automations=(IGNORED,))) == (
        "unknown",
        "automation-unverified",
    )


def test_a_change_of_base_after_the_approval_leaves_it_open():
    pull = Pull().event("BaseRefChanged", 25, previous="develop", current="main")

    assert pull.outcome("CM-04") == ("unknown", "base-changed")


def test_an_approval_after_the_change_of_base_is_current():
    pull = Pull().event("BaseRefChanged", 5, previous="develop", current="main")

    assert pull.outcome("CM-04") == ("pass", "current")


def test_an_unread_comparison_leaves_the_currency_open():
    pull = Pull(bare=True).push("c1").approve(BERT).push("c2").green().merge_equal()

    assert pull.outcome("CM-04") == ("unknown", "content-not-read")


def test_an_unknown_head_leaves_the_currency_open():
    pull = Pull()
    pull.changes = {"head_sha": ""}
    pull.record = {"head_sha": ""}

    assert pull.outcome("CM-04")[0] == "unknown"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (27, ("pass", "current")),
        (20, ("fail", "stale-approval")),
        (25, ("unknown", "push-time-unknown")),
    ],
)
def test_the_time_profile_asks_for_an_approval_after_the_last_push(at, expected):
    pull = Pull(bare=True).push("c1").push("n1", parents=("b0",)).pushed_away("c1")
    pull.approve(BERT, at, sha="c1").green().ticket().merge_equal().force_push("c1", "n1", 25)

    assert pull.outcome("CM-04", TIME) == expected


def test_the_time_profile_accepts_an_approval_of_the_head_without_a_push_time():
    assert Pull().outcome("CM-04", TIME) == ("pass", "current")


def test_the_time_profile_is_open_where_no_push_time_is_known():
    assert stale().outcome("CM-04", TIME) == ("unknown", "push-time-unknown")


# --- C. identity and duties


def test_c01_a_merge_by_the_author_without_review_fails_both_controls():
    pull = Pull()
    pull.reviews = []

    assert pull.outcome("CM-03") == ("fail", "no-approval")
    assert pull.outcome("CM-04") == ("not_applicable", "no-approval")
    assert pull.outcome("CM-05") == ("fail", "unilateral")


def test_c02_the_author_of_the_commits_cannot_approve_them():
    pull = Pull(bare=True).push("c1", BERT).approve(BERT).green().ticket().merge_equal()

    assert pull.outcome("CM-03") == ("fail", "self-approval")
    assert pull.outcome("CM-05") == ("fail", "unilateral")


def test_c03_one_independent_approval_is_enough():
    pull = Pull(bare=True).push("c1").push("c2", BERT).approve(BERT).approve(CORA, 22)
    pull.green().ticket().merge_equal()

    assert pull.outcome("CM-03") == ("pass", "approved")


def suggested() -> Pull:
    pull = Pull(bare=True).push("c1")
    pull.push("c2", ALICE, web=True, message=f"Apply\n\nCo-authored-by: bert <{email(BERT)}>")
    return pull.approve(BERT).green().ticket().merge_equal()


def test_c04_a_suggestion_that_the_author_applied_does_not_bar_its_writer():
    one = suggested().determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("pass", "approved")
    assert "suggestion-applied" in one.flags


def test_c04_the_strict_profile_counts_the_suggester_as_contributor():
    policy = replace(STRICT, persons=(person("Bert", BERT, emails=(email(BERT),)),))

    assert suggested().outcome("CM-03", policy) == ("fail", "self-approval")


def co_authored(address: str) -> Pull:
    message = f"Change\n\nCo-Authored-By: Bert <{address}>\n"
    return Pull(bare=True).push("c1", message=message).approve(BERT).green().ticket().merge_equal()


def test_c05_a_co_author_who_is_known_cannot_approve():
    policy = replace(P0, persons=(person("Bert", BERT, emails=(email(BERT),)),))

    assert co_authored(email(BERT)).outcome("CM-03", policy) == ("fail", "self-approval")
    assert co_authored(email(BERT)).outcome("CM-05", policy) == ("fail", "unilateral")


def test_c05_the_account_number_in_a_trailer_counts_against_its_owner():
    pull = co_authored("77+bert@users.noreply.github.com")

    assert pull.outcome("CM-03") == ("fail", "self-approval")


@pytest.mark.parametrize("address", ["bert@elsewhere.test", "88+x@users.noreply.github.com", ""])
def test_c05_an_unmapped_co_author_could_be_the_approver(address):
    assert co_authored(address).outcome("CM-03") == ("unknown", "contributor-unmapped")


def test_a_co_author_who_is_registered_automation_is_nobody():
    robot = replace(ROBOT, emails=("agent@robots.test",))

    pull = co_authored("agent@robots.test")

    assert pull.outcome("CM-03", replace(P0, automations=(robot,))) == ("pass", "approved")


def test_c06_the_forge_as_signed_committer_is_no_contributor():
    pull = Pull(bare=True).push("c1", web=True).approve(BERT).green().ticket().merge_equal()

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_c06_an_unsigned_committer_with_the_forges_address_could_be_anyone():
    pull = Pull()
    pull.rows = [
        replace(row, committer=None, committer_email="noreply@github.com") for row in pull.rows
    ]

    assert pull.outcome("CM-03") == ("unknown", "contributor-unmapped")


def unmapped() -> Pull:
    pull = Pull(bare=True).push("c1", None, address="laptop@home.test").approve(BERT)
    return pull.green().ticket().merge_equal()


def test_c07_an_unmapped_address_with_an_unknown_pusher_is_open():
    one = unmapped().determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("unknown", "contributor-unmapped")
    assert one.missing == "Bind laptop@home.test to a person under [[person]] (`emails`)."


def test_c07_an_unmapped_address_with_a_known_other_pusher_passes():
    one = unmapped().pushed("c1", 5, ALICE).determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("pass", "approved")
    assert "pusher-resolves-unmapped" in one.flags


def test_c07_the_policy_may_refuse_to_let_the_pusher_stand_for_the_address():
    policy = replace(P0, pusher_resolves_unmapped=False)

    assert unmapped().pushed("c1", 5, ALICE).outcome("CM-03", policy) == (
        "unknown",
        "contributor-unmapped",
    )


def test_c07_a_pusher_who_approves_is_a_contributor():
    assert unmapped().pushed("c1", 5, BERT).outcome("CM-03") == ("fail", "self-approval")


def test_the_person_map_binds_an_unmapped_address():
    policy = replace(P0, persons=(person("Alice", ALICE, emails=("laptop@home.test",)),))

    assert unmapped().outcome("CM-03", policy) == ("pass", "approved")


def test_c08_a_second_account_of_the_author_is_the_same_person():
    pull = Pull()
    pull.reviews = []
    pull.approve(ALICE_TWO)
    policy = replace(P0, persons=(person("Alice", ALICE, ALICE_TWO),))

    assert pull.outcome("CM-03", policy) == ("fail", "self-approval")
    assert pull.outcome("CM-05", policy) == ("fail", "unilateral")


def test_c09_the_author_may_merge_what_another_approved():
    assert Pull().outcome("CM-05") == ("pass", "independent-approval")


def test_c10_the_approver_may_merge_unless_four_roles_must_differ():
    pull = Pull()
    pull.merged_by = BERT

    assert pull.outcome("CM-05") == ("pass", "independent-approval")
    assert pull.outcome("CM-05", FOUR_ROLES) == ("fail", "forbidden-pair")


def test_c11_a_deployment_by_the_author_is_noted_and_fails_the_strict_profile():
    pull = Pull()
    pull.merged_by = CORA
    pull.deployments = []
    pull.deploy("m1", by=ALICE, automated=False)

    one = pull.determinations()["CM-05"]

    assert (one.outcome.value, one.reason) == ("pass", "independent-approval")
    assert "contributor-deployed" in one.flags
    assert pull.outcome("CM-05", STRICT) == ("fail", "forbidden-pair")


def test_an_unknown_deployer_matters_only_where_the_profile_names_the_deployer():
    pull = Pull()
    pull.merged_by = CORA
    pull.deployments = []
    pull.deploy("m1", by=SYNC, automated=False)

    one = pull.determinations()["CM-05"]

    assert (one.outcome.value, one.reason) == ("pass", "independent-approval")
    assert "deployer-unknown" in one.flags
    assert pull.outcome("CM-05", STRICT) == ("unknown", "role-unknown")


def test_a_deployer_of_another_system_needs_the_person_map():
    pull = Pull()
    pull.merged_by = CORA
    pull.deployments = []
    argo = Actor(system="argocd.test", id="dora", type=ActorType.USER, login="dora")
    pull.deploy("m1", by=argo, automated=False)

    assert pull.outcome("CM-05", STRICT) == ("unknown", "role-unknown")
    policy = replace(STRICT, persons=(person("Dora", DORA, argo),))
    assert pull.outcome("CM-05", policy) == ("pass", "independent-approval")


def test_deployments_that_were_not_read_leave_the_deployer_open():
    pull = Pull()
    pull.merged_by = CORA
    pull.changes = {"deployments": ("argocd:uid:1",)}
    pull.deployments = []

    assert pull.outcome("CM-05", STRICT) == ("unknown", "role-unknown")


def gated(*approvers, by=DORA):
    """A change that four people made, and a deployment with a gate that `approvers` opened."""
    pull = Pull()
    pull.merged_by = CORA
    pull.deployments = []
    pull.deploy("m1", by=by, automated=False)
    pull.deployments = [replace(one, approvers=approvers) for one in pull.deployments]
    return pull


def test_h29_who_passes_their_own_deployment_at_its_gate_is_shown_and_fails_four_roles():
    one = gated(DORA).determinations()["CM-05"]

    assert (one.outcome.value, one.reason) == ("pass", "independent-approval")
    assert "own-gate" in one.flags
    assert gated(DORA).outcome("CM-05", FOUR_ROLES) == ("fail", "forbidden-pair")
    assert gated(BERT, DORA).outcome("CM-05", FOUR_ROLES) == ("fail", "forbidden-pair")


def test_another_person_at_the_gate_is_none_of_the_four_roles():
    one = gated(BERT).determinations(FOUR_ROLES)["CM-05"]

    assert (one.outcome.value, "own-gate" in one.flags) == ("pass", False)


def test_who_passed_a_deployment_is_open_where_nobody_can_tell_who_it_was():
    stranger = Actor(system="ci.test", id="x", type=ActorType.NAME_ONLY, login="x")

    assert gated(stranger).outcome("CM-05", FOUR_ROLES) == ("unknown", "role-unknown")
    assert gated(stranger).outcome("CM-05") == ("pass", "independent-approval")


def test_a_role_that_nobody_knows_is_open():
    policy = replace(P0, forbidden_pairs=(("approver", "auditor"),))

    assert Pull().outcome("CM-05", policy) == ("unknown", "role-unknown")


def test_a_merge_by_another_person_without_approval_is_not_unilateral():
    pull = Pull()
    pull.reviews = []
    pull.merged_by = CORA

    assert pull.outcome("CM-03") == ("fail", "no-approval")
    assert pull.outcome("CM-05") == ("pass", "separate-people")


def test_an_unknown_merger_leaves_duties_open():
    pull = Pull()
    pull.reviews = []
    pull.merged_by = GHOST

    assert pull.outcome("CM-05") == ("unknown", "merger-unknown")


def test_an_unknown_contributor_leaves_duties_open():
    pull = unmapped()
    pull.reviews = []
    pull.merged_by = CORA

    assert pull.outcome("CM-05") == ("unknown", "contributor-unmapped")


def test_a_merge_by_automation_is_a_merge_by_its_operator():
    pull = Pull()
    pull.reviews = []
    pull.merged_by = AGENT
    robot = Automation(id="merger", accounts=(AGENT.key,), operator=ALICE.key)

    assert pull.outcome("CM-05", replace(P0, automations=(robot,))) == ("fail", "unilateral")
    alone = replace(robot, operator="")
    assert pull.outcome("CM-05", replace(P0, automations=(alone,))) == ("pass", "separate-people")


def by_bot(author: Actor = DEPENDABOT) -> Pull:
    pull = Pull(author=author, bare=True).push("c1", author, web=True)
    return pull.approve(BERT).green().ticket().merge_equal()


REGISTERED = replace(P0, automations=(ROBOT,))


def test_c13_a_bots_pull_request_that_a_person_approved_passes():
    pull = by_bot()
    pull.merged_by = BERT

    assert pull.outcome("CM-03", REGISTERED) == ("pass", "approved")
    assert pull.outcome("CM-05", REGISTERED) == ("pass", "independent-approval")


def test_c14_a_review_by_a_bot_is_no_review():
    pull = by_bot()
    pull.reviews = []
    pull.approve(ACTIONS)

    assert pull.outcome("CM-03", REGISTERED) == ("fail", "bot-approval")


def test_c16_a_commit_that_is_only_named_after_a_bot_is_judged_by_its_pusher():
    pull = Pull(bare=True).push("c1", DEPENDABOT).approve(ALICE).green().ticket().merge_equal()

    assert pull.outcome("CM-03", REGISTERED) == ("fail", "self-approval")
    other = Pull(author=CORA, bare=True).push("c1", DEPENDABOT).approve(ALICE).merge_equal()
    assert other.outcome("CM-03", REGISTERED) == ("unknown", "automation-unverified")
    other.pushed("c1", 5, ALICE)
    assert other.outcome("CM-03", REGISTERED) == ("fail", "self-approval")


def test_c16_a_bots_address_alone_is_not_enough():
    robot = replace(ROBOT, emails=("robot@robots.test",))
    pull = Pull(bare=True).push("c1", None, address="robot@robots.test").approve(BERT)
    pull.green().merge_equal()

    assert pull.outcome("CM-03", replace(P0, automations=(robot,))) == (
        "unknown",
        "automation-unverified",
    )


def test_c17_the_operator_of_an_agent_cannot_approve_its_work():
    agent = Automation(id="agent", accounts=(AGENT.key,), operator=BERT.key)

    assert by_bot(AGENT).outcome("CM-03", replace(P0, automations=(agent,))) == (
        "fail",
        "self-approval",
    )
    assert by_bot(AGENT).outcome("CM-03") == ("unknown", "unregistered-automation")


def test_c17_the_operator_behind_an_agents_address_cannot_approve_either():
    agent = Automation(
        id="agent", accounts=(AGENT.key,), emails=("agent@robots.test",), operator=BERT.key
    )
    pull = Pull(bare=True).push("c1", None, address="agent@robots.test").approve(BERT)
    pull.green().merge_equal()

    assert pull.outcome("CM-03", replace(P0, automations=(agent,))) == ("fail", "self-approval")


def test_c18_a_service_account_of_type_user_is_no_person():
    pull = Pull()
    pull.reviews = []
    pull.approve(SERVICE)
    robot = Automation(id="ci", accounts=(SERVICE.key,))

    assert pull.outcome("CM-03", replace(P0, automations=(robot,))) == ("fail", "bot-approval")


@pytest.mark.parametrize("can_push", [False, None])
def test_c19_an_approver_who_may_not_push_now_leaves_it_open(can_push):
    pull = Pull()
    pull.reviews = []

    assert pull.approve(BERT, can_push=can_push).outcome("CM-03") == (
        "unknown",
        "permission-unknown",
    )


def test_c20_a_deleted_approver_is_known_from_stored_evidence():
    pull = Pull()
    pull.reviews = []
    pull.approve(GHOST, review_id="r1", can_push=False)
    pull.approve(BERT, review_id="r1", entry=5, read=minute(21))

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_a_deleted_approver_who_was_never_stored_is_open():
    pull = Pull()
    pull.reviews = []

    assert pull.approve(GHOST).outcome("CM-03") == ("unknown", "approver-unknown")
    pull.reviews = []
    assert pull.approve(None).outcome("CM-03") == ("unknown", "approver-unknown")


def test_c21_a_deleted_opener_is_open_unless_every_commit_names_another():
    pull = Pull(author=GHOST)

    one = pull.determinations()["CM-03"]

    assert (one.outcome.value, "opener-deleted" in one.flags) == ("pass", True)
    pull.rows = [replace(row, author=None) for row in pull.rows]
    assert pull.outcome("CM-03") == ("unknown", "contributor-ghost")


def test_c21_an_earlier_version_still_names_a_deleted_opener():
    pull = Pull()
    pull.versions = [pull._record()]
    pull.author = GHOST

    assert pull.outcome("CM-03") == ("pass", "approved")
    pull.versions = [replace(pull.versions[0], author=BERT)]
    assert pull.outcome("CM-03") == ("fail", "self-approval")


def test_c22_a_renamed_account_is_the_same_person():
    pull = Pull(author=replace(BERT, login="bert-the-first"))

    assert pull.outcome("CM-03") == ("fail", "self-approval")


def test_c24_the_policy_asks_for_two_approvals_and_there_is_one():
    two = replace(P0, approvals_required=2)

    assert Pull().outcome("CM-03", two) == ("fail", "too-few-approvals")
    assert Pull().outcome("CM-04", two) == ("fail", "too-few-current")
    assert Pull().approve(CORA, 22).outcome("CM-03", two) == ("pass", "approved")


def test_two_accounts_of_one_person_are_one_approval():
    policy = replace(P0, approvals_required=2, persons=(person("Bert", BERT, CORA),))

    assert Pull().approve(CORA, 22).outcome("CM-03", policy) == ("fail", "too-few-approvals")


def test_an_approver_who_had_left_does_not_count():
    policy = replace(P0, persons=(person("Bert", BERT, left_at=minute(10)),))

    assert Pull().outcome("CM-03", policy) == ("fail", "approver-left")


def test_an_approver_outside_the_person_map_is_open_where_the_policy_asks_for_it():
    policy = replace(P0, require_mapped_approvers=True)

    assert Pull().outcome("CM-03", policy) == ("unknown", "approver-unmapped")
    policy = replace(policy, persons=(person("Bert", BERT),))
    assert Pull().outcome("CM-03", policy) == ("pass", "approved")


def test_a_request_for_changes_replaces_the_approval():
    pull = Pull().review(BERT, "CHANGES_REQUESTED", 25)

    one = pull.determinations()["CM-03"]

    assert (one.outcome.value, one.reason) == ("fail", "changes-requested")
    assert "objection-open" in one.flags


def test_a_comment_leaves_the_approval_in_place():
    assert Pull().review(BERT, "COMMENTED", 25).outcome("CM-03") == ("pass", "approved")


def test_no_approval_needed_means_nothing_to_test():
    policy = replace(P0, approvals_required=0)

    assert Pull().outcome("CM-03", policy) == ("not_applicable", "approval-not-required")
    assert Pull().outcome("CM-04", policy) == ("not_applicable", "approval-not-required")


# --- what was not read


def test_a_pull_request_that_was_not_collected_is_unknown_everywhere():
    pull = Pull()
    pull.evidence = {"pull_request": None, "pull_request_versions": (), "github_observed": False}

    found = pull.determinations()

    assert {found[c].reason for c in ("CM-02", "CM-03", "CM-04", "CM-05", "CM-06")} == {
        "not-collected"
    }


def test_a_pull_request_that_is_not_merged_is_not_tested():
    pull = Pull()
    pull.record = {"state": "OPEN", "merged_at": 0, "merge_sha": ""}

    assert {one.reason for one in pull.determinations().values()} == {"not-merged"}


def test_h19_what_the_first_observed_deployment_contained_is_not_tested():
    pull = Pull()
    pull.changes = {"flags": ("baseline",), "deployments": ()}

    found = pull.determinations()

    assert {found[c].reason for c in ("CM-02", "CM-03", "CM-04", "CM-05", "CM-06")} == {"baseline"}


def test_what_another_application_first_deployed_later_is_tested():
    pull = Pull()
    pull.changes = {"flags": ("baseline",), "deployments": ("argocd:other:1",)}

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_a_merge_after_the_time_of_evaluation_is_not_tested():
    found = Pull().determinations(as_of=minute(29))

    assert {one.reason for one in found.values()} == {"not-merged"}


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("reviews", "reviews-incomplete"),
        ("timeline", "timeline-incomplete"),
        ("something new", "timeline-incomplete"),
    ],
)
def test_a_list_that_was_not_read_whole_leaves_the_approval_open(missing, reason):
    pull = Pull()
    pull.record = {"complete": False, "missing": (missing,)}

    assert pull.outcome("CM-03") == ("unknown", reason)


def test_labels_that_were_not_read_leave_the_approval_alone():
    pull = Pull()
    pull.record = {"complete": False, "missing": ("labels",)}

    assert pull.outcome("CM-03") == ("pass", "approved")


def test_a_listing_of_commits_that_is_short_is_open_unless_git_holds_them_all():
    pull = Pull(bare=True).push("c1", listed=False, in_git=False).push("c2").approve(BERT)
    pull.record = {"commits_total": 2}

    assert pull.outcome("CM-03") == ("unknown", "contributors-incomplete")
    complete = Pull(bare=True).push("c1", listed=False).push("c2").approve(BERT)
    complete.record = {"commits_total": 2}
    assert complete.outcome("CM-03") == ("pass", "approved")
    theirs = Pull(bare=True).push("c1", BERT, listed=False).push("c2").approve(BERT)
    theirs.record = {"commits_total": 2}
    mapped = replace(P0, persons=(person("Bert", BERT, emails=(email(BERT),)),))
    assert theirs.outcome("CM-03", mapped) == ("fail", "self-approval")


def test_commits_that_nobody_counted_are_open():
    pull = Pull()
    pull.record = {"commits_total": -1}

    assert pull.outcome("CM-03") == ("unknown", "contributors-incomplete")


def test_a_commit_whose_message_was_not_read_may_name_the_approver():
    pull = Pull()
    pull.commits = []

    assert pull.outcome("CM-03") == ("unknown", "commit-not-read")


def test_a_head_that_was_pushed_away_unread_may_hold_the_approvers_work():
    pull = Pull(bare=True).push("c0", in_git=False).push("c1", parents=("b0",)).pushed_away("c0")
    pull.approve(BERT, 27).green().ticket().merge_equal().force_push("c0", "c1", 25)

    assert pull.outcome("CM-03") == ("unknown", "rewritten-history-lost")


def test_the_author_of_a_head_that_was_pushed_away_cannot_approve():
    pull = Pull(bare=True).push("c0", BERT).push("c1", parents=("b0",)).pushed_away("c0")
    pull.approve(BERT, 27).green().ticket().merge_equal().force_push("c0", "c1", 25)
    policy = replace(P0, persons=(person("Bert", BERT, emails=(email(BERT),)),))

    assert pull.outcome("CM-03", policy) == ("fail", "self-approval")


def test_who_force_pushed_is_a_contributor():
    pull = Pull(bare=True).push("c0").push("c1", parents=("b0",)).pushed_away("c0")
    pull.approve(BERT, 27).green().ticket().merge_equal().force_push("c0", "c1", 25, BERT)

    assert pull.outcome("CM-03") == ("fail", "self-approval")


def test_a_push_by_a_deleted_account_is_open():
    pull = Pull().pushed("c1", 5, None)

    assert pull.outcome("CM-03") == ("unknown", "contributor-ghost")


def test_a_timeline_with_a_hole_is_not_whole():
    pull = Pull().event("Labeled", 5).event("Labeled", 6)
    events = tuple(one for one in pull._placed() if one.event_id != "e1")
    pull.evidence = {"events": events}

    assert pull.outcome("CM-03") == ("unknown", "timeline-incomplete")


def test_a_timeline_without_the_merge_is_not_whole():
    pull = Pull()
    pull.evidence = {"events": ()}

    assert pull.outcome("CM-03") == ("unknown", "timeline-incomplete")


def test_a_known_failure_is_not_softened_by_an_unread_timeline():
    pull = Pull()
    pull.reviews = []
    pull.evidence = {"events": ()}

    assert pull.outcome("CM-03") == ("fail", "no-approval")


def test_a_declared_emergency_prints_as_a_deviation_with_a_flag():
    pull = Pull()
    pull.reviews = []
    pull.labels = ("emergency",)

    found = pull.determinations()

    assert found["CM-03"].outcome.value == "fail"
    assert "emergency-declared" in found["CM-03"].flags
    assert "emergency-declared" not in found["CM-06"].flags


def test_a_determination_names_the_entries_it_rests_on_in_order_and_once():
    one = Pull().determinations()["CM-03"]

    assert one.entries == (4, 10)
    assert Pull().determinations()["CM-04"].entries == (5, 10)


def test_a_sentence_names_people_by_login_and_number_and_times_in_utc():
    sentence = Pull().determinations()["CM-03"].sentence

    assert "bert (id 77) on c1 at 2026-03-02T10:20:00Z" in sentence
    assert "merged at 2026-03-02T10:30:00Z by alice (id 1)" in sentence


def test_every_unknown_says_what_would_decide_it():
    pull = unmapped()
    pull.evidence = {"answers": {}, "tickets": (), "coverage": (), "deployments": ()}

    unknown = [one for one in pull.determinations().values() if one.outcome.value == "unknown"]

    assert len(unknown) >= 4
    assert all(one.missing for one in unknown)


def test_a_fact_that_was_never_stored_names_no_entry():
    pull = Pull()
    pull.reviews = [replace(one, entry_seq=0, observed_at=0) for one in pull.reviews]

    assert 0 not in pull.determinations()["CM-03"].entries
    pull.reviews = [replace(one, observed_at=READ) for one in pull.reviews]
    assert 0 in pull.determinations()["CM-03"].entries


def doubtful(*, again: bool) -> Pull:
    """An approval by someone whose right to push was not read; then another push, or none."""
    pull = Pull(bare=True).push("c1").approve(BERT, can_push=None)
    if again:
        pull = pull.push("c2")
    pull = pull.net_diff("c1", "one").net_diff("c2", "two")
    return pull.green().ticket().merge_equal().deploy("m1")


def test_an_approval_that_may_count_is_stale_whether_or_not_it_counts():
    assert doubtful(again=True).outcome("CM-03")[0] == "unknown"
    assert doubtful(again=True).outcome("CM-04") == ("fail", "stale-approval")


def test_an_approval_that_may_count_and_is_current_leaves_it_open():
    assert doubtful(again=False).outcome("CM-04") == ("unknown", "approvals-open")


def test_reviews_that_were_not_all_read_may_hold_a_current_one():
    pull = doubtful(again=True)
    pull.record = {"reviews_total": 2}
    assert pull.outcome("CM-04") == ("unknown", "approvals-open")
