"""Cases of CM-02: linked, existing, in scope, in time, authorised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ALICE,
    CORA,
    DORA,
    GHOST,
    P0,
    SHOP,
    Direct,
    Pull,
    minute,
    person,
)

from evidence.model.actor import Actor, ActorType
from evidence.model.change import Link, LinkKind, Strength

LABELLED = replace(P0, authorised_labels=("authorised",))
STATUS = replace(P0, authorised_statuses=("Approved",))


def without_ticket() -> Pull:
    pull = Pull()
    pull.tickets, pull.closing = [], ()
    return pull


def only(**more) -> Pull:
    return without_ticket().ticket(**more)


def test_a_ticket_that_the_pull_request_closes_passes_and_says_what_was_not_tested():
    one = Pull().determinations()["CM-02"]

    assert (one.outcome.value, one.reason) == ("pass", "requested")
    assert "authorisation-not-tested" in one.flags
    assert "authorisation not tested" in one.sentence


def test_a_change_without_a_ticket_is_a_deviation():
    assert without_ticket().outcome("CM-02") == ("fail", "no-ticket")


def test_a_change_without_a_ticket_is_open_where_the_links_were_not_read():
    pull = without_ticket()
    pull.record = {"complete": False, "missing": ("issues",)}

    assert pull.outcome("CM-02") == ("unknown", "links-not-read")


def test_a_direct_commit_whose_pull_request_was_not_read_has_no_known_request():
    direct = Direct()
    direct.changes["flags"] = ("associated_pull_request",)

    assert direct.outcome("CM-02") == ("unknown", "not-collected")


def test_no_ticket_is_needed_where_the_policy_needs_none():
    assert without_ticket().outcome("CM-02", replace(P0, ticket_required=False)) == (
        "not_applicable",
        "ticket-not-required",
    )


def test_i08_the_pull_request_is_the_request_where_the_policy_says_so():
    assert without_ticket().outcome("CM-02", replace(P0, request_is_pull_request=True)) == (
        "not_applicable",
        "request-is-pull-request",
    )


def test_i01_a_key_in_the_branch_counts_where_the_policy_lists_branches():
    pull = only(key="SHOP-12", project="SHOP", tracker="jira")
    pull.closing = ()
    pull.record = {"head_ref": "feature/SHOP-12-basket"}

    one = pull.determinations()["CM-02"]

    assert (one.outcome.value, one.sentence[:17]) == ("pass", "Linked by branch:")
    assert pull.outcome("CM-02", replace(P0, ticket_sources=("closing",))) == ("fail", "no-ticket")


def test_i02_a_ticket_that_was_not_read_is_open():
    pull = Pull()
    pull.tickets = []

    assert pull.outcome("CM-02") == ("unknown", "ticket-not-read")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (29, ("pass", "requested")),
        (30, ("unknown", "ticket-time-unknown")),
        (150, ("fail", "ticket-after-merge")),
        (None, ("unknown", "ticket-time-unknown")),
    ],
)
def test_i03_a_ticket_must_be_older_than_the_merge(at, expected):
    assert only(at=at).outcome("CM-02") == expected


def test_a_ticket_of_another_system_is_open_inside_the_tolerance_of_clocks():
    assert only(at=29, tracker="jira").outcome("CM-02") == ("unknown", "ticket-time-unknown")
    assert only(at=27, tracker="jira").outcome("CM-02") == ("pass", "requested")


def test_a_ticket_of_another_project_or_type_is_out_of_scope():
    projects = replace(P0, ticket_projects=("acme/other",))
    types = replace(P0, ticket_types=("story",))

    assert Pull().outcome("CM-02", projects) == ("fail", "ticket-out-of-scope")
    assert Pull().outcome("CM-02", types) == ("fail", "ticket-out-of-scope")
    assert Pull().outcome("CM-02", replace(P0, ticket_projects=(SHOP,))) == ("pass", "requested")


def test_one_ticket_that_holds_is_enough():
    pull = only(key="acme/shop#1", at=100).ticket("acme/shop#2")

    assert pull.outcome("CM-02") == ("pass", "requested")


def test_an_unread_ticket_comes_before_a_failing_one():
    pull = only(key="acme/shop#1", at=100)
    pull.closing = (*pull.closing, "acme/shop#2")

    assert pull.outcome("CM-02") == ("unknown", "ticket-not-read")


def test_i07_an_epic_is_flagged():
    assert "epic" in only(type="Epic").determinations()["CM-02"].flags


def test_i09_a_ticket_closed_as_not_planned_before_the_merge_is_refused():
    refused = {"state": "CLOSED", "state_reason": "NOT_PLANNED"}

    assert only(**refused, closed_at=minute(10)).outcome("CM-02") == ("fail", "not-planned")
    assert only(**refused, closed_at=minute(40)).outcome("CM-02") == ("pass", "requested")


def test_a_ticket_that_was_reopened_in_time_is_not_refused():
    pull = only().ticket_event("closed", 5, current="NOT_PLANNED").ticket_event("reopened", 8)

    assert pull.outcome("CM-02") == ("pass", "requested")


def test_a_ticket_that_was_reopened_too_late_is_refused():
    pull = only().ticket_event("closed", 5, current="NOT_PLANNED").ticket_event("reopened", 38)

    assert pull.outcome("CM-02") == ("fail", "not-planned")


def test_a_reopening_without_its_closing_leaves_the_history_open():
    pull = only().ticket_event("reopened", 38)

    assert pull.outcome("CM-02") == ("unknown", "ticket-history-incomplete")


def test_a_ticket_that_was_read_only_before_the_merge_may_have_been_closed_since():
    assert only(observed_at=minute(5)).outcome("CM-02") == ("unknown", "ticket-not-read")


def test_a_key_in_a_title_given_after_the_merge_does_not_count():
    pull = only(key="SHOP-12", tracker="jira")
    pull.closing = ()
    pull.title = "SHOP-12 basket"

    assert pull.outcome("CM-02") == ("pass", "requested")
    pull.event("RenamedTitle", 40, previous="basket", current="SHOP-12 basket")
    assert pull.outcome("CM-02") == ("fail", "linked-after-merge")


def test_a_short_issue_number_in_the_title_counts():
    pull = only()
    pull.closing = ()
    pull.title = "Basket (#12)"

    assert pull.outcome("CM-02") == ("pass", "requested")


def test_a_candidate_link_is_never_relied_on():
    pull = only()
    pull.closing = ()
    pull.record = {"body": "see SHOP-99"}

    assert pull.outcome("CM-02", replace(P0, ticket_sources=("closing",))) == ("fail", "no-ticket")


def test_a_place_that_the_policy_does_not_accept_is_left_out_whatever_its_strength():
    from evidence.controls.attributes import cm_02
    from evidence.model.chain import Chain

    chain = without_ticket().chain()
    link = Link(
        kind=LinkKind.REQUEST,
        source="pr:app:7",
        target="ticket:SHOP-1",
        basis="body_key",
        strength=Strength.INFERRED,
    )
    linked = Chain(evidence=chain.evidence, links=(link,))

    policy = replace(P0, ticket_sources=("title",))
    assert cm_02.determine(linked, policy, minute(99)).reason == "no-ticket"


# --- authorisation


def labelled(by: Actor | None = DORA, at: float = 5, name: str = "authorised") -> Pull:
    return only(labels=(name,)).ticket_event("labeled", at, by, current=name)


def test_a_label_by_somebody_outside_the_contributors_authorises():
    one = labelled().determinations(LABELLED)["CM-02"]

    assert (one.outcome.value, one.reason) == ("pass", "requested")
    assert "authorised was set by dora (id 4)" in one.sentence


def test_i04_a_contributor_cannot_authorise():
    assert labelled(ALICE).outcome("CM-02", LABELLED) == ("fail", "self-authorised")


def test_a_label_after_the_merge_is_too_late_unless_deployment_is_the_limit():
    assert labelled(at=40).outcome("CM-02", LABELLED) == ("fail", "not-authorised")
    late = replace(LABELLED, authorised_before="deploy")
    assert labelled(at=40).outcome("CM-02", late) == ("pass", "requested")


def test_an_undeployed_change_has_no_deployment_to_be_authorised_before():
    pull = labelled()
    pull.deployments = []

    assert pull.outcome("CM-02", replace(LABELLED, authorised_before="deploy")) == (
        "unknown",
        "merge-time-unknown",
    )


def test_i05_a_label_that_was_taken_away_again_authorises_nothing():
    pull = labelled().ticket_event("unlabeled", 10, current="authorised")
    pull.tickets = [replace(one, labels=()) for one in pull.tickets]

    assert pull.outcome("CM-02", LABELLED) == ("fail", "not-authorised")


@pytest.mark.parametrize("kinds", [("labeled", "labeled"), ("unlabeled",), ()])
def test_a_history_that_does_not_lead_to_the_labels_as_read_is_open(kinds):
    pull = only(labels=("authorised",))
    for place, kind in enumerate(kinds):
        pull.ticket_event(kind, place, current="authorised")

    assert pull.outcome("CM-02", LABELLED) == ("unknown", "authorisation-not-collected")


def test_a_history_that_was_not_read_whole_is_open():
    pull = labelled()
    pull.record = {"complete": False, "missing": ("issue_history",)}

    assert pull.outcome("CM-02", LABELLED) == ("unknown", "authorisation-not-collected")


def test_an_authoriser_who_cannot_be_compared_is_open():
    jira = Actor(system="jira.test", id="j4", type=ActorType.USER, login="dora")

    assert labelled(GHOST).outcome("CM-02", LABELLED) == ("unknown", "authoriser-unknown")
    assert labelled(jira).outcome("CM-02", LABELLED) == ("unknown", "authoriser-unknown")
    policy = replace(LABELLED, persons=(person("Dora", DORA, jira),))
    assert labelled(jira).outcome("CM-02", policy) == ("pass", "requested")


def moved(*steps: tuple[float, str, str], state: str) -> Pull:
    pull = only(state=state)
    for at, previous, current in steps:
        pull.ticket_event("transition", at, CORA, previous=previous, current=current)
    return pull


def test_a_status_that_was_reached_in_time_authorises():
    pull = moved((1, "Open", "Approved"), (40, "Approved", "Done"), state="Done")

    assert pull.outcome("CM-02", STATUS) == ("pass", "requested")


def test_i05_a_status_that_was_left_before_the_merge_does_not():
    pull = moved((1, "Open", "Approved"), (5, "Approved", "Open"), state="Open")

    assert pull.outcome("CM-02", STATUS) == ("fail", "not-authorised")


def test_a_transition_that_is_missing_from_the_history_leaves_it_open():
    pull = moved((1, "Open", "Approved"), (40, "Open", "Done"), state="Done")

    assert pull.outcome("CM-02", STATUS) == ("unknown", "authorisation-not-collected")


# --- direct commits


def test_a_direct_commit_has_no_ticket():
    assert Direct().outcome("CM-02") == ("fail", "no-ticket")


def test_a_direct_commit_is_unknown_where_the_forge_was_not_read():
    direct = Direct()
    direct.evidence["github_observed"] = False

    assert direct.outcome("CM-02") == ("unknown", "not-collected")


def linked_direct(at: float) -> tuple[str, str]:
    from evidence.controls.attributes import cm_02
    from evidence.model.chain import Chain

    direct = Direct().ticket(at=at).deploy("d1")
    link = Link(
        kind=LinkKind.REQUEST,
        source="commit:app:d1",
        target="ticket:acme/shop#12",
        basis="recorded",
        strength=Strength.STRONG,
    )
    chain = Chain(evidence=direct.chain().evidence, links=(link,))
    one = cm_02.determine(chain, P0, minute(99))
    return one.outcome.value, one.reason


def test_a_direct_commits_ticket_is_measured_against_its_deployment():
    assert linked_direct(at=70) == ("fail", "ticket-after-merge")
    assert linked_direct(at=5) == ("unknown", "merge-time-unknown")


# --- linked when


HAND = {"subject": "acme/shop#12"}


def by_hand(*acts: tuple[str, float], listed: bool = True) -> Pull:
    """A ticket linked and unlinked by hand, at minutes; the merge was at 30."""
    pull = only()
    pull.closing = pull.closing if listed else ()
    for kind, at in acts:
        pull.event(kind, at, **HAND)
    return pull


@pytest.mark.parametrize(
    ("acts", "listed", "expected"),
    [
        ((("Connected", 5),), True, ("pass", "requested")),
        ((("Connected", 5),), False, ("pass", "requested")),
        ((("Connected", 40),), True, ("fail", "linked-after-merge")),
        ((("Connected", 5), ("Disconnected", 8)), False, ("fail", "linked-after-merge")),
        ((("Connected", 5), ("Disconnected", 40)), False, ("pass", "requested")),
        ((("Disconnected", 40),), False, ("pass", "requested")),
        ((("Disconnected", 40), ("Connected", 50)), True, ("pass", "requested")),
    ],
)
def test_a_link_made_by_hand_counts_as_it_stood_at_the_merge(acts, listed, expected):
    assert by_hand(*acts, listed=listed).outcome("CM-02") == expected


def test_a_link_made_by_hand_later_does_not_hide_that_the_description_names_the_ticket():
    pull = by_hand(("Connected", 40))
    pull.record = {"body": "Closes https://forge.test/acme/shop/issues/12"}

    assert pull.outcome("CM-02") == ("pass", "requested")


def without_events(pull: Pull, *kinds: str) -> Pull:
    pull.evidence["events"] = tuple(e for e in pull.gathered().events if e.kind not in kinds)
    return pull


@pytest.mark.parametrize("kind", ["Connected", "TextsRead", "Merged"])
def test_a_late_link_whose_event_or_mark_is_lost_is_no_pass(kind):
    lost = without_events(by_hand(("Connected", 40)), kind)

    assert lost.outcome("CM-02")[0] != "pass"


def test_a_link_is_open_where_no_reading_says_when_the_description_was_edited():
    assert without_events(Pull(), "TextsRead").outcome("CM-02") == ("unknown", "link-time-unknown")


def seen(pull: Pull, at: float, **record: object) -> Pull:
    """An earlier version of the pull request."""
    fields = {"state": "OPEN", "observed_at": minute(at), "entry_seq": 3, **record}
    pull.versions.append(replace(pull.gathered().pull_request, **fields))
    return pull


def edited(body: str, at: float = 40) -> Pull:
    pull = only(key="SHOP-12", tracker="jira")
    pull.closing, pull.edited, pull.record = (), at, {"body": body}
    return pull


def test_b14_a_key_in_a_description_edited_after_the_merge_is_open():
    assert edited("for SHOP-12").outcome("CM-02") == ("unknown", "link-time-unknown")
    assert edited("for SHOP-12", at=20).outcome("CM-02") == ("pass", "requested")


def test_b14_a_key_that_stood_there_before_the_merge_and_later_counts_and_is_flagged():
    one = seen(edited("for SHOP-12, thanks"), 25, body="for SHOP-12").determinations()["CM-02"]

    assert (one.outcome.value, one.reason) == ("pass", "requested")
    assert "edited-after-merge" in one.flags


def test_b14_a_key_that_was_not_there_in_the_first_reading_after_the_merge_does_not_count():
    pull = seen(edited("for SHOP-12"), 35, body="", state="MERGED")

    assert pull.outcome("CM-02") == ("fail", "linked-after-merge")


def test_b14_a_key_that_was_there_in_the_first_reading_after_the_merge_counts():
    pull = seen(edited("thanks"), 35, body="for SHOP-12", state="MERGED")

    assert pull.outcome("CM-02") == ("pass", "requested")


def test_a_ticket_that_was_deleted_after_it_was_read_is_still_the_request():
    pull = Pull()
    key, pull.closing = pull.closing, ()

    merged = seen(pull, 35, closing_issues=key, state="MERGED")
    assert merged.outcome("CM-02") == ("pass", "requested")


def test_a_ticket_that_disappeared_around_the_merge_is_flagged():
    pull = Pull()
    key, pull.closing = pull.closing, ()

    one = seen(pull, 25, closing_issues=key).determinations()["CM-02"]
    assert (one.outcome.value, "ticket-gone" in one.flags) == ("pass", True)


def test_a_link_that_was_edited_away_before_the_merge_does_not_count():
    pull = Pull()
    key, pull.closing, pull.edited = pull.closing, (), 28

    assert seen(pull, 25, closing_issues=key).outcome("CM-02") == ("fail", "linked-after-merge")


def test_a_title_is_open_where_not_every_change_of_it_was_read():
    pull = only(key="SHOP-12", tracker="jira")
    pull.closing, pull.title = (), "SHOP-12 basket"

    assert without_events(pull, "TextsRead").outcome("CM-02") == ("unknown", "link-time-unknown")
