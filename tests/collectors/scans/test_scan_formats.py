"""Each tool's own form: what it says, and what it must never be taken for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import DIGEST, EVERY, SHA
from spoiling import spoiled

from evidence import canonical
from evidence.collectors.scans.formats import FORMATS, reports_of
from evidence.collectors.scans.report import ScanReport
from evidence.errors import MalformedError
from evidence.model.policy_result import Binding, FindingState, Severity, Subject, Verdict

AT = 1_783_330_200_000_000
"""2026-07-06T09:30:00Z."""


def read(value: object, tool: str = "") -> ScanReport:
    """The one run of a document."""
    return reports_of(value, tool)[0]


def verdict(report: ScanReport) -> Verdict:
    return report.bound("ci", "1", Subject.COMMIT, SHA, Binding.ASSERTED).verdict


def told(report: ScanReport) -> list[tuple[str, Severity, FindingState, str]]:
    return [(one.rule, one.severity, one.state, one.location) for one in report.findings]


@pytest.mark.parametrize("name", EVERY)
def test_each_form_is_recognised_by_itself_and_by_its_name(name: str) -> None:
    tool, value = EVERY[name]
    assert tool == read(value).tool
    assert read(value) == read(value, tool)


@pytest.mark.parametrize("name", EVERY)
def test_no_form_is_taken_for_another_tools(name: str) -> None:
    own, value = EVERY[name]
    for tool in FORMATS.keys() - {own}:
        with pytest.raises(MalformedError, match=f"no result of {tool}"):
            read(value, tool)


@pytest.mark.parametrize("value", [{"a": 1}, [1], "x", 7, [{"name": "x"}], {"results": [{}]}])
def test_what_nobody_writes_is_refused(value: object) -> None:
    with pytest.raises(MalformedError, match="no result of a known scanner"):
        read(value)


def test_a_tool_that_nobody_reads_is_refused_with_those_that_are_read() -> None:
    with pytest.raises(MalformedError, match="`snoop`") as caught:
        read([], "snoop")
    assert "gitleaks" in caught.value.next_step


@pytest.mark.parametrize("value", [None, [], {}])
def test_an_empty_result_does_not_say_whose_it_is(value: object) -> None:
    with pytest.raises(MalformedError, match="which tool"):
        read(value)


@pytest.mark.parametrize("tool", FORMATS)
@pytest.mark.parametrize("value", [None, {}])
def test_nothing_is_never_a_pass_whoever_wrote_it(tool: str, value: object) -> None:
    assert verdict(read(value, tool)) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("tool", FORMATS.keys() - {"gitleaks"})
def test_an_empty_list_is_a_pass_of_no_tool_but_the_one_that_writes_it_then(tool: str) -> None:
    assert verdict(read([], tool)) is Verdict.INCONCLUSIVE


def test_sarif_without_a_run_is_inconclusive_once_its_tool_is_named() -> None:
    empty = {"version": "2.1.0", "runs": []}
    with pytest.raises(MalformedError, match="holds no run"):
        read(empty)
    assert ("gitleaks", Verdict.INCONCLUSIVE) == (
        read(empty, "gitleaks").tool,
        verdict(read(empty, "gitleaks")),
    )


def test_sarif_of_another_tool_than_the_one_named_is_refused() -> None:
    sarif = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "CodeQL"}}}]}
    assert read(sarif).tool == "codeql"
    with pytest.raises(MalformedError, match="of codeql, not of trivy"):
        read(sarif, "trivy")


def test_trivy_tells_packages_configuration_and_secrets_and_what_was_set_aside() -> None:
    report = read(samples.TRIVY)
    assert ("0.74.0", AT + 123_456, (DIGEST,), 11) == (
        report.tool_version,
        report.scanned_at,
        report.digests,
        report.passed,
    )
    target = "registry.example/shop-web (alpine 3.22.0)"
    assert told(report) == [
        ("CVE-2026-0001", Severity.CRITICAL, FindingState.OPEN, target),
        ("CVE-2026-0002", Severity.HIGH, FindingState.SUPPRESSED, target),
        ("KSV014", Severity.LOW, FindingState.OPEN, "deploy.yaml:7"),
        ("KSV016", Severity.HIGH, FindingState.SUPPRESSED, "deploy.yaml"),
        ("generic-key", Severity.HIGH, FindingState.OPEN, "shop/keys.py:3"),
    ]
    assert ("openssl", "3.5.0-r0") == (report.findings[0].package, report.findings[0].version)
    assert report.findings[1].justification == "The code is not reached"


def test_trivy_of_a_repository_names_its_commit() -> None:
    report = read({**samples.TRIVY, "Metadata": {"Commit": SHA}})
    assert ((SHA,), ()) == (report.commits, report.digests)


@pytest.mark.parametrize(
    "more",
    [
        {"Results": []},
        {"Results": None},
        {"Metadata": {"OS": {"Family": "alpine", "EOSL": True}}},
    ],
)
def test_trivy_that_looked_at_nothing_or_knows_too_little_is_no_pass(more: dict[str, Any]) -> None:
    assert verdict(read(samples.TRIVY_CLEAN)) is Verdict.PASS
    assert verdict(read({**samples.TRIVY_CLEAN, **more})) is Verdict.INCONCLUSIVE


def test_grype_tells_its_database_and_what_it_was_told_to_ignore() -> None:
    report = read(samples.GRYPE)
    assert ("0.116.0", "2026-07-06T06:12:00Z", (DIGEST,)) == (
        report.tool_version,
        report.database,
        report.digests,
    )
    assert told(report) == [
        ("GHSA-aaaa-bbbb-cccc", Severity.HIGH, FindingState.OPEN, "/app/lock"),
        ("CVE-2026-0003", Severity.LOW, FindingState.SUPPRESSED, ""),
    ]
    assert report.findings[1].justification == "Only in tests"


@pytest.mark.parametrize(
    "descriptor",
    [
        {"name": "grype", "version": "0.116.0"},
        {**samples.GRYPE["descriptor"], "db": {"error": "it is too old"}},
        {**samples.GRYPE["descriptor"], "db": {"status": {"built": "x", "valid": False}}},
    ],
)
def test_grype_without_a_sound_database_is_no_pass(descriptor: dict[str, Any]) -> None:
    assert verdict(read(samples.GRYPE_CLEAN)) is Verdict.PASS
    without = {**samples.GRYPE_CLEAN, "descriptor": descriptor}
    assert verdict(read(without)) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("value", [samples.GITLEAKS, samples.GITLEAKS_7])
def test_gitleaks_of_both_generations_tells_where_and_in_which_commit(value: object) -> None:
    report = read(value)
    assert told(report) == [("generic-key", Severity.UNRATED, FindingState.OPEN, "shop/keys.py:3")]
    assert (SHA, "secret") == (report.findings[0].commit, report.findings[0].kind)


def test_checkov_tells_failed_and_skipped_checks_of_all_frameworks() -> None:
    report = read([samples.CHECKOV, samples.CHECKOV_CLEAN])
    assert ("3.3.30", 10) == (report.tool_version, report.passed)
    assert told(report)[:2] == [
        ("CKV_AWS_18", Severity.UNRATED, FindingState.OPEN, "main.tf:4"),
        ("CKV_AWS_21", Severity.UNRATED, FindingState.SUPPRESSED, "main.tf"),
    ]
    assert report.findings[1].justification == "Public on purpose"


@pytest.mark.parametrize(
    ("summary", "results"),
    [
        ({"parsing_errors": 1}, {}),
        ({"passed": 0, "skipped": 0}, {}),
        ({"failed": 1}, {}),
        ({}, {"parsing_errors": ["main.tf"]}),
        ({}, {"failed_checks": None}),
    ],
)
def test_checkov_that_read_less_than_everything_is_no_pass(
    summary: dict[str, Any], results: dict[str, Any]
) -> None:
    clean = samples.CHECKOV_CLEAN
    assert verdict(read(clean)) is Verdict.PASS
    less = {
        **clean,
        "summary": {**clean["summary"], **summary},
        "results": {**clean["results"], **results},
    }
    assert verdict(read(less)) is Verdict.INCONCLUSIVE
    assert verdict(read([clean, less])) is Verdict.INCONCLUSIVE
    assert verdict(read(samples.CHECKOV_NOTHING)) is Verdict.INCONCLUSIVE


def test_kics_tells_each_file_that_a_query_found() -> None:
    report = read(samples.KICS)
    assert told(report) == [("q-1", Severity.HIGH, FindingState.OPEN, "main.tf:4")]
    assert ("v2.1.0", AT) == (report.tool_version, report.scanned_at)


@pytest.mark.parametrize(
    "more",
    [
        {"files_scanned": 0},
        {"files_failed_to_scan": 1},
        {"queries_failed_to_execute": 3},
        {"queries_total": 0},
        {"queries": None},
        {"total_counter": 2},
    ],
)
def test_kics_that_failed_in_part_is_no_pass(more: dict[str, Any]) -> None:
    assert verdict(read(samples.KICS_CLEAN)) is Verdict.PASS
    assert verdict(read({**samples.KICS_CLEAN, **more})) is Verdict.INCONCLUSIVE


def test_tfsec_tells_statuses_as_words_and_as_numbers() -> None:
    report = read(samples.TFSEC)
    assert told(report) == [
        ("aws-s3-logging", Severity.MEDIUM, FindingState.OPEN, "main.tf:4"),
        ("aws-s3-public", Severity.HIGH, FindingState.SUPPRESSED, ""),
    ]
    assert report.passed == 1


def test_tfsec_that_found_nothing_cannot_be_told_from_one_that_did_nothing() -> None:
    assert verdict(read({"results": None})) is Verdict.INCONCLUSIVE


def test_conftest_tells_failures_warnings_and_exceptions_apart() -> None:
    report = read(samples.CONFTEST)
    assert told(report) == [
        ("main", Severity.UNRATED, FindingState.OPEN, "deploy.yaml:12"),
        ("main", Severity.MEDIUM, FindingState.OPEN, "deploy.yaml"),
        ("main", Severity.UNRATED, FindingState.SUPPRESSED, "deploy.yaml"),
    ]
    assert report.passed == 3


def test_conftest_without_a_tested_rule_is_no_pass() -> None:
    assert verdict(read(samples.CONFTEST_CLEAN)) is Verdict.PASS
    none = [{**samples.CONFTEST_CLEAN[0], "successes": 0}]
    assert verdict(read(none)) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("value", [samples.KYVERNO, samples.OPENREPORTS])
def test_a_policy_report_tells_what_was_let_in_though_it_failed(value: object) -> None:
    report = read(value)
    assert told(report) == [
        ("no-root/run-as-non-root", Severity.HIGH, FindingState.OPEN, "Deployment shop/shop-web")
    ]
    assert ("audit", AT, 1) == (report.enforcement, report.scanned_at, report.passed)


@pytest.mark.parametrize("result", ["error", "skip", "", 7])
def test_a_policy_that_was_not_evaluated_is_no_pass(result: object) -> None:
    row = {**samples.KYVERNO_CLEAN["results"][0], "result": result}
    assert verdict(read(samples.KYVERNO_CLEAN)) is Verdict.PASS
    assert verdict(read({**samples.KYVERNO_CLEAN, "results": [row]})) is Verdict.INCONCLUSIVE


def test_another_engine_in_a_policy_report_keeps_its_own_name() -> None:
    row = {**samples.KYVERNO["results"][0], "source": "Kube-Bench"}
    found = reports_of({**samples.KYVERNO, "results": [row, *samples.KYVERNO["results"]]}, "")
    assert [one.tool for one in found] == ["kube-bench", "kyverno"]


def test_gatekeeper_tells_its_last_audit_and_whether_it_keeps_anything_out() -> None:
    report = read(samples.GATEKEEPER)
    rule = "K8sRequiredLabels/must-have-owner"
    assert told(report) == [(rule, Severity.UNRATED, FindingState.OPEN, "Namespace shop")]
    assert ("audit", AT) == (report.enforcement, report.scanned_at)
    denies = {**samples.GATEKEEPER, "spec": {}}
    assert read(denies).enforcement == "enforce"


@pytest.mark.parametrize(
    "status", [{}, {"auditTimestamp": "2026-07-06T09:30:00Z", "totalViolations": 40}]
)
def test_gatekeeper_without_an_audit_or_with_a_cut_list_is_no_pass(status: object) -> None:
    assert verdict(read(samples.GATEKEEPER_CLEAN)) is Verdict.PASS
    assert verdict(read({**samples.GATEKEEPER, "status": status})) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "line",
    [
        {
            "eventType": "violation_audited",
            "kind": "K8sRequiredLabels",
            "name": "must-have-owner",
            "resourceKind": "Pod",
            "resourceNamespace": "shop",
            "resourceName": "web",
            "enforcementAction": "dryrun",
        },
        {
            "event_type": "violation_audited",
            "constraint_kind": "K8sRequiredLabels",
            "constraint_name": "must-have-owner",
            "resource_kind": "Pod",
            "resource_namespace": "shop",
            "resource_name": "web",
            "constraint_action": "dryrun",
        },
    ],
)
def test_a_single_violation_is_a_finding_and_no_whole_audit(line: dict[str, Any]) -> None:
    report = read([line])
    rule = "K8sRequiredLabels/must-have-owner"
    assert told(report) == [(rule, Severity.UNRATED, FindingState.OPEN, "Pod shop/web")]
    assert report.problem
    assert report.enforcement == "audit"


def test_the_operator_tells_image_workload_and_scanner() -> None:
    report = read(samples.OPERATOR)
    assert told(report) == [
        ("CVE-2026-0001", Severity.CRITICAL, FindingState.OPEN, "ReplicaSet shop/shop-web-1")
    ]
    assert ((DIGEST,), "0.74.0", AT) == (report.digests, report.tool_version, report.scanned_at)
    assert verdict(read(samples.OPERATOR_CLEAN)) is Verdict.PASS


def test_the_operators_checks_and_secrets_are_read() -> None:
    checks = [
        {"checkID": "KSV014", "severity": "LOW", "success": False},
        {"checkID": "KSV015", "severity": "LOW", "success": True},
    ]
    report = read({**samples.OPERATOR, "report": {"checks": checks}})
    assert [("KSV014", 1)] == [(report.findings[0].rule, report.passed)]
    secrets = [{"ruleID": "generic-key", "severity": "HIGH", "target": "/app/keys"}]
    found = read({**samples.OPERATOR, "report": {"secrets": secrets}}).findings
    assert [("generic-key", "secret", "/app/keys")] == [
        (one.rule, one.kind, one.location) for one in found
    ]


def test_a_report_of_the_operator_without_a_list_is_no_pass() -> None:
    assert verdict(read({**samples.OPERATOR, "report": {}})) is Verdict.INCONCLUSIVE


def test_what_counts_over_a_whole_cluster_is_refused() -> None:
    with pytest.raises(MalformedError, match="known scanner"):
        read({**samples.OPERATOR, "kind": "ClusterComplianceReport"})


CLEAN = {
    "trivy": samples.TRIVY_CLEAN,
    "grype": samples.GRYPE_CLEAN,
    "checkov": samples.CHECKOV_CLEAN,
    "kics": samples.KICS_CLEAN,
    "conftest": samples.CONFTEST_CLEAN,
    "kyverno": samples.KYVERNO_CLEAN,
    "gatekeeper": samples.GATEKEEPER_CLEAN,
    "trivy-operator": samples.OPERATOR_CLEAN,
}


@pytest.mark.long
@given(name=st.sampled_from(sorted(EVERY)), data=st.data())
@settings(max_examples=600, deadline=None)
def test_a_value_of_another_type_anywhere_is_read_or_refused(
    name: str, data: st.DataObject
) -> None:
    tool, value = EVERY[name]
    for named in ("", tool):
        try:
            found = reports_of(spoiled(data, value), named)
        except MalformedError:
            continue
        assert all(isinstance(verdict(one), Verdict) for one in found)


@given(name=st.sampled_from(sorted(EVERY)), data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_file_that_was_cut_is_never_read(name: str, data: st.DataObject) -> None:
    whole = json.dumps(EVERY[name][1]).encode()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(MalformedError):
        reports_of(canonical.loads(cut), EVERY[name][0])


@given(name=st.sampled_from(sorted(CLEAN)), data=st.data())
@settings(max_examples=400, deadline=None)
def test_taking_away_the_list_of_what_was_looked_at_never_leaves_a_pass(
    name: str, data: st.DataObject
) -> None:
    empty = data.draw(st.sampled_from([None, {}, "", 0, False]))
    lists = {
        "trivy": "Results",
        "grype": "matches",
        "checkov": "results",
        "kics": "queries",
        "kyverno": "results",
        "gatekeeper": "status",
        "trivy-operator": "report",
    }
    value: Any = CLEAN[name]
    less = empty if name == "conftest" else {**value, lists[name]: empty}
    try:
        found = reports_of(less, name)
    except MalformedError:
        return
    assert Verdict.PASS not in [verdict(one) for one in found]
