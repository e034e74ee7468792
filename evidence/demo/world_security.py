"""What scanners at GitHub found: analyses of code scanning, and alerts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeResult:
    """One result of an analysis."""

    rule: str
    severity: str = "7.5"
    """`security-severity`, 0 to 10."""
    path: str = ""
    line: int = 1
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScan:
    """An analysis that code scanning took for a commit."""

    on: str
    """Reference to the commit."""
    repository: str = ""
    at: str = ""
    """Default: ten minutes after the epoch."""
    tool: str = "CodeQL"
    tool_version: str = "2.20.1"
    category: str = "/language:python"
    rules: int = 40
    """How many rules were run."""
    results: tuple[CodeResult, ...] = ()
    error: str = ""
    lost: bool = False
    """The document can no longer be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of one of the three sorts, and how it ended."""

    kind: str
    """`code`, `secret` or `dependency`."""
    rule: str
    """The rule, the type of the secret, or the CVE."""
    repository: str = ""
    at: str = ""
    """Default: ten minutes after the epoch."""
    severity: str = "high"
    on: str = ""
    """Reference to the commit that it names; of a `dependency` none."""
    path: str = ""
    package: str = ""
    closed_at: str = ""
    """Default: it stays open."""
    closed_by: str = ""
    how: str = "dismissed"
    """`dismissed` or `fixed`."""
    reason: str = ""
    """As GitHub names it: `won't fix`, `tolerable_risk`, `revoked`..."""
