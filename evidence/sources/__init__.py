"""From settings to collectors: what reads each configured source.

`kinds` holds the one table, and a module for each family of systems stands beside it.
"""

from __future__ import annotations

from evidence.sources.clones import git_collectors
from evidence.sources.github import with_known
from evidence.sources.kinds import (
    Together,
    build,
    check,
    following,
    job_logs,
    line_comments,
    registers,
    secrets,
)
from evidence.sources.parsers import replay

__all__ = [
    "Together",
    "build",
    "check",
    "following",
    "git_collectors",
    "job_logs",
    "line_comments",
    "registers",
    "replay",
    "secrets",
    "with_known",
]
