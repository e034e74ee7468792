"""What readers see of a store that decided step by step, and of one that decided everything."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from sqlalchemy import select

from evidence.store import facts as fact_tables
from evidence.store import generations, ledger, rows, writer
from evidence.store.envelope import seal_body
from evidence.store.session import open_store
from evidence.store.tables import chain_index, change, deployment_row, determination

_MOMENT = re.compile(r"(?<=not deployed by )\S+Z")
"""What is pending is said to be so as of the decision that looked at it."""


def sync(store, facts, commits, now):
    """Stores facts, an entry each, and (repository, sha, parents) of commits."""
    with store.write() as connection:
        sealed = [seal_body("step", {"kind": type(one).__name__}) for one in facts]
        first = ledger.append(connection, sealed)
        rows.insert(
            connection,
            [
                (seq, now, {type(one): [(0, *fact_tables.row_of(one))]})
                for seq, one in enumerate(facts, start=first)
            ],
        )
    who = ("A", "a@people.example", now)
    writer.write_commits(
        store,
        [
            (repository, sha, sha, " ".join(parents), *who, *who, "Message", "", None)
            for repository, sha, parents in commits
        ],
        first,
    )


def decided_whole(decide, path, copy):
    """What everything comes to, decided on a copy of the store."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # with what the write-ahead log holds
    with closing(open_store(f"sqlite:///{copy}")) as store:
        decide(store, afresh=True)
        return seen(store)


def seen(store):
    """What readers see: name of a table -> its visible rows, without when they were written."""
    found = {}
    with store.read() as connection:
        number = generations.current_generation(connection)
        for table, key in (
            (change, ("change_id",)),
            (deployment_row, ("deployment_id",)),
            (determination, ("subject", "control")),
        ):
            left_out = {"generation", "ledger_size", "as_of"}
            names = [column.name for column in table.columns if column.name not in left_out]
            every = connection.execute(generations.visible(table, key, number)).mappings()
            found[table.name] = {
                tuple(row[name] for name in key): {
                    name: _MOMENT.sub("", str(row[name])) for name in names
                }
                for row in every
            }
        words = select(chain_index.c.term, chain_index.c.kind, chain_index.c.change_id)
        found["index"] = {tuple(row): {} for row in connection.execute(words)}
    return found


def differing(one, two):
    """(table, key, column, value, other value) of all that differs."""
    return [
        (name, key, column, here.get(column), there.get(column))
        for name in one
        for key in one[name].keys() | two[name].keys()
        for here, there in [(one[name].get(key, {}), two[name].get(key, {}))]
        for column in here.keys() | there.keys() or {"-"}
        if here.get(column) != there.get(column) or (key in one[name]) != (key in two[name])
    ]
