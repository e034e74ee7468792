"""The pure half of the security collector: captures in, facts and gaps out. Never raises.

An alert is told as a result of its own that is never a pass: it says what was found, not that
everything was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.collectors.github import security_kinds as kinds
from evidence.collectors.github.parse_records import settings_read
from evidence.collectors.github.reading import at, integer, mapping, text
from evidence.collectors.github.rest_reading import account, stable
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.collectors.scans import sarif
from evidence.collectors.scans.report import ScanReport, clipped, full_sha, place, rated
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.policy_result import (
    ALERT,
    Binding,
    Finding,
    FindingState,
    PolicyResult,
    Subject,
)

Facts = tuple[Fact, ...] | None
_ONE_ALERT = "it tells of one alert, not of a look at everything"
_STATES = {
    "open": FindingState.OPEN,
    "fixed": FindingState.FIXED,
    "dismissed": FindingState.DISMISSED,
    "auto_dismissed": FindingState.DISMISSED,
}
_RESOLVED = {"revoked": FindingState.FIXED}
"""How a secret was dealt with; anything else left it as it is."""


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """Facts and gaps of one capture; what cannot be read is a gap."""
    read = _KINDS.get(capture.kind)
    facts = read(capture, payload) if read and isinstance(payload, dict) else None
    if facts is None:
        return malformed(capture, "The answer is not of the shape that is documented.")
    return Parsed(facts=facts)


def _repository(_capture: Capture, _payload: Mapping[str, Any]) -> Facts:
    """What the credential may do in the repository: evidence, no fact."""
    return ()


def _analysis(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    """One analysis, bound to its commit by GitHub, which took it for that commit."""
    row = mapping(payload.get("analysis"))
    number, sha = stable(row.get("id")), full_sha(row.get("commit_sha"))
    if not number or not sha:
        return None
    known = {
        "repository": capture.context.get("repository", ""),
        "category": text(row.get("category")),
        "scanned_at": iso_micros(row.get("created_at")),
        "server_time": True,
        "url": text(row.get("url")),
    }
    told = _told(row, payload.get("sarif"))
    return tuple(
        one.bound(
            capture.source,
            number if len(told) == 1 else f"{number}/{place_in + 1}",
            Subject.COMMIT,
            sha,
            Binding.CI_RUN,
            **known,
            problem=_problem(row) or one.problem,
        )
        for place_in, one in enumerate(told)
    )


def _told(row: Mapping[str, Any], document: object) -> list[ScanReport]:
    """The runs of the document; what the row says where there is none, or it holds no run."""
    found = [
        one for one in (sarif.reports(document) if sarif.is_sarif(document) else ()) if one.tool
    ]
    if found:
        return found
    name = text(at(row, "tool", "name")) or text(row.get("tool_name"))
    return [
        ScanReport(
            tool=name.strip().lower(),
            tool_version=text(at(row, "tool", "version")),
            problem=_unread(row),
        )
    ]


def _problem(row: Mapping[str, Any]) -> str:
    """What GitHub itself says went wrong."""
    said = clipped(row.get("error")) or clipped(row.get("warning"))
    return f"GitHub says of it: {said}" if said else ""


def _unread(row: Mapping[str, Any]) -> str:
    if integer(row.get("results_count")) != 0:
        return "its results were not read"
    return "" if integer(row.get("rules_count")) > 0 else "it is not told how many rules were run"


# --- alerts


def _code_alert(capture: Capture, row: Mapping[str, Any]) -> Facts:
    rule, instance = mapping(row.get("rule")), mapping(row.get("most_recent_instance"))
    where = mapping(instance.get("location"))
    severity = text(rule.get("security_severity_level")) or text(rule.get("severity"))
    finding = Finding(
        rule=text(rule.get("id")) or text(rule.get("name")),
        severity=rated(severity),
        kind="code",
        location=place(where.get("path"), where.get("start_line")),
        fingerprint=stable(row.get("number")),
        message=clipped(rule.get("description")),
        state=_STATES.get(text(row.get("state")), FindingState.OPEN),
        justification=_why(row, "dismissed_reason", "dismissed_comment"),
        closed_at=_first(row, "dismissed_at", "fixed_at"),
        closed_by=_who(capture, row.get("dismissed_by")),
    )
    tool = text(at(row, "tool", "name")).strip().lower()
    return _alert(capture, row, finding, tool, full_sha(instance.get("commit_sha")))


def _secret_alert(capture: Capture, row: Mapping[str, Any]) -> Facts:
    where = mapping(row.get("first_location_detected"))
    resolved = text(row.get("state")) == "resolved"
    closed = _RESOLVED.get(text(row.get("resolution")), FindingState.DISMISSED)
    sha = full_sha(where.get("commit_sha"))
    finding = Finding(
        rule=text(row.get("secret_type")),
        severity=rated(""),
        kind="secret",
        location=place(where.get("path"), where.get("start_line")),
        commit=sha,
        fingerprint=stable(row.get("number")),
        message=clipped(row.get("secret_type_display_name")),
        state=closed if resolved else FindingState.OPEN,
        justification=_why(row, "resolution", "resolution_comment"),
        closed_at=iso_micros(row.get("resolved_at")),
        closed_by=_who(capture, row.get("resolved_by")),
    )
    return _alert(capture, row, finding, "secret-scanning", sha)


def _dependency_alert(capture: Capture, row: Mapping[str, Any]) -> Facts:
    advisory = mapping(row.get("security_advisory"))
    vulnerable = mapping(row.get("security_vulnerability"))
    finding = Finding(
        rule=text(advisory.get("cve_id")) or text(advisory.get("ghsa_id")),
        severity=rated(vulnerable.get("severity") or advisory.get("severity")),
        kind="vulnerability",
        package=text(at(row, "dependency", "package", "name")),
        version=text(vulnerable.get("vulnerable_version_range")),
        fixed_version=text(at(vulnerable, "first_patched_version", "identifier")),
        location=place(at(row, "dependency", "manifest_path")),
        fingerprint=stable(row.get("number")),
        message=clipped(advisory.get("summary")),
        state=_STATES.get(text(row.get("state")), FindingState.OPEN),
        justification=_why(row, "dismissed_reason", "dismissed_comment"),
        closed_at=_first(row, "dismissed_at", "auto_dismissed_at", "fixed_at"),
        closed_by=_who(capture, row.get("dismissed_by")),
    )
    return _alert(capture, row, finding, "dependabot", "")


def _alert(
    capture: Capture, row: Mapping[str, Any], finding: Finding, tool: str, sha: str
) -> Facts:
    """The result that stands for an alert; of a commit where it names one."""
    if not finding.fingerprint or not text(row.get("state")):
        return None
    return (
        PolicyResult(
            source=capture.source,
            scan_id=f"{capture.kind}/{capture.key}",
            tool=tool,
            subject_kind=Subject.COMMIT,
            subject=sha,
            binding=Binding.CI_RUN,
            category=ALERT,
            repository=capture.context.get("repository", ""),
            scanned_at=iso_micros(row.get("created_at")),
            server_time=True,
            problem=_ONE_ALERT,
            url=text(row.get("html_url")),
            findings=(finding,),
        ),
    )


def _why(row: Mapping[str, Any], reason: str, comment: str) -> str:
    return ": ".join(one for one in (clipped(row.get(reason)), clipped(row.get(comment))) if one)


def _first(row: Mapping[str, Any], *names: str) -> int:
    return next((found for name in names if (found := iso_micros(row.get(name)))), 0)


def _who(capture: Capture, node: object) -> str:
    found = account(capture.context.get("host", ""), node)
    return found.key if found else ""


_KINDS: dict[str, Callable[[Capture, Mapping[str, Any]], Facts]] = {
    kinds.READ: settings_read,
    kinds.REPOSITORY: _repository,
    kinds.ANALYSIS: _analysis,
    kinds.CODE_ALERT: _code_alert,
    kinds.SECRET_ALERT: _secret_alert,
    kinds.DEPENDENCY_ALERT: _dependency_alert,
}
