"""Facts about validation: check runs and commit statuses, one record per attempt."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun(Fact):
    """One attempt of one check on one commit. History: evented where all attempts were read.

    A legacy commit status is a check run with `kind="status"`.
    """

    repository: str
    sha: str
    kind: str
    """`check_run` or `status`."""
    check_id: str
    name: str
    app: str
    """Slug of the app that reported it (`github-actions`); empty for a legacy status."""
    app_id: str
    status: str
    """`QUEUED`, `IN_PROGRESS`, `COMPLETED`..."""
    conclusion: str
    """`SUCCESS`, `FAILURE`, `SKIPPED`, `NEUTRAL`, `CANCELLED`...; empty while unfinished."""
    started_at: int
    completed_at: int
    """Microseconds UTC; a status has its creation time in both; 0 where not given."""
    creator: Actor | None = None
    """Who set a legacy status."""
    url: str = ""
    suite_id: str = ""
    run_id: str = ""
    attempt: int = 0
    """1-based where the source gives it, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCoverage(Fact):
    """How completely the checks of one commit were read. History: snapshot.

    Without one for a SHA, an absent check is unknown, not missing.
    """

    repository: str
    sha: str
    complete: bool
    """Every context the source reports was read."""
    all_attempts: bool
    """Earlier attempts were read too, not only the newest of each check."""
    reported: int
    read: int
