"""CM-10 on records: owners of the base at merge, approvals that count and are current."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import ALICE, BERT, CORA, FORGE, P0, READ, Direct, Pull, minute

from evidence.chain.chains import chain_questions
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.protection import SettingsHistory
from evidence.model.settings import (
    AccessHolder,
    AccessSnapshot,
    Observation,
    SettingActor,
    Subject,
)
from evidence.policy import Person


def owned(text: str, pull: Pull | None = None) -> Pull:
    """A pull request whose base held this CODEOWNERS; it changes src/basket.py."""
    return (pull or Pull()).owned_by(text)


def unanswered(*kinds: QuestionKind) -> Pull:
    """The happy path without Git's answers of these kinds."""
    pull = Pull()
    pull.answers = {asked: said for asked, said in pull.answers.items() if asked.kind not in kinds}
    return pull


def bare() -> Pull:
    """Pushed by alice, tested, requested and merged; nobody approved it."""
    return Pull(bare=True).push("c1").green().ticket().merge_equal().deploy("m1")


def teams(*members: SettingActor, permission: str = "push", until: float = 60) -> SettingsHistory:
    """Team `core` with these members, seen an hour before the merge and some minutes after."""
    core = SettingActor(system=FORGE, kind="team", id="9", name="core")
    lists = {"teams": AccessHolder(actor=core, permission=permission)}
    times = (minute(-60), minute(until))
    holders = {
        "teams": (lists["teams"],),
        "team:9": tuple(AccessHolder(actor=one, permission="member") for one in members),
    }
    return SettingsHistory(
        repository="app",
        access=tuple(
            AccessSnapshot(
                repository="app", scope=scope, holders=who, entry_seq=40, observed_at=times[0]
            )
            for scope, who in holders.items()
        ),
        observations=tuple(
            Observation(
                repository="app", subject=Subject.ACCESS, key=scope, at=at, outcome="unchanged"
            )
            for at in times
            for scope in holders
        ),
    )


def account(actor) -> SettingActor:
    return SettingActor(system=actor.system, kind="user", id=actor.id, name=actor.login)


def test_an_owner_who_approved_the_merged_head_is_enough():
    assert owned("* @Bert\n").outcome("CM-10") == ("pass", "owner-approved")


def test_c25_an_approval_by_somebody_else_is_not_an_owners():
    assert owned("* @cora\n").outcome("CM-10") == ("fail", "no-owner-approval")


def test_c28_an_author_cannot_own_what_they_change():
    assert owned("* @alice\n").outcome("CM-10") == ("fail", "no-owner-approval")


def test_one_of_several_owners_is_enough():
    assert owned("* @cora @bert\n").outcome("CM-10") == ("pass", "owner-approved")


def test_every_owned_file_needs_an_owner_of_its_own():
    pull = owned("src/ @bert\ndeploy/ @cora\n")
    pull.answer(QuestionKind.CHANGED_PATHS, "m1", value=["src/a", "deploy/b"])
    assert pull.outcome("CM-10") == ("fail", "no-owner-approval")
    assert owned("", pull.approve(CORA, 22)).outcome("CM-10")[0] == "not_applicable"
    assert owned("src/ @bert\ndeploy/ @cora\n", pull).outcome("CM-10")[0] == "pass"


def test_a_stale_approval_by_an_owner_does_not_cover_what_was_merged():
    pull = Pull(bare=True).push("c1").approve(BERT, 10).push("c2").green().ticket().merge_equal()
    pull.net_diff("c1", "one").net_diff("c2", "two").deploy("m1")
    assert owned("* @bert\n", pull).outcome("CM-10") == ("fail", "no-owner-approval")


def test_a_file_that_nobody_owns_needs_no_owner():
    assert owned("docs/ @bert\n").outcome("CM-10") == ("not_applicable", "no-owned-path")


def test_a_base_without_the_file_needs_no_owner():
    pull = Pull().answer(QuestionKind.CODEOWNERS, "b0", value={"path": ""})
    assert pull.outcome("CM-10") == ("not_applicable", "no-codeowners")


def test_a_file_that_git_did_not_show_leaves_it_open():
    for kinds in [(QuestionKind.CODEOWNERS, QuestionKind.BLOB), (QuestionKind.BLOB,)]:
        assert unanswered(*kinds).outcome("CM-10") == ("unknown", "codeowners-not-read")


def test_the_file_is_read_once_git_has_said_which_one_it_is():
    question = GitQuestion(repository="app", kind=QuestionKind.CODEOWNERS, args=("b0",))
    blob = GitQuestion(repository="app", kind=QuestionKind.BLOB, args=("f0",))
    asked = chain_questions(unanswered(QuestionKind.CODEOWNERS).gathered(), P0)
    assert question in asked
    assert blob not in asked
    assert blob in chain_questions(owned("").gathered(), P0)


def test_c27_a_line_that_github_skips_leaves_its_files_open():
    assert owned("* @bert\nsrc/ cora\n").outcome("CM-10") == ("unknown", "codeowners-line-skipped")
    assert owned("* @bert\ndocs/ cora\n").outcome("CM-10") == ("pass", "owner-approved")


def test_a_deviation_elsewhere_is_not_softened_by_a_skipped_line():
    pull = owned("other @cora\nsrc/ cora\n")
    pull.answer(QuestionKind.CHANGED_PATHS, "m1", value=["src/a", "other"])
    assert pull.outcome("CM-10") == ("fail", "no-owner-approval")


# --- teams and addresses


def test_a_member_of_an_owning_team_is_an_owner():
    pull = owned("* @acme/core\n")
    pull.evidence = {"settings": teams(account(BERT))}
    assert pull.outcome("CM-10") == ("pass", "owner-approved")
    assert 40 in pull.determinations()["CM-10"].entries


def test_who_is_not_in_the_team_at_the_merge_is_no_owner():
    pull = owned("* @acme/core\n")
    pull.evidence = {"settings": teams(account(CORA))}
    assert pull.outcome("CM-10") == ("fail", "no-owner-approval")


@pytest.mark.parametrize(
    "settings",
    [
        SettingsHistory(),
        teams(account(BERT), until=29),
        teams(account(BERT), permission="pull"),
    ],
    ids=["never read", "not seen again after the merge", "team without write"],
)
def test_a_team_that_is_not_known_leaves_it_open(settings):
    pull = owned("* @acme/core\n")
    pull.evidence = {"settings": settings}
    assert pull.outcome("CM-10") == ("unknown", "owner-unknown")


def test_an_unknown_team_does_not_matter_where_nobody_approved():
    assert owned("* @acme/core\n", bare()).outcome("CM-10") == ("fail", "no-owner-approval")


def test_an_address_is_an_owner_through_the_person_map():
    pull = owned("* bert@people.test\n")
    assert pull.outcome("CM-10") == ("unknown", "owner-unknown")
    bert = Person(name="Bert", accounts=(BERT.key,), emails=("bert@people.test",))
    assert pull.outcome("CM-10", replace(P0, persons=(bert,))) == ("pass", "owner-approved")


# --- without a pull request, and what the policy demands


def test_a_direct_commit_to_an_owned_file_has_no_owners_approval():
    direct = Direct()
    direct.answer(QuestionKind.CODEOWNERS, "b0", value={"path": "CODEOWNERS", "oid": "f0"})
    direct.answer(QuestionKind.BLOB, "f0", value={"text": "* @bert"})
    direct.answer(QuestionKind.CHANGED_PATHS, direct.gathered().change.landing_sha, value=["a"])
    assert direct.outcome("CM-10") == ("fail", "no-owner-approval")


def test_paths_that_must_have_an_owner_and_have_none_are_a_deviation():
    strict = replace(P0, owner_required_paths=("src/**",))
    assert owned("docs/ @bert\n").outcome("CM-10", strict) == ("fail", "no-owner-declared")
    assert owned("* @bert\n").outcome("CM-10", strict) == ("pass", "owner-approved")


def test_unread_files_leave_it_open():
    pull = unanswered(QuestionKind.CHANGED_PATHS)
    assert pull.outcome("CM-10") == ("unknown", "paths-not-read")


def test_a_malformed_answer_is_no_answer():
    pull = Pull()
    question = GitQuestion(repository="app", kind=QuestionKind.CODEOWNERS, args=("b0",))
    pull.answers[question] = GitAnswer(
        repository="app",
        kind=QuestionKind.CODEOWNERS,
        args=("b0",),
        value="[]",
        entry_seq=5,
        observed_at=READ,
    )
    assert pull.outcome("CM-10") == ("unknown", "codeowners-not-read")


def test_alice_owning_it_too_changes_nothing():
    assert owned(f"* @{ALICE.login} @bert\n").outcome("CM-10") == ("pass", "owner-approved")
