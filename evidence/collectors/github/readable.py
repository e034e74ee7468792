"""Which evidence a credential can read of one repository or owner, asked for kind by kind.

Permissions as docs.github.com "Permissions required for fine-grained personal access tokens" names
them. GitHub answers 404 for what is absent and for what is hidden, so a 404 is told as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from evidence import canonical
from evidence.collectors.github.features import is_off
from evidence.collectors.http import Answer, PoliteSession
from evidence.collectors.lenient import at, text
from evidence.errors import EvidenceError, MalformedError

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
"""(what it is for, permission, path below what is asked of: here a repository)."""

SECURITY: tuple[tuple[str, str, str], ...] = (
    ("code scanning", "Code scanning alerts", "/code-scanning/analyses?per_page=1"),
    (
        "secret scanning alerts",
        "Secret scanning alerts",
        "/secret-scanning/alerts?hide_secret=true&per_page=1",
    ),
    ("Dependabot alerts", "Dependabot alerts", "/dependabot/alerts?per_page=1"),
)
"""The same, of what is read with `security = true`."""


_NO_DIGEST = f"sha256:{'0' * 64}"
ATTESTATIONS: tuple[tuple[str, str, str], ...] = (
    ("attestations", "Attestations", f"/attestations/{_NO_DIGEST}"),
)
"""The same, of what is read with `attestations = true`: of a digest of which there is none."""
RECORDS: tuple[tuple[str, str, str], ...] = (
    (
        "deployment records of artifacts",
        "Artifact metadata",
        f"/artifacts/{_NO_DIGEST}/metadata/deployment-records",
    ),
)
"""The same below an organisation, of what is read with `deployment_records = true`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One kind of evidence of one repository or owner."""

    evidence: str
    permission: str
    readable: bool
    detail: str = ""


def accesses(
    session: PoliteSession,
    name: str,
    questions: Iterable[tuple[str, str, str]] = QUESTIONS,
    *,
    kind: str = "repos",
) -> Iterator[Access]:
    """What can be read of `owner/name`, or of an owner where `kind` is `orgs`.

    What fails otherwise is told as not readable. A feature that is switched off has nothing to
    read, and counts as readable.
    """
    asking = replace(session, answers=frozenset({200, 403, 404}))
    for evidence, permission, path in questions:
        where, _, query = path.partition("?")
        given = dict(pair.split("=", 1) for pair in query.split("&")) if query else None
        try:
            answer = asking.get(f"/{kind}/{name}{where}", given)
            absent = answer.status == 404 and where.endswith(_NO_DIGEST)
            detail = "" if absent else _refusal(answer)
        except EvidenceError as error:
            detail = error.message
        yield Access(evidence=evidence, permission=permission, readable=not detail, detail=detail)


def audit_log(session: PoliteSession, owner: str) -> str:
    """Why the audit log of an organisation cannot be read; empty where it can."""
    asking = replace(session, answers=frozenset({200, 403, 404}))
    try:
        answer = asking.get(f"/orgs/{owner}/audit-log", {"include": "web", "per_page": "1"})
    except EvidenceError as error:
        return error.message
    # What a refusal says of the plan is a refusal here all the same.
    return "" if answer.status == 200 else f"status {answer.status}"


def _refusal(answer: Answer) -> str:
    """Why it cannot be read; empty where it can."""
    if answer.status == 200 or is_off(answer.status, text(at(_json(answer.body), "message"))):
        return ""
    if answer.status == 403:
        return "not permitted"
    return f"status {answer.status}: absent, or not permitted"


def _json(body: bytes) -> object:
    try:
        return canonical.loads(body)
    except MalformedError:
        return None
