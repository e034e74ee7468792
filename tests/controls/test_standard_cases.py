"""Cases of CM-17 and the standard lane: who, which files, what differs, by which rule, when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import (
    ALICE,
    DEPENDABOT,
    DORA,
    FORGE,
    P0,
    START,
    Direct,
    Pull,
    minute,
    person,
)

from evidence.chain.standard import FilePair
from evidence.controls.bumps import bump_of, is_lock_file
from evidence.model.activity import RepositoryActivity
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import Precedent
from evidence.model.git import QuestionKind
from evidence.model.protection import LandingRecords
from evidence.policy import Automation, StandardRule

FILE = "requirements.txt"
AS_AUTHOR = Actor(system=FORGE, id="49", type=ActorType.USER, login="dependabot[bot]")
"""How the forge shows the bot where it names the author of a commit."""

RULE = StandardRule(
    diff="version-bump", bumps=("patch", "minor"), approved_by="Dora", valid_from=START
)
BOT = Automation(id="dependabot", accounts=(DEPENDABOT.key,), paths=(FILE, "**/*.lock"), rule=RULE)
STANDARD = replace(P0, automations=(BOT,), persons=(person("Dora", DORA),))


def by(**more) -> object:
    """The yardstick with another rule."""
    return replace(STANDARD, automations=(replace(BOT, rule=replace(RULE, **more)),))


def texts(pull: Pull, before: str, after: str, path: str = FILE) -> Pull:
    pull.merge_equal(paths=(path,))
    landed = pull.landed[-1]
    for commit, oid, text in (("b0", "o1", before), (landed, "o2", after)):
        pull.answer(QuestionKind.FILE, commit, path, value=[["100644", oid]])
        pull.answer(QuestionKind.BLOB, oid, value={"text": text})
    return pull


def bump(after: str = "lib==1.2.0\n", *, signed: bool = True, path: str = FILE) -> Pull:
    """A bot's pull request that raises a version; nobody reviewed it."""
    pull = Pull(author=DEPENDABOT, bare=True)
    pull.push("c1", AS_AUTHOR, web=signed)
    pull.merged_by = DEPENDABOT
    return texts(pull.green().ticket().deploy("m1"), "lib==1.1.9\n", after, path)


LANE = [("not_applicable", "standard-lane"), ("pass", "standard-change")]


def outcomes(pull: Pull, policy=STANDARD) -> list[tuple[str, str]]:
    found = pull.determinations(policy)
    return [(found[one].outcome.value, found[one].reason) for one in ("CM-03", "CM-17")]


def test_c14_a_bump_within_an_approved_rule_needs_no_approval_of_its_own():
    assert outcomes(bump()) == LANE
    assert bump().outcome("CM-04", STANDARD) == ("not_applicable", "standard-lane")


def test_c14_without_a_rule_it_needs_what_every_change_needs():
    plain = replace(STANDARD, automations=(replace(BOT, rule=None),))

    assert outcomes(bump(), plain) == [("fail", "no-approval"), ("not_applicable", "not-standard")]


@pytest.mark.parametrize(
    "after", ["lib==2.0.0\n", "lib==1.2.0\nother==1.0.0\n", "other==1.2.0\n", "lib==1.1.8\n", ""]
)
def test_c15_what_the_rule_does_not_allow_is_an_ordinary_change(after):
    ordinary = [("fail", "no-approval"), ("not_applicable", "not-standard")]

    assert outcomes(bump(after)) == ordinary


def test_a_file_that_the_rule_does_not_name_makes_it_an_ordinary_change():
    assert outcomes(bump(path="setup.py"))[0] == ("fail", "no-approval")


def test_a_repository_that_the_rule_is_not_for_makes_it_an_ordinary_change():
    assert outcomes(bump(), by(repositories=("other",)))[0] == ("fail", "no-approval")
    assert outcomes(bump(), by(repositories=("app",))) == LANE


def test_a_change_whose_difference_was_not_read_is_open():
    pull = bump()
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.BLOB}

    assert outcomes(pull) == [("unknown", "standard-lane-open"), ("unknown", "content-not-read")]


def test_a_change_whose_files_were_not_read_is_open():
    pull = bump()
    kinds = {QuestionKind.BLOB, QuestionKind.FILE, QuestionKind.CHANGED_PATHS}
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind not in kinds}

    assert outcomes(pull) == [("unknown", "standard-lane-open"), ("unknown", "paths-not-read")]


def test_c16_a_person_who_opens_it_is_not_the_bot_whatever_the_commit_says():
    pull = bump()
    pull.author = ALICE

    assert outcomes(pull)[1] == ("not_applicable", "not-standard")


def test_c16_a_commit_that_only_carries_the_bots_name_leaves_it_open():
    assert outcomes(bump(signed=False))[1] == ("unknown", "pusher-unknown")


def test_c16_a_commit_by_a_person_makes_it_an_ordinary_change():
    pull = bump()
    pull.push("c2", ALICE)

    assert outcomes(texts(pull.green(), "lib==1.1.9\n", "lib==1.2.0\n"))[1] == (
        "not_applicable",
        "not-standard",
    )


def test_a_rule_counts_only_while_it_is_in_force():
    lapsed = [("fail", "no-approval"), ("fail", "rule-not-in-force")]

    assert outcomes(bump(), by(valid_to=minute(20))) == lapsed
    assert outcomes(bump(), by(valid_from=minute(31))) == lapsed
    assert outcomes(bump(), by(valid_from=0)) == lapsed
    assert outcomes(bump(), by(valid_to=minute(31))) == LANE


@pytest.mark.parametrize("approver", ["", "dependabot", DEPENDABOT.key])
def test_a_rule_that_nobody_else_approved_covers_nothing(approver):
    assert outcomes(bump(), by(approved_by=approver))[1] == ("fail", "rule-not-in-force")


def test_a_rule_that_the_operator_approved_covers_nothing():
    steered = replace(BOT, operator=DORA.key)
    policy = replace(STANDARD, automations=(steered,))

    assert outcomes(bump(), policy)[1] == ("fail", "rule-not-in-force")


def test_what_a_lapsed_rule_covered_may_be_approved_as_any_other_change():
    pull = bump().approve(DORA)

    assert outcomes(pull, by(valid_to=minute(20))) == [
        ("pass", "approved"),
        ("not_applicable", "not-standard"),
    ]


def test_the_checks_that_the_rule_asks_for_must_have_passed():
    failed = bump().check("ci/test", started=16, ended=17, conclusion="FAILURE")
    unread = bump().without_checks()

    assert outcomes(failed)[1] == ("fail", "standard-checks-failed")
    assert outcomes(failed, by(checks=())) == LANE
    assert outcomes(failed, by(checks=("scan/trivy",))) == LANE
    assert outcomes(unread)[1] == ("unknown", "standard-checks-open")


def test_the_rule_may_be_the_request_of_its_changes():
    pull = bump()
    pull.tickets, pull.closing = [], ()

    assert pull.outcome("CM-02", STANDARD) == ("fail", "no-ticket")
    assert pull.outcome("CM-02", by(is_request=True)) == ("not_applicable", "request-is-rule")


# --- pushed directly


def pushed(actor: Actor | None, *, seen: bool = True, kind: str = "push") -> Direct:
    direct = texts(Direct(), "lib==1.1.9\n", "lib==1.2.0\n")
    move = RepositoryActivity(
        repository="app",
        activity_id="1",
        kind=kind,
        ref="refs/heads/main",
        before_sha="b0",
        after_sha="d1",
        at=minute(30),
        actor=actor,
    )
    direct.evidence["landing"] = LandingRecords(activity=(move,) if seen else ())
    return direct


NO_CHECKS = by(checks=())


def test_e10_a_bump_that_the_registered_account_pushed_is_a_standard_change():
    assert outcomes(pushed(DEPENDABOT), NO_CHECKS) == LANE


def test_e10_a_push_under_a_rule_bypasses_nothing_and_a_force_push_does():
    assert pushed(DEPENDABOT).outcome("CM-08", NO_CHECKS) == ("pass", "standard-rule")
    forced = pushed(DEPENDABOT, kind="force_push")
    assert forced.outcome("CM-08", NO_CHECKS) == ("fail", "force-push")


def test_e10_a_push_that_a_rule_may_cover_is_open():
    unknown = pushed(None).outcome("CM-08", NO_CHECKS)
    assert unknown == ("unknown", "standard-lane-open")


def test_c16_a_bump_that_a_person_pushed_is_none():
    assert outcomes(pushed(ALICE), NO_CHECKS) == [
        ("fail", "no-pull-request"),
        ("not_applicable", "not-standard"),
    ]


@pytest.mark.parametrize(("actor", "seen"), [(None, True), (DEPENDABOT, False)])
def test_a_bump_whose_pusher_is_not_known_is_open(actor, seen):
    assert outcomes(pushed(actor, seen=seen), NO_CHECKS) == [
        ("unknown", "standard-lane-open"),
        ("unknown", "pusher-unknown"),
    ]


# --- what differs


def pair(before: str | None, after: str | None, path: str = "VERSION") -> list[FilePair]:
    return [FilePair(path=path, before=before, after=after)]


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("1.2.3", "1.2.4", "patch"),
        ("v1.2.3", "v1.3.0", "minor"),
        ("1.2", "1.3", "minor"),
        ("1.2.3", "2.0.0", "major"),
        ("0.2.3", "0.3.0", "major"),
        ("0.2.3", "0.2.4", "patch"),
        ("1.2.3", "1.2.3", ""),
        ("1.2.3", "1.2.2", ""),
        ("a 1.2.3", "b 1.2.4", ""),
        ("1.2.3", "1.2.4\n", "patch"),
        ("1.2.3", "1.2.4\nmore", ""),
        (None, "1.2.4", ""),
        ("1.2.3", None, ""),
    ],
)
def test_the_step_of_a_version_is_read_off_the_difference(before, after, step):
    assert bump_of(pair(before, after)) == step


def test_the_largest_step_of_several_files_counts():
    assert bump_of([*pair("1.2.3", "1.2.4"), *pair("1.2.3", "1.4.0")]) == "minor"
    assert bump_of([*pair("1.2.3", "1.2.4"), *pair("x", "y")]) == ""
    assert bump_of([]) == ""


def test_in_lock_files_digests_may_differ_too():
    before = 'version = "1.2.3"\nhash = "sha256:' + "a" * 64 + '"\n'
    after = 'version = "1.2.4"\nhash = "sha256:' + "b" * 64 + '"\n'

    assert bump_of(pair(before, after, "poetry.lock")) == "patch"
    assert bump_of(pair(before, after, "notes.txt")) == ""


@pytest.mark.parametrize("path", ["go.sum", "web/package-lock.json", "requirements-dev.lock"])
def test_lock_files_are_known_by_their_names(path):
    assert is_lock_file(path)
    assert not is_lock_file(f"{path}.md")


def test_a_rule_for_lock_files_allows_nothing_else():
    rule = by(diff="lockfile")

    assert outcomes(bump(path="web/yarn.lock"), rule) == LANE
    assert outcomes(bump(), rule)[1] == ("not_applicable", "not-standard")


# --- rollbacks that the policy approved beforehand

ROLLING = replace(P0, pre_approved_rollback=True)


def rollback(
    *, approved=(True, True), ran: int = START, trees=("t0", "t0"), policy=ROLLING
) -> tuple[str, str]:
    """CM-03 and CM-17 of a pull request that nobody reviewed, after `x2`, which followed `x1`."""
    pull = Pull(bare=True).push("c1").green().ticket().merge_equal().deploy("m1")
    pull.answers = {q: a for q, a in pull.answers.items() if q.kind != QuestionKind.TREE}
    for sha, tree in zip(("m1", "x1"), trees, strict=True):
        if tree:
            pull.answer(QuestionKind.TREE, sha, value=tree)
    undone, restored = (
        Precedent(change_id=f"app:pr:{number}", landing_sha=sha, approved=one, deployed_at=ran)
        for number, sha, one in zip((6, 5), ("x2", "x1"), approved, strict=True)
    )
    pull.evidence = {"undone": undone, "restored": restored}
    found = pull.determinations(policy)
    return found["CM-03"].reason, found["CM-17"].reason


def test_taking_the_last_approved_change_back_to_an_approved_deployed_tree_is_standard():
    assert rollback() == ("standard-lane", "standard-change")


def test_without_the_policy_a_rollback_is_an_ordinary_change():
    assert rollback(policy=P0) == ("no-approval", "not-standard")


@pytest.mark.parametrize(
    "more",
    [
        {"trees": ("t1", "t0")},
        {"approved": (False, True)},
        {"approved": (True, False)},
        {"approved": (False, None)},
        {"ran": 0},
    ],
)
def test_what_is_no_exact_inverse_of_it_or_was_not_approved_or_never_ran_is_ordinary(more):
    assert rollback(**more) == ("no-approval", "not-standard")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"approved": (None, True)}, "rollback-open"),
        ({"approved": (True, None)}, "rollback-open"),
        ({"trees": ("t0", "")}, "content-not-read"),
    ],
)
def test_what_was_not_read_of_a_rollback_leaves_its_lane_open(more, reason):
    assert rollback(**more) == ("standard-lane-open", reason)
