"""What scanners and policy engines would write in a case, and what is told beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Found = Mapping[str, Any]


def scanned(
    one: Mapping[str, Any], commit_of: Callable[[str], str], at: int
) -> tuple[dict[str, str], str]:
    """(what is told, the file) of a `[[scan]]`; `at` in microseconds UTC."""
    tool, moment = one["tool"], _iso(at)
    digest = (
        f"sha256:{hashlib.sha256(one['digest'].encode()).hexdigest()}" if "digest" in one else ""
    )
    commit = commit_of(one["commit"]) if "commit" in one else ""
    version = one.get("version", "1.2.3")
    finds = [
        {**each, "in": commit_of(each.get("in", "")) if "in" in each else commit}
        for each in one.get("finds", ())
    ]
    told = {"tool": tool, "commit": commit, "image_digest": digest, "scanned_at": moment}
    if tool not in {"trivy", "grype", "codeql"}:
        told["tool_version"] = version  # they do not write it themselves
    database = one.get("database", moment)
    if tool == "trivy":
        told["database"] = database
    crashed = one.get("crashed", False)
    value = _WRITERS[tool](_Run(one, finds, digest, version, database, moment), crashed)
    return told, json.dumps(value)


def _iso(at: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.isoformat().replace("+00:00", "Z")


class _Run:
    """One run of a tool, in words that all of them share."""

    def __init__(
        self,
        one: Mapping[str, Any],
        finds: list[dict[str, Any]],
        digest: str,
        version: str,
        database: str,
        moment: str,
    ) -> None:
        self.action = one.get("action", "deny")
        self.finds = finds
        self.digest, self.version, self.database, self.moment = digest, version, database, moment


def _trivy(run: _Run, crashed: bool) -> object:
    found = [
        {
            "VulnerabilityID": one["rule"],
            "PkgName": one.get("package", ""),
            "InstalledVersion": one.get("version", ""),
            "Severity": one.get("severity", "unknown").upper(),
        }
        for one in run.finds
    ]
    packages = {"Target": "registry.example/shop-web (alpine 3.22)", "Class": "os-pkgs"}
    return {
        "SchemaVersion": 2,
        "Trivy": {"Version": run.version},
        "CreatedAt": run.moment,
        "Metadata": {"RepoDigests": [f"registry.example/shop-web@{run.digest}"]}
        if run.digest
        else {},
        "Results": [] if crashed else [{**packages, "Vulnerabilities": found}],
    }


def _grype(run: _Run, crashed: bool) -> object:
    matches = [
        {
            "vulnerability": {"id": one["rule"], "severity": one.get("severity", "").title()},
            "artifact": {"name": one.get("package", ""), "version": one.get("version", "")},
        }
        for one in run.finds
    ]
    database = {"status": {"built": run.database, "valid": True}} if run.database else {}
    return {
        "matches": matches,
        "source": {"type": "image", "target": {"manifestDigest": run.digest}},
        "descriptor": {
            "name": "grype",
            "version": run.version,
            "timestamp": run.moment,
            "db": {} if crashed else database,
        },
    }


def _gitleaks(run: _Run, crashed: bool) -> object:
    found = [
        {
            "RuleID": one["rule"],
            "File": one.get("file", "shop/settings.py"),
            "StartLine": one.get("line", 1),
            "Commit": one["in"],
            "Secret": "what was found",
        }
        for one in run.finds
    ]
    return None if crashed else found


def _kyverno(run: _Run, crashed: bool) -> object:
    rows = [
        {
            "policy": one["rule"],
            "rule": "validate",
            "result": "fail",
            "severity": one.get("severity", "medium"),
            "source": "kyverno",
        }
        for one in run.finds
    ]
    rows.append({"policy": "labels", "rule": "owner", "result": "pass", "source": "kyverno"})
    return {
        "apiVersion": "wgpolicyk8s.io/v1alpha2",
        "kind": "PolicyReport",
        "scope": {"kind": "Deployment", "namespace": "shop", "name": "shop-web"},
        "results": [] if crashed else rows,
    }


def _gatekeeper(run: _Run, crashed: bool) -> object:
    violations = [
        {"kind": "Deployment", "namespace": "shop", "name": "shop-web", "message": one["rule"]}
        for one in run.finds
    ]
    audited = {
        "auditTimestamp": run.moment,
        "totalViolations": len(violations),
        "violations": violations,
    }
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "K8sRequiredLabels",
        "metadata": {"name": "must-have-owner"},
        "spec": {"enforcementAction": run.action},
        "status": {} if crashed else audited,
    }


def _codeql(run: _Run, crashed: bool) -> object:
    grades = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
    results = [
        {
            "ruleId": one["rule"],
            "message": {"text": one["rule"]},
            "properties": {"security-severity": grades.get(one.get("severity", ""), "0.0")},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": one.get("file", "shop/a.py")},
                        "region": {"startLine": one.get("line", 1)},
                    }
                }
            ],
        }
        for one in run.finds
    ]
    ended = [] if crashed else [{"executionSuccessful": True, "endTimeUtc": run.moment}]
    driver = {"name": "CodeQL", "semanticVersion": run.version}
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "invocations": ended, "results": results}],
    }


_WRITERS: Mapping[str, Callable[[_Run, bool], object]] = {
    "trivy": _trivy,
    "grype": _grype,
    "gitleaks": _gitleaks,
    "kyverno": _kyverno,
    "gatekeeper": _gatekeeper,
    "codeql": _codeql,
}
