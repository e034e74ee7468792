"""GitHub's REST answers about alerts: of code scanning, of secret scanning, of Dependabot.

Fields are those of the published description of the REST API, as far as they say something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_answers import Respond, address, listed, number_of, user_body
from evidence.demo.github_security import at_moment, belongs, refused, sha_of
from evidence.demo.github_view import View
from evidence.demo.history import RepositoryRecord
from evidence.demo.moments import iso
from evidence.demo.serving import Request
from evidence.demo.world_security import Alert


def _alerts(view: View, where: RepositoryRecord, kind: str) -> list[tuple[int, Alert]]:
    """(number, alert) of those of a kind that were raised so far, newest first."""
    own = [one for one in view.world.alert if one.kind == kind and belongs(view, where, one)]
    found = [
        (number, one) for number, one in enumerate(own, 1) if at_moment(view, one.at) <= view.at
    ]
    return found[::-1]


def _closed(view: View, alert: Alert) -> bool:
    return bool(alert.closed_at) and at_moment(view, alert.closed_at) <= view.at


def _ends(view: View, alert: Alert, name: str) -> dict[str, Any]:
    """What is told of its end, by the word that this sort of alert has for a dismissal."""
    closed = _closed(view, alert)
    at = iso(at_moment(view, alert.closed_at)) if closed else None
    dismissed = closed and alert.how == "dismissed"
    return {
        f"{name}_at": at if dismissed else None,
        f"{name}_by": user_body(view, alert.closed_by) if dismissed and alert.closed_by else None,
        f"{name}_reason": alert.reason or None if dismissed else None,
        f"{name}_comment": None,
        "fixed_at": at if closed and alert.how == "fixed" else None,
    }


def _common(view: View, number: int, alert: Alert) -> dict[str, Any]:
    changed = alert.closed_at if _closed(view, alert) else alert.at
    return {
        "number": number,
        "created_at": iso(at_moment(view, alert.at)),
        "updated_at": iso(at_moment(view, changed)),
        "url": f"https://api.github.example/alerts/{number}",
        "html_url": f"https://github.example/alerts/{number}",
    }


def _code_alert(view: View, number: int, alert: Alert) -> dict[str, Any]:
    state = alert.how if _closed(view, alert) else "open"
    return {
        **_common(view, number, alert),
        "state": state,
        **_ends(view, alert, "dismissed"),
        "rule": {
            "id": alert.rule,
            "severity": "error",
            "security_severity_level": alert.severity,
            "description": alert.rule,
        },
        "tool": {"name": "CodeQL", "guid": None, "version": "2.20.1"},
        "most_recent_instance": {
            "ref": "refs/heads/main",
            "state": state,
            "commit_sha": sha_of(view, alert.on) if alert.on else "",
            "location": {"path": alert.path or "shop/main.py", "start_line": 1, "end_line": 1},
        },
    }


def _secret_alert(view: View, number: int, alert: Alert) -> dict[str, Any]:
    closed = _closed(view, alert)
    body = {
        **_common(view, number, alert),
        "state": "resolved" if closed else "open",
        "resolution": alert.reason or "wont_fix" if closed else None,
        "resolved_at": iso(at_moment(view, alert.closed_at)) if closed else None,
        "resolved_by": user_body(view, alert.closed_by) if closed and alert.closed_by else None,
        "resolution_comment": None,
        "secret_type": alert.rule,
        "secret_type_display_name": alert.rule.replace("_", " ").capitalize(),
        "push_protection_bypassed": False,
    }
    if alert.on:
        body["first_location_detected"] = {
            "path": alert.path or "shop/main.py",
            "start_line": 1,
            "commit_sha": sha_of(view, alert.on),
        }
    return body


def _dependency_alert(view: View, number: int, alert: Alert) -> dict[str, Any]:
    package = {"ecosystem": "pip", "name": alert.package or "flask"}
    return {
        **_common(view, number, alert),
        "state": alert.how if _closed(view, alert) else "open",
        **_ends(view, alert, "dismissed"),
        "auto_dismissed_at": None,
        "dependency": {
            "package": package,
            "manifest_path": alert.path or "requirements.txt",
            "scope": "runtime",
        },
        "security_advisory": {
            "ghsa_id": f"GHSA-{number:04}-{number:04}-{number:04}",
            "cve_id": alert.rule,
            "summary": f"Something is wrong in {package['name']}",
            "severity": alert.severity,
        },
        "security_vulnerability": {
            "package": package,
            "severity": alert.severity,
            "vulnerable_version_range": "< 2.0.0",
            "first_patched_version": {"identifier": "2.0.0"},
        },
    }


_Body = Callable[[View, int, Alert], dict[str, Any]]


def _bodies(view: View, request: Request, rows: list[tuple[int, Alert]], body: _Body) -> list[Any]:
    """Those of the states that were asked for."""
    wanted = [one for one in request.query.get("state", "").split(",") if one]
    shown = [body(view, *row) for row in rows]
    return [one for one in shown if not wanted or one["state"] in wanted]


def code_alerts(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    denied = refused(view, "code_scanning")
    return denied or listed(
        request, _bodies(view, request, _alerts(view, where, "code"), _code_alert)
    )


def secret_alerts(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """With the secret itself unless it is asked to be hidden."""
    denied = refused(view, "secret_scanning")
    if denied:
        return denied
    rows = _bodies(view, request, _alerts(view, where, "secret"), _secret_alert)
    if request.query.get("hide_secret") != "true":
        rows = [{**row, "secret": f"the secret of alert {row['number']}"} for row in rows]
    return listed(request, rows)


def dependency_alerts(
    view: View, request: Request, where: RepositoryRecord, _parts: tuple[str, ...]
) -> Answer:
    """Paged by an opaque cursor: there are no numbers of pages here."""
    denied = refused(view, "dependabot")
    if denied:
        return denied
    rows = _bodies(view, request, _alerts(view, where, "dependency"), _dependency_alert)
    after = request.query.get("after", "")
    if after.isdecimal():
        rows = [row for row in rows if row["number"] < int(after)]
    size = max(1, min(100, number_of(request, "per_page", 30)))
    more = {}
    if len(rows) > size:
        onward = address(request, after=rows[size - 1]["number"])
        more["Link"] = f'<{onward}>; rel="next"'
    return json_answer(200, rows[:size], **more)


ROUTES: Final[Mapping[str, Respond]] = {
    "code-scanning/alerts": code_alerts,
    "secret-scanning/alerts": secret_alerts,
    "dependabot/alerts": dependency_alerts,
}
"""Path below the repository -> what answers it."""
