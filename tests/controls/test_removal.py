"""Unknown is never pass: taking one piece of evidence away never turns a non-pass into a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ACTIONS,
    AGENT,
    ALICE,
    ALICE_TWO,
    AS_OF,
    BERT,
    CORA,
    DEPENDABOT,
    DORA,
    GHOST,
    P0,
    READ,
    ROBOT,
    TEST,
    Direct,
    Pull,
    email,
    minute,
    person,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.chain.chains import build_chain
from evidence.controls.evaluate import evaluate_change
from evidence.model.chain import ChangeEvidence
from evidence.model.change import MergeMethod
from evidence.model.git import QuestionKind
from evidence.policy import Policy

PEOPLE = (ALICE, BERT, CORA, DORA, ALICE_TWO)
ANYONE = (*PEOPLE, DEPENDABOT, AGENT, ACTIONS, GHOST)

MAPPED = (
    person("Alice", ALICE, ALICE_TWO, emails=(email(ALICE),)),
    person("Bert", BERT, emails=(email(BERT), "bert@home.test")),
    person("Cora", CORA, emails=(email(CORA),)),
    person("Dora", DORA, emails=(email(DORA),)),
)

POLICIES = (
    replace(P0, persons=MAPPED),
    replace(P0, persons=MAPPED, automations=(replace(ROBOT, ignore_commits=True),)),
    replace(P0, persons=MAPPED, approval_currency="exact", require_up_to_date=True),
    replace(P0, persons=MAPPED, approval_currency="time", approvals_required=2),
    replace(P0, persons=MAPPED, authorised_labels=("authorised",), comment_approval=True),
    replace(P0, persons=MAPPED, required_check_moment="before_deploy", clock_tolerance=0),
    replace(
        P0,
        persons=MAPPED,
        forbidden_pairs=(("contributor", "merger"), ("contributor", "dismisser")),
        required_checks=(replace(TEST, unless_only_paths=("docs/**",)),),
        non_deployable_paths=("docs/**",),
    ),
)

LISTS = (
    "reviews",
    "pull_request_commits",
    "events",
    "commits",
    "checks",
    "coverage",
    "tickets",
    "ticket_events",
    "deployments",
)


@st.composite
def pulls(draw) -> Pull:
    """A pull request with a few of everything, most of it in order."""
    pick = draw
    pull = Pull(author=pick(st.sampled_from((ALICE, ALICE, BERT, DEPENDABOT))), bare=True)
    pull.merged_by = pick(st.sampled_from((ALICE, CORA, BERT, GHOST)))
    _commits(pick, pull)
    _reviews(pick, pull)
    _checks(pick, pull)
    _request(pick, pull)
    pull.merge_equal(paths=pick(st.sampled_from((("src/a.py",), ("docs/a.md",)))))
    if pick(st.booleans()):
        pull.answer(QuestionKind.TREE, "m1", value="other")
        value = {"digest": "x", "paths": ["src/added.py"]}
        pull.answer(QuestionKind.RANGE_DIFF, "t1", "other", value=value)
    if pick(st.booleans()):
        pull.deploy("m1", by=pick(st.sampled_from((None, ALICE, BERT))))
    if pick(st.booleans()):
        pull.landed = ("m0", "m1")
        pull.changes["merge_method"] = MergeMethod.REBASE
        pull.deploy("m0", 50)
        if pick(st.booleans()):
            pull.green("m0")
    return pull


def _commits(pick, pull: Pull) -> None:
    for number in range(pick(st.integers(1, 3))):
        trailer = pick(st.sampled_from(("", "", f"\n\nCo-authored-by: B <{email(BERT)}>")))
        pull.push(
            f"c{number}",
            pick(st.sampled_from((ALICE, ALICE, BERT, CORA, DEPENDABOT, None))),
            web=pick(st.booleans()),
            message=f"Change{trailer}",
        )
        digest = pick(st.sampled_from(("one", "two")))
        pull.net_diff(f"c{number}", digest)
        pull.answer(QuestionKind.CHANGED_PATHS, f"c{number}", value=["app/x.lock"])
    if pick(st.booleans()):
        old = pull.head
        pull.push("n1", pick(st.sampled_from((ALICE, BERT))), parents=("b0",)).pushed_away(old)
        pull.net_diff("n1", pick(st.sampled_from(("one", "two"))))
        pull.rows = [row for row in pull.rows if row.sha == "n1"]
        pull.force_push(old, "n1", 15, pick(st.sampled_from((ALICE, BERT, CORA))))


def _reviews(pick, pull: Pull) -> None:
    shas = [commit.sha for commit in pull.commits]
    for number in range(pick(st.integers(0, 3))):
        pull.review(
            pick(st.sampled_from(ANYONE)),
            pick(st.sampled_from(("APPROVED", "APPROVED", "CHANGES_REQUESTED", "COMMENTED"))),
            pick(st.sampled_from((10, 15, 20, 30, 35))),
            sha=pick(st.sampled_from((pull.head, *shas))),
            review_id=f"r{number}",
            can_push=pick(st.sampled_from((True, True, False))),
            body=pick(st.sampled_from(("", "LGTM"))),
        )
    if pull.reviews and pick(st.booleans()):
        was = pull.reviews[0].state
        if was != "COMMENTED":
            at = pick(st.sampled_from((25, 40)))
            pull.dismiss("r0", at, pick(st.sampled_from((ALICE, CORA))), was=was)


def _checks(pick, pull: Pull) -> None:
    ends = st.sampled_from((15, 29, 45))
    results = st.sampled_from(("SUCCESS", "SUCCESS", "FAILURE", "SKIPPED"))
    for sha in dict.fromkeys((pull.head, "m1")):
        for _ in range(pick(st.integers(0, 2))):
            end = pick(ends)
            pull.check(sha=sha, started=end - 4, ended=end, conclusion=pick(results))
        if pick(st.booleans()):
            pull.check(sha=sha, kind="status", conclusion=pick(results))
        pull.check("scan/trivy", sha=sha, app="scanner")
        pull.covered(sha, complete=pick(st.sampled_from((True, True, False))), all_attempts=True)
    if pick(st.booleans()):
        pull.changes["merge_method"] = MergeMethod.QUEUE


def _request(pick, pull: Pull) -> None:
    at = pick(st.sampled_from((-600, 29, 40)))
    pull.ticket(at=at)
    labels: set[str] = set()
    for place in range(pick(st.integers(0, 3))):
        kind = "unlabeled" if labels else "labeled"
        by = pick(st.sampled_from((ALICE, DORA)))
        pull.ticket_event(kind, 5 + 10 * place, by, current="authorised")
        labels ^= {"authorised"}
    pull.tickets[-1] = replace(pull.tickets[-1], labels=tuple(labels))
    if pick(st.booleans()):
        reason = pick(st.sampled_from(("NOT_PLANNED", "COMPLETED")))
        pull.ticket_event("closed", 25, DORA, current=reason)
        pull.tickets[-1] = replace(
            pull.tickets[-1], state="CLOSED", state_reason=reason, closed_at=minute(25)
        )


def outcomes(evidence: ChangeEvidence, policy: Policy) -> dict[str, str]:
    found = evaluate_change(build_chain(evidence, policy), policy, AS_OF)
    return {one.control: one.outcome.value for one in found}


def without_one(evidence: ChangeEvidence):
    """(what was taken away, the rest) for every single piece of evidence."""
    for name in LISTS:
        items = getattr(evidence, name)
        for place in range(len(items)):
            rest = items[:place] + items[place + 1 :]
            yield items[place], replace(evidence, **{name: rest})
    for question in evidence.answers:
        rest = {key: value for key, value in evidence.answers.items() if key != question}
        yield question, replace(evidence, answers=rest)
    yield evidence.pull_request, replace(evidence, pull_request=None, pull_request_versions=())


def assert_nothing_gained(pull: Pull, policy: Policy) -> None:
    evidence = pull.gathered()
    before = outcomes(evidence, policy)
    for taken, rest in without_one(evidence):
        after = outcomes(rest, policy)
        gained = {c for c in after if after[c] == "pass" and before[c] != "pass"}
        assert gained == set(), f"{gained} passed once this was taken away: {taken}"


@pytest.mark.long
@settings(max_examples=120)
@given(pull=pulls(), policy=st.sampled_from(POLICIES))
def test_taking_one_piece_of_evidence_away_never_makes_a_pass(pull, policy):
    assert_nothing_gained(pull, policy)


@settings(max_examples=10)
@given(policy=st.sampled_from(POLICIES), green=st.booleans())
def test_nor_does_it_for_a_direct_commit(policy, green):
    direct = Direct()
    if green:
        direct.green("d1")

    assert_nothing_gained(direct, policy)


@settings(max_examples=60)
@given(pull=pulls(), policy=st.sampled_from(POLICIES), data=st.data())
def test_the_order_of_the_evidence_does_not_matter(pull, policy, data):
    evidence = pull.gathered()
    before = evaluate_change(build_chain(evidence, policy), policy, AS_OF)
    mixed = {name: tuple(data.draw(st.permutations(getattr(evidence, name)))) for name in LISTS}

    after = evaluate_change(build_chain(replace(evidence, **mixed), policy), policy, AS_OF)

    verdicts = [(one.control, one.outcome, one.reason) for one in before]
    assert [(one.control, one.outcome, one.reason) for one in after] == verdicts


@settings(max_examples=60)
@given(pull=pulls(), policy=st.sampled_from(POLICIES))
def test_what_happens_after_the_merge_changes_no_verdict_on_approval(pull, policy):
    before = pull.determinations(policy)
    pull.event("Labeled", 90, CORA, subject="later").review(CORA, "COMMENTED", 95, body="thanks")

    after = pull.determinations(policy)

    for control in ("CM-03", "CM-04"):
        assert (after[control].outcome, after[control].reason) == (
            before[control].outcome,
            before[control].reason,
        )
    assert READ < AS_OF
