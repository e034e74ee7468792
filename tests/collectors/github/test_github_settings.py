"""The settings collector against the simulated GitHub, and its traps one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from github_served import ALL, Run, addressed, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github.collector import GitHubRepository
from evidence.collectors.github.settings import HOUR, GitHubSettingsCollector
from evidence.collectors.github.settings_state import SettingsState
from evidence.collectors.http import Clock
from evidence.demo.faults import FAULTS, SPOILERS
from evidence.errors import AuthError, EvidenceError
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.capture import GapReason
from evidence.model.settings import (
    AccessSnapshot,
    BranchProtection,
    CodeownersErrors,
    EnvironmentSettings,
    Observation,
    Ruleset,
    RulesetListing,
    RulesetVersion,
    Subject,
)

DAY = 24 * HOUR
STORY = """
[[person]]
key = "ada"
[[person]]
key = "bert"
[[person]]
key = "ship"
type = "bot"
[[repository]]
key = "shop"
files = { "README.md" = "shop\\n", ".github/CODEOWNERS" = "* @ada\\ndocs/ @nobody\\n" }
[[change]]
key = "gift"
author = "ada"
steps = [{ do = "push" }, { do = "review", by = "bert" }, { do = "merge", by = "bert" }]
[[push]]
key = "straight"
by = "ship"
at = "+2d"
files = { "a.txt" = "a\\n" }
[[push]]
key = "keyed"
by = "ada"
deploy_key = "robot"
at = "+3d"
files = { "b.txt" = "b\\n" }
[[push]]
key = "quiet"
by = "bert"
rules = "none"
at = "+4d"
files = { "c.txt" = "c\\n" }
[[push]]
key = "rewritten"
by = "ada"
force_to = "gift"
at = "+5d"
files = { "d.txt" = "d\\n" }
[[protection]]
checks = ["ci/test@github-actions", "ci/lint"]
strict = true
bypass = ["bert"]
[[ruleset]]
name = "main"
bypass = [{ actor = "bert" }, { actor = "team:ops", mode = "exempt" }, { actor = "deploy_keys" }]
[[ruleset]]
name = "main"
at = "+1d12h"
by = "bert"
approvals = 2
[[environment]]
name = "production"
reviewers = ["bert", "team:ops"]
prevent_self_review = true
wait = 30
branches = "custom"
patterns = ["main"]
[[team]]
name = "ops"
members = ["ada"]
permission = "maintain"
[[deploy_key]]
title = "robot"
[[installation]]
slug = "shipper"
app_id = 77
"""


def collector(simulation, moment, every=0, clock=None, name="example-shop/shop"):
    return GitHubSettingsCollector(
        source="forge:settings",
        **addressed(moment, clock),
        every=every,
        repositories=(GitHubRepository(id="shop", name=name, branches=("main",)),),
    )


class Read(Run):
    """What one run of the collector came to."""

    def outcomes(self):
        return {(one.subject, one.key): one.outcome for one in self.of(Observation)}


@pytest.fixture(scope="module")
def whole(simulation):
    return Read(collector(simulation, simulation.end()))


# --- the contract


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.end()
    promise(lambda: collector(simulation, moment, every=DAY))


@settings(max_examples=100)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, whole, data):
    contract.parse_never_raises(
        lambda: collector(simulation, simulation.end()), data, whole.captures
    )


def test_a_second_look_finds_the_same_and_says_that_it_looked(simulation, contract, whole):
    again = Read(collector(simulation, simulation.end()), whole.cursor)
    known, found = contract.heads(whole.captures), contract.heads(again.captures)
    new = {key for key, digest in found.items() if known.get(key) != digest}

    assert {kind for kind, _, _ in new} == {"github.settings_read"}
    assert set(again.outcomes().values()) == {"read", "unchanged"}
    assert again.outcomes()[Subject.BRANCH_PROTECTION, "main"] == "unchanged"
    assert again.outcomes()[Subject.RULESET, "31001"] == "unchanged"


def test_a_repository_that_is_not_due_costs_no_call(simulation):
    moment = simulation.end()
    first = Read(collector(simulation, moment, every=DAY))
    second = Read(collector(simulation, moment, every=DAY), first.cursor)

    assert first.calls > 0
    assert (second.calls, second.captures, second.pages[-1].complete) == (0, [], True)


def test_a_look_is_due_again_after_the_hours_configured(simulation):
    moment = simulation.end()
    now = [1_000_000.0]
    clock = Clock(now=lambda: now[0], sleep=lambda _seconds: None)
    first = Read(collector(simulation, moment, every=DAY, clock=clock))
    now[0] += 86_399
    early = Read(collector(simulation, moment, every=DAY, clock=clock), first.cursor)
    now[0] += 2
    late = Read(collector(simulation, moment, every=DAY, clock=clock), first.cursor)

    assert early.calls == 0
    assert late.calls > 0


# --- what it reads


def test_it_reads_classic_protection(whole):
    found = whole.one(BranchProtection)

    assert (found.protected, found.pull_request_required, found.approvals_required) == (
        True,
        True,
        1,
    )
    assert [(one.name, one.app_id) for one in found.required_checks] == [
        ("ci/test", "15368"),
        ("ci/lint", ""),
    ]
    assert (found.strict, found.enforce_admins, found.allow_force_pushes) == (True, True, False)
    assert [one.key for one in found.bypass_pull_request] == ["github.example:user:102"]


def test_it_reads_rulesets_with_who_may_bypass_them(whole):
    found = whole.one(Ruleset)

    assert (found.enforcement, found.include) == ("active", ("~DEFAULT_BRANCH",))
    assert {rule.type: rule.approvals_required for rule in found.rules}["pull_request"] == 2
    assert found.bypass_actors == ()
    assert whole.one(RulesetListing).ruleset_ids == ("31001",)
    assert whole.one(RulesetListing).default_branch == "main"


def test_it_reads_every_version_that_a_ruleset_had(whole):
    first, second = sorted(whole.of(RulesetVersion), key=lambda one: one.updated_at)

    assert [one.kind for one in first.bypass_actors] == ["user", "team", "deploy_key"]
    assert [one.mode for one in first.bypass_actors] == ["always", "exempt", "always"]
    assert first.bypass_actors[2].id == ""
    assert (second.bypass_actors, second.actor.id) == ((), "102")
    looked = whole.one(Observation, subject=Subject.RULESET_HISTORY)
    assert looked.since <= first.updated_at
    assert looked.until == looked.at


def test_it_reads_who_moved_the_branch_and_how(simulation, whole):
    names = simulation.history.names
    found = {one.after_sha: one for one in whole.of(RepositoryActivity)}
    told = {
        key: (
            found[names[key][1]].kind,
            found[names[key][1]].actor and found[names[key][1]].actor.key,
        )
        for key in ("gift", "straight", "keyed", "rewritten")
    }

    assert told == {
        "gift": ("pr_merge", "github.example:user:102"),
        "straight": ("push", "github.example:bot:103"),
        "keyed": ("push", None),
        "rewritten": ("force_push", "github.example:user:101"),
    }


def test_it_reads_the_record_of_a_bypass_with_the_rules_that_were_not_met(simulation, whole):
    names = simulation.history.names
    found = {one.after_sha: one for one in whole.of(RuleSuite)}
    straight = found[names["straight"][1]]

    assert found[names["gift"][1]].result == "pass"
    assert (straight.result, straight.detail_read) == ("bypass", True)
    assert ("pull_request", "fail") in {(one.rule_type, one.result) for one in straight.evaluations}
    assert straight.actor.key == "github.example:bot:103"
    assert found[names["keyed"][1]].actor is None
    assert names["quiet"][1] not in found


def test_it_reads_environments_with_their_reviewers(whole):
    found = whole.one(EnvironmentSettings)

    assert [one.kind for one in found.reviewers] == ["user", "team"]
    assert (found.prevent_self_review, found.wait_minutes) == (True, 30)
    assert (found.branch_policy, found.branch_patterns) == ("custom", ("main",))


def test_it_reads_who_has_access(whole):
    found = {one.scope: one for one in whole.of(AccessSnapshot)}
    people = {one.actor.name: one.permission for one in found["collaborators"].holders}

    assert people == {"ada": "maintain", "bert": "push"}
    assert [(one.actor.name, one.permission) for one in found["deploy_keys"].holders] == [
        ("robot", "write")
    ]
    assert [one.actor.name for one in found["team:8001"].holders] == ["ada"]
    assert [(one.actor.id, one.permission) for one in found["apps"].holders] == [("77", "write")]


def test_it_reads_which_lines_of_codeowners_are_void(whole):
    found = whole.one(CodeownersErrors)

    assert [(one.line, one.kind) for one in found.errors] == [(2, "Unknown owner")]


# --- absence, permission, and what may be told of them


def test_a_branch_without_protection_is_an_answer_and_no_gap(tmp_path_factory):
    text = '[[person]]\nkey = "ada"\n[[repository]]\nkey = "shop"'
    with served(tmp_path_factory, text) as simulation:
        read = Read(collector(simulation, simulation.end()))

    assert read.gaps == []
    assert read.one(BranchProtection).protected is False
    assert read.one(CodeownersErrors).exists is False
    assert read.outcomes()[Subject.BRANCH_PROTECTION, "main"] == "absent"


def test_a_missing_bypass_list_is_not_an_empty_one(tmp_path_factory):
    with served(tmp_path_factory, STORY, without=("bypass_actors",)) as simulation:
        read = Read(collector(simulation, simulation.end()))

    assert read.one(Ruleset).bypass_actors is None
    assert {one.bypass_actors for one in read.of(RulesetVersion)} == {None}


def lists_read(read):
    return {name for page in read.pages for name in page.lists}


def test_what_needs_administration_is_a_gap_without_it(tmp_path_factory, simulation):
    with served(tmp_path_factory, STORY, without=("administration",)) as hidden:
        read = Read(collector(hidden, hidden.end()))
    kinds = {gap.kind: gap.reason for gap in read.gaps}

    assert kinds == {
        "github.branch_protection": GapReason.FORBIDDEN,
        "github.ruleset_history": GapReason.FORBIDDEN,
        "github.rule_suite": GapReason.FORBIDDEN,
        "github.access": GapReason.FORBIDDEN,
    }
    assert read.of(BranchProtection) == []
    assert read.outcomes()[Subject.RULE_SUITES, ""] == "not_visible"
    refused = {(gap.kind, gap.key) for gap in read.gaps if gap.kind == "github.rule_suite"}
    assert refused <= lists_read(Read(collector(simulation, simulation.end())))
    assert not refused & lists_read(read)
    moved = read.of(RepositoryActivity)
    assert len({one.activity_id for one in moved if one.ref == "refs/heads/main"}) == 6
    assert {one.ref for one in moved} > {"refs/heads/main"}


def test_without_administration_a_branch_that_is_not_protected_is_told_all_the_same(
    tmp_path_factory,
):
    text = '[[person]]\nkey = "ada"\n[[repository]]\nkey = "shop"'
    with served(tmp_path_factory, text, without=("administration",)) as simulation:
        read = Read(collector(simulation, simulation.end()))

    assert read.one(BranchProtection).protected is False
    assert "github.branch_protection" not in {gap.kind for gap in read.gaps}


def test_a_repository_that_is_not_shown_is_one_gap(simulation):
    read = Read(collector(simulation, simulation.end(), name="example-shop/other"))

    assert [(gap.kind, gap.reason) for gap in read.gaps] == [
        ("github.repository_settings", GapReason.NOT_FOUND_OR_FORBIDDEN)
    ]
    assert read.captures == []


def test_a_renamed_repository_is_followed_by_its_id(tmp_path_factory):
    text = STORY.replace(
        'key = "shop"\n', 'key = "shop"\nrenames = { "+1d" = "example-shop/store" }\n', 1
    )
    with served(tmp_path_factory, text) as simulation:
        read = Read(collector(simulation, simulation.end()))
        again = Read(collector(simulation, simulation.end()), read.cursor)

    assert read.gaps == again.gaps == []
    assert read.one(BranchProtection).protected is True


# --- windows


def test_a_default_branch_that_is_renamed_is_seen_though_the_rulesets_are_the_same(
    tmp_path_factory,
):
    text = (
        '[[person]]\nkey = "ada"\n[[repository]]\nkey = "shop"\ndefault_branch = "master"\n'
        'branch_renames = { "+2d" = "main" }\n[[ruleset]]\nname = "r"\n'
    )
    with served(tmp_path_factory, text) as running:
        first = Read(collector(running, running.at("+1d")))
        second = Read(collector(running, running.at("+3d")), first.cursor)
        third = Read(collector(running, running.at("+4d")), second.cursor)
    assert first.one(RulesetListing).default_branch == "master"
    assert second.one(RulesetListing).default_branch == "main"
    assert not any(isinstance(one, RulesetListing) for one in third.facts)


def test_windows_of_records_join_from_look_to_look(simulation):
    cursor, windows = "", []
    for day in ("+1d12h", "+2d12h", "+9d"):
        read = Read(collector(simulation, simulation.at(day)), cursor)
        cursor = read.cursor
        windows.append(read.one(Observation, subject=Subject.RULE_SUITES))

    assert [one.outcome for one in windows] == ["read"] * 3
    assert all(a.until >= b.since for a, b in pairwise(windows))


LOST = """
[[push]]
key = "gone"
by = "ada"
at = "+2d3h"
recorded = false
files = { "b.txt" = "b\\n" }
[[push]]
key = "later"
by = "ada"
at = "+2d6h"
files = { "c.txt" = "c\\n" }
"""


@pytest.mark.parametrize("looks", [["+2d8h"], ["+1d12h", "+2d8h"]])
def test_a_push_that_the_record_lacks_is_a_gap_of_its_branch(tmp_path_factory, looks):
    with served(tmp_path_factory, STORY + LOST) as simulation:
        cursor = ""
        for look in looks:
            moment = simulation.at(look)
            one = collector(simulation, moment)
            found = Read(one, cursor)
            cursor = found.cursor
    said = [gap for capture in found.captures for gap in one.parse(capture).gaps]
    last = max(found.of(RepositoryActivity, ref="refs/heads/main"), key=lambda move: move.at)

    assert [(gap.kind, gap.reason, gap.repository) for gap in said] == [
        ("github.push_holes", GapReason.TRUNCATED, "shop")
    ]
    assert last.before_sha[:12] in said[0].detail


def test_a_push_that_is_listed_late_ends_the_gap(tmp_path_factory):
    with served(tmp_path_factory, STORY) as simulation:
        moment = simulation.end()
        one = collector(simulation, moment)
        first = Read(one)
        state = SettingsState.loads(first.cursor)
        pushed = first.of(RepositoryActivity, ref="refs/heads/main")
        state.repositories["shop"].holes |= {pushed[0].after_sha: "refs/heads/main"}
        state.repositories["shop"].until.clear()
        state.repositories["shop"].looked_at = 0
        (said,) = [
            each for each in Read(one, state.dumps()).captures if each.kind == "github.push_holes"
        ]

    assert one.parse(said).gaps == ()


def test_the_window_of_rule_suites_is_never_left_to_the_default(simulation):
    simulation.github_server.requests.clear()
    Read(collector(simulation, simulation.end()))
    asked = [
        one.query for one in simulation.github_server.requests if one.path.endswith("/rule-suites")
    ]

    assert [query["time_period"] for query in asked] == ["month"]


def test_rule_suites_that_nobody_read_in_time_are_lost_and_said_to_be(tmp_path_factory):
    with served(tmp_path_factory, STORY) as simulation:
        first = Read(collector(simulation, simulation.at("+1d")))
        late = Read(collector(simulation, simulation.at("+60d")), first.cursor)
    (gap,) = late.gaps

    assert (gap.kind, gap.reason) == ("github.rule_suite", GapReason.RETENTION)
    looked = late.one(Observation, subject=Subject.RULE_SUITES)
    assert (gap.window_from, gap.window_to) == (
        first.one(Observation, subject=Subject.RULE_SUITES).until,
        looked.since,
    )


def test_lists_of_many_pages_are_read_whole(tmp_path_factory):
    pushes = "".join(
        f'[[push]]\nkey = "p{number}"\nby = "ada"\nat = "+{number}m"\n'
        f'files = {{ "n.txt" = "{number}\\n" }}\n'
        for number in range(1, 131)
    )
    text = '[[person]]\nkey = "ada"\n[[repository]]\nkey = "shop"\n[[ruleset]]\nname = "r"\n'
    with served(tmp_path_factory, text + pushes) as simulation:
        read = Read(collector(simulation, simulation.end()))

    assert len({one.activity_id for one in read.of(RepositoryActivity)}) == 131
    assert len({one.suite_id for one in read.of(RuleSuite)}) == 130


# --- faults


FINAL = {"403_permission", "404", "401", "301", "307", "timeout", "date_behind", "date_ahead"}
GRAPHQL = {"rate_limited", "resource_limits", "something_went_wrong"}


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted({*FAULTS, *SPOILERS} - FINAL - GRAPHQL))
def test_a_fault_at_any_request_loses_nothing(simulation, contract, whole, kind):
    moment, wanted = simulation.end(), contract.heads(whole.captures)
    for place in range(0, 20, 7):
        waited = []
        clock = Clock(sleep=waited.append)
        simulation.github_server.faults.clear()
        simulation.github_server.calls = 0
        simulation.github_server.fail_next(kind, seconds=1)
        fault = simulation.github_server.faults.pop()
        simulation.github_server.fail(replace(fault, request=1 + place))
        one = collector(simulation, moment, every=DAY, clock=clock)
        try:
            found = Read(one)
        except EvidenceError:
            found = Read(one)
        assert contract.heads(found.captures) == wanted
        assert found.gaps == []


def test_a_refused_permission_is_not_asked_again(simulation):
    moment = simulation.end()
    simulation.github_server.calls = 0
    simulation.github_server.faults.clear()
    whole = Read(collector(simulation, moment)).calls
    simulation.github_server.fail_next("403_permission")
    read = Read(collector(simulation, moment))

    assert read.calls < whole
    assert [gap.kind for gap in read.gaps] == ["github.repository_settings"]


def test_when_the_hourly_budget_is_used_up_it_waits_as_long_as_github_asks(tmp_path_factory):
    with served(tmp_path_factory, STORY, requests=15) as simulation:
        now, waited = [simulation.end().at / 1e6], []

        def sleep(seconds):
            waited.append(seconds)
            now[0] += seconds
            simulation.at(int(now[0] * 1e6))

        clock = Clock(now=lambda: now[0], sleep=sleep)
        one = collector(simulation, simulation.end(), clock=clock)
        one.max_wait = 4000.0
        read = Read(one)

    assert len(waited) == 1
    assert read.gaps == []


def test_a_credential_that_is_refused_ends_the_run(simulation):
    one = collector(simulation, simulation.end())
    one.token = "another"
    with pytest.raises(AuthError):
        list(one.fetch(ALL, ""))


def test_a_cursor_that_is_none_reads_everything(simulation, contract, whole):
    for cursor in ("", "no json", "[]", json.dumps({"v": 9}), json.dumps({"v": 1})):
        read = Read(collector(simulation, simulation.end()), cursor)
        assert contract.heads(read.captures) == contract.heads(whole.captures)
