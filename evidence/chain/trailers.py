"""Trailers by which a configuration commit names the source commit that it is about.

`Argocd-reference-commit-sha` and `-repourl`, as the source hydrator and promotion tools write them;
of several in one message the last one counts. Source:
https://argo-cd.readthedocs.io/en/stable/user-guide/source-hydrator/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^Argocd-reference-commit-(?P<name>sha|repourl):[ \t]*(?P<value>[^\r\n]+?)[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SHA = re.compile(r"^[0-9a-f]{7,40}$")
"""The tools accept five digits; fewer than seven name too many commits to mean one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailer:
    """A commit that another commit's message names."""

    commit: str
    """Seven to forty hexadecimal digits."""
    repository_url: str
    """Empty where the message names none."""
    said_by: str
    """The commit in whose message it stands."""


def trailer_of(message: str, said_by: str) -> Trailer | None:
    """The reference in a commit message; None where there is none that can be read."""
    found = {match["name"].lower(): match["value"] for match in _LINE.finditer(message)}
    commit = found.get("sha", "").lower()
    if not _SHA.match(commit):
        return None
    return Trailer(commit=commit, repository_url=found.get("repourl", ""), said_by=said_by)
