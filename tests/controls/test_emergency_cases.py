"""Cases of CM-12 and the emergency lane: what was declared, and each condition of the procedure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ALICE,
    BERT,
    CORA,
    DORA,
    P0,
    READ,
    SERVICE,
    Pull,
    minute,
    person,
)

from evidence.controls.lanes import lane_of
from evidence.model.capture import Gap, GapReason
from evidence.model.chain import FollowUp
from evidence.model.git import QuestionKind
from evidence.model.pull_request import PullRequestCommit
from evidence.policy import ControlScope

HOUR, DAY = 60, 24 * 60
DEPLOYED = 60
PEOPLE = (person("Dora", DORA), person("Cora", CORA), person("Bert", BERT), person("Alice", ALICE))
POLICY = replace(P0, persons=PEOPLE, emergency_authorisers=("Dora",))
LATER = minute(30 * DAY)
WHY = "Nobody can pay, and each minute costs money."


def labelled(at: float = 5, by=DORA, **more) -> Pull:
    """Pushed, labelled, tested and merged by alice in half an hour; nobody reviewed it before."""
    pull = Pull(bare=True).push("c1")
    if at:
        pull.event("Labeled", at, by, subject="emergency")
        pull.labels = ("emergency",)
    pull.record = {"body": WHY, **more}
    pull.evidence = {"forge_read_to": LATER}
    return pull.green().merge_equal().deploy("m1", DEPLOYED)


def incident(pull: Pull, opened: float = -30, closed: float = 2 * DAY, **more) -> Pull:
    fields = {"type": "Incident", "tracker": "forge", "observed_at": LATER, "state": "CLOSED"}
    pull.ticket("SHOP-12", opened, **{**fields, **more})
    pull.ticket_event("closed", closed)
    return pull


def urgent(**more) -> Pull:
    """A whole emergency: labelled by dora, reviewed by bert after six hours, its incident closed."""
    return incident(labelled(**more)).approve(BERT, 6 * HOUR)


def told(pull: Pull, control: str = "CM-12", policy=POLICY, as_of: int = LATER):
    one = pull.determinations(policy, as_of)[control]
    return one.outcome.value, one.reason


def test_an_emergency_that_followed_its_procedure_passes_in_a_lane_of_its_own():
    found = urgent().determinations(POLICY, LATER)

    assert (found["CM-12"].outcome.value, found["CM-12"].reason) == ("pass", "emergency-followed")
    assert {found[one].reason for one in ("CM-03", "CM-04")} == {"emergency-lane"}
    assert {found[one].outcome.value for one in ("CM-03", "CM-04")} == {"not_applicable"}
    assert lane_of(found.values()) == "emergency"


def test_every_condition_is_told_with_the_first_that_is_broken_in_front():
    pull = incident(labelled(), closed=20 * DAY).approve(BERT, 6 * HOUR)

    sentence = pull.determinations(POLICY, LATER)["CM-12"].sentence

    assert sentence.index("was not closed") < sentence.index("Otherwise: ")
    assert "authorised: " in sentence.partition("Otherwise: ")[2]
    assert "was approved by bert" in sentence.partition("Otherwise: ")[2]


# --- declared


def test_a_label_that_was_taken_off_before_the_merge_declares_nothing():
    pull = urgent()
    pull.event("Unlabeled", 20, DORA, subject="emergency")
    pull.labels, pull.tickets = (), [replace(pull.tickets[0], type="Story")]

    assert told(pull) == ("not_applicable", "not-emergency")
    assert told(pull, "CM-03") == ("fail", "late-approval")


def test_a_label_in_a_timeline_with_a_hole_leaves_open_whether_it_was_declared():
    pull = labelled(at=0).approve(BERT, 6 * HOUR)
    pull.ticket("SHOP-12", type="Story")
    pull.record = {"body": WHY, "complete": False, "missing": ("timeline",)}

    assert told(pull) == ("unknown", "declaration-unknown")


def test_an_unread_ticket_leaves_open_whether_it_was_declared_but_hides_no_deviation():
    pull = labelled(at=0)
    pull.closing = ("SHOP-12",)

    assert told(pull) == ("unknown", "declaration-unknown")
    assert told(pull, "CM-03") == ("fail", "no-approval")


def test_what_may_be_an_emergency_that_followed_its_procedure_is_no_sure_deviation():
    pull = labelled(at=0).approve(BERT, 6 * HOUR)
    pull.closing = ("SHOP-12",)
    policy = replace(POLICY, emergency_not_tested=("closing",), emergency_authorisers=())

    assert told(pull, policy=policy) == ("unknown", "declaration-unknown")
    assert told(pull, "CM-03", policy) == ("unknown", "emergency-lane-open")


def test_a_label_that_came_only_after_the_merge_is_too_late():
    pull = labelled(at=40).approve(BERT, 6 * HOUR)
    pull.ticket("SHOP-12", type="Story")

    assert told(pull) == ("fail", "declared-late")
    assert told(pull, "CM-03") == ("fail", "late-approval")
    assert told(pull, "CM-04") == ("not_applicable", "no-approval")


def test_a_late_label_on_what_was_approved_like_any_other_change_says_nothing():
    pull = incident(labelled(at=40), opened=-30).approve(BERT, 20)
    pull.tickets = [replace(pull.tickets[0], type="Story")]

    assert told(pull) == ("not_applicable", "not-emergency")
    assert told(pull, "CM-03") == ("pass", "approved")


def test_an_incident_that_was_opened_after_the_deployment_declares_nothing():
    pull = incident(labelled(at=0), opened=DEPLOYED + 30).approve(BERT, 6 * HOUR)

    assert told(pull) == ("fail", "declared-late")


def test_an_incident_too_close_to_the_deployment_on_another_clock_leaves_it_open():
    pull = incident(labelled(at=0), opened=DEPLOYED + 1).approve(BERT, 6 * HOUR)

    assert told(pull) == ("unknown", "declaration-unknown")


def test_a_label_on_the_ticket_declares_it_from_when_it_was_set():
    pull = labelled(at=0).approve(BERT, 6 * HOUR)
    pull.ticket("SHOP-12", -30, labels=("emergency",), observed_at=LATER, state="CLOSED")
    pull.ticket_event("labeled", 10, DORA, current="emergency").ticket_event("closed", 2 * DAY)

    assert told(pull) == ("pass", "emergency-followed")


def test_without_cm_12_in_scope_there_is_no_emergency_lane():
    policy = replace(POLICY, controls=(ControlScope(id="CM-12", in_scope=False),))
    found = urgent().determinations(policy, LATER)

    assert "CM-12" not in found
    assert found["CM-03"].reason == "late-approval"


def test_an_approval_from_before_stands_whatever_became_of_the_procedure():
    pull = incident(labelled(), closed=20 * DAY).approve(BERT, 20)

    assert told(pull) == ("fail", "emergency-not-closed")
    assert told(pull, "CM-03") == ("pass", "approved")
    assert told(pull, "CM-04") == ("pass", "current")


# --- justified, authorised


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (WHY, "pass"),
        ("", "fail"),
        ("Fixes #12", "fail"),
        ("<!-- why is it urgent and what was tried -->\nCloses SHOP-12", "fail"),
        ("https://chat.test/a-long-talk resolves acme/shop#12", "fail"),
    ],
)
def test_a_justification_is_words_beside_references(body: str, outcome: str):
    assert told(urgent(body=body))[0] == outcome


def test_who_may_authorise_is_named_by_account_too():
    policy = replace(POLICY, emergency_authorisers=(DORA.key,))
    assert told(urgent(), policy=policy) == ("pass", "emergency-followed")


def test_an_authorisation_after_the_deployment_is_too_late():
    pull = incident(labelled(by=CORA), opened=-30).approve(DORA, 6 * HOUR)
    assert told(pull) == ("fail", "emergency-authorised-late")


def test_an_approval_of_the_request_on_the_ticket_authorises():
    policy = replace(POLICY, authorised_approvals=("CAB",))
    pull = urgent(by=CORA)
    pull.ticket_event("approval", -10, DORA, previous="CAB", current="approved")
    pull.ticket_event("approvals_read", -10, current="1")

    assert told(pull, policy=policy) == ("pass", "emergency-followed")


def test_an_unread_ticket_may_hold_the_authorisation():
    pull = urgent(by=CORA)
    pull.closing = (*pull.closing, "SHOP-13")

    assert told(pull) == ("unknown", "authorisation-not-collected")


# --- approved


def test_an_approval_by_an_account_that_may_not_push_is_open():
    pull = incident(labelled()).approve(BERT, 6 * HOUR, can_push=None)

    assert told(pull) == ("unknown", "permission-unknown")
    assert told(pull, "CM-03") == ("unknown", "emergency-lane-open")


@pytest.mark.parametrize(
    ("by", "reason"), [(ALICE, "emergency-not-approved"), (SERVICE, "permission-unknown")]
)
def test_only_somebody_independent_approves_afterwards(by, reason: str):
    pull = incident(labelled()).approve(by, 6 * HOUR, can_push=True if by is ALICE else None)
    assert told(pull)[1] == reason


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (DEPLOYED + DAY - 3, ("pass", "emergency-followed")),
        (DEPLOYED + DAY - 1, ("unknown", "emergency-time-unknown")),
        (DEPLOYED + DAY + 1, ("unknown", "emergency-time-unknown")),
        (DEPLOYED + DAY + 3, ("fail", "emergency-approved-late")),
    ],
)
def test_at_the_end_of_the_time_two_clocks_decide_nothing(at: float, expected: tuple[str, str]):
    assert told(incident(labelled()).approve(BERT, at)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (8 * HOUR, ("fail", "emergency-not-approved")),
        (3 * DAY, ("pass", "emergency-followed")),
    ],
)
def test_an_approval_that_was_dismissed_within_the_time_does_not_count(
    at: float, expected: tuple[str, str]
):
    assert told(urgent().dismiss("r1", at)) == expected


def test_a_request_for_changes_replaces_the_approval_of_the_same_reviewer():
    pull = urgent().review(BERT, "CHANGES_REQUESTED", 7 * HOUR)
    assert told(pull) == ("fail", "emergency-not-approved")


def test_a_review_of_the_wrong_content_does_not_cover_what_was_deployed():
    pull = incident(labelled())
    pull.approve(BERT, 6 * HOUR, sha="c0")
    pull.net_diff("c0", "d0").net_diff("c1", "d1")

    assert told(pull) == ("fail", "emergency-content-not-approved")


@pytest.mark.parametrize(
    ("read_to", "expected"),
    [(READ, ("unknown", "emergency-not-read")), (LATER, ("fail", "emergency-not-approved"))],
)
def test_nobody_approved_only_where_the_forge_was_read_after_the_time(read_to, expected):
    pull = incident(labelled())
    pull.evidence = {"forge_read_to": read_to}

    assert told(pull) == expected


def test_a_gap_of_the_forge_may_hide_the_approval():
    pull = incident(labelled())
    gap = Gap(
        source="forge",
        kind="github.pull_request",
        key="*",
        reason=GapReason.FORBIDDEN,
        detail="It was refused.",
        repository="app",
    )
    pull.evidence = {"forge_read_to": LATER, "gaps": (gap,)}

    assert told(pull) == ("unknown", "emergency-not-read")


def test_while_the_time_runs_it_is_open_and_tells_until_when():
    one = incident(labelled()).determinations(POLICY, minute(5 * HOUR))

    assert (one["CM-12"].outcome.value, one["CM-12"].reason) == ("unknown", "open")
    assert "due by 2026-03-03T11:00:00Z" in one["CM-12"].sentence
    assert (one["CM-03"].outcome.value, one["CM-03"].reason) == ("unknown", "emergency-lane-open")


def test_later_events_do_not_change_what_was_open_then():
    assert told(urgent(), as_of=minute(5 * HOUR)) == ("unknown", "open")


def test_an_emergency_that_is_not_deployed_yet_waits():
    pull = urgent()
    pull.deployments = []

    assert told(pull) == ("unknown", "emergency-not-deployed")


def test_a_deployment_that_was_not_read_leaves_it_open():
    pull = urgent()
    pull.changes = {
        "deployments": ("argocd:uid:1", "argocd:uid:2"),
        "first_deployed_at": minute(DEPLOYED),
    }

    assert told(pull) == ("unknown", "deployments-incomplete")


def test_of_several_deployments_the_first_decides_when_the_time_is_over():
    pull = incident(labelled()).deploy("m1", 3 * DAY).approve(BERT, 3 * DAY + HOUR)
    assert told(pull) == ("fail", "emergency-approved-late")


# --- a later pull request


def follow_up(by=BERT, at: float = 6 * HOUR, sha: str = "n1", commits=("m1", "n1"), **more):
    """A merged pull request that lists the landed commit and one more, approved on `sha`."""
    rows = tuple(
        PullRequestCommit(
            repository="app",
            number=9,
            sha=one,
            position=place,
            author=ALICE,
            committer=ALICE,
            author_email="alice@people.test",
            committer_email="alice@people.test",
            authored_at=0,
            committed_at=0,
            via_web=False,
            signature_valid=None,
            signed_by_source=None,
            entry_seq=40,
            observed_at=LATER,
        )
        for place, one in enumerate(commits)
    )
    other = Pull(bare=True).push(sha)
    other.record = {"number": 9, "base_sha": "b9", "observed_at": LATER, **more}
    other.approve(by, at)
    gathered = other.gathered()
    review = replace(gathered.reviews[0], number=9, review_id="f1", entry_seq=40)
    pull = replace(gathered.pull_request, reviews_total=1, entry_seq=40)
    return FollowUp(
        pull_request=pull,
        reviews=(review,),
        pull_request_commits=rows,
        events=gathered.events,
    )


def followed(one: FollowUp, moved=("src/other.py",)) -> Pull:
    pull = incident(labelled())
    sha = one.reviews[0].commit_sha
    pull.answer(QuestionKind.RANGE_DIFF, "m1", sha, value={"digest": "r", "paths": list(moved)})
    pull.answer(
        QuestionKind.NET_DIFF,
        "b9",
        sha,
        value={"merge_base": "b9", "digest": "f", "paths": ["src/basket.py", *moved]},
    )
    pull.net_diff("m1", "h")
    pull.evidence = {"forge_read_to": LATER, "follow_ups": (one,)}
    return pull


def test_the_approval_of_a_later_pull_request_that_holds_what_was_deployed_covers_it():
    pull = followed(follow_up())

    assert told(pull) == ("pass", "emergency-followed")
    assert "pull request #9" in pull.determinations(POLICY, LATER)["CM-12"].sentence


def test_a_later_pull_request_that_rewrites_what_was_deployed_does_not_cover_it():
    pull = followed(follow_up(), moved=("src/basket.py",))
    assert told(pull) == ("fail", "emergency-content-not-approved")


def test_a_later_pull_request_that_does_not_show_all_of_it_does_not_cover_it():
    pull = followed(follow_up(commits=("n1",)))
    assert told(pull) == ("fail", "emergency-content-not-approved")


def test_where_git_does_not_say_what_a_later_pull_request_holds_it_is_open():
    pull = followed(follow_up())
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.RANGE_DIFF}

    assert told(pull) == ("unknown", "content-not-read")


def test_a_contributor_does_not_approve_it_by_a_later_pull_request():
    assert told(followed(follow_up(by=ALICE))) == ("fail", "emergency-not-approved")


def test_a_later_pull_request_whose_reviews_were_not_all_read_may_hold_the_approval():
    one = follow_up(by=ALICE)
    one = replace(one, pull_request=replace(one.pull_request, reviews_total=2))

    assert told(followed(one)) == ("unknown", "emergency-not-read")


# --- closed


def test_a_ticket_that_was_opened_again_within_the_time_is_not_closed():
    pull = urgent().ticket_event("reopened", 3 * DAY)
    assert told(pull) == ("fail", "emergency-not-closed")


def test_a_ticket_that_was_read_only_before_the_end_of_the_time_is_open():
    pull = labelled().approve(BERT, 6 * HOUR)
    pull.ticket("SHOP-12", -30, type="Incident")

    assert told(pull) == ("unknown", "emergency-not-read")


def test_without_any_ticket_there_is_none_to_close():
    assert told(labelled().approve(BERT, 6 * HOUR)) == ("fail", "emergency-no-ticket")


def test_a_condition_that_the_policy_switches_off_is_told_as_not_tested():
    policy = replace(POLICY, emergency_not_tested=("closing", "justification"))
    pull = labelled(body="").approve(BERT, 6 * HOUR)
    one = pull.determinations(policy, LATER)["CM-12"]

    assert one.outcome.value == "pass"
    assert one.sentence.count("is not tested") == 2


# --- the lane


def test_where_an_approval_from_before_is_open_a_broken_procedure_is_no_sure_deviation():
    pull = incident(labelled(), closed=20 * DAY).approve(BERT, 20, can_push=None)

    assert told(pull) == ("fail", "emergency-not-closed")
    assert told(pull, "CM-03") == ("unknown", "permission-unknown")


def test_a_broken_procedure_fails_both_approval_controls():
    pull = incident(labelled())

    assert told(pull, "CM-03") == ("fail", "emergency-lane-failed")
    assert told(pull, "CM-04") == ("fail", "emergency-lane-failed")
