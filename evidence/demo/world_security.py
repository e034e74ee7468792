"""What scanners at GitHub found, what it holds of the origin of images and where they run."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What GitHub holds of the origin of an image: a statement that nobody signed."""

    digest: str
    """Of the image, as `${digest:TEXT}` makes it of this text."""
    on: str
    """Reference to the commit that it was built from."""
    at: str = ""
    """Default: from before the epoch."""
    builder: str = "https://builder.example/release"
    bundle: bool = True
    """False: only an address of it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """What GitHub was told of a place: an image is deployed there, in place of the one before."""

    digest: str
    """Of the image, as `${digest:TEXT}` makes it of this text."""
    name: str
    """Of the deployment."""
    environment: str = "production"
    region: str = ""
    cluster: str = ""
    at: str = ""
    """Default: the epoch."""
    risks: tuple[str, ...] = ()
    attestation: int = 0
    """Id of an attestation; 0: none."""
