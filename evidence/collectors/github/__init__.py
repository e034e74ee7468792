"""GitHub: merged pull requests with all that belongs to them, and the commits of each branch.

PyGithub authenticates and addresses; the GraphQL transport around it is ours because evidence
needs what a convenience client hides: exact bytes, partial errors, limits, redirects.
"""

from __future__ import annotations

from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.collector import GitHubCollector
from evidence.collectors.github.register import GitHubRegister
from evidence.collectors.github.scope import Scope

__all__ = ["GitHubAccount", "GitHubCollector", "GitHubRegister", "GitHubRepository", "Scope"]
