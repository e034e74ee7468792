"""Facts about scans and policy tests: what one run of a tool said of a commit or an image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence.model.fact import Fact

ALERT = "alert"
"""Category of a result that stands for one alert of a platform: it says what was found, and not
that everything was looked at."""


AUDIT = "audit"
"""Enforcement of an admission policy that only reports."""


TOLD_BY = frozenset({"ingest.scan", "github.code_analysis", "github.code_alert"})
"""Kinds of captures that tell of scans: a gap in one is a result that may be missing, of whatever
commit of its repository."""


class Subject(StrEnum):
    """What was examined."""

    COMMIT = "commit"
    """The tree or the history of a commit: `subject` is its full SHA."""
    IMAGE = "image"
    """An image: `subject` is `sha256:<64 hexadecimal digits>`."""


class Binding(StrEnum):
    """Who says that the result is about this subject."""

    IN_FILE = "in-file"
    """The tool itself wrote it into its result."""
    CI_RUN = "ci-run"
    """The forge says so: it ran the tool, or took the result, for this commit."""
    ASSERTED = "asserted"
    """Whoever handed the file over; the file does not say it."""


class Verdict(StrEnum):
    """What a run came to, before any threshold or waiver."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """It does not show that the tool looked at everything and found nothing."""


class Severity(StrEnum):
    """How grave a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    UNKNOWN = "unknown"
    """The tool rates its findings, and not this one."""
    UNRATED = "unrated"
    """The tool rates nothing: each of its findings counts."""


class FindingState(StrEnum):
    """What became of a finding."""

    OPEN = "open"
    SUPPRESSED = "suppressed"
    """The tool or its settings set it aside; `justification` says why where it is told."""
    DISMISSED = "dismissed"
    """A person closed it at the platform without a change of what was examined."""
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a run found. It never holds the secret that a secret scanner met."""

    rule: str
    """What a waiver names: the CVE or advisory, the id of the rule or check, the policy."""
    severity: Severity
    kind: str = ""
    """`vulnerability`, `secret`, `configuration`, `code`, `licence`, `policy`; empty: not told."""
    package: str = ""
    version: str = ""
    """As installed."""
    fixed_version: str = ""
    location: str = ""
    """`path:line`, `path`, or the resource that it is about."""
    commit: str = ""
    """Full SHA of the commit that it stands in, where the tool names one (a secret scanner)."""
    fingerprint: str = ""
    """By which the tool knows it again."""
    message: str = ""
    state: FindingState = FindingState.OPEN
    justification: str = ""
    closed_at: int = 0
    """Microseconds UTC by the platform's clock from which it is not open; 0: not told, and `state`
    holds for all time."""
    closed_by: str = ""
    """Key of the account that closed it (`system:type:id`)."""

    def open_at(self, moment: int) -> bool:
        """Whether it counts at a moment, microseconds UTC: what was closed later was open then."""
        return self.state is FindingState.OPEN or self.closed_at > moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult(Fact):
    """One run of one tool over one subject. History: immutable (a run is known by its id).

    A later run is another result: what was found at a deployment is what had run by then.
    """

    source: str
    """Configured source id, or the id under which it was handed over."""
    scan_id: str
    """Unique in the source: the forge's id of the analysis, or the digest of what was captured."""
    tool: str
    """Lower case: `trivy`, `gitleaks`, `codeql`..."""
    subject_kind: Subject
    subject: str
    binding: Binding
    tool_version: str = ""
    category: str = ""
    """Tells runs of a tool apart that examine different things of a subject."""
    repository: str = ""
    """Configured repository id; empty where it is not told."""
    database: str = ""
    """Version, digest or time of the rules or vulnerabilities that were looked for, as given."""
    database_at: int = 0
    """When those were made, microseconds UTC; 0 where that is not told."""
    scanned_at: int = 0
    """When it ran, microseconds UTC; 0 where that is not told."""
    server_time: bool = False
    """Whether a server assigned `scanned_at`; else the file claims it."""
    problem: str = ""
    """Why it may have looked at less than everything, in words; empty: it says that it did."""
    passed: int = -1
    """Rules or checks that held; -1 where the tool does not count them."""
    enforcement: str = ""
    """Of an admission policy: `enforce`, or `audit` where it only reports; else empty."""
    url: str = ""
    """Where a person reads of the run."""
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """A finding decides; without one, a run that shows no whole look is no pass."""
        if any(one.state is FindingState.OPEN for one in self.findings):
            return Verdict.FAIL
        return Verdict.INCONCLUSIVE if self.problem else Verdict.PASS


_RANKS = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def reaches(severity: Severity, threshold: Severity) -> bool | None:
    """Whether a severity is at or over a threshold; None where the tool did not rate the finding.

    What a tool never rates reaches every threshold. A threshold of another kind than the five
    rated ones is reached by all.
    """
    if severity is Severity.UNRATED or threshold not in _RANKS:
        return True
    if severity is Severity.UNKNOWN:
        return None
    return _RANKS.index(severity) >= _RANKS.index(threshold)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, then by rule, package and place: the order in which they are shown."""
    order = list(Severity)
    return sorted(
        findings,
        key=lambda one: (order.index(one.severity), one.rule, one.package, one.location),
    )
