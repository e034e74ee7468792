"""Versions, gaps, cursors and one table per class of fact: all rebuildable.

Revision 0002, after 0001.
"""

# ruff: noqa: S608 - statements are made of the constants below, never of input
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

# Per table: what identifies the thing that a row is about. The newest row of each is current.
NEWEST: dict[str, tuple[str, ...]] = {
    "git_answer": ("repository", "kind", "args"),
    "pull_request": ("repository", "number"),
    "review": ("repository", "number", "review_id"),
    "pull_request_event": ("repository", "number", "event_id"),
    "commit_pull_requests": ("repository", "branch", "sha"),
    "check_run": ("repository", "sha", "kind", "check_id"),
    "check_coverage": ("repository", "sha"),
    "ticket": ("tracker", "ticket_id"),
    "ticket_event": ("tracker", "ticket_id", "event_id"),
    "deployment": ("source", "application_uid", "started_at"),
    "application_state": ("source", "application_uid"),
}
# Lists that replace themselves: the rows of versions that are heads are current.
HEADS = ("ref_tip", "pull_request_commit")


def upgrade() -> None:
    op.create_table(
        "entry_index",
        sa.Column("seq", INT, nullable=False, autoincrement=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("superseded", INT, nullable=True, autoincrement=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entry_index")),
    )
    op.create_index(
        op.f("ix_entry_index_source_kind_key_seq"), "entry_index", ["source", "kind", "key", "seq"]
    )
    op.create_index(op.f("ix_entry_index_type_seq"), "entry_index", ["type", "seq"])
    op.create_table(
        "gap",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("window_from", INT, nullable=False, autoincrement=False),
        sa.Column("window_to", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("opened_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_gap")),
    )
    op.create_index(op.f("ix_gap_source_kind_key"), "gap", ["source", "kind", "key"])
    op.create_table(
        "gap_closed",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("closed_by", INT, nullable=False, autoincrement=False),
        sa.Column("closed_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_gap_closed")),
    )
    op.create_table(
        "cursor",
        sa.Column("source", TEXT, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("source", "stream", name=op.f("pk_cursor")),
    )
    op.create_table(
        "commits",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("tree", TEXT, nullable=False),
        sa.Column("parents", TEXT, nullable=False),
        sa.Column("author_name", TEXT, nullable=False),
        sa.Column("author_email", TEXT, nullable=False),
        sa.Column("author_time", INT, nullable=False, autoincrement=False),
        sa.Column("committer_name", TEXT, nullable=False),
        sa.Column("committer_email", TEXT, nullable=False),
        sa.Column("committer_time", INT, nullable=False, autoincrement=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("repository", "sha", name=op.f("pk_commits")),
    )
    op.create_table(
        "commit_paths",
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("paths", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("repository", "sha", name=op.f("pk_commit_paths")),
    )
    op.create_table(
        "ref_tip",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("peeled", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ref_tip")),
    )
    op.create_index(
        op.f("ix_ref_tip_repository_name_entry_seq"), "ref_tip", ["repository", "name", "entry_seq"]
    )
    op.create_table(
        "git_answer",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("args", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("problem", TEXT, nullable=False),
        sa.PrimaryKeyConstraint(
            "repository", "kind", "args", "entry_seq", name=op.f("pk_git_answer")
        ),
    )
    op.create_table(
        "pull_request",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("node_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=True),
        sa.Column("created_at", INT, nullable=False, autoincrement=False),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.Column("merged_at", INT, nullable=False, autoincrement=False),
        sa.Column("closed_at", INT, nullable=False, autoincrement=False),
        sa.Column("merged_by", TEXT, nullable=True),
        sa.Column("base_ref", TEXT, nullable=False),
        sa.Column("base_sha", TEXT, nullable=False),
        sa.Column("head_ref", TEXT, nullable=False),
        sa.Column("head_sha", TEXT, nullable=False),
        sa.Column("head_repository", TEXT, nullable=False),
        sa.Column("merge_sha", TEXT, nullable=False),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("closing_issues", TEXT, nullable=False),
        sa.Column("changed_files", INT, nullable=False, autoincrement=False),
        sa.Column("commits_total", INT, nullable=False, autoincrement=False),
        sa.Column("reviews_total", INT, nullable=False, autoincrement=False),
        sa.Column("auto_merge_by", TEXT, nullable=True),
        sa.Column("merge_queue", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("missing", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_pull_request")),
    )
    op.create_index(
        op.f("ix_pull_request_repository_number_entry_seq"),
        "pull_request",
        ["repository", "number", "entry_seq"],
    )
    op.create_table(
        "review",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("review_id", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("submitted_at", INT, nullable=False, autoincrement=False),
        sa.Column("commit_sha", TEXT, nullable=False),
        sa.Column("can_push", sa.Boolean(), nullable=True),
        sa.Column("association", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("last_edited_at", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_review")),
    )
    op.create_index(
        op.f("ix_review_repository_number_review_id_entry_seq"),
        "review",
        ["repository", "number", "review_id", "entry_seq"],
    )
    op.create_table(
        "pull_request_commit",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False, autoincrement=False),
        sa.Column("author", TEXT, nullable=True),
        sa.Column("committer", TEXT, nullable=True),
        sa.Column("author_email", TEXT, nullable=False),
        sa.Column("committer_email", TEXT, nullable=False),
        sa.Column("authored_at", INT, nullable=False, autoincrement=False),
        sa.Column("committed_at", INT, nullable=False, autoincrement=False),
        sa.Column("via_web", sa.Boolean(), nullable=False),
        sa.Column("signature_valid", sa.Boolean(), nullable=True),
        sa.Column("signed_by_source", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_pull_request_commit")),
    )
    op.create_index(
        op.f("ix_pull_request_commit_repository_number_sha_entry_seq"),
        "pull_request_commit",
        ["repository", "number", "sha", "entry_seq"],
    )
    op.create_table(
        "pull_request_event",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("number", INT, nullable=False, autoincrement=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("position", INT, nullable=False, autoincrement=False),
        sa.Column("actor", TEXT, nullable=True),
        sa.Column("at", INT, nullable=False, autoincrement=False),
        sa.Column("before_sha", TEXT, nullable=False),
        sa.Column("after_sha", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("current", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_pull_request_event")),
    )
    op.create_index(
        op.f("ix_pull_request_event_repository_number_event_id_entry_seq"),
        "pull_request_event",
        ["repository", "number", "event_id", "entry_seq"],
    )
    op.create_table(
        "commit_pull_requests",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("branch", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("numbers", TEXT, nullable=False),
        sa.Column("merged_numbers", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_commit_pull_requests")),
    )
    op.create_index(
        op.f("ix_commit_pull_requests_repository_branch_sha_entry_seq"),
        "commit_pull_requests",
        ["repository", "branch", "sha", "entry_seq"],
    )
    op.create_table(
        "check_run",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("check_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("app", TEXT, nullable=False),
        sa.Column("app_id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("conclusion", TEXT, nullable=False),
        sa.Column("started_at", INT, nullable=False, autoincrement=False),
        sa.Column("completed_at", INT, nullable=False, autoincrement=False),
        sa.Column("creator", TEXT, nullable=True),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("suite_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("attempt", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_check_run")),
    )
    op.create_index(
        op.f("ix_check_run_repository_sha_kind_check_id_entry_seq"),
        "check_run",
        ["repository", "sha", "kind", "check_id", "entry_seq"],
    )
    op.create_table(
        "check_coverage",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("repository", TEXT, nullable=False),
        sa.Column("sha", TEXT, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("all_attempts", sa.Boolean(), nullable=False),
        sa.Column("reported", INT, nullable=False, autoincrement=False),
        sa.Column("read", INT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_check_coverage")),
    )
    op.create_index(
        op.f("ix_check_coverage_repository_sha_entry_seq"),
        "check_coverage",
        ["repository", "sha", "entry_seq"],
    )
    op.create_table(
        "ticket",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("tracker", TEXT, nullable=False),
        sa.Column("ticket_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("state_reason", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=True),
        sa.Column("created_at", INT, nullable=False, autoincrement=False),
        sa.Column("updated_at", INT, nullable=False, autoincrement=False),
        sa.Column("closed_at", INT, nullable=False, autoincrement=False),
        sa.Column("labels", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ticket")),
    )
    op.create_index(op.f("ix_ticket_tracker_key"), "ticket", ["tracker", "key"])
    op.create_index(
        op.f("ix_ticket_tracker_ticket_id_entry_seq"),
        "ticket",
        ["tracker", "ticket_id", "entry_seq"],
    )
    op.create_table(
        "ticket_event",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("tracker", TEXT, nullable=False),
        sa.Column("ticket_id", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=True),
        sa.Column("at", INT, nullable=False, autoincrement=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("current", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_ticket_event")),
    )
    op.create_index(
        op.f("ix_ticket_event_tracker_ticket_id_event_id_entry_seq"),
        "ticket_event",
        ["tracker", "ticket_id", "event_id", "entry_seq"],
    )
    op.create_table(
        "deployment",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("application_uid", TEXT, nullable=False),
        sa.Column("application", TEXT, nullable=False),
        sa.Column("started_at", INT, nullable=False, autoincrement=False),
        sa.Column("finished_at", INT, nullable=False, autoincrement=False),
        sa.Column("phase", TEXT, nullable=False),
        sa.Column("sources", TEXT, nullable=False),
        sa.Column("initiator", TEXT, nullable=True),
        sa.Column("automated", sa.Boolean(), nullable=True),
        sa.Column("history_id", INT, nullable=False, autoincrement=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("selective", sa.Boolean(), nullable=False),
        sa.Column("local_manifests", sa.Boolean(), nullable=False),
        sa.Column("self_heal", sa.Boolean(), nullable=False),
        sa.Column("images", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("resources", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_deployment")),
    )
    op.create_index(
        op.f("ix_deployment_source_application_uid_started_at_entry_seq"),
        "deployment",
        ["source", "application_uid", "started_at", "entry_seq"],
    )
    op.create_table(
        "application_state",
        sa.Column("entry_seq", INT, nullable=False, autoincrement=False),
        sa.Column("ordinal", INT, nullable=False, autoincrement=False),
        sa.Column("observed_at", INT, nullable=False, autoincrement=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("application_uid", TEXT, nullable=False),
        sa.Column("application", TEXT, nullable=False),
        sa.Column("destination", TEXT, nullable=False),
        sa.Column("project", TEXT, nullable=False),
        sa.Column("sync_status", TEXT, nullable=False),
        sa.Column("health", TEXT, nullable=False),
        sa.Column("health_since", INT, nullable=False, autoincrement=False),
        sa.Column("revisions", TEXT, nullable=False),
        sa.Column("sources", TEXT, nullable=False),
        sa.Column("images", TEXT, nullable=False),
        sa.Column("history_ids", TEXT, nullable=False),
        sa.Column("auto_sync", sa.Boolean(), nullable=True),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "ordinal", name=op.f("pk_application_state")),
    )
    op.create_index(
        op.f("ix_application_state_source_application_uid_entry_seq"),
        "application_state",
        ["source", "application_uid", "entry_seq"],
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
    op.drop_table("application_state")
    op.drop_table("deployment")
    op.drop_table("ticket_event")
    op.drop_table("ticket")
    op.drop_table("check_coverage")
    op.drop_table("check_run")
    op.drop_table("commit_pull_requests")
    op.drop_table("pull_request_event")
    op.drop_table("pull_request_commit")
    op.drop_table("review")
    op.drop_table("pull_request")
    op.drop_table("git_answer")
    op.drop_table("ref_tip")
    op.drop_table("commit_paths")
    op.drop_table("commits")
    op.drop_table("cursor")
    op.drop_table("gap_closed")
    op.drop_table("gap")
    op.drop_table("entry_index")
