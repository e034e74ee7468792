"""How long each kind of evidence can still be had at its source, and what was lost by waiting.

A source is to be read again within half of the shortest time after its last complete sync. Where
the whole time has passed, what came and went in between is lost, and the next sync records that as
a gap that nothing closes. Sources: docs.github.com "Artifact and log retention policy" (90 days by
default, and from 2026-10-01 for checks as for logs; 400 days for checks before), "Managing
rulesets" (history 180 days), "Reviewing the audit log" (180 days), the rule suites' `time_period`
(a month). Argo CD keeps ten operations and Flux five rows; taken as a day, for the warning only,
since what fell out of such a list is seen by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from evidence.model.capture import Gap, GapReason, Receipt
from evidence.store.session import Store
from evidence.store.trackers import newest_receipts

_DAY = 86_400_000_000

KEPT: Mapping[str, Mapping[str, int]] = {
    "github": {
        "github.commit_checks": 90 * _DAY,
        "github.check_attempts": 90 * _DAY,
        "github.pull_request": 0,
        "github.branch_commit": 0,
        "github.scope": 0,
    },
    "github_settings": {
        "github.rule_suite": 28 * _DAY,
        "github.ruleset_history": 180 * _DAY,
    },
    "github_security": {
        "github.code_analysis": 0,
        "github.code_alert": 0,
        "github.secret_alert": 0,
        "github.dependency_alert": 0,
    },
    "github_attestations": {"github.attestation": 0},
    "github_records": {"github.artifact_record": 0},
    "github_identities": {"github.saml_identity": 0, "github.verified_emails": 0},
    "github_audit": {"github.audit_entry": 180 * _DAY, "github.audit_entries": 180 * _DAY},
    "github_logs": {"github.job_log": 90 * _DAY},
    "argocd": {"argocd.application": _DAY},
    "flux": {"flux.object": _DAY},
    "git": {},
    "jira": {},
}
"""Collector -> kind -> microseconds; 0 and absent: no limit is stated."""
TIMED = frozenset({"github.commit_checks", "github.check_attempts", "github.job_log"})
"""Kinds of which no other rule tells that something was lost."""


def shortest(collector: str) -> int:
    """Microseconds for which the shortest-lived kind of a collector is kept; 0 for no limit."""
    return min((kept for kept in KEPT.get(collector, {}).values() if kept), default=0)


def lost(store: Store, source: str, collector: str, now: int) -> tuple[Gap, ...]:
    """What a source has forgotten since its last complete sync, one gap for each kind."""
    timed = {kind: KEPT[collector][kind] for kind in TIMED & KEPT.get(collector, {}).keys()}
    if not timed:
        return ()
    last = last_complete(store, source)
    if last is None:
        return ()
    return tuple(
        Gap(
            source=source,
            kind=kind,
            key="*",
            reason=GapReason.RETENTION,
            detail=f"The source keeps this for {kept // _DAY} days, and the last complete sync "
            "lies further back: what came and went in between cannot be had any more.",
            window_from=last.started_at,
            window_to=now - kept,
        )
        for kind, kept in sorted(timed.items())
        if last.started_at < now - kept
    )


def last_complete(store: Store, source: str) -> Receipt | None:
    """The receipt of the newest complete run of a source."""
    for receipt in newest_receipts(store, None):
        if receipt.source == source and receipt.complete:
            return receipt
    return None
