"""Cases about security scans and policy gates (CM-07), on records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from chain_builder import (
    ALICE,
    BERT,
    CORA,
    MINUTE,
    P0,
    READ,
    ROBOT,
    Direct,
    Pull,
    email,
    minute,
    person,
)

from evidence.model.capture import Gap, GapReason
from evidence.model.determination import Outcome
from evidence.model.policy_result import (
    Binding,
    Finding,
    FindingState,
    PolicyResult,
    Severity,
    Subject,
)
from evidence.model.production import DeploymentKind, ImageChange, RunningImage
from evidence.policy import Policy, RequiredScan, Waiver

DAY = 24 * 60 * MINUTE
DIGEST = "sha256:" + "c4" * 32
OTHER = "sha256:" + "d5" * 32
IMAGE = "registry.test/shop"

TRIVY = RequiredScan(tool="trivy", subject="image", needs_database=True)
LEAKS = RequiredScan(tool="gitleaks")
ALL = {"complete_from": minute(-10_000)}

BAD = Finding(
    rule="CVE-2026-0001",
    severity=Severity.CRITICAL,
    kind="vulnerability",
    package="openssl",
    version="3.5.0",
)
LEAK = Finding(rule="generic-key", severity=Severity.UNRATED, kind="secret", location="keys.py:3")


def policy(*scans: RequiredScan, **more: Any) -> Policy:
    people = (
        person("Alice", ALICE, emails=(email(ALICE),)),
        person("Bert", BERT, emails=(email(BERT),)),
        person("Cora", CORA, emails=(email(CORA),)),
    )
    return replace(P0, required_scans=scans, persons=people, **more)


def result(
    subject: str = DIGEST, at: float = 20, /, *findings: Finding, **more: Any
) -> PolicyResult:
    """Trivy's result on an image at a minute; the deployment is at minute 60."""
    fields: dict[str, Any] = {
        "source": "ci",
        "scan_id": f"{subject}{at}{more.get('tool', '')}",
        "tool": "trivy",
        "subject_kind": Subject.IMAGE if subject.startswith("sha256:") else Subject.COMMIT,
        "subject": subject,
        "binding": Binding.IN_FILE,
        "tool_version": "0.74.0",
        "database": "2026-03-02T06:12:00Z",
        "scanned_at": minute(at) if at else 0,
        "findings": findings,
        "entry_seq": 40 + int(at),
        "observed_at": READ,
    }
    return PolicyResult(**{**fields, **more})


def leaks(sha: str, at: float = 20, /, *findings: Finding, **more: Any) -> PolicyResult:
    return result(sha, at, *findings, tool="gitleaks", database="", **more)


def image(digests: tuple[str, ...] = (DIGEST,), repository: str = "app") -> RunningImage:
    return RunningImage(image=IMAGE, reference="1.4", repository=repository, digests=digests)


def shipped(*scans: PolicyResult, running: tuple[RunningImage, ...] = (image(),)) -> Pull:
    """The happy path, deployed at minute 60 with an image that was built from it."""
    pull = Pull()
    (one,) = pull.deployments
    spans = tuple(replace(span, through=IMAGE if running else "") for span in one.ranges)
    pull.deployments = [replace(one, running=running, ranges=spans)]
    pull.evidence = {"scans": scans}
    return pull


def outcome(pull: Pull, *scans: RequiredScan, **more: Any) -> tuple[str, str]:
    return pull.outcome("CM-07", policy(*scans, **more))


def sentence(pull: Pull, *scans: RequiredScan, **more: Any) -> str:
    return pull.determinations(policy(*scans, **more))["CM-07"].sentence


def flags(pull: Pull, *scans: RequiredScan) -> tuple[str, ...]:
    return pull.determinations(policy(*scans))["CM-07"].flags


# --- what is asked


def test_a_policy_that_requires_no_scan_does_not_test_it():
    assert outcome(shipped()) == ("not_applicable", "scan-not-required")


def test_a_scan_of_other_repositories_is_not_asked_of_this_one():
    other = replace(TRIVY, repositories=("library",))
    assert outcome(shipped(), other) == ("not_applicable", "scan-not-required")
    assert outcome(shipped(result()), replace(TRIVY, repositories=("app",)))[0] == "pass"


def test_a_scan_of_this_digest_before_the_deployment_passes():
    pull = shipped(result())
    assert outcome(pull, TRIVY) == ("pass", "scan-passed")
    assert "trivy 0.74.0 on sha256:c4c4c4c4c4c4" in sentence(pull, TRIVY)


def test_the_sentence_rests_on_the_entry_of_the_result():
    assert 60 in shipped(result()).determinations(policy(TRIVY))["CM-07"].entries


def test_what_is_not_deployed_yet_is_open():
    pull = shipped()
    pull.deployments = []
    assert outcome(pull, TRIVY) == ("unknown", "not-yet-deployed")


def test_a_direct_push_is_tested_too():
    direct = Direct().deploy("d1")
    direct.evidence |= {"scans": (leaks("d1"),)}
    assert outcome(direct, LEAKS) == ("pass", "scan-passed")


# --- D19, H32: what was examined


@pytest.mark.parametrize(
    ("complete", "expected"),
    [
        (True, ("fail", "scan-wrong-subject")),
        (False, ("unknown", "scan-not-collected")),
    ],
)
def test_d19_a_scan_of_another_digest_is_none_of_this_one(complete, expected):
    wanted = replace(TRIVY, **(ALL if complete else {}))
    pull = shipped(result(OTHER))
    assert outcome(pull, wanted) == expected
    assert "it examined sha256:d5d5d5d5d5d5" in sentence(pull, wanted)


@pytest.mark.parametrize(
    ("complete_from", "expected"),
    [
        (minute(60), ("fail", "scan-missing")),
        (minute(61), ("unknown", "scan-not-collected")),
        (0, ("unknown", "scan-not-collected")),
    ],
)
def test_no_result_is_a_deviation_only_where_every_result_is_handed_over(complete_from, expected):
    assert outcome(shipped(), replace(TRIVY, complete_from=complete_from)) == expected


def test_the_scan_of_one_platform_is_one_of_the_image():
    pull = shipped(result(OTHER))
    pull.evidence["platforms"] = {OTHER: DIGEST}
    assert outcome(pull, TRIVY) == ("pass", "scan-passed")


def test_another_tools_result_does_not_count():
    assert outcome(shipped(result(tool="grype")), TRIVY) == ("unknown", "scan-not-collected")


def test_an_image_without_a_digest_or_with_two_is_open():
    assert outcome(shipped(running=(image(()),)), TRIVY) == ("unknown", "digest-unknown")
    both = shipped(result(), running=(image((DIGEST, OTHER)),))
    assert outcome(both, TRIVY) == ("unknown", "several-digests")


def moving(new, *problems):
    """Two images run of which the deployment moved one, at a reference; only that one is scanned."""
    other = RunningImage(
        image="registry.test/worker", reference="1.3", repository="app", digests=(OTHER,)
    )
    pull = shipped(result(), running=(image(), other))
    (one,) = pull.deployments
    moved = ImageChange(image=IMAGE, file="k.yaml", field="newTag", old="1.3", new=new)
    pull.deployments = [replace(one, images=(moved,), problems=problems)]
    return pull


def test_only_images_that_the_deployment_moved_are_asked_for():
    assert outcome(moving("1.4"), TRIVY) == ("pass", "scan-passed")


def test_all_that_run_are_asked_for_where_it_is_not_known_what_moved():
    open_still = ("unknown", "scan-not-collected")
    assert outcome(moving("1.4", "previous_image_unresolved"), TRIVY) == open_still
    assert outcome(moving(""), TRIVY) == open_still


def test_a_deployment_of_which_only_the_end_is_told_is_judged_by_that():
    pull = shipped(result())
    (one,) = pull.deployments
    pull.deployments = [replace(one, started_at=0)]
    assert outcome(pull, TRIVY) == ("pass", "scan-passed")


def test_a_change_of_plain_files_has_no_image():
    assert outcome(shipped(running=()), TRIVY) == ("not_applicable", "scan-no-image")


def test_a_change_whose_image_is_not_known_is_open():
    pull = shipped(running=(image(repository="library"),))
    assert outcome(pull, TRIVY) == ("unknown", "image-unresolved")


@pytest.mark.parametrize("sha", ["m1", "c1"])
def test_a_commit_is_examined_as_it_landed_or_as_it_was_to_be_merged(sha):
    assert outcome(shipped(leaks(sha)), LEAKS) == ("pass", "scan-passed")


def test_what_landed_speaks_before_what_was_to_be_merged():
    pull = shipped(leaks("m1", 20, LEAK), leaks("c1"))
    assert outcome(pull, LEAKS) == ("fail", "not-waived")


# --- D20: empty and unknown results


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"problem": "it names nothing that was looked at"}, "scan-inconclusive"),
        ({"tool_version": ""}, "scan-tool-unknown"),
        ({"database": ""}, "scan-database-unknown"),
    ],
)
def test_d20_an_empty_result_is_not_clean(more, reason):
    assert outcome(shipped(result(**more)), TRIVY) == ("unknown", reason)


def test_a_database_is_asked_of_a_tool_that_has_one():
    assert outcome(shipped(result(database="")), replace(TRIVY, needs_database=False))[0] == "pass"


def test_what_an_incomplete_run_did_find_is_a_deviation_all_the_same():
    pull = shipped(result(DIGEST, 20, BAD, problem="some files failed", tool_version=""))
    assert outcome(pull, TRIVY) == ("fail", "not-waived")


def test_a_later_run_that_failed_does_not_let_an_earlier_one_speak():
    pull = shipped(result(DIGEST, 10), result(DIGEST, 20, problem="it crashed"))
    assert outcome(pull, TRIVY) == ("unknown", "scan-inconclusive")


# --- thresholds


def test_what_is_open_at_the_threshold_is_a_deviation():
    pull = shipped(result(DIGEST, 20, BAD))
    assert outcome(pull, TRIVY) == ("fail", "not-waived")
    assert "critical CVE-2026-0001 in openssl 3.5.0" in sentence(pull, TRIVY)


def test_what_is_below_the_threshold_is_none():
    mild = replace(BAD, severity=Severity.MEDIUM)
    assert outcome(shipped(result(DIGEST, 20, mild)), TRIVY) == ("pass", "scan-passed")
    strict = replace(TRIVY, threshold="medium")
    assert outcome(shipped(result(DIGEST, 20, mild)), strict) == ("fail", "not-waived")


def test_what_the_tool_could_not_rate_is_open():
    dim = replace(BAD, severity=Severity.UNKNOWN)
    assert outcome(shipped(result(DIGEST, 20, dim)), TRIVY) == ("unknown", "severity-unknown")


def test_what_the_tool_was_told_to_ignore_is_shown_and_not_judged():
    quiet = replace(BAD, state=FindingState.SUPPRESSED)
    pull = shipped(result(DIGEST, 20, quiet))
    assert outcome(pull, TRIVY) == ("pass", "scan-passed")
    assert "suppressed" in flags(pull, TRIVY)


def test_what_was_closed_at_the_platform_after_the_deployment_was_open_at_it():
    closed = replace(BAD, state=FindingState.DISMISSED, closed_at=minute(61))
    assert outcome(shipped(result(DIGEST, 20, closed)), TRIVY)[0] == "fail"
    earlier = replace(closed, closed_at=minute(59))
    assert outcome(shipped(result(DIGEST, 20, earlier)), TRIVY)[0] == "pass"


def test_two_kinds_of_run_count_side_by_side():
    pull = shipped(
        result(DIGEST, 20, BAD, category="os", entry_seq=41), result(DIGEST, 25, category="app")
    )
    assert outcome(pull, TRIVY) == ("fail", "not-waived")


def test_all_results_of_one_file_count_together():
    pull = shipped(
        result(DIGEST, 20, BAD, scan_id="a", entry_seq=41),
        result(DIGEST, 20, scan_id="b", entry_seq=41),
    )
    assert outcome(pull, TRIVY) == ("fail", "not-waived")


# --- D22: as of the deployment


def test_d22_what_was_published_after_the_deployment_does_not_change_it():
    pull = shipped(result(DIGEST, 20), result(DIGEST, 5_000, BAD))
    assert outcome(pull, TRIVY) == ("pass", "scan-passed")


def test_the_last_result_before_the_deployment_decides():
    assert outcome(shipped(result(DIGEST, 10), result(DIGEST, 20, BAD)), TRIVY)[0] == "fail"
    assert outcome(shipped(result(DIGEST, 10, BAD), result(DIGEST, 20)), TRIVY)[0] == "pass"


def test_a_scan_that_ran_only_afterwards_is_missing():
    pull = shipped(result(DIGEST, 90))
    assert outcome(pull, TRIVY) == ("unknown", "scan-not-collected")
    assert outcome(pull, replace(TRIVY, **ALL)) == ("fail", "scan-missing")
    assert "ran only afterwards" in sentence(pull, TRIVY)


def test_a_result_without_a_time_counts_from_when_it_was_handed_over():
    late = shipped(result(DIGEST, 0, entry_seq=41))
    assert outcome(late, replace(TRIVY, **ALL)) == ("unknown", "scan-time-unknown")
    soon = shipped(result(DIGEST, 0, observed_at=minute(30), entry_seq=41))
    assert outcome(soon, TRIVY) == ("pass", "scan-passed")


def test_two_clocks_within_the_tolerance_decide_nothing():
    assert outcome(shipped(result(DIGEST, 59)), TRIVY) == ("unknown", "scan-time-unknown")
    assert outcome(shipped(result(DIGEST, 61)), TRIVY) == ("unknown", "scan-time-unknown")
    assert outcome(shipped(result(DIGEST, 57)), TRIVY) == ("pass", "scan-passed")


def test_a_time_that_a_file_claims_and_a_subject_that_is_asserted_are_said():
    pull = shipped(result(DIGEST, 20, binding=Binding.ASSERTED))
    assert {"scan-asserted", "scan-time-claimed"} == set(flags(pull, TRIVY))
    seen = result(DIGEST, 20, observed_at=minute(30))
    assert flags(shipped(seen), TRIVY) == ()
    assert flags(shipped(result(server_time=True)), TRIVY) == ()


def test_a_result_is_too_old_after_some_days():
    old = result(DIGEST, 60 - 31 * 24 * 60)
    assert outcome(shipped(old), TRIVY) == ("unknown", "scan-too-old")
    assert outcome(shipped(old), replace(TRIVY, max_age=0)) == ("pass", "scan-passed")


# --- D21: waivers


def waiver(**more: Any) -> Waiver:
    fields: dict[str, Any] = {
        "id": "W-1",
        "rule": "CVE-2026-0001",
        "repository": "app",
        "package": "openssl",
        "version": "3.5.0",
        "approved_by": "Cora",
        "valid_from": minute(0),
        "valid_to": minute(0) + 30 * DAY,
    }
    return Waiver(**{**fields, **more})


def with_waiver(finding: Finding = BAD, **more: Any) -> tuple[str, str]:
    return outcome(shipped(result(DIGEST, 20, finding)), TRIVY, waivers=(waiver(**more),))


def test_d21_a_waiver_in_force_at_the_deployment_is_listed_and_counted_apart():
    assert with_waiver() == ("pass", "scan-waived")
    pull = shipped(result(DIGEST, 20, BAD))
    assert "waived (1, by W-1)" in sentence(pull, TRIVY, waivers=(waiver(),))


def test_a_waiver_names_a_rule_in_any_case():
    assert with_waiver(rule="cve-2026-0001")[1] == "scan-waived"


@pytest.mark.parametrize(
    "more",
    [
        {"rule": "CVE-2026-0002"},
        {"package": "libssl"},
        {"version": "3.5.1"},
        {"package": "", "version": ""},
        {"repository": "library"},
        {"valid_to": minute(60)},
        {"valid_from": minute(61)},
        {"approved_by": "Alice"},
        {"approved_by": ALICE.key},
        {"approved_by": "dependabot"},
        {"approved_by": "Somebody"},
    ],
)
def test_a_waiver_of_something_else_of_another_time_or_by_a_contributor_does_not_count(more):
    robots = (replace(ROBOT, accounts=("x",)),)
    found = outcome(
        shipped(result(DIGEST, 20, BAD)), TRIVY, waivers=(waiver(**more),), automations=robots
    )
    assert found == ("fail", "not-waived")


def test_why_a_waiver_does_not_count_is_said():
    pull = shipped(result(DIGEST, 20, BAD))
    told = sentence(pull, TRIVY, waivers=(waiver(approved_by="Alice"),))
    assert "waiver W-1 was approved by a contributor" in told


def test_a_waiver_of_what_has_no_package_names_its_place():
    leak = {"rule": "generic-key", "package": "", "version": ""}
    pull = shipped(leaks("m1", 20, LEAK))
    for place, expected in (
        ("keys.py", "pass"),
        ("keys.py:3", "pass"),
        ("", "fail"),
        ("k", "fail"),
    ):
        one = waiver(**leak, location=place)
        assert outcome(pull, LEAKS, waivers=(one,))[0] == expected


def test_one_waiver_leaves_the_rest_open():
    pull = shipped(result(DIGEST, 20, BAD, replace(BAD, rule="CVE-2026-0009")))
    assert outcome(pull, TRIVY, waivers=(waiver(),)) == ("fail", "not-waived")


def test_a_waiver_whose_approver_may_have_contributed_is_open():
    pull = Pull().push("c2", by=None, address="nobody@people.test")
    (one,) = pull.deployments
    pull.deployments = [replace(one, running=(image(),))]
    pull.evidence = {"scans": (result(DIGEST, 20, BAD),)}
    found = pull.determinations(policy(TRIVY, waivers=(waiver(),)))["CM-07"]
    assert found.outcome is Outcome.UNKNOWN
    assert "contributed is open" in found.sentence


# --- D23: secrets


def test_d23_a_secret_in_a_commit_is_known_whatever_came_later():
    pull = Pull(bare=True).push("c1").push("c2").approve(BERT).green().ticket().merge_equal()
    pull.deploy("m1")
    pull.evidence = {"scans": (leaks("c1", 5, LEAK), leaks("c2", 10), leaks("m1", 20))}
    assert outcome(pull, LEAKS) == ("fail", "not-waived")
    assert "on c1" in sentence(pull, LEAKS)


def test_d23_the_history_of_the_head_names_the_commit():
    inside = replace(LEAK, commit="c1")
    pull = shipped(leaks("c1", 20, inside))
    assert outcome(pull, LEAKS) == ("fail", "not-waived")
    assert "generic-key at keys.py:3 of c1" in sentence(pull, LEAKS)


def test_what_another_commit_of_it_had_beside_secrets_was_mended():
    pull = Pull(bare=True).push("c1").push("c2").approve(BERT).green().ticket().merge_equal()
    pull.deploy("m1")
    code = replace(LEAK, kind="code")
    pull.evidence = {"scans": (leaks("c1", 5, code), leaks("c2", 10))}
    assert outcome(pull, LEAKS) == ("pass", "scan-passed")


# --- D24: policy engines that only report


def test_d24_what_a_policy_in_audit_mode_reports_was_let_in():
    found = Finding(rule="no-root/run", severity=Severity.HIGH, kind="policy")
    gate = RequiredScan(tool="kyverno")
    pull = shipped(result("m1", 20, found, tool="kyverno", enforcement="audit"))
    assert outcome(pull, gate) == ("fail", "not-waived")
    assert "not enforcing" in flags(pull, gate)


# --- F10: rollbacks


def taken_back(*scans: PolicyResult) -> Pull:
    """Deployed at minute 60 and, by a rollback, ten days later again."""
    pull = shipped(*scans)
    (one,) = pull.deployments
    spans = tuple(
        replace(span, kind=DeploymentKind.ROLLBACK, landed_by="app:pr:7") for span in one.ranges
    )
    back = replace(
        one, started_at=minute(60) + 10 * DAY, deployment_id="back", ranges=spans, kind="rollback"
    )
    pull.evidence["returns"] = (back,)
    return pull


def test_f10_a_rollback_is_judged_by_what_is_known_at_it():
    later = result(DIGEST, 60 + 9 * 24 * 60, BAD, observed_at=READ + 20 * DAY)
    assert outcome(shipped(result(), later), TRIVY) == ("pass", "scan-passed")
    assert outcome(taken_back(result(), later), TRIVY) == ("fail", "not-waived")


def test_f10_a_rollback_is_judged_by_the_waivers_of_its_time():
    pull = taken_back(result(DIGEST, 20, BAD))
    short = waiver(valid_to=minute(0) + 5 * DAY)
    assert outcome(pull, TRIVY, waivers=(short,)) == ("fail", "not-waived")
    assert outcome(pull, TRIVY, waivers=(waiver(),)) == ("pass", "scan-waived")


def test_a_rollback_after_the_moment_of_evaluation_is_not_seen():
    pull = taken_back(result(), result(DIGEST, 60 + 9 * 24 * 60, BAD, observed_at=READ + 20 * DAY))
    then = pull.determinations(policy(TRIVY), as_of=minute(60) + 5 * DAY)["CM-07"]
    assert then.outcome is Outcome.PASS


# --- alerts of a platform


CODE = RequiredScan(tool="codeql")
FLAW = Finding(rule="sql-injection", severity=Severity.HIGH, kind="code", location="a.py:3")


def alert(sha: str, finding: Finding = FLAW, at: float = 10) -> PolicyResult:
    more = {"category": "alert", "problem": "one alert", "entry_seq": 70 + int(at)}
    return result(sha, at, finding, tool="codeql", server_time=True, **more)


def test_an_alert_is_no_run_and_leaves_a_run_as_it_is():
    closed = replace(FLAW, state=FindingState.FIXED)
    analysis = result("m1", 20, tool="codeql")
    assert outcome(shipped(analysis, alert("m1", closed)), CODE) == ("pass", "scan-passed")
    assert outcome(shipped(alert("m1", closed)), CODE) == ("unknown", "scan-not-collected")


def test_each_open_alert_on_what_was_deployed_counts():
    first, second = alert("m1", FLAW, 10), alert("m1", replace(FLAW, rule="xss"), 20)
    assert outcome(shipped(first), CODE) == ("fail", "not-waived")
    assert "2 open" in sentence(shipped(result("m1", 30, tool="codeql"), first, second), CODE)


def test_an_alert_for_a_secret_in_another_commit_counts():
    secrets = RequiredScan(tool="secret-scanning")
    pull = Pull(bare=True).push("c1").push("c2").approve(BERT).green().ticket().merge_equal()
    pull.deploy("m1")
    found = replace(alert("c1", LEAK), tool="secret-scanning")
    pull.evidence = {"scans": (found,)}
    assert outcome(pull, secrets) == ("fail", "not-waived")


def test_a_gap_in_what_tells_of_scans_leaves_a_missing_one_open():
    gap = Gap(source="ci", kind="ingest.scan", key="*", reason=GapReason.MALFORMED, detail="x")
    pull = shipped()
    pull.evidence["gaps"] = (gap,)
    assert outcome(pull, replace(TRIVY, **ALL)) == ("unknown", "scan-not-collected")
