"""Names that both halves of the security collector share."""

from __future__ import annotations

from evidence.collectors.github import settings_kinds

COLLECTOR = "github_security"
VERSION = "1"

READ = settings_kinds.READ
REPOSITORY = settings_kinds.REPOSITORY
ANALYSIS = "github.code_analysis"
CODE_ALERT = "github.code_alert"
SECRET_ALERT = "github.secret_alert"  # noqa: S105
DEPENDENCY_ALERT = "github.dependency_alert"

KINDS = (READ, REPOSITORY, ANALYSIS, CODE_ALERT, SECRET_ALERT, DEPENDENCY_ALERT)
