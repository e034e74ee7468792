"""Flux's revision texts: what each names, and the commit in it. Pure.

Grammar: `<name>@<algorithm>:<hex>` and `<algorithm>:<hex>` since Flux 2.0 (RFC-0005), before it
`<name>/<sha1>`, which OCI artifacts still carry as their origin; a chart built from Git by revision
ends in `+<first hex digits>`.
"""

from __future__ import annotations

import re

_DIGEST = re.compile(r"(?:.*@)?(sha1|sha256):([0-9a-f]+)", re.DOTALL)
_OLD = re.compile(r"(?:.+/)?([0-9a-f]{40})", re.DOTALL)
_BUILD = re.compile(r".*\+([0-9a-f]{7,40})(?:\.[0-9]+)?", re.DOTALL)
_LENGTH = {"sha1": 40, "sha256": 64}


def commit(revision: str) -> str:
    """The full commit id in a Git revision, lower case; empty where it names none.

    `sha256:` is taken as a commit of a SHA-256 repository: ask only of revisions of Git.
    """
    text = revision.strip().lower()
    named = _DIGEST.fullmatch(text)
    if named:
        return named[2] if len(named[2]) == _LENGTH[named[1]] else ""
    old = _OLD.fullmatch(text)
    return old[1] if old else ""


def built_from(chart_version: str) -> str:
    """The abbreviated commit in the version of a chart that was built from Git by revision."""
    found = _BUILD.fullmatch(chart_version.strip().lower())
    return found[1] if found else ""
