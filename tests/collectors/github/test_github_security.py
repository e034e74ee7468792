"""Code scanning, secret scanning and Dependabot against the simulated GitHub."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from github_served import ALL, Run, addressed, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github import analyses as analyses_module
from evidence.collectors.github import security_kinds as kinds
from evidence.collectors.github.collector import GitHubRepository
from evidence.collectors.github.security import GitHubSecurityCollector
from evidence.collectors.github.settings import HOUR
from evidence.model.capture import GapReason
from evidence.model.policy_result import Binding, FindingState, PolicyResult, Severity, Verdict
from evidence.model.settings import Observation, Subject

END = "+6d"
LISTS = (Subject.CODE_SCANNING, Subject.CODE_ALERTS, Subject.SECRET_ALERTS)
STORY = """
[[person]]
key = "ada"
[[person]]
key = "bert"
[[repository]]
key = "shop"
[[push]]
key = "one"
by = "ada"
at = "+1d"
files = { "a.txt" = "a\\n" }
[[push]]
key = "two"
by = "ada"
at = "+2d"
files = { "b.txt" = "b\\n" }
[[code_scan]]
on = "one"
at = "+1d1h"
[[code_scan]]
on = "two"
at = "+2d1h"
results = [{ rule = "py/sql-injection", severity = "8.8", path = "shop/db.py", line = 7 },
           { rule = "py/unused-import", severity = "0.5" }]
[[code_scan]]
on = "two"
at = "+2d2h"
tool = "Trivy"
category = "trivy"
rules = 0
[[alert]]
kind = "code"
rule = "py/sql-injection"
on = "two"
at = "+2d1h"
closed_at = "+4d"
closed_by = "bert"
reason = "won't fix"
[[alert]]
kind = "secret"
rule = "github_personal_access_token"
on = "two"
at = "+2d1h"
severity = "critical"
[[alert]]
kind = "secret"
rule = "aws_access_key_id"
at = "+1d"
closed_at = "+3d"
closed_by = "ada"
reason = "revoked"
[[alert]]
kind = "dependency"
rule = "CVE-2031-10001"
at = "+1d"
closed_at = "+5d"
how = "fixed"
[[alert]]
kind = "dependency"
rule = "CVE-2031-10002"
severity = "critical"
at = "+2d"
"""


def sha_of(simulation, reference):
    return simulation.history.names[reference][1]


def collector(moment, every=0, clock=None):
    return GitHubSecurityCollector(
        source="forge:security",
        **addressed(moment, clock),
        every=every,
        repositories=(GitHubRepository(id="shop", name="example-shop/shop", branches=("main",)),),
    )


class Read(Run):
    """What one run of the collector came to."""

    def __init__(self, moment, cursor="", **given):
        super().__init__(collector(moment, **given), cursor)

    def results(self, **equals):
        return [
            one
            for one in self.facts
            if isinstance(one, PolicyResult)
            and all(getattr(one, name) == value for name, value in equals.items())
        ]

    def looks(self):
        found = [one for one in self.facts if isinstance(one, Observation)]
        return {one.subject: one.outcome for one in found}


@pytest.fixture(scope="module")
def whole(simulation):
    return Read(simulation.at(END))


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.at(END)
    promise(lambda: collector(moment, every=24 * HOUR))


@settings(max_examples=60)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, whole, data):
    contract.parse_never_raises(lambda: collector(simulation.at(END)), data, whole.captures)


# --- code scanning


def test_an_analysis_is_bound_to_its_commit_by_github(simulation, whole):
    (one,) = [one for one in whole.results(tool="codeql") if len(one.findings) == 2]

    assert one.binding is Binding.CI_RUN
    assert one.subject == sha_of(simulation, "two")
    assert (one.category, one.server_time, one.verdict) == ("/language:python", True, Verdict.FAIL)
    assert [(each.rule, each.severity, each.location) for each in one.findings] == [
        ("py/sql-injection", Severity.HIGH, "shop/db.py:7"),
        ("py/unused-import", Severity.LOW, "shop/main.py:1"),
    ]


def test_an_analysis_that_found_nothing_passes_without_a_second_call(simulation, whole):
    (one,) = [
        one for one in whole.results(tool="codeql", category="/language:python") if not one.findings
    ]

    assert one.subject == sha_of(simulation, "one")
    assert (one.verdict, one.tool_version) == (Verdict.PASS, "2.20.1")


def test_an_analysis_that_ran_no_rule_is_no_pass(whole):
    (one,) = whole.results(tool="trivy")
    assert one.verdict is Verdict.INCONCLUSIVE
    assert "how many rules" in one.problem


def test_an_analysis_that_failed_at_github_is_no_pass(tmp_path_factory):
    text = STORY + '[[code_scan]]\non = "two"\nat = "+3d"\nerror = "out of disk"\n'
    with served(tmp_path_factory, text) as simulation:
        read = Read(simulation.at(END))
    assert [
        "out of disk" in one.problem for one in read.results(verdict=Verdict.INCONCLUSIVE)
    ].count(True) == 1


def test_a_document_that_is_refused_is_a_gap_and_asked_for_again_for_a_week(tmp_path_factory):
    text = (
        STORY + '[[code_scan]]\non = "two"\nat = "+3d"\nlost = true\nresults = [{ rule = "x" }]\n'
    )
    with served(tmp_path_factory, text) as simulation:
        first = Read(simulation.at("+4d"))
        again = Read(simulation.at("+5d"), first.cursor)
        late = Read(simulation.at("+11d"), again.cursor)
        over = Read(simulation.at("+12d"), late.cursor)

    reasons = [[gap.reason for gap in read.gaps] for read in (first, again, late, over)]
    assert reasons == [[GapReason.NOT_FOUND_OR_FORBIDDEN]] * 3 + [[]]
    assert not [one for one in first.results() if "were not read" in one.problem]
    (lost,) = [one for one in late.results() if "were not read" in one.problem]
    assert lost.verdict is Verdict.INCONCLUSIVE


def test_windows_of_analyses_join_from_run_to_run_and_batch_to_batch(monkeypatch, simulation):
    monkeypatch.setattr(analyses_module, "BATCH", 1)
    first = Read(simulation.at("+2d1h30m"))
    second = Read(simulation.at(END), first.cursor)

    looks = [
        one
        for read in (first, second)
        for one in read.facts
        if isinstance(one, Observation) and one.subject is Subject.CODE_SCANNING
    ]
    assert len(looks) == 3
    assert all(before.until >= after.since for before, after in pairwise(looks))


def test_a_run_that_is_cut_between_batches_goes_on_behind_the_last(monkeypatch, simulation):
    monkeypatch.setattr(analyses_module, "BATCH", 1)
    pages = collector(simulation.at(END), every=24 * HOUR).fetch(ALL, "")
    cut = next(pages)
    rest = Read(simulation.at(END), cut.cursor, every=24 * HOUR)

    keys = {one.key for one in cut.captures if one.kind == kinds.ANALYSIS}
    keys |= {one.key for one in rest.captures if one.kind == kinds.ANALYSIS}
    assert len(keys) == 3


# --- alerts


def test_an_alert_tells_what_was_found_and_is_never_a_pass(simulation, whole):
    (one,) = whole.results(tool="codeql", category="alert")
    (finding,) = one.findings

    assert one.verdict is Verdict.INCONCLUSIVE
    assert (finding.state, finding.justification) == (FindingState.DISMISSED, "won't fix")
    assert finding.closed_by.startswith("github.example:user:")
    assert (finding.open_at(finding.closed_at - 1), finding.open_at(finding.closed_at)) == (
        True,
        False,
    )


def test_secrets_are_asked_to_be_hidden_and_never_kept(simulation):
    simulation.github_server.requests.clear()
    read = Read(simulation.at(END))
    asked = [
        one.query
        for one in simulation.github_server.requests
        if one.path.endswith("/secret-scanning/alerts")
    ]

    captured = [one for one in read.captures if one.kind == kinds.SECRET_ALERT]
    assert len(captured) == 2
    assert all(b"the secret of alert" not in one.payload for one in captured)
    assert [one["hide_secret"] for one in asked] == ["true"]


def test_a_secret_that_comes_all_the_same_is_left_out(monkeypatch, simulation):
    from evidence.collectors.github import alerts

    shown = replace(alerts.LISTS[1], states=({"hide_secret": "false"},))
    monkeypatch.setattr("evidence.collectors.github.security.LISTS", (shown,))
    read = Read(simulation.at(END))

    captured = [one for one in read.captures if one.kind == kinds.SECRET_ALERT]
    assert len(captured) == 2
    assert all(b"the secret of alert" not in one.payload for one in captured)


def test_a_revoked_secret_is_fixed_and_an_open_one_is_not(whole):
    states = {
        one.findings[0].rule: one.findings[0].state for one in whole.results(tool="secret-scanning")
    }
    assert states == {
        "github_personal_access_token": FindingState.OPEN,
        "aws_access_key_id": FindingState.FIXED,
    }


def test_dependabot_alerts_name_package_and_advisory(whole):
    found = {one.findings[0].rule: one.findings[0] for one in whole.results(tool="dependabot")}
    assert found["CVE-2031-10002"].severity is Severity.CRITICAL
    assert (found["CVE-2031-10002"].package, found["CVE-2031-10002"].fixed_version) == (
        "flask",
        "2.0.0",
    )
    assert found["CVE-2031-10001"].state is FindingState.FIXED


def test_alerts_of_many_pages_are_read_whole(tmp_path_factory):
    row = '[[alert]]\nkind = "{}"\nrule = "CVE-2031-2{:04}"\nat = "+1d"\n'
    many = "".join(row.format(kind, n) for kind in ("dependency", "code") for n in range(120))
    with served(
        tmp_path_factory, STORY + many.replace('kind = "code"', 'kind = "code"\non = "one"')
    ) as s:
        read = Read(s.at(END))
    assert len(read.results(tool="dependabot")) == 122
    assert len([one for one in read.results(category="alert") if one.tool == "codeql"]) == 121


# --- what may not be read, and what is not there


def test_what_is_switched_off_is_an_answer_and_no_gap(tmp_path_factory):
    off = ("code_scanning", "secret_scanning", "dependabot")
    with served(tmp_path_factory, STORY, off=off) as simulation:
        read = Read(simulation.at(END))
    assert read.gaps == []
    assert set(read.looks().values()) == {"absent"}


def test_what_the_credential_may_not_read_is_a_gap_for_each_sort(tmp_path_factory):
    lacking = ("security_events", "secret_scanning", "dependabot")
    with served(tmp_path_factory, STORY, without=lacking) as simulation:
        read = Read(simulation.at(END))
    assert sorted((gap.kind, gap.reason) for gap in read.gaps) == [
        (kind, GapReason.FORBIDDEN)
        for kind in sorted(
            (kinds.ANALYSIS, kinds.CODE_ALERT, kinds.SECRET_ALERT, kinds.DEPENDENCY_ALERT)
        )
    ]
    assert set(read.looks().values()) == {"not_visible"}


def test_a_second_look_costs_one_call_for_each_list_and_finds_nothing_new(
    simulation, contract, whole
):
    again = Read(simulation.at(END), whole.cursor)
    known, found = contract.heads(whole.captures), contract.heads(again.captures)

    assert {key[0] for key, digest in found.items() if known.get(key) != digest} == {kinds.READ}
    assert again.calls <= 7
    assert again.looks()[Subject.CODE_ALERTS] == "unchanged"


def test_a_repository_that_is_not_due_costs_no_call(simulation):
    first = Read(simulation.at(END), every=24 * HOUR)
    second = Read(simulation.at(END), first.cursor, every=24 * HOUR)
    assert (second.calls, second.captures) == (0, [])
