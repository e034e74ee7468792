"""Names that both halves of the settings collector share."""

from __future__ import annotations

COLLECTOR = "github_settings"
VERSION = "1"

READ = "github.settings_read"
REPOSITORY = "github.repository_settings"
PROTECTION = "github.branch_protection"
RULESETS = "github.rulesets"
RULESET = "github.ruleset"
RULESET_HISTORY = "github.ruleset_history"
RULE_SUITE = "github.rule_suite"
ACTIVITY = "github.activity"
PUSH_HOLES = "github.push_holes"
CODEOWNERS = "github.codeowners_errors"
ENVIRONMENTS = "github.environments"
ACCESS = "github.access"

KINDS = (
    READ,
    REPOSITORY,
    PROTECTION,
    RULESETS,
    RULESET,
    RULESET_HISTORY,
    RULE_SUITE,
    ACTIVITY,
    PUSH_HOLES,
    CODEOWNERS,
    ENVIRONMENTS,
    ACCESS,
)
