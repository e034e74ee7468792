"""SARIF: which results count, how grave they are, and which runs show nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiling import spoiled

from evidence.collectors.scans import sarif
from evidence.collectors.scans.report import ScanReport
from evidence.model.policy_result import (
    Binding,
    FindingState,
    PolicyResult,
    Severity,
    Subject,
    Verdict,
)

SHA = "4be1c0ffee0123456789abcdef0123456789abcd"
DIGEST = "sha256:" + "c4" * 32
RAN = [{"executionSuccessful": True, "endTimeUtc": "2026-07-06T09:30:00Z"}]


def run(*results: object, **more: object) -> dict[str, Any]:
    rules = [
        {"id": "sql-injection", "properties": {"security-severity": "9.8"}},
        {"id": "weak-hash", "defaultConfiguration": {"level": "warning"}},
        {"id": "bare"},
    ]
    driver = {"name": "Lens", "semanticVersion": "3.2.1", "rules": rules}
    return {"tool": {"driver": driver}, "results": list(results), "invocations": RAN, **more}


def read(*runs: object) -> list[ScanReport]:
    return list(sarif.reports({"version": "2.1.0", "runs": list(runs)}))


def one(**result: object) -> Any:
    return read(run(result))[0].findings[0]


def verdict(report: ScanReport) -> Verdict:
    return result_of(report).verdict


def result_of(report: ScanReport, **known: object) -> PolicyResult:
    return report.bound("ci", "1", Subject.COMMIT, SHA, Binding.ASSERTED, **known)


def test_a_run_says_its_tool_its_version_and_when_it_ended() -> None:
    report = read(run(automationDetails={"id": "nightly/"}))[0]
    assert ("lens", "3.2.1", "nightly/") == (report.tool, report.tool_version, report.category)
    assert report.scanned_at == 1_783_330_200_000_000


def test_what_the_file_says_was_examined_is_kept() -> None:
    told = run(
        versionControlProvenance=[{"revisionId": SHA.upper()}, {"revisionId": "4be1c0f"}],
        properties={"repoDigests": [f"registry.example/shop@{DIGEST}", 7]},
    )
    assert ((SHA,), (DIGEST,)) == (read(told)[0].commits, read(told)[0].digests)


@pytest.mark.parametrize(
    ("result", "severity"),
    [
        ({"ruleId": "sql-injection"}, Severity.CRITICAL),
        ({"ruleId": "sql-injection/echo"}, Severity.CRITICAL),
        ({"ruleIndex": 1}, Severity.MEDIUM),
        ({"ruleIndex": 1, "level": "error"}, Severity.HIGH),
        ({"rule": {"id": "weak-hash"}}, Severity.MEDIUM),
        ({"ruleId": "bare"}, Severity.UNRATED),
        ({"ruleId": "nobody-knows-it"}, Severity.UNRATED),
        ({"ruleId": "bare", "properties": {"security-severity": 3.9}}, Severity.LOW),
        ({"ruleId": "bare", "properties": {"security-severity": "0.0"}}, Severity.UNKNOWN),
        ({"ruleId": "bare", "properties": {"security-severity": "99"}}, Severity.UNRATED),
        ({"ruleId": "bare", "level": "none"}, Severity.INFO),
        ({"ruleId": "bare", "level": "dreadful"}, Severity.UNKNOWN),
    ],
)
def test_severity_is_the_rules_unless_the_result_says_it(
    result: dict[str, object], severity: Severity
) -> None:
    assert severity is one(**result).severity


def test_a_rule_may_stand_in_an_extension_of_the_tool() -> None:
    told = run({"rule": {"index": 0, "toolComponent": {"index": 0}}})
    rules = [{"id": "java/xss", "properties": {"security-severity": "7.5"}}]
    told["tool"]["extensions"] = [{"name": "queries", "rules": rules}]
    found = read(told)[0].findings[0]
    assert ("java/xss", Severity.HIGH) == (found.rule, found.severity)


def test_a_finding_says_where_it_stands_and_by_what_it_is_known() -> None:
    found = one(
        ruleId="bare",
        message={"text": "Package: openssl\nInstalled Version: 1.1.1c\nVulnerability X"},
        locations=[
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "shop/a.py"},
                    "region": {"startLine": 4},
                }
            }
        ],
        partialFingerprints={"primaryLocationLineHash": "39fa", "commitSha": SHA},
    )
    assert ("shop/a.py:4", "39fa", SHA) == (found.location, found.fingerprint, found.commit)
    assert ("openssl", "1.1.1c") == (found.package, found.version)


@pytest.mark.parametrize(
    ("suppressions", "state"),
    [
        ([], FindingState.OPEN),
        ([{"kind": "inSource", "justification": "Test data"}], FindingState.SUPPRESSED),
        ([{"kind": "external", "status": "accepted"}], FindingState.SUPPRESSED),
        ([{"kind": "external", "status": "underReview"}], FindingState.OPEN),
        ([{"status": "accepted"}, {"status": "rejected"}], FindingState.OPEN),
    ],
)
def test_a_suppression_counts_apart_unless_somebody_refused_it(
    suppressions: list[object], state: FindingState
) -> None:
    assert state is one(ruleId="bare", suppressions=suppressions).state


def test_the_words_of_a_suppression_are_kept() -> None:
    told = [{"kind": "inSource"}, {"kind": "inSource", "justification": "Not\nreachable"}]
    assert one(ruleId="bare", suppressions=told).justification == "Not reachable"


def test_results_that_hold_are_counted_and_are_no_findings() -> None:
    report = read(run({"kind": "pass"}, {"kind": "pass"}, {"kind": "notApplicable"}))[0]
    assert (2, ()) == (report.passed, report.findings)


def test_what_is_gone_since_the_baseline_is_not_open() -> None:
    assert one(ruleId="bare", baselineState="absent").state is FindingState.FIXED


def test_no_result_of_a_run_that_succeeded_is_a_pass() -> None:
    assert verdict(read(run())[0]) is Verdict.PASS


@pytest.mark.parametrize(
    "more",
    [
        {"invocations": []},
        {"invocations": [{"exitCode": 0}]},
        {"invocations": [{"executionSuccessful": False}]},
        {"invocations": [*RAN, {"executionSuccessful": False}]},
        {"invocations": [{**RAN[0], "toolExecutionNotifications": [{"level": "error"}]}]},
        {"results": None},
        {"externalPropertyFileReferences": {"results": [{"location": {"uri": "more.json"}}]}},
    ],
)
def test_a_run_that_does_not_show_that_it_looked_is_no_pass(more: dict[str, object]) -> None:
    assert verdict(read(run(**more))[0]) is Verdict.INCONCLUSIVE


def test_a_finding_of_a_failed_run_is_a_finding_all_the_same() -> None:
    report = read(run({"ruleId": "bare"}, invocations=[{"executionSuccessful": False}]))[0]
    assert verdict(report) is Verdict.FAIL
    assert report.problem


def test_what_is_only_suppressed_does_not_fail() -> None:
    report = read(run({"ruleId": "bare", "suppressions": [{"kind": "inSource"}]}))[0]
    assert verdict(report) is Verdict.PASS


def test_what_is_known_otherwise_takes_the_place_of_what_the_file_says() -> None:
    result = result_of(read(run())[0], tool_version="3.3.0", repository="shop")
    assert ("3.3.0", "shop") == (result.tool_version, result.repository)
    assert 1_783_330_200_000_000 == result.scanned_at


def test_another_version_and_another_document_are_not_taken_for_it() -> None:
    assert sarif.is_sarif({"version": "2.1.0", "runs": []})
    assert not sarif.is_sarif({"version": "1.0.0", "runs": []})
    assert not sarif.is_sarif([{"version": "2.1.0", "runs": []}])


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_value_of_another_type_anywhere_is_read_without_a_crash(data: st.DataObject) -> None:
    results = (
        {"ruleId": "bare", "ruleIndex": 0, "level": "error", "message": {"text": "x"}},
        {"rule": {"id": "bare", "toolComponent": {"index": 0}}, "suppressions": [{}]},
    )
    whole = {"version": "2.1.0", "runs": [run(*results, automationDetails={"id": "x"})]}
    for report in sarif.reports(spoiled(data, whole)):
        assert isinstance(result_of(report).verdict, Verdict)
