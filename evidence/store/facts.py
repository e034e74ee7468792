"""One table per class of fact, its columns made from the dataclass fields by one function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from evidence.errors import MalformedError, StoreError
from evidence.model import codec
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.audit import AuditEvent
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.delivery import Delivery
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.fact import Fact
from evidence.model.git import Commit, GitAnswer, RefTip
from evidence.model.identity import AccountIdentity
from evidence.model.policy_result import PolicyResult
from evidence.model.provenance import Provenance
from evidence.model.pull_request import (
    CommitPullRequests,
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.rollout import Analysis, RolloutStep
from evidence.model.runtime import RuntimeEvent
from evidence.model.scope import ScopeEntry
from evidence.model.settings import (
    AccessSnapshot,
    BranchProtection,
    CodeownersErrors,
    EnvironmentSettings,
    Observation,
    Ruleset,
    RulesetListing,
    RulesetVersion,
)
from evidence.model.ticket import Ticket, TicketEvent
from evidence.store.columns import Convert, column_of, from_column, to_column, written_types
from evidence.store.tables import integer, metadata, text

KEY_BYTES = 2_400
"""PostgreSQL's index takes 2,704 bytes per row; what is identified by more is not stored."""


class Current(StrEnum):
    """Which stored rows are current."""

    NEWEST = "newest"
    """The newest row of each natural key, whichever capture said it: a bounded history (ten rows
    of Argo CD) that moves on does not unsay what it said."""
    HEAD = "head"
    """The rows of captures that no later version superseded: a list that replaces itself (refs,
    the commits of a pull request)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTable:
    """A class of fact, its table, what identifies the thing it is about, and what is current."""

    cls: type[Fact]
    table: Table
    natural_key: tuple[str, ...]
    current: Current
    fields: tuple[str, ...]
    """Columns that come from the record, in field order, without entry_seq and observed_at."""

    @property
    def key_places(self) -> tuple[int, ...]:
        """Where in `fields` the natural key stands."""
        return _places(self.fields, self.natural_key)


@cache
def _places(fields: tuple[str, ...], names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(fields.index(name) for name in names)


def _fact_table(
    cls: type[Fact],
    name: str,
    natural_key: tuple[str, ...],
    *,
    current: Current = Current.NEWEST,
    search: tuple[tuple[str, ...], ...] = (),
) -> FactTable:
    """Rows are (entry_seq, ordinal in the capture); `search` names further indexed sets."""
    types = written_types(cls)
    fields = tuple(field for field in types if field not in ("entry_seq", "observed_at"))
    keyed_by_answer = cls is GitAnswer
    table = Table(
        name,
        metadata,
        integer("entry_seq"),
        *([] if keyed_by_answer else [integer("ordinal")]),
        integer("observed_at"),
        *(column_of(field, types[field]) for field in fields),
        PrimaryKeyConstraint(*natural_key, "entry_seq")
        if keyed_by_answer
        else PrimaryKeyConstraint("entry_seq", "ordinal"),
        *([] if keyed_by_answer else [Index(None, *natural_key, "entry_seq")]),
        *(Index(None, *some) for some in search),
    )
    return FactTable(cls=cls, table=table, natural_key=natural_key, current=current, fields=fields)


commits = Table(
    "commits",
    metadata,
    *(column_of(name, written) for name, written in written_types(Commit).items()),
    text("paths", nullable=True),
    PrimaryKeyConstraint("repository", "sha"),
)
"""`parents` is shas joined by blanks; rows come from the mirror, `entry_seq` is its observation.
`paths`, of no record, is a JSON list of those changed against the first parent; null: not read."""

FACTS: Mapping[type[Fact], FactTable] = {
    each.cls: each
    for each in (
        _fact_table(RefTip, "ref_tip", ("repository", "name"), current=Current.HEAD),
        _fact_table(GitAnswer, "git_answer", ("repository", "kind", "args")),
        _fact_table(
            PullRequest,
            "pull_request",
            ("repository", "number"),
            search=(("repository", "head_ref"),),
        ),
        _fact_table(Review, "review", ("repository", "number", "review_id")),
        _fact_table(
            PullRequestCommit,
            "pull_request_commit",
            ("repository", "number", "sha"),
            current=Current.HEAD,
        ),
        _fact_table(PullRequestEvent, "pull_request_event", ("repository", "number", "event_id")),
        _fact_table(CommitPullRequests, "commit_pull_requests", ("repository", "branch", "sha")),
        _fact_table(CheckRun, "check_run", ("repository", "sha", "kind", "check_id")),
        _fact_table(CheckCoverage, "check_coverage", ("repository", "sha")),
        _fact_table(Ticket, "ticket", ("tracker", "ticket_id"), search=(("tracker", "key"),)),
        _fact_table(TicketEvent, "ticket_event", ("tracker", "ticket_id", "event_id")),
        _fact_table(Deployment, "deployment", ("source", "application_uid", "started_at")),
        _fact_table(ApplicationState, "application_state", ("source", "application_uid")),
        _fact_table(RolloutStep, "rollout_step", ("source", "uid", "revision")),
        _fact_table(Analysis, "analysis", ("source", "uid")),
        _fact_table(RuntimeEvent, "runtime_event", ("source", "event_id")),
        _fact_table(
            Delivery, "delivery", ("source", "delivery_id"), search=(("source", "content"),)
        ),
        _fact_table(
            Provenance,
            "provenance",
            ("source", "subject_digest", "statement", "subject_name"),
            search=(("subject_digest",),),
        ),
        _fact_table(PolicyResult, "policy_result", ("source", "scan_id"), search=(("subject",),)),
        _fact_table(BranchProtection, "branch_protection", ("repository", "branch")),
        _fact_table(Ruleset, "ruleset", ("repository", "ruleset_id", "origin")),
        _fact_table(RulesetListing, "ruleset_listing", ("repository",)),
        _fact_table(RulesetVersion, "ruleset_version", ("repository", "ruleset_id", "version_id")),
        _fact_table(
            RuleSuite,
            "rule_suite",
            ("repository", "suite_id"),
            search=(
                ("repository", "after_sha"),
                ("repository", "pushed_at"),
                ("repository", "result"),
            ),
        ),
        _fact_table(
            RepositoryActivity,
            "repository_activity",
            ("repository", "activity_id"),
            search=(
                ("repository", "after_sha"),
                ("repository", "ref", "at"),
                ("repository", "ref", "kind"),
            ),
        ),
        _fact_table(CodeownersErrors, "codeowners_errors", ("repository", "branch")),
        _fact_table(
            EnvironmentSettings,
            "environment_settings",
            ("repository", "environment_id"),
            current=Current.HEAD,
        ),
        _fact_table(AccessSnapshot, "access_snapshot", ("repository", "scope")),
        _fact_table(ScopeEntry, "scope_entry", ("source", "object_id")),
        _fact_table(
            AccountIdentity, "account_identity", ("source", "organisation", "kind", "account")
        ),
        _fact_table(
            AuditEvent,
            "audit_event",
            ("source", "organisation", "event_id"),
            search=(("repository",),),
        ),
        _fact_table(Observation, "observation", ("repository", "subject", "key", "at")),
        FactTable(
            cls=Commit,
            table=commits,
            natural_key=("repository", "sha"),
            current=Current.NEWEST,
            fields=tuple(written_types(Commit))[2:],
        ),
    )
}


def fact_table(cls: type[Any]) -> FactTable:
    """The table of a class of fact.

    Raises:
        StoreError: the class is not stored.
    """
    try:
        return FACTS[cls]
    except KeyError as error:
        raise StoreError(f"{cls.__name__} is not a class of fact that the store knows") from error


@cache
def writer_of(name: str) -> tuple[Convert, ...]:
    """Per field of the table: record value -> column value; MalformedError beyond int64."""
    spec = next(each for each in FACTS.values() if each.table.name == name)
    types = codec.field_types(spec.cls)
    return tuple(to_column(types[field]) for field in spec.fields)


def row_of(fact: Fact) -> tuple[Any, ...]:
    """Column values of a fact in the order of `FactTable.fields`.

    Raises:
        MalformedError: a number does not fit 64 bits, a value is of another type, or what
            identifies the thing is longer than an index takes.
    """
    spec = fact_table(type(fact))
    try:
        row = tuple(
            [
                convert(getattr(fact, name))
                for name, convert in zip(spec.fields, writer_of(spec.table.name), strict=True)
            ]
        )
        if sum([len(str(row[at]).encode()) for at in spec.key_places]) > KEY_BYTES:
            raise ValueError("what identifies it is too long")
    except (TypeError, AttributeError, ValueError) as error:
        raise MalformedError(f"A {type(fact).__name__} cannot be stored: {error}") from error
    return row


@cache
def readers_of(name: str) -> Mapping[str, Convert]:
    """Field -> converter, for the fields of a table whose column differs from the record."""
    spec = next(each for each in FACTS.values() if each.table.name == name)
    found: dict[str, Convert] = {}
    for field, hint in codec.field_types(spec.cls).items():
        convert = from_column(hint)
        if convert is not None:
            found[field] = convert
    if spec.cls is Commit:
        found["parents"] = lambda value: tuple(value.split())
    return found
