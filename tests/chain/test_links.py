"""Every link of a chain names the rule that drew it and how far it can be relied on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.chains import build_chain, chain_questions
from evidence.chain.links import RULES, draw_links
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, ChangeKind, Link, LinkKind, MergeMethod, Strength
from evidence.model.check import CheckRun
from evidence.model.git import Commit, QuestionKind
from evidence.model.production import (
    DeploymentKind,
    ImageChange,
    ProductionDeployment,
    RevisionRange,
)
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.ticket import Ticket
from evidence.policy import Automation, Policy

BASE, HEAD, LANDED = "b" * 40, "a" * 40, "c" * 40
STRONGEST = list(Strength)


def change(**fields: Any) -> Change:
    values: dict[str, Any] = {
        "change_id": "app:pr:7",
        "kind": ChangeKind.PULL_REQUEST,
        "repository": "app",
        "number": 7,
        "commits": (LANDED,),
        "branch": "main",
        "landing_sha": LANDED,
        "base_sha": BASE,
        "head_sha": HEAD,
        "merge_method": MergeMethod.SQUASH,
    }
    return Change(**{**values, **fields})


def pull(**fields: Any) -> PullRequest:
    values: dict[str, Any] = {
        "entry_seq": 3,
        "repository": "app",
        "number": 7,
        "node_id": "",
        "url": "https://forge.test/acme/shop/pull/7",
        "title": "",
        "body": "",
        "state": "MERGED",
        "author": None,
        "created_at": 1,
        "updated_at": 2,
        "merged_at": 2,
        "closed_at": 2,
        "merged_by": None,
        "base_ref": "main",
        "base_sha": BASE,
        "head_ref": "topic",
        "head_sha": HEAD,
        "head_repository": "acme/shop",
        "merge_sha": LANDED,
    }
    return PullRequest(**{**values, **fields})


def review(**fields: Any) -> Review:
    values: dict[str, Any] = {
        "entry_seq": 4,
        "observed_at": 10,
        "repository": "app",
        "number": 7,
        "review_id": "r1",
        "author": None,
        "state": "APPROVED",
        "submitted_at": 1,
        "commit_sha": HEAD,
        "can_push": None,
        "association": "",
        "body": "",
    }
    return Review(**{**values, **fields})


def check(sha: str, check_id: str = "k1") -> CheckRun:
    return CheckRun(
        entry_seq=5,
        repository="app",
        sha=sha,
        kind="check_run",
        check_id=check_id,
        name="ci/test",
        app="ci",
        app_id="1",
        status="COMPLETED",
        conclusion="SUCCESS",
        started_at=1,
        completed_at=2,
    )


def ticket(key: str) -> Ticket:
    return Ticket(
        entry_seq=6,
        tracker="forge",
        ticket_id=key,
        key=key,
        url="",
        title="",
        type="",
        project="",
        state="OPEN",
        state_reason="",
        author=None,
        created_at=1,
        updated_at=1,
        closed_at=0,
    )


def commit(sha: str, message: str) -> Commit:
    return Commit(
        repository="app",
        sha=sha,
        tree="",
        parents=(),
        author_name="",
        author_email="",
        author_time=0,
        committer_name="",
        committer_email="",
        committer_time=0,
        message=message,
    )


def row(**fields: Any) -> ProductionDeployment:
    values: dict[str, Any] = {
        "deployment_id": "argo:uid:1",
        "application": "shop",
        "environment": "production",
        "kind": DeploymentKind.FORWARD,
        "started_at": 9,
        "finished_at": 10,
        "phase": "Succeeded",
        "initiator": None,
        "automated": True,
        "entries": (8,),
    }
    return ProductionDeployment(**{**values, **fields})


def links(evidence: ChangeEvidence, kind: LinkKind, policy: Policy | None = None) -> list[Link]:
    found = draw_links(evidence, policy or Policy())
    return [link for link in found if link.kind == kind]


def told(evidence: ChangeEvidence, kind: LinkKind, policy: Policy | None = None) -> list[Any]:
    return [(link.target, link.basis, str(link.strength)) for link in links(evidence, kind, policy)]


def test_a_ticket_that_the_source_says_is_closed_is_a_strong_request() -> None:
    evidence = ChangeEvidence(
        change=change(),
        pull_request=pull(closing_issues=("acme/shop#12",)),
        tickets=(ticket("acme/shop#12"),),
    )
    expected = [("ticket:acme/shop#12", "closing_reference", "strong")]
    assert expected == told(evidence, LinkKind.REQUEST)
    assert (3, 6) == links(evidence, LinkKind.REQUEST)[0].entries


def test_a_key_is_inferred_and_every_place_is_kept() -> None:
    evidence = ChangeEvidence(
        change=change(),
        pull_request=pull(title="SHOP-12: x", head_ref="feature/SHOP-12-x", body="see OPS-3"),
    )
    expected = [
        ("ticket:SHOP-12", "title_key", "inferred"),
        ("ticket:SHOP-12", "branch_key", "inferred"),
        ("ticket:OPS-3", "body_key", "inferred"),
    ]
    assert expected == told(evidence, LinkKind.REQUEST)


def test_a_key_in_a_place_that_the_policy_does_not_accept_is_a_candidate() -> None:
    evidence = ChangeEvidence(change=change(), pull_request=pull(body="SHOP-12"))
    policy = Policy(ticket_sources=("title",))
    assert [("ticket:SHOP-12", "body_key", "candidate")] == told(evidence, LinkKind.REQUEST, policy)


@pytest.mark.parametrize(
    "text",
    [
        "CVE-2026-1234",
        "UTF-8 and SHA-256, AES-128, RFC-3161",
        "SHOP-0",
        "shop-12",
        "xSHOP-12",
        "SHOP-12a",
        "Merge pull request #7",
        "&#12; and a/b/c#1d",
        "",
    ],
)
def test_what_only_looks_like_a_key_is_refused(text: str) -> None:
    evidence = ChangeEvidence(change=change(), pull_request=pull(title=text))
    assert [] == [one for one in links(evidence, LinkKind.REQUEST) if one.strength != "candidate"]


def test_an_issue_number_counts_where_such_a_ticket_was_read() -> None:
    tickets = (ticket("acme/shop#12"), ticket("acme/other#3"))
    evidence = ChangeEvidence(
        change=change(), pull_request=pull(title="#12, acme/Other#3 and #99"), tickets=tickets
    )
    expected = [
        ("ticket:acme/shop#12", "title_key", "inferred"),
        ("ticket:acme/other#3", "title_key", "inferred"),
        ("ticket:acme/shop#99", "title_key", "candidate"),
    ]
    assert expected == told(evidence, LinkKind.REQUEST)


def test_a_number_without_a_known_repository_names_no_ticket() -> None:
    evidence = ChangeEvidence(change=change(), pull_request=pull(title="#12", url="odd"))
    assert [] == links(evidence, LinkKind.REQUEST)


def test_a_key_in_the_message_of_a_direct_commit_is_a_candidate() -> None:
    direct = change(
        change_id=f"app:commit:{LANDED}", number=0, kind=ChangeKind.DIRECT, head_sha=LANDED
    )
    evidence = ChangeEvidence(
        change=direct, commits=(commit(LANDED, "SHOP-12: fix"), commit(BASE, "SHOP-1"))
    )
    assert [("ticket:SHOP-12", "message_key", "candidate")] == told(evidence, LinkKind.REQUEST)
    assert [(f"commit:app:{LANDED}", "first_parent", "proved")] == told(evidence, LinkKind.MERGE)


def test_an_approval_is_for_the_commit_it_was_first_seen_with() -> None:
    rebound = review(observed_at=20, entry_seq=9, commit_sha=HEAD)
    evidence = ChangeEvidence(change=change(), reviews=(rebound, review(commit_sha=BASE)))
    assert [(f"commit:app:{BASE}", "review_commit", "strong")] == told(evidence, LinkKind.APPROVAL)
    (link,) = links(evidence, LinkKind.APPROVAL)
    assert (f"later shown for {HEAD}", (4, 9)) == (link.detail, link.entries)


def test_an_approval_without_a_commit_is_a_candidate_for_the_pull_request() -> None:
    evidence = ChangeEvidence(change=change(), reviews=(review(commit_sha=""),))
    expected = [("pr:app:7", "review_of_pull_request", "candidate")]
    assert expected == told(evidence, LinkKind.APPROVAL)


def test_a_comment_is_no_approval() -> None:
    evidence = ChangeEvidence(change=change(), reviews=(review(state="COMMENTED"),))
    assert [] == links(evidence, LinkKind.APPROVAL)


@pytest.mark.parametrize(
    ("sha", "method", "expected"),
    [
        (HEAD, MergeMethod.SQUASH, ("head", "proved")),
        (LANDED, MergeMethod.SQUASH, ("landed_commit", "proved")),
        (LANDED, MergeMethod.QUEUE, ("queue_head", "proved")),
        (BASE, MergeMethod.SQUASH, ("other_commit", "candidate")),
        ("d" * 40, MergeMethod.REBASE, ("commit_of_change", "proved")),
        ("", MergeMethod.SQUASH, ("other_commit", "candidate")),
    ],
)
def test_a_check_counts_by_the_commit_it_ran_on(
    sha: str, method: MergeMethod, expected: tuple[str, str]
) -> None:
    landed = change(merge_method=method, commits=("d" * 40, LANDED))
    evidence = ChangeEvidence(change=landed, checks=(check(sha),))
    assert [(f"commit:app:{sha}", *expected)] == told(evidence, LinkKind.VALIDATION)


@pytest.mark.parametrize(
    ("fields", "merge_sha", "expected"),
    [
        ({}, LANDED, [("merge_commit", "proved")]),
        ({"merge_method": MergeMethod.LOCAL}, "", [("head_merged", "strong")]),
        (
            {"merge_method": MergeMethod.LOCAL, "flags": ("head_contained",)},
            "",
            [("head_contained", "inferred")],
        ),
        (
            {"merge_method": MergeMethod.REBASE, "commits": (BASE, LANDED)},
            LANDED,
            [("rebase_block", "strong"), ("merge_commit", "proved")],
        ),
        ({"landing_sha": "", "commits": ()}, "", []),
    ],
)
def test_a_landed_commit_says_why_it_belongs_to_its_change(
    fields: dict[str, Any], merge_sha: str, expected: list[tuple[str, str]]
) -> None:
    evidence = ChangeEvidence(change=change(**fields), pull_request=pull(merge_sha=merge_sha))
    assert [("pr:app:7", *one) for one in expected] == told(evidence, LinkKind.MERGE)


def test_a_deployment_through_an_image_shows_the_hop() -> None:
    span = RevisionRange(
        repository="app",
        path="",
        previous=BASE,
        revision=LANDED,
        kind=DeploymentKind.FORWARD,
        commits=(LANDED,),
        basis="tag_contains_sha",
        strength=Strength.STRONG,
        through="ghcr.io/acme/shop",
    )
    image = ImageChange(
        image="ghcr.io/acme/shop",
        file="k.yaml",
        field="images[0].newTag",
        old="1",
        new=LANDED,
        repository="app",
        new_commit=LANDED,
        basis="tag_contains_sha",
        strength=Strength.STRONG,
    )
    other = replace(image, image="redis", new_commit="")
    deployed = row(ranges=(replace(span, repository="config"), span), images=(other, image))
    evidence = ChangeEvidence(change=change(), deployments=(deployed,))
    assert [("deployment:argo:uid:1", "range:tag_contains_sha", "strong")] == told(
        evidence, LinkKind.DEPLOYMENT
    )
    (hop,) = links(evidence, LinkKind.HOP)
    assert (f"image:ghcr.io/acme/shop:{LANDED}", f"commit:app:{LANDED}", (8,)) == (
        hop.source,
        hop.target,
        hop.entries,
    )


def test_a_chain_holds_the_links_of_every_rule() -> None:
    evidence = full()
    chain = build_chain(evidence, Policy())
    assert evidence == chain.evidence
    assert {"request", "approval", "validation", "merge", "deployment"} == {
        str(link.kind) for link in chain.links
    }
    assert set(RULES) == {
        "closing_reference",
        "key_in_text",
        "key_in_message",
        "review",
        "check",
        "merge",
        "deployment",
        "hop",
    }


def full() -> ChangeEvidence:
    span = RevisionRange(
        repository="app",
        path="",
        previous=BASE,
        revision=LANDED,
        kind=DeploymentKind.FORWARD,
        commits=(LANDED,),
        basis="sha",
    )
    return ChangeEvidence(
        change=change(),
        pull_request=pull(title="SHOP-1 #12", closing_issues=("acme/shop#12",)),
        reviews=(
            review(commit_sha=""),
            review(observed_at=20, commit_sha=HEAD),
            review(review_id="r2", commit_sha=BASE),
        ),
        checks=(check(HEAD), check(LANDED, "k2"), check(BASE, "k3")),
        commits=(commit(HEAD, "SHOP-3"), commit(LANDED, "")),
        tickets=(ticket("acme/shop#12"), ticket("SHOP-1")),
        events=(
            PullRequestEvent(
                repository="app",
                number=7,
                event_id="e",
                kind="HeadRefForcePushed",
                position=1,
                actor=None,
                at=1,
                before_sha="e" * 40,
                after_sha=HEAD,
            ),
        ),
        deployments=(row(ranges=(span,)),),
    )


LISTS = ("reviews", "checks", "commits", "tickets", "events", "deployments")


@given(st.data())
def test_hiding_one_fact_never_makes_a_link_stronger(data: st.DataObject) -> None:
    evidence = full()
    name = data.draw(st.sampled_from((*LISTS, "pull_request")))
    if name == "pull_request":
        less = replace(evidence, pull_request=None)
    else:
        facts = getattr(evidence, name)
        gone = data.draw(st.integers(0, len(facts) - 1))
        less = replace(evidence, **{name: (*facts[:gone], *facts[gone + 1 :])})
    before = best(draw_links(evidence, Policy()))
    for edge, strength in best(draw_links(less, Policy())).items():
        assert edge in before
        assert STRONGEST.index(before[edge]) <= STRONGEST.index(strength)


def best(found: tuple[Link, ...]) -> dict[tuple[str, str], Strength]:
    """The strongest link of each kind from each source."""
    strongest: dict[tuple[str, str], Strength] = {}
    for link in found:
        edge = (str(link.kind), link.source)
        known = strongest.get(edge, Strength.CANDIDATE)
        strongest[edge] = min(known, link.strength, key=STRONGEST.index)
    return strongest


def test_a_chain_asks_what_was_merged_and_what_was_approved() -> None:
    asked = {(one.kind, one.args) for one in chain_questions(full(), Policy())}
    net = QuestionKind.NET_DIFF
    expected = {
        (QuestionKind.MERGE_TREE, (BASE, HEAD)),
        (QuestionKind.TREE, (LANDED,)),
        (QuestionKind.CHANGED_PATHS, (LANDED,)),
        (net, (BASE, HEAD)),
        (net, (BASE, BASE)),
        (net, (BASE, "e" * 40)),
        (QuestionKind.CODEOWNERS, (BASE,)),
    }
    assert expected == asked


def test_an_approval_of_the_head_leaves_no_net_diff_to_ask() -> None:
    evidence = ChangeEvidence(change=change(), pull_request=pull(), reviews=(review(),))
    kinds = {one.kind for one in chain_questions(evidence, Policy())}
    assert QuestionKind.NET_DIFF not in kinds
    assert {QuestionKind.MERGE_TREE, QuestionKind.TREE} < kinds


def test_the_files_of_a_change_are_always_asked_for() -> None:
    evidence = ChangeEvidence(change=change(), pull_request=pull())
    asked = {(one.kind, one.args) for one in chain_questions(evidence, Policy())}
    assert (QuestionKind.CHANGED_PATHS, (LANDED,)) in asked


def test_commits_of_trusted_automation_have_their_files_asked_for() -> None:
    robot = Automation(
        id="fmt", accounts=(), emails=("fmt@bots.test",), paths=("**",), ignore_commits=True
    )
    rows = tuple(
        PullRequestCommit(
            repository="app",
            number=7,
            sha=sha,
            position=0,
            author=None,
            committer=None,
            author_email=email,
            committer_email="",
            authored_at=0,
            committed_at=0,
            via_web=False,
            signature_valid=None,
            signed_by_source=None,
        )
        for sha, email in ((HEAD, "FMT@bots.test"), (BASE, "dev@people.test"))
    )
    evidence = ChangeEvidence(change=change(), pull_request_commits=rows)
    asked = chain_questions(evidence, Policy(automations=(robot,)))
    changed = [one.args for one in asked if one.kind == QuestionKind.CHANGED_PATHS]
    assert [(HEAD,), (LANDED,)] == changed
