"""The order of events in a dossier, and the words for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packet_factory import HOUR, chain, change, deployment, direct, make_packet

from evidence.errors import RenderError
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.git import Commit
from evidence.report import html
from evidence.report.dossier import Person, build_dossier
from evidence.report.summary import summarise
from evidence.report.timeline import Moment, timeline


def told(evidence: ChangeEvidence) -> list[str]:
    return [row.what for row in timeline(evidence, [])]


def test_the_story_is_told_from_the_request_to_the_deployment() -> None:
    about = change(1)
    moments = timeline(chain(about).evidence, [deployment(about)])
    assert [row.what for row in moments] == [
        "Request acme-example/shop#401 created",
        "Request: labeled",
        "Commit",
        "Pull request opened",
        "Branch force-pushed",
        "Check unit tests: SUCCESS",
        "Review APPROVED",
        "Merged into main",
        "Deployment of shop started",
        "Deployment of shop: Succeeded",
    ]


def test_events_of_one_instant_keep_the_timelines_order() -> None:
    evidence = chain(change(1)).evidence
    first = replace(evidence.events[0], kind="ReviewDismissed", position=4)
    second = replace(evidence.events[0], kind="Reopened", position=3)
    both = replace(evidence, events=(first, second))
    assert told(both)[4:6] == ["Reopened", "Review dismissed"]


def test_an_event_of_an_unknown_type_is_printed_under_its_own_name() -> None:
    evidence = chain(change(1)).evidence
    odd = replace(
        evidence.events[0], kind="QuantumMerged", before_sha="", after_sha="", subject="x"
    )
    [moment] = [
        row for row in timeline(replace(evidence, events=(odd,)), []) if row.what == "QuantumMerged"
    ]
    assert moment.reference == "x"


def test_a_merge_or_review_item_is_not_told_twice() -> None:
    evidence = chain(change(1)).evidence
    items = tuple(
        replace(evidence.events[0], kind=kind) for kind in ("Merged", "PullRequestReview")
    )
    assert told(replace(evidence, events=items)).count("Merged into main") == 1
    assert told(replace(evidence, events=items)).count("Review APPROVED") == 1


def test_a_review_seen_twice_in_one_state_is_one_event_and_a_new_state_another() -> None:
    evidence = chain(change(1)).evidence
    first = evidence.reviews[0]
    again = replace(first, observed_at=first.observed_at + HOUR)
    dismissed = replace(again, state="DISMISSED")
    words = told(replace(evidence, reviews=(first, again, dismissed)))
    assert [word for word in words if word.startswith("Review")] == [
        "Review APPROVED",
        "Review DISMISSED",
    ]


def test_a_direct_commit_is_told_by_its_claimed_time() -> None:
    about = replace(change(1), number=0, created_at=0, merged_at=0)
    commit = Commit(
        repository="shop", sha=about.head_sha, tree="", parents=(), author_name="",
        author_email="", author_time=5, committer_name="", committer_email="",
        committer_time=7, message="", entry_seq=3,
    )  # fmt: skip
    moments = timeline(ChangeEvidence(change=about, commits=(commit,)), [])
    expected = Moment(at=7, what="Commit", reference=about.head_sha[:12], claim=True, entry=3)
    assert moments == (expected,)


@pytest.mark.parametrize(("automated", "named"), [(True, "automated"), (None, "not stated")])
def test_an_unnamed_initiator_is_automated_only_where_the_deployer_says_so(
    automated: bool | None, named: str
) -> None:
    row = deployment(change(1), initiator=None, automated=automated)
    moments = timeline(ChangeEvidence(change=change(1)), [row])
    assert {moment.who for moment in moments if "Deployment" in moment.what} == {named}


def test_a_direct_commit_is_named_by_its_message_and_its_author_by_the_claim() -> None:
    about = direct(0xD1)
    commit = Commit(
        repository="shop", sha=about.landing_sha, tree="", parents=(), author_name="Ada Example",
        author_email="", author_time=5, committer_name="Ada Example", committer_email="",
        committer_time=7, message="Stop the till\n\nAt once.", entry_seq=3,
    )  # fmt: skip
    bare = replace(about, title="")
    told = Chain(evidence=ChangeEvidence(change=bare, commits=(commit,)), links=())
    dossier = build_dossier(bare, told, summarise(make_packet()), (), in_population=True)
    assert dossier.title == "Stop the till"
    assert dossier.people[-1:] == (
        Person(name="Ada Example (as the commit claims)", roles=("author", "committer")),
    )


def test_a_template_that_lacks_a_value_is_an_error_and_no_traceback() -> None:
    env = html.environment("Europe/Berlin")
    with pytest.raises(RenderError, match="dossier template"):
        html.fragment(env, None)  # type: ignore[arg-type]
