"""Which repositories of which owners are in scope, by patterns, and the ids of those discovered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

EVERY_OWNER = "*"
"""Stands for every owner that installed the GitHub App which reads."""
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which repositories of which owners are in scope. Patterns are globs over `owner/name`."""

    owners: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def judge(self, name: str, configured: str, discovered: str = "") -> Mapping[str, Any]:
        """In or out, and why; what is configured is in, an exclusion goes before an inclusion.

        `discovered` is the id that the repository has if a pattern brings it in.
        """
        excluded = _matching(name, self.exclude)
        included = _matching(name, self.include)
        if configured:
            return decision(configured, in_scope=True, reason="configured")
        if excluded:
            return decision("", in_scope=False, reason="excluded", pattern=excluded)
        if included:
            return decision(discovered, in_scope=True, reason="included", pattern=included)
        return decision("", in_scope=False, reason="not-configured")

    def includes(self, name: str) -> bool:
        """Whether a pattern brings in what is not configured."""
        return bool(self.judge(name, "")["in_scope"])


def decision(
    repository: str, *, in_scope: bool, reason: str, pattern: str = ""
) -> Mapping[str, Any]:
    """Why a repository is in or out, as the register records it."""
    return {"repository": repository, "in_scope": in_scope, "reason": reason, "pattern": pattern}


def discovered_id(name: str, number: str) -> str:
    """The id of a discovered repository: what it was called when it came in, and its number.

    The number keeps it apart from any other; the name is for the reader.
    """
    short = re.sub(r"[^a-z0-9._-]+", "-", name.rpartition("/")[2].lower()).strip("-._")
    return f"{short[:_LONGEST].rstrip('-._')}-{number}".lstrip("-")


def _matching(name: str, patterns: Sequence[str]) -> str:
    lowered = name.lower()
    return next((one for one in patterns if fnmatchcase(lowered, one.lower())), "")
