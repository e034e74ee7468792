"""Facts about validation: check runs and commit statuses, one record per attempt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact

LOG = "log"
READ = "READ"
GONE = "GONE"
SOFT_FAIL = "SOFT_FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun(Fact):
    """One attempt of one check on one commit. History: evented where all attempts were read.

    A legacy commit status is a check run with `kind="status"`. What was read of the log of an
    attempt stands under the same `check_id` with `kind="log"`: its digest in `url`
    (`sha256:...`), `READ` or `GONE` in `status`, and `SOFT_FAIL` in `conclusion` where a step
    failed and the job succeeded all the same. It is no attempt: `JobLog` says it to the rules.
    """

    repository: str
    sha: str
    kind: str
    """`check_run`, `status` or `log`."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLog:
    """What was read of the log of one attempt of a check."""

    check_id: str
    digest: str
    """`sha256:...` of the log as its source served it; empty where it is gone."""
    soft_fail: bool
    """A step failed, and the job succeeded all the same."""
    entry: int
    """Ledger entry that holds the log, redacted and capped."""


def logs_of(rows: Iterable[CheckRun]) -> tuple[JobLog, ...]:
    """The logs among rows of checks."""
    return tuple(
        JobLog(
            check_id=row.check_id,
            digest=row.url,
            soft_fail=row.conclusion == SOFT_FAIL,
            entry=row.entry_seq,
        )
        for row in rows
        if row.kind == LOG
    )


def attempts_of(rows: Iterable[CheckRun]) -> tuple[CheckRun, ...]:
    """The rows that are attempts or statuses, without logs."""
    return tuple(row for row in rows if row.kind != LOG)
