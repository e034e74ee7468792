"""Changes, deployments and determinations: written beside the older ones, then made visible.

Rows of a new generation go in by batches that nobody sees; one insert into `generation` flips the
pointer. Readers take per thing the row of the greatest generation that is not beyond theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete

from evidence.model import codec
from evidence.model.change import Change, Link
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.store import bulk, handover, ledger
from evidence.store.envelope import seal_body
from evidence.store.escaped import to_text
from evidence.store.generations import current_generation, visible
from evidence.store.session import Store
from evidence.store.tables import (
    DERIVED,
    chain_index,
    change,
    deployment_row,
    determination,
    generation,
)

DECIDED = "determinations"
"""Type of the entry that holds the digest of what a decision changed."""
_BATCH = 500
_JSON = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A change as it is stored; `body` is JSON text that only its writer reads."""

    change_id: str
    repository: str
    kind: str
    number: int
    merged_at: int
    first_deployed_at: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRow:
    """A deployment of the population as it is stored."""

    deployment_id: str
    application: str
    environment: str
    kind: str
    started_at: int
    finished_at: int
    revision: str
    previous: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationRow:
    """One outcome, with the versions of the yardstick that gave it. `as_of` in microseconds."""

    subject: str
    control: str
    outcome: str
    reason: str
    sentence: str
    entries: tuple[int, ...]
    rule_version: str
    policy_version: str
    as_of: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """A word by which a change is found; kind is `sha`, `number`, `deployment` or `ticket`."""

    term: str
    kind: str
    repository: str
    change_id: str


def change_row(of: Change, links: Sequence[Link] = ()) -> ChangeRow:
    """The row of a change; its body is {"change": ..., "links": [...]} by the codec."""
    body = {"change": codec.encode(of), "links": [codec.encode(link) for link in links]}
    return ChangeRow(
        change_id=of.change_id,
        repository=of.repository,
        kind=of.kind,
        number=of.number,
        merged_at=of.merged_at,
        first_deployed_at=of.first_deployed_at,
        body=_dump(body),
    )


def deployment_row_of(of: ProductionDeployment) -> DeploymentRow:
    """The row of a deployment; its body is the record by the codec."""
    first = of.ranges[0] if of.ranges else None
    return DeploymentRow(
        deployment_id=of.deployment_id,
        application=of.application,
        environment=of.environment,
        kind=of.kind,
        started_at=of.started_at,
        finished_at=of.finished_at,
        revision=first.revision if first else "",
        previous=first.previous if first else "",
        body=_dump(codec.encode(of)),
    )


def determination_row(of: Determination, *, policy_version: str, as_of: int) -> DeterminationRow:
    """The row of a determination; its body is the record by the codec."""
    return DeterminationRow(
        subject=of.subject,
        control=of.control,
        outcome=of.outcome,
        reason=of.reason,
        sentence=of.sentence,
        entries=of.entries,
        rule_version=of.rule_version,
        policy_version=policy_version,
        as_of=as_of,
        body=_dump(codec.encode(of)),
    )


class Edition:
    """One generation in the making: add what was evaluated anew, then publish it.

    What is not added stays as it is. Cut at any point, nothing of it is seen, and the next
    edition starts over.
    """

    def __init__(self, store: Store, ledger_size: int) -> None:
        """Clears away what an edition that was cut left behind."""
        self._store = store
        self._ledger_size = ledger_size
        self._written = 0
        with store.write() as connection:
            self._current = current_generation(connection)
            for table in DERIVED:
                connection.execute(delete(table).where(table.c.generation > self._current))

    @property
    def number(self) -> int:
        """The generation that is being made."""
        return self._current + 1

    def add(
        self,
        *,
        changes: Iterable[ChangeRow] = (),
        deployments: Iterable[DeploymentRow] = (),
        determinations: Iterable[DeterminationRow] = (),
        index: Iterable[IndexRow] = (),
    ) -> None:
        """Inserts the rows whose content differs from the current one.

        Whether a determination is new does not depend on ledger size and `as_of` alone.
        """
        store, number = self._store, self.number
        self._written += _versions(store, change, changes, number, ("change_id",))
        self._written += _versions(store, deployment_row, deployments, number, ("deployment_id",))
        self._written += _determinations(store, determinations, number, self._ledger_size)
        self._written += _index(store, index, number)

    @property
    def is_new(self) -> bool:
        """Whether anything in it differs from what readers see."""
        return bool(self._written)

    def publish(
        self, said: Callable[[int], Mapping[str, Any]] | None = None, left: str = ""
    ) -> int:
        """Flips the pointer, where anything is new, and returns the generation in force.

        `said` makes of that number the body of the ledger's entry about the decision. Pointer and
        entry stand together or not at all: no determination is shown whose digest is nowhere.
        `left`: text for the decision after it (`evidence.store.handover`); "" takes it away.
        """
        in_force = self.number if self.is_new else self._current
        rows = [(self.number, self._ledger_size)] if self.is_new else []
        entries = [seal_body(DECIDED, said(in_force))] if said else []
        with self._store.write() as connection:
            bulk.insert(connection, generation, ("number", "ledger_size"), rows)
            ledger.append(connection, entries)
            handover.keep(connection, self._ledger_size, left)
        return in_force


def write_derived(
    store: Store,
    *,
    changes: Iterable[ChangeRow] = (),
    deployments: Iterable[DeploymentRow] = (),
    determinations: Iterable[DeterminationRow] = (),
    index: Iterable[IndexRow] = (),
    ledger_size: int,
) -> int:
    """A whole edition at once; returns the generation in force."""
    edition = Edition(store, ledger_size)
    edition.add(
        changes=changes, deployments=deployments, determinations=determinations, index=index
    )
    return edition.publish()


def _versions(
    store: Store,
    table: Table,
    records: Iterable[Any],
    number: int,
    key: tuple[str, ...],
    *,
    extra: tuple[tuple[str, int], ...] = (),
    ignored: tuple[str, ...] = (),
) -> int:
    """Writes those of the records that differ from the visible row in more than `ignored`."""
    skip = {"generation", *ignored, *(name for name, _ in extra)}
    written = 0
    for batch in bulk.batches(iter(records), _BATCH):
        columns = list(codec.field_types(type(batch[0])))
        compared = [name for name in columns if name not in skip]
        shaped = {
            tuple(getattr(record, name) for name in key): tuple(
                _column(getattr(record, name)) for name in columns
            )
            for record in batch
        }
        with store.read() as connection:
            query = visible(table, key, number - 1).where(
                table.c[key[0]].in_(sorted({to_text(at[0]) for at in shaped}))
            )
            known = {
                tuple(row[name] for name in compared)
                for row in connection.execute(query).mappings()
            }
        places = [columns.index(name) for name in compared]
        fresh = [row for row in shaped.values() if tuple(row[i] for i in places) not in known]
        with store.write() as connection:
            bulk.insert(
                connection, table, columns, fresh, constants=(("generation", number), *extra)
            )
        written += len(fresh)
    return written


def _determinations(
    store: Store, records: Iterable[DeterminationRow], number: int, ledger_size: int
) -> int:
    return _versions(
        store,
        determination,
        records,
        number,
        ("subject", "control"),
        extra=(("ledger_size", ledger_size),),
        ignored=("as_of",),
    )


def _index(store: Store, records: Iterable[IndexRow], number: int) -> int:
    columns = ("term", "kind", "repository", "change_id")
    written = 0
    for batch in bulk.batches(iter(records)):
        shaped = [tuple(to_text(getattr(each, name)) for name in columns) for each in batch]
        with store.write() as connection:
            written += bulk.insert(
                connection,
                chain_index,
                columns,
                shaped,
                constants=(("generation", number),),
                conflict="DO NOTHING",
            )
    return written


def _column(value: Any) -> Any:
    if isinstance(value, str):
        return to_text(value)
    return _dump(value) if isinstance(value, tuple) else value


def _dump(value: Any) -> str:
    return _JSON.encode(value)
