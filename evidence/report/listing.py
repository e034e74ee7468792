"""The listings an auditor samples from: one row per change, one row per deployment.

The columns are the population columns of the IPE header. Determinations are not among them: a
later evaluation must not change what a sample was drawn from. JSON Lines holds the values as
stored; the CSV is the human copy: lists joined by `; `, hidden characters shown, formulas disarmed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from evidence.canonical import canonical_json
from evidence.model.change import LinkKind
from evidence.model.production import ProductionDeployment
from evidence.report.dossier import Dossier
from evidence.report.plain import plain
from evidence.report.text import local, login, utc, visible

Value = str | int | list[str]

CHANGE_COLUMNS = (
    "change_id", "title", "requestor", "developer", "approver", "tester", "implementer",
    "created_at", "merged_at", "first_prod_deploy_at", "first_prod_deploy_local",
    "change_type", "change_kind", "repo_id", "repo_full_name_at_time", "pr_number", "pr_node_id",
    "url", "ticket_ids", "author_id", "author_login", "contributors", "approvers", "merged_by",
    "base_branch", "head_sha_at_merge", "merge_method", "merge_commit_sha", "commits",
    "last_force_push_at", "last_approval_at", "checks_completed_at", "first_prod_deploy_id",
    "environment", "app", "deploy_initiator", "deployed_revision", "image_references",
    "aliases", "flags", "evidence_ids", "first_collected_at", "last_collected_at",
)  # fmt: skip
"""Description, people and dates first, as an auditor asks for them."""

DEPLOYMENT_COLUMNS = (
    "deployment_id", "application", "environment", "kind", "phase", "started_at", "finished_at",
    "placed_local", "initiator", "automated", "revisions", "previous_revisions", "images",
    "changes", "promotions", "unmapped_commits", "problems", "flags", "origins", "evidence_ids",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def change_row(dossier: Dossier, zone: str) -> dict[str, Value]:
    """The population row of one change; a value that is not known is '' or an empty list."""
    change = dossier.change
    first = min(dossier.deployments, key=_placed, default=None)
    initiators = _distinct(login(row.initiator) for row in dossier.deployments)
    return {
        "change_id": change.change_id,
        "title": dossier.title,
        "requestor": _distinct(login(ticket.author) for ticket in dossier.tickets),
        "developer": login(change.author),
        "approver": _approvers(dossier),
        "tester": _distinct(check.app or check.name for check in dossier.checks),
        "implementer": initiators,
        "created_at": utc(change.created_at),
        "merged_at": utc(change.merged_at),
        "first_prod_deploy_at": utc(change.first_deployed_at),
        "first_prod_deploy_local": local(change.first_deployed_at, zone),
        "change_type": change.change_type,
        "change_kind": change.kind.value,
        "repo_id": change.repository,
        "repo_full_name_at_time": _repository_name(dossier),
        "pr_number": change.number or "",
        "pr_node_id": dossier.request.node_id if dossier.request else "",
        "url": change.url,
        "ticket_ids": _tickets(dossier),
        "author_id": change.author.key if change.author else "",
        "author_login": login(change.author),
        "contributors": dossier.contributors,
        "approvers": _approvers(dossier),
        "merged_by": login(change.merged_by),
        "base_branch": change.branch,
        "head_sha_at_merge": change.head_sha,
        "merge_method": change.merge_method.value,
        "merge_commit_sha": change.landing_sha,
        "commits": list(change.commits),
        "last_force_push_at": utc(dossier.last_force_push_at),
        "last_approval_at": utc(_last_approval(dossier)),
        "checks_completed_at": utc(_checks_completed(dossier)),
        "first_prod_deploy_id": first.deployment_id if first else "",
        "environment": _distinct(row.environment for row in dossier.deployments),
        "app": _distinct(row.application for row in dossier.deployments),
        "deploy_initiator": initiators,
        "deployed_revision": _revisions(first) if first else [],
        "image_references": _images(first) if first else [],
        "aliases": list(change.aliases),
        "flags": list(change.flags),
        "evidence_ids": [f"#{seq}" for seq in dossier.entries],
        "first_collected_at": utc(dossier.first_collected_at),
        "last_collected_at": utc(dossier.last_collected_at),
    }


def deployment_row(
    row: ProductionDeployment, zone: str, promotions: frozenset[str] = frozenset()
) -> dict[str, Value]:
    """The row of one deployment; it is placed by its end, or its start while it ran.

    Of what it carried, the ids in `promotions` stand in a column of their own.
    """
    return {
        "deployment_id": row.deployment_id,
        "application": row.application,
        "environment": row.environment,
        "kind": row.kind.value,
        "phase": row.phase,
        "started_at": utc(row.started_at),
        "finished_at": utc(row.finished_at),
        "placed_local": local(_placed(row), zone),
        "initiator": login(row.initiator),
        "automated": "" if row.automated is None else str(row.automated).lower(),
        "revisions": _revisions(row),
        "previous_revisions": [f"{part.repository}@{part.previous}" for part in row.ranges],
        "images": _images(row),
        "changes": [one for one in row.changes if one not in promotions],
        "promotions": [one for one in row.changes if one in promotions],
        "unmapped_commits": list(row.unmapped),
        "problems": list(row.problems),
        "flags": list(row.flags),
        "origins": list(row.origins),
        "evidence_ids": [f"#{seq}" for seq in row.entries],
    }


class Listing:
    """Writes the same rows as `<name>.csv` and `<name>.jsonl`, one at a time; counts them.

    CSV: UTF-8 with byte order mark (spreadsheets need it), every field quoted, CRLF.
    JSON Lines: one RFC 8785 object per line, UTF-8, LF.
    """

    def __init__(self, directory: Path, name: str, columns: tuple[str, ...]) -> None:
        self.paths = (directory / f"{name}.csv", directory / f"{name}.jsonl")
        self.rows = 0
        self._columns = columns
        self._csv = self.paths[0].open("w", encoding="utf-8-sig", newline="")
        self._jsonl = self.paths[1].open("wb")
        self._writer = csv.writer(self._csv, quoting=csv.QUOTE_ALL)
        self._writer.writerow(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._csv.close()
        self._jsonl.close()

    def write(self, row: Mapping[str, Value]) -> None:
        """Appends one row to both files."""
        self._writer.writerow([_cell(row[column]) for column in self._columns])
        self._jsonl.write(canonical_json(plain(dict(row))) + b"\n")
        self.rows += 1


def disarmed(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: a leading `'` where it might."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(value: Value) -> str:
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return visible(disarmed(text))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _placed(row: ProductionDeployment) -> int:
    return row.finished_at or row.started_at


def _approvers(dossier: Dossier) -> list[str]:
    return _distinct(
        login(row.review.author) for row in dossier.reviews if row.review.state == "APPROVED"
    )


def _tickets(dossier: Dossier) -> list[str]:
    keys = [ticket.key for ticket in dossier.tickets]
    linked = [
        link.target.partition(":")[2]
        for link in dossier.links
        if link.kind is LinkKind.REQUEST and link.target.startswith("ticket:")
    ]
    return _distinct([*keys, *linked])


def _repository_name(dossier: Dossier) -> str:
    # Pull request addresses are `https://host/owner/name/pull/7` on every forge read so far.
    parts = dossier.change.url.split("/")
    return "/".join(parts[3:5]) if len(parts) > 5 and dossier.change.number else ""


def _last_approval(dossier: Dossier) -> int:
    merged = dossier.change.merged_at
    times = [row.review.submitted_at for row in dossier.reviews if row.review.state == "APPROVED"]
    return max((at for at in times if not merged or at <= merged), default=0)


def _checks_completed(dossier: Dossier) -> int:
    merged = dossier.change.merged_at
    times = [check.completed_at for check in dossier.checks]
    return max((at for at in times if not merged or at <= merged), default=0)


def _revisions(row: ProductionDeployment) -> list[str]:
    return [f"{part.repository}@{part.revision}" for part in row.ranges]


def _images(row: ProductionDeployment) -> list[str]:
    return [f"{part.image}:{part.new}" for part in row.images]
