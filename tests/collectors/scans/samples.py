"""Small results of each tool, as it would write them of an invented shop."""

from __future__ import annotations

from typing import Any

SHA = "4be1c0ffee0123456789abcdef0123456789abcd"
DIGEST = "sha256:" + "c4" * 32

TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.74.0"},
    "CreatedAt": "2026-07-06T09:30:00.123456789Z",
    "ArtifactName": "registry.example/shop-web",
    "ArtifactType": "container_image",
    "Metadata": {
        "OS": {"Family": "alpine", "Name": "3.22.0"},
        "RepoDigests": [f"registry.example/shop-web@{DIGEST}"],
    },
    "Results": [
        {
            "Target": "registry.example/shop-web (alpine 3.22.0)",
            "Class": "os-pkgs",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2026-0001",
                    "PkgName": "openssl",
                    "InstalledVersion": "3.5.0-r0",
                    "FixedVersion": "3.5.1-r0",
                    "Severity": "CRITICAL",
                    "Fingerprint": "sha256:aa",
                    "Title": "Something is read that should not be",
                }
            ],
            "ExperimentalModifiedFindings": [
                {
                    "Type": "vulnerability",
                    "Status": "not_affected",
                    "Statement": "The code is not reached",
                    "Finding": {"VulnerabilityID": "CVE-2026-0002", "Severity": "HIGH"},
                }
            ],
        },
        {
            "Target": "deploy.yaml",
            "Class": "config",
            "MisconfSummary": {"Successes": 11, "Failures": 1},
            "Misconfigurations": [
                {
                    "ID": "KSV014",
                    "Status": "FAIL",
                    "Severity": "LOW",
                    "CauseMetadata": {"StartLine": 7},
                },
                {"ID": "KSV015", "Status": "PASS", "Severity": "LOW"},
                {"ID": "KSV016", "Status": "EXCEPTION", "Severity": "HIGH"},
            ],
        },
        {
            "Target": "shop/keys.py",
            "Class": "secret",
            "Secrets": [
                {
                    "RuleID": "generic-key",
                    "Severity": "HIGH",
                    "StartLine": 3,
                    "Match": 'KEY = "not a real one"',
                    "Code": {"Lines": [{"Number": 3, "Content": 'KEY = "not a real one"'}]},
                }
            ],
        },
    ],
}
TRIVY_CLEAN = {**TRIVY, "Results": [{"Target": "alpine", "Class": "os-pkgs"}]}

GRYPE: dict[str, Any] = {
    "matches": [
        {
            "vulnerability": {
                "id": "GHSA-aaaa-bbbb-cccc",
                "severity": "High",
                "fix": {"versions": ["2.1"], "state": "fixed"},
            },
            "artifact": {
                "name": "lib-a",
                "version": "2.0",
                "locations": [{"path": "/app/lock"}],
            },
        }
    ],
    "ignoredMatches": [
        {
            "vulnerability": {"id": "CVE-2026-0003", "severity": "Low"},
            "artifact": {"name": "lib-b", "version": "1"},
            "appliedIgnoreRules": [{"vulnerability": "", "reason": "Only in tests"}],
        }
    ],
    "source": {"type": "image", "target": {"manifestDigest": DIGEST, "repoDigests": []}},
    "descriptor": {
        "name": "grype",
        "version": "0.116.0",
        "timestamp": "2026-07-06T09:30:00.5Z",
        "db": {"status": {"built": "2026-07-06T06:12:00Z", "valid": True}},
    },
}
GRYPE_CLEAN = {**GRYPE, "matches": []}

GITLEAKS: list[dict[str, Any]] = [
    {
        "RuleID": "generic-key",
        "Description": "A key of some service",
        "File": "shop/keys.py",
        "StartLine": 3,
        "Commit": SHA,
        "Secret": "not a real one",
        "Match": 'KEY = "not a real one"',
        "Line": 'KEY = "not a real one"',
        "Fingerprint": f"{SHA}:shop/keys.py:generic-key:3",
    }
]
GITLEAKS_7 = [
    {
        "rule": "generic-key",
        "file": "shop/keys.py",
        "lineNumber": 3,
        "commit": SHA,
        "offender": "not a real one",
        "line": 'KEY = "not a real one"',
    }
]

CHECKOV: dict[str, Any] = {
    "check_type": "terraform",
    "results": {
        "passed_checks": [],
        "failed_checks": [
            {
                "check_id": "CKV_AWS_18",
                "check_name": "Logging is on",
                "severity": None,
                "file_path": "/main.tf",
                "file_line_range": [4, 9],
                "resource": "aws_s3_bucket.shop",
            }
        ],
        "skipped_checks": [
            {
                "check_id": "CKV_AWS_21",
                "check_result": {"result": "SKIPPED", "suppress_comment": "Public on purpose"},
                "file_path": "/main.tf",
            }
        ],
        "parsing_errors": [],
    },
    "summary": {
        "passed": 5,
        "failed": 1,
        "skipped": 1,
        "parsing_errors": 0,
        "checkov_version": "3.3.30",
    },
}
CHECKOV_CLEAN = {
    **CHECKOV,
    "results": {**CHECKOV["results"], "failed_checks": []},
    "summary": {**CHECKOV["summary"], "failed": 0},
}
CHECKOV_NOTHING = {"passed": 0, "failed": 0, "resource_count": 0, "checkov_version": "3.3.30"}

KICS: dict[str, Any] = {
    "kics_version": "v2.1.0",
    "files_scanned": 2,
    "files_failed_to_scan": 0,
    "queries_total": 200,
    "queries_failed_to_execute": 0,
    "total_counter": 1,
    "end": "2026-07-06T09:30:00Z",
    "queries": [
        {
            "query_id": "q-1",
            "query_name": "Bucket is public",
            "severity": "HIGH",
            "files": [{"file_name": "main.tf", "line": 4, "similarity_id": "5a"}],
        }
    ],
}
KICS_CLEAN = {**KICS, "queries": [], "total_counter": 0}

TFSEC: dict[str, Any] = {
    "results": [
        {
            "long_id": "aws-s3-logging",
            "severity": "MEDIUM",
            "status": 0,
            "location": {"filename": "main.tf", "start_line": 4},
        },
        {"rule_id": "aws-s3-versions", "severity": "LOW", "status": "passed"},
        {"rule_id": "aws-s3-public", "severity": "HIGH", "status": 2},
    ]
}

CONFTEST: list[dict[str, Any]] = [
    {
        "filename": "deploy.yaml",
        "namespace": "main",
        "successes": 3,
        "failures": [{"msg": "Containers must not run as root", "loc": {"line": 12}}],
        "warnings": [{"msg": "No owner is named"}],
        "exceptions": [{"msg": "An old job"}],
    }
]
CONFTEST_CLEAN = [{"filename": "deploy.yaml", "namespace": "main", "successes": 4}]

KYVERNO: dict[str, Any] = {
    "apiVersion": "wgpolicyk8s.io/v1alpha2",
    "kind": "PolicyReport",
    "scope": {"kind": "Deployment", "namespace": "shop", "name": "shop-web"},
    "results": [
        {
            "policy": "no-root",
            "rule": "run-as-non-root",
            "result": "fail",
            "severity": "high",
            "source": "kyverno",
            "message": "It runs as root",
            "timestamp": {"seconds": 1_783_330_200, "nanos": 0},
        },
        {"policy": "labels", "rule": "owner", "result": "pass", "source": "kyverno"},
    ],
}
KYVERNO_CLEAN = {**KYVERNO, "results": KYVERNO["results"][1:]}
OPENREPORTS = {**KYVERNO, "apiVersion": "openreports.io/v1alpha1", "kind": "Report"}

GATEKEEPER: dict[str, Any] = {
    "apiVersion": "constraints.gatekeeper.sh/v1beta1",
    "kind": "K8sRequiredLabels",
    "metadata": {"name": "must-have-owner"},
    "spec": {"enforcementAction": "dryrun"},
    "status": {
        "auditTimestamp": "2026-07-06T09:30:00Z",
        "totalViolations": 1,
        "violations": [
            {
                "kind": "Namespace",
                "name": "shop",
                "message": "No owner",
                "enforcementAction": "dryrun",
            }
        ],
    },
}
GATEKEEPER_CLEAN = {
    **GATEKEEPER,
    "status": {"auditTimestamp": "2026-07-06T09:30:00Z", "totalViolations": 0},
}

OPERATOR: dict[str, Any] = {
    "apiVersion": "aquasecurity.github.io/v1alpha1",
    "kind": "VulnerabilityReport",
    "metadata": {
        "labels": {
            "trivy-operator.resource.kind": "ReplicaSet",
            "trivy-operator.resource.namespace": "shop",
            "trivy-operator.resource.name": "shop-web-1",
        }
    },
    "report": {
        "artifact": {"repository": "shop-web", "digest": DIGEST},
        "scanner": {"name": "Trivy", "version": "0.74.0"},
        "updateTimestamp": "2026-07-06T09:30:00Z",
        "vulnerabilities": [
            {
                "vulnerabilityID": "CVE-2026-0001",
                "resource": "openssl",
                "installedVersion": "3.5.0-r0",
                "severity": "CRITICAL",
            }
        ],
    },
}
OPERATOR_CLEAN = {**OPERATOR, "report": {**OPERATOR["report"], "vulnerabilities": []}}

EVERY: dict[str, tuple[str, Any]] = {
    "trivy": ("trivy", TRIVY),
    "trivy-clean": ("trivy", TRIVY_CLEAN),
    "trivy-list": ("trivy", TRIVY["Results"]),
    "trivy-k8s": ("trivy", {"ClusterName": "c", "Resources": [{"Results": TRIVY["Results"]}]}),
    "grype": ("grype", GRYPE),
    "grype-clean": ("grype", GRYPE_CLEAN),
    "gitleaks": ("gitleaks", GITLEAKS),
    "gitleaks-7": ("gitleaks", GITLEAKS_7),
    "checkov": ("checkov", CHECKOV),
    "checkov-several": ("checkov", [CHECKOV, CHECKOV_CLEAN]),
    "checkov-nothing": ("checkov", CHECKOV_NOTHING),
    "kics": ("kics", KICS),
    "tfsec": ("tfsec", TFSEC),
    "conftest": ("conftest", CONFTEST),
    "kyverno": ("kyverno", KYVERNO),
    "kyverno-list": ("kyverno", {"kind": "List", "items": [KYVERNO, KYVERNO_CLEAN]}),
    "openreports": ("kyverno", OPENREPORTS),
    "gatekeeper": ("gatekeeper", GATEKEEPER),
    "gatekeeper-list": ("gatekeeper", {"kind": "K8sRequiredLabelsList", "items": [GATEKEEPER]}),
    "trivy-operator": ("trivy-operator", OPERATOR),
}
"""Name -> (tool that it is recognised as, document)."""
