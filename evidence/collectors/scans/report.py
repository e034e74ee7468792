"""What a result file says of one run, before it is known what the run was about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evidence.collectors.lenient import items, mapping, text
from evidence.model.policy_result import Binding, Finding, PolicyResult, Severity, Subject

MESSAGE = 300
"""Characters of a finding's message or justification that are kept; the rest is in the capture."""
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGEST = re.compile(r"(?:^|@)(sha256:[0-9a-f]{64})$")

_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "error": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "note": Severity.LOW,
    "negligible": Severity.INFO,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "trace": Severity.INFO,
    "none": Severity.INFO,
}
"""Words of the tools, in lower case; any other word is a finding whose severity is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """One run as its file tells it; the fields mean what they mean in `PolicyResult`."""

    tool: str
    tool_version: str = ""
    category: str = ""
    database: str = ""
    database_at: int = 0
    scanned_at: int = 0
    problem: str = ""
    passed: int = -1
    enforcement: str = ""
    url: str = ""
    findings: tuple[Finding, ...] = ()
    commits: tuple[str, ...] = ()
    """Full SHAs that the file says were examined."""
    digests: tuple[str, ...] = ()
    """Digests of the image that the file says was examined."""

    def bound(
        self,
        source: str,
        scan_id: str,
        subject_kind: Subject,
        subject: str,
        binding: Binding,
        **known: Any,
    ) -> PolicyResult:
        """The result for one subject; `known` are further fields that take the file's place."""
        told = replace(self, **{k: known.pop(k) for k in tuple(known) if k in _OWN})
        return PolicyResult(
            source=source,
            scan_id=scan_id,
            subject_kind=subject_kind,
            subject=subject,
            binding=binding,
            **{name: getattr(told, name) for name in _OWN},
            **known,
        )


_OWN = (
    "tool",
    "tool_version",
    "category",
    "database",
    "database_at",
    "scanned_at",
    "problem",
    "passed",
    "enforcement",
    "url",
    "findings",
)


def rated(word: object) -> Severity:
    """The severity that a tool's word means; unrated where it says none."""
    name = text(word).strip().lower()
    return _SEVERITIES.get(name, Severity.UNKNOWN) if name else Severity.UNRATED


def full_sha(value: object) -> str:
    """A full commit id in lower case, or empty: an abbreviation names no commit."""
    written = text(value).strip().lower()
    return written if _SHA.fullmatch(written) else ""


def digest_in(value: object) -> str:
    """`sha256:...` of a digest or of a reference that ends in one; else empty."""
    found = _DIGEST.search(text(value).strip().lower())
    return found[1] if found else ""


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order, without empty ones."""
    return tuple(dict.fromkeys(one for one in values if one))


def clipped(value: object) -> str:
    """A text on one line, cut."""
    line = " ".join(text(value)[: 4 * MESSAGE].split())
    return line if len(line) <= MESSAGE else f"{line[: MESSAGE - 1]}…"


def place(path: object, line: object = 0) -> str:
    """`path:line`, or the path alone where no line is told."""
    number = line if type(line) is int and 0 < line < 2**31 else 0
    name = text(path)[:1000]
    return f"{name}:{number}" if name and number else name


def count(value: object) -> int:
    """A number of things; -1 where there is none."""
    return value if type(value) is int and 0 <= value < 2**31 else -1


def objects(value: object) -> list[Mapping[str, Any]]:
    """The Kubernetes objects of a document: one, a `List` of them, or an array."""
    body = mapping(value)
    if isinstance(value, list):
        return [mapping(one) for one in value]
    if text(body.get("kind")).endswith("List") and "items" in body:
        return [mapping(one) for one in items(body["items"])]
    return [body] if body else []


def resource(body: Mapping[str, Any]) -> str:
    """`Kind namespace/name` of what an object refers to, as far as it is told."""
    names = (text(body.get("namespace")), text(body.get("name")))
    name = "/".join(one[:300] for one in names if one)
    return " ".join(one for one in (text(body.get("kind"))[:100], name) if one)
