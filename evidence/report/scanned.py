"""Results of scans as a dossier and a trace print them: what ran on what, and what was open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.model.policy_result import FindingState, PolicyResult, Severity
from evidence.report.text import short


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """One result. Times in microseconds UTC; 0 where the result does not tell its own."""

    tool: str
    tool_version: str
    database: str
    subject: str
    """The full commit id or `sha256:...`."""
    binding: str
    """`in-file`, `ci-run` or `asserted`: who says that it is about that subject."""
    verdict: str
    """`pass`, `fail` or `inconclusive`, before thresholds and waivers."""
    problem: str
    open: str
    """What it found and nobody set aside, by severity: `1 critical, 2 low`; empty for nothing."""
    suppressed: int
    """What the tool was told to ignore."""
    scanned_at: int
    server_time: bool
    """Whether a server gave that time; else the result claims it."""
    source: str
    url: str
    entry: int


def scan_rows(results: Iterable[PolicyResult]) -> tuple[ScanRow, ...]:
    """The results in order of the time at which they ran, then of their entries."""
    ordered = sorted(results, key=lambda one: (one.scanned_at, one.entry_seq, one.scan_id))
    return tuple(_row(one) for one in ordered)


def _row(one: PolicyResult) -> ScanRow:
    counts = Counter(each.severity for each in one.findings if each.state is FindingState.OPEN)
    return ScanRow(
        tool=one.tool,
        tool_version=one.tool_version,
        database=one.database,
        subject=one.subject,
        binding=one.binding.value,
        verdict=one.verdict.value,
        problem=one.problem,
        open=", ".join(f"{counts[grade]} {grade.value}" for grade in Severity if counts[grade]),
        suppressed=sum(each.state is FindingState.SUPPRESSED for each in one.findings),
        scanned_at=one.scanned_at,
        server_time=one.server_time,
        source=one.source,
        url=one.url,
        entry=one.entry_seq,
    )


def scan_line(row: ScanRow) -> str:
    """One row in a line of text."""
    version = f" {row.tool_version}" if row.tool_version else ", version not told"
    found = f" ({row.open})" if row.open else f" ({row.problem})" if row.problem else ""
    ignored = f", {row.suppressed} ignored by the tool" if row.suppressed else ""
    return f"{row.tool}{version} on {subject(row)} ({row.binding}): {row.verdict}{found}{ignored}"


def subject(row: ScanRow) -> str:
    """The subject, cut to what a person compares."""
    algorithm, _, digest = row.subject.rpartition(":")
    return f"{algorithm}:{digest[:12]}" if algorithm else short(digest)
