"""Git repositories: a bare mirror that forgets nothing, and what can be asked of it."""

from __future__ import annotations

from evidence.collectors.git.collector import GitCollector
from evidence.collectors.git.tool import version_problem

__all__ = ["GitCollector", "version_problem"]
