"""The part of a world that tells how its repositories were guarded, and who had access.

Each row is a whole new state from its `at` on (default: since the repositories exist) until the
next row of the same thing. Without rows nothing is protected, every person who `can_push` is a
collaborator with `push`, and there are no environments, teams or deploy keys.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Classic protection of one branch."""

    repository: str = ""
    """Default: the first repository."""
    branch: str = ""
    """Default: the repository's default branch."""
    at: str = ""
    off: bool = False
    """The branch has no protection from then on."""
    approvals: int = 1
    """Approvals required; -1: no pull request is required."""
    dismiss_stale: bool = False
    code_owners: bool = False
    last_push: bool = False
    checks: tuple[str, ...] = ()
    """Required checks: a name, or `name@app` for one that only this app may report."""
    strict: bool = False
    enforce_admins: bool = True
    bypass: tuple[str, ...] = ()
    """People who may do without the pull request."""
    pushers: tuple[str, ...] = ()
    """Only they may push; empty: nobody is kept out."""
    force_pushes: bool = False
    deletions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """One entry of a ruleset's bypass list."""

    actor: str = ""
    """A person, `team:KEY`, `role:admin` (or `maintain`, `write`), `app:NUMBER`, `deploy_keys` or
    `organisation_admins`."""
    mode: str = "always"
    """`always`, `pull_request` or `exempt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """A ruleset of a repository. A later row of the same name is its next version."""

    name: str
    repository: str = ""
    at: str = ""
    by: str = ""
    """Who changed it; default: the first person."""
    removed: bool = False
    enforcement: str = "active"
    """`active`, `evaluate` or `disabled`."""
    target: str = "branch"
    include: tuple[str, ...] = ("~DEFAULT_BRANCH",)
    exclude: tuple[str, ...] = ()
    approvals: int = 1
    """Approvals required; -1: no pull request is required."""
    dismiss_stale: bool = False
    code_owners: bool = False
    last_push: bool = False
    checks: tuple[str, ...] = ()
    """As in `[[protection]]`."""
    strict: bool = False
    force_pushes: bool = False
    """True: nothing forbids them (no rule `non_fast_forward`)."""
    deletions: bool = False
    """True: nothing forbids to delete the branch (no rule `deletion`)."""
    bypass: tuple[Bypass, ...] = ()
    forgotten: bool = False
    """The history does not show this version (older than 180 days, or lost)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment of GitHub Actions and who guards it."""

    name: str
    repository: str = ""
    at: str = ""
    removed: bool = False
    reviewers: tuple[str, ...] = ()
    """People, or `team:KEY`."""
    prevent_self_review: bool = False
    wait: int = 0
    """Minutes."""
    branches: str = "all"
    """`all`, `protected` or `custom`."""
    patterns: tuple[str, ...] = ()
    """Of `custom`: names of branches that may deploy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one person may do in a repository, from a moment on."""

    person: str
    repository: str = ""
    at: str = ""
    permission: str = "push"
    """`admin`, `maintain`, `push`, `triage`, `pull` or `none`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of the organisation with access to a repository. A later row of a key replaces it."""

    name: str
    repository: str = ""
    at: str = ""
    removed: bool = False
    members: tuple[str, ...] = ()
    permission: str = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey:
    """An SSH key with access to one repository; a push `by` a person with `deploy_key` uses it."""

    title: str
    repository: str = ""
    at: str = ""
    removed_at: str = ""
    read_only: bool = False
    added_by: str = ""
    """Default: the first person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A GitHub App that is installed in the organisation."""

    slug: str
    app_id: int
    at: str = ""
    contents: str = "write"
    """`read` or `write`."""
