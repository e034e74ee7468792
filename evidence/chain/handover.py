"""What one decision hands to the next, so that it need not read the whole history: records.

Of each application the latest operations from which on its history decides alike by itself, of
each branch the tip that was decided. `evidence.chain.handing` draws them from a population.
"""

from __future__ import annotations

from dataclasses import dataclass

FORMAT = 3
"""Another one is not gone on from: everything is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A commit of a repository."""

    repository: str
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where one lane of an application stood: the configuration's own, or that of one image."""

    repository: str
    path: str
    through: str
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A settled operation whose revisions contain all that was deployed before it.

    No operation before it was on the same revisions.
    """

    deployment_id: str
    started_at: int
    """Microseconds UTC."""
    history_id: int
    """Greater than all before it; -1 where the deployer numbers nothing."""
    lanes: tuple[Lane, ...]
    images: tuple[str, ...]
    """Every image of ours that the application ever ran up to then, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationEnd:
    """An application that is one single object of its deployer, and its latest anchors."""

    application: str
    source: str
    uid: str
    open_since: int
    """Start of the first deployment of which a later look may still tell more; 0 for none."""
    anchors: tuple[Anchor, ...]
    """Oldest first."""
    parent: str = ""
    """The configured application that made it; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchEnd:
    """The one production branch of a repository, whose every change landed on its own line."""

    repository: str
    branch: str
    tip: str
    reverts: bool
    """Reverts wait for their deployment: what they undo is not known yet."""
    waiting: tuple[int, ...]
    """Pull requests that are known and did not land."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A question to Git whose answer may be another one next time, and what it was."""

    repository: str
    kind: str
    args: tuple[str, ...]
    value: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Of one population, whole."""

    format: int = FORMAT
    version: str = ""
    """The program that drew it."""
    whole: str = ""
    """Why the next decision has to read everything; empty where it can go on from here."""
    applications: tuple[ApplicationEnd, ...] = ()
    branches: tuple[BranchEnd, ...] = ()
    missing: tuple[Place, ...] = ()
    """Commits that were named and that the mirror did not have."""
    passing: tuple[Passing, ...] = ()
    changes: int = 0
    deployments: int = 0
