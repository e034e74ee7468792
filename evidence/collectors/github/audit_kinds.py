"""Names that both halves of the audit log's collector share, and which entries become facts."""

from __future__ import annotations

from evidence.collectors.github import settings_kinds

COLLECTOR = "github_audit"
VERSION = "1"

READ = settings_kinds.READ
LOG = "github.audit_log"
"""The log of one organisation; key: its login."""
ENTRY = "github.audit_entry"
"""One entry that tells of a setting; key: organisation and document id."""
OTHERS = "github.audit_entries"
"""Entries of one page that tell of none, as they came."""

KINDS = (READ, LOG, ENTRY, OTHERS)

TELLING = (
    "protected_branch",
    "repository_ruleset",
    "environment",
    "org",
    "team",
    "repo",
    "public_key",
    "integration_installation",
)
"""Categories of actions (what stands before the dot) that tell of protection and access."""


def tells(action: str) -> bool:
    """Whether an entry of this action is a fact; all others are kept as they came."""
    category, _, what = action.partition(".")
    # Of `org.*`, a sign-in of each member is an entry, too.
    return category in TELLING and (category != "org" or "member" in what)
