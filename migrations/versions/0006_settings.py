"""Settings of the forge and what was done to its branches: one table per class of fact.

Revision 0006, after 0005.
"""

# ruff: noqa: S608 - statements are made of the constants below, never of input
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

# Per table: what identifies the thing that a row is about. The newest row of each is current.
NEWEST: dict[str, tuple[str, ...]] = {
    "branch_protection": (
        "repository",
        "branch",
    ),
    "ruleset": (
        "repository",
        "ruleset_id",
        "origin",
    ),
    "ruleset_listing": ("repository",),
    "ruleset_version": (
        "repository",
        "ruleset_id",
        "version_id",
    ),
    "rule_suite": (
        "repository",
        "suite_id",
    ),
    "repository_activity": (
        "repository",
        "activity_id",
    ),
    "codeowners_errors": (
        "repository",
        "branch",
    ),
    "access_snapshot": (
        "repository",
        "scope",
    ),
    "observation": (
        "repository",
        "subject",
        "key",
        "at",
    ),
}
# Lists that replace themselves: the rows of versions that are heads are current.
HEADS = ("environment_settings",)


def upgrade() -> None:
    op.create_table(
        "branch_protection",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("branch", TEXT, nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("pull_request_required", sa.Boolean(), nullable=False),
        sa.Column("approvals_required", INT, nullable=False, autoincrement=False),
        sa.Column("dismiss_stale", sa.Boolean(), nullable=False),
        sa.Column("code_owner_review", sa.Boolean(), nullable=False),
        sa.Column("last_push_approval", sa.Boolean(), nullable=False),
        sa.Column("required_checks", TEXT, nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False),
        sa.Column("enforce_admins", sa.Boolean(), nullable=False),
        sa.Column("bypass_pull_request", TEXT, nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("pushers", TEXT, nullable=False),
        sa.Column("dismissers", TEXT, nullable=True),
        sa.Column("allow_force_pushes", sa.Boolean(), nullable=False),
        sa.Column("allow_deletions", sa.Boolean(), nullable=False),
        sa.Column("linear_history", sa.Boolean(), nullable=False),
        sa.Column("required_signatures", sa.Boolean(), nullable=True),
        sa.Column("conversation_resolution", sa.Boolean(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_branch_protection")),
    )
    op.create_index(
        op.f("ix_branch_protection_repository_branch_entry_seq"),
        "branch_protection",
        ["repository", "branch", "entry_seq"],
    )
    op.create_table(
        "ruleset",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("ruleset_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("enforcement", TEXT, nullable=False),
        sa.Column("source_type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("include", TEXT, nullable=False),
        sa.Column("exclude", TEXT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("bypass_actors", TEXT, nullable=True),
        sa.Column("created_at", INT, nullable=False, autoincrement=False),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ruleset")),
    )
    op.create_index(
        op.f("ix_ruleset_repository_ruleset_id_origin_entry_seq"),
        "ruleset",
        ["repository", "ruleset_id", "origin", "entry_seq"],
    )
    op.create_table(
        "ruleset_listing",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("ruleset_ids", TEXT, nullable=False),
        sa.Column("default_branch", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ruleset_listing")),
    )
    op.create_index(
        op.f("ix_ruleset_listing_repository_entry_seq"),
        "ruleset_listing",
        ["repository", "entry_seq"],
    )
    op.create_table(
        "ruleset_version",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("ruleset_id", TEXT, nullable=False),
        sa.Column("version_id", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=True),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.Column("state_read", sa.Boolean(), nullable=False),
        sa.Column("enforcement", TEXT, nullable=False),
        sa.Column("include", TEXT, nullable=False),
        sa.Column("exclude", TEXT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("bypass_actors", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ruleset_version")),
    )
    op.create_index(
        op.f("ix_ruleset_version_repository_ruleset_id_version_id_entry_seq"),
        "ruleset_version",
        ["repository", "ruleset_id", "version_id", "entry_seq"],
    )
    op.create_table(
        "rule_suite",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("suite_id", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=True),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("before_sha", TEXT, nullable=False),
        sa.Column("after_sha", TEXT, nullable=False),
        sa.Column("pushed_at", INT, nullable=False, autoincrement=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("evaluation_result", TEXT, nullable=False),
        sa.Column("evaluations", TEXT, nullable=False),
        sa.Column("detail_read", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_rule_suite")),
    )
    op.create_index(
        op.f("ix_rule_suite_repository_suite_id_entry_seq"),
        "rule_suite",
        ["repository", "suite_id", "entry_seq"],
    )
    op.create_table(
        "repository_activity",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("activity_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("before_sha", TEXT, nullable=False),
        sa.Column("after_sha", TEXT, nullable=False),
        sa.Column("at", INT, nullable=False, autoincrement=False),
        sa.Column("actor", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_repository_activity")),
    )
    op.create_index(
        op.f("ix_repository_activity_repository_activity_id_entry_seq"),
        "repository_activity",
        ["repository", "activity_id", "entry_seq"],
    )
    op.create_table(
        "codeowners_errors",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("branch", TEXT, nullable=False),
        sa.Column("exists", sa.Boolean(), nullable=False),
        sa.Column("errors", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_codeowners_errors")),
    )
    op.create_index(
        op.f("ix_codeowners_errors_repository_branch_entry_seq"),
        "codeowners_errors",
        ["repository", "branch", "entry_seq"],
    )
    op.create_table(
        "environment_settings",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("environment_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("reviewers", TEXT, nullable=False),
        sa.Column("prevent_self_review", sa.Boolean(), nullable=True),
        sa.Column("wait_minutes", INT, nullable=False, autoincrement=False),
        sa.Column("branch_policy", TEXT, nullable=False),
        sa.Column("branch_patterns", TEXT, nullable=True),
        sa.Column("administrators_bypass", sa.Boolean(), nullable=True),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_environment_settings")),
    )
    op.create_index(
        op.f("ix_environment_settings_repository_environment_id_entry_seq"),
        "environment_settings",
        ["repository", "environment_id", "entry_seq"],
    )
    op.create_table(
        "access_snapshot",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("holders", TEXT, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_access_snapshot")),
    )
    op.create_index(
        op.f("ix_access_snapshot_repository_scope_entry_seq"),
        "access_snapshot",
        ["repository", "scope", "entry_seq"],
    )
    op.create_table(
        "observation",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("at", INT, nullable=False, autoincrement=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("since", INT, nullable=False, autoincrement=False),
        sa.Column("until", INT, nullable=False, autoincrement=False),
        sa.Column("listed", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_observation")),
    )
    op.create_index(
        op.f("ix_observation_repository_subject_key_at_entry_seq"),
        "observation",
        ["repository", "subject", "key", "at", "entry_seq"],
    )
    for table, key in NEWEST.items():
        same = " AND ".join(f"newer.{name} = {table}.{name}" for name in key)
        op.execute(
            f"CREATE VIEW {table}_current AS SELECT * FROM {table} WHERE NOT EXISTS "
            f"(SELECT 1 FROM {table} AS newer WHERE {same} "
            f"AND newer.entry_seq > {table}.entry_seq)"
        )
    for table in HEADS:
        op.execute(
            f"CREATE VIEW {table}_current AS SELECT * FROM {table} WHERE EXISTS "
            f"(SELECT 1 FROM entry_index WHERE entry_index.seq = {table}.entry_seq "
            "AND entry_index.superseded IS NULL)"
        )


def downgrade() -> None:
    for table in (*NEWEST, *HEADS):
        op.execute(f"DROP VIEW {table}_current")
        op.drop_table(table)
