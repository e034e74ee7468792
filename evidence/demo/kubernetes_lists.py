"""What every simulated API server of a cluster answers alike: discovery, lists in chunks, Status.

By the Kubernetes API concepts page: `limit` and `continue`, 410 for a token that has expired.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Final

from evidence.demo.faults import Answer, json_answer
from evidence.demo.moments import MINUTE
from evidence.demo.serving import Request

PAGE: Final = 500


def listed(version: str, kind: str, items: list[Any], request: Request, at: int) -> Answer:
    """One chunk of a list. `version` is `group/version`."""
    size = min(int(request.query.get("limit") or PAGE), PAGE)
    begin = position(request.query.get("continue", ""))
    if begin < 0:
        return status(410, "Expired", "The provided continue parameter is too old")
    metadata: dict[str, Any] = {"resourceVersion": str(at // MINUTE)}
    if begin + size < len(items):
        metadata["continue"] = base64.b64encode(str(begin + size).encode()).decode()
        metadata["remainingItemCount"] = len(items) - begin - size
    head = {"apiVersion": version, "kind": f"{kind}List"}
    return json_answer(200, {**head, "metadata": metadata, "items": items[begin : begin + size]})


def position(token: str) -> int:
    """Where a `continue` token goes on; -1 for one that has expired."""
    try:
        return int(base64.b64decode(token, validate=True)) if token else 0
    except (binascii.Error, ValueError):
        return -1


def group(name: str, version: str) -> Answer:
    """The discovery document of a group."""
    served = {"groupVersion": f"{name}/{version}", "version": version}
    head = {"kind": "APIGroup", "apiVersion": "v1", "name": name}
    return json_answer(200, {**head, "versions": [served], "preferredVersion": served})


def resources(version: str, rows: Iterable[tuple[str, str]]) -> Answer:
    """The discovery document of a version; `rows` are (plural, kind)."""
    found = [
        {"name": plural, "kind": kind, "namespaced": True, "verbs": ["get", "list", "watch"]}
        for plural, kind in rows
    ]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version}
    return json_answer(200, {**head, "resources": found})


def status(code: int, reason: str, message: str) -> Answer:
    """A refusal."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return json_answer(code, {**body, "message": message, "reason": reason, "code": code})
