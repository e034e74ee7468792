"""GitHub's REST answers about the analyses of code scanning, and what is switched off.

Fields are those of the published description of the REST API, as far as they say something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import (
    Respond,
    forbidden,
    lacks,
    listed,
    not_found,
)
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso, moment
from evidence.demo.serving import Request
from evidence.demo.world_security import Alert, CodeScan
from evidence.errors import ConfigError

_OFF: Final[Mapping[str, Answer]] = {
    "code_scanning": forbidden("Code scanning is not enabled for this repository."),
    "secret_scanning": not_found("Secret scanning is disabled on this repository."),
    "dependabot": forbidden("Dependabot alerts are disabled for this repository."),
}
"""Feature -> what is answered where it is switched off."""
_PERMISSION: Final = {
    "code_scanning": "security_events",
    "secret_scanning": "secret_scanning",
    "dependabot": "dependabot",
}
_SARIF: Final = "application/sarif+json"
_FIRST_SCAN: Final = 7_000


def refused(view: View, feature: str) -> Answer | None:
    """What is answered without the permission, or where the feature is switched off."""
    if lacks(view, _PERMISSION[feature]):
        return forbidden()
    return _OFF[feature] if feature in view.world.access.off else None


def at_moment(view: View, told: str) -> int:
    """When something that a scanner told happened."""
    return moment(told or "+10m", view.epoch)


def belongs(view: View, where: RepositoryRecord, row: CodeScan | Alert) -> bool:
    """Whether a row is of this repository: the one it names, else its commit's, else the first."""
    own = row.repository or view.history.names.get(row.on, ("", ""))[0]
    return (own or next(iter(view.history.repositories))) == where.world.key


def sha_of(view: View, reference: str) -> str:
    """The commit that a reference names. Raises `ConfigError` if there is none."""
    if reference not in view.history.names:
        raise ConfigError(f"`{reference}` names no commit that a scanner could have seen.")
    return view.history.names[reference][1]


# --- analyses


def _scans(view: View, where: RepositoryRecord) -> list[tuple[int, int, CodeScan]]:
    """(number, moment, analysis) of what was taken so far, newest first."""
    found = [
        (_FIRST_SCAN + place, at_moment(view, one.at), one)
        for place, one in enumerate(view.world.code_scan)
        if belongs(view, where, one) and at_moment(view, one.at) <= view.at
    ]
    return sorted(found, key=lambda row: (-row[1], -row[0]))


def analyses(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    denied = refused(view, "code_scanning")
    if denied:
        return denied
    rows = [_analysis(view, *row) for row in _scans(view, where)]
    return listed(request, rows) if rows else not_found("no analysis found")


def _analysis(view: View, number: int, at: int, scan: CodeScan) -> dict[str, Any]:
    return {
        "id": number,
        "ref": "refs/heads/main",
        "commit_sha": sha_of(view, scan.on),
        "analysis_key": ".github/workflows/scan.yml:scan",
        "environment": "{}",
        "category": scan.category,
        "error": scan.error,
        "warning": "",
        "created_at": iso(at),
        "results_count": len(scan.results),
        "rules_count": scan.rules,
        "url": f"https://api.github.example/code-scanning/analyses/{number}",
        "sarif_id": f"sarif-{number}",
        "tool": {"name": scan.tool, "guid": None, "version": scan.tool_version},
        "deletable": True,
    }


def analysis(
    view: View, request: Request, where: RepositoryRecord, parts: tuple[str, ...]
) -> Answer:
    """The row of an analysis, or the document that was uploaded."""
    denied = refused(view, "code_scanning")
    if denied:
        return denied
    for number, at, scan in _scans(view, where):
        if str(number) == parts[0]:
            if request.headers.get("accept") != _SARIF:
                return json_answer(200, _analysis(view, number, at, scan))
            return not_found() if scan.lost else json_answer(200, _document(scan))
    return not_found()


def _document(scan: CodeScan) -> dict[str, Any]:
    rules = [
        {"id": one.rule, "properties": {"security-severity": one.severity}} for one in scan.results
    ]
    results = [
        {
            "ruleId": one.rule,
            "ruleIndex": place,
            "level": "error",
            "message": {"text": one.message or one.rule},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": one.path or "shop/main.py"},
                        "region": {"startLine": one.line},
                    }
                }
            ],
            "properties": {"github/alertNumber": place + 1},
        }
        for place, one in enumerate(scan.results)
    ]
    driver = {"name": scan.tool, "semanticVersion": scan.tool_version, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


ROUTES: Final[Mapping[str, Respond]] = {
    "code-scanning/analyses": analyses,
    "code-scanning/analyses/([0-9]+)": analysis,
}
"""Path below the repository -> what answers it."""
