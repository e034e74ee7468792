"""What a report came to: where its packet is, and what that says in a few numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.controls.dispositions import accepted
from evidence.model.determination import Outcome
from evidence.packing import Results
from evidence.report.data import PacketData
from evidence.seal.packet import SealResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """Where the packet is and what it says in a few numbers."""

    directory: Path
    archive: Path | None
    """The ZIP, where one was asked for."""
    seal: SealResult
    changes: int
    deployments: int
    promotions: int
    outcomes: Mapping[str, int]
    """Of changes and deployments; those of promotions are counted apart."""
    promotion_outcomes: Mapping[str, int]
    setting_outcomes: Mapping[str, int]
    """Of intervals of settings, counted apart."""
    accepted: int
    """Of the outcomes `fail`, those for which a disposition holds."""
    supported: int
    """Of the outcomes `unknown`, those that alternative evidence resolves."""
    ledger_size: int
    why_unknown: tuple[tuple[str, int, str], ...]
    """(reason code, count, the action that would clear it), most frequent first."""

    def summary(self) -> list[str]:
        """Sentences for the reader on stderr."""
        counts, promoted = _told(self.outcomes), _told(self.promotion_outcomes)
        return [
            (
                f"{self.changes} changes and {self.deployments} deployments, decided on "
                f"{self.ledger_size} ledger entries; determinations: {counts}"
            ),
            f"{self.promotions} promotions, counted apart; determinations: {promoted}",
            f"settings by interval, counted apart; determinations: {_told(self.setting_outcomes)}",
            (
                f"{self.accepted} deviations accepted by dispositions, {self.supported} unknowns "
                "resolved by alternative evidence"
            ),
            f"SHA256SUMS {self.seal.digest}, sealed by {self.seal.fingerprint}",
            *(f"unknown {count} x {reason}: {act}" for reason, count, act in self.why_unknown[:5]),
        ]

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/report.schema.json."""
        return {
            "schema_version": 1,
            "directory": str(self.directory),
            "archive": str(self.archive) if self.archive else None,
            "digest": self.seal.digest,
            "fingerprint": self.seal.fingerprint,
            "changes": self.changes,
            "deployments": self.deployments,
            "promotions": self.promotions,
            "outcomes": dict(self.outcomes),
            "promotion_outcomes": dict(self.promotion_outcomes),
            "setting_outcomes": dict(self.setting_outcomes),
            "accepted": self.accepted,
            "supported": self.supported,
            "ledger_size": self.ledger_size,
            "why_unknown": [
                {"reason": reason, "count": count, "action": action}
                for reason, count, action in self.why_unknown
            ],
        }


def _told(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "none"


def result_of(
    directory: Path, archive: Path | None, sealed: SealResult, data: PacketData, results: Results
) -> ReportResult:
    """The result of a report that is written."""
    apart = frozenset(change.change_id for change in data.promotions)
    every = [one for group in results.determinations.values() for one in group]
    held = [one.determination for one in data.settings]
    settled = accepted(data.rulings)
    events = [one.determination for one in data.events]
    beside = [one for one in (*every, *held, *events) if (one.control, one.subject) in settled]
    unknown = [
        one
        for one in (*every, *held)
        if one.outcome is Outcome.UNKNOWN and (one.control, one.subject) not in settled
    ]
    actions = {one.reason: one.missing for one in unknown}
    return ReportResult(
        directory=directory,
        archive=archive,
        seal=sealed,
        changes=len(data.population),
        deployments=len(data.deployments),
        promotions=len(apart),
        outcomes=Counter(str(one.outcome) for one in every if one.subject not in apart),
        promotion_outcomes=Counter(str(one.outcome) for one in every if one.subject in apart),
        setting_outcomes=Counter(str(one.outcome) for one in held),
        accepted=sum(one.outcome is Outcome.FAIL for one in beside),
        supported=sum(one.outcome is Outcome.UNKNOWN for one in beside),
        ledger_size=data.ledger_size,
        why_unknown=tuple(
            (reason, count, actions[reason])
            for reason, count in Counter(one.reason for one in unknown).most_common()
        ),
    )
