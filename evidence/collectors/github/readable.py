"""Which evidence a credential can read of one repository, asked for kind by kind.

Permissions as docs.github.com "Permissions required for fine-grained personal access tokens" names
them. GitHub answers 404 for what is absent and for what is hidden, so a 404 is told as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.collectors.http import PoliteSession
from evidence.errors import AuthError, EvidenceError

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("pull requests and reviews", "Pull requests", "/pulls?state=closed&per_page=1"),
    ("linked issues", "Issues", "/issues?state=all&per_page=1"),
    ("commits of branches", "Contents", "/commits?per_page=1"),
    ("check runs", "Checks", "/commits/HEAD/check-runs?per_page=1"),
    ("commit statuses", "Commit statuses", "/commits/HEAD/status?per_page=1"),
    ("workflow runs", "Actions", "/actions/runs?per_page=1"),
    ("deployments", "Deployments", "/deployments?per_page=1"),
    ("rulesets", "Metadata", "/rulesets?per_page=1"),
    ("environments", "Environments", "/environments?per_page=1"),
    ("rule suites", "Administration", "/rulesets/rule-suites?time_period=month&per_page=1"),
)
"""(what it is for, permission, path below the repository)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One kind of evidence of one repository."""

    evidence: str
    permission: str
    readable: bool
    detail: str = ""


def accesses(session: PoliteSession, name: str) -> Iterator[Access]:
    """What can be read of `owner/name`; what fails otherwise is told as not readable."""
    for evidence, permission, path in QUESTIONS:
        where, _, query = path.partition("?")
        given = dict(pair.split("=", 1) for pair in query.split("&")) if query else None
        try:
            status = session.get(f"/repos/{name}{where}", given).status
            detail = "" if status == 200 else f"status {status}: absent, or not permitted"
        except AuthError:
            detail = "not permitted"
        except EvidenceError as error:
            detail = error.message
        yield Access(evidence=evidence, permission=permission, readable=not detail, detail=detail)
