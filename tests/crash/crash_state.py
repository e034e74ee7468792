"""What a store knows, in a form in which two runs that read the same world are equal.

Left out is what says when and in which order we recorded something: entry numbers, observation
times, generations, receipts. Every stored fact counts, not only the current ones: a row that is
there twice differs from one that is there once. Of derived rows those count that readers see, one
by one: evaluations of an earlier moment stay beside them, and how many there are is how often a
run came to decide. What no reader will ever see must not be there at all.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import Counter
from contextlib import closing
from os.path import commonprefix

from sqlalchemy import func, select

from evidence.canonical import canonical_record
from evidence.collectors.github import settings_kinds
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.model.codec import encode
from evidence.store import audit, queries
from evidence.store.facts import FACTS
from evidence.store.generations import current_generation, visible
from evidence.store.session import open_store
from evidence.store.tables import DERIVED, cursor, entry, entry_index, gap, gap_closed, generation

OURS = frozenset(
    {
        "as_of",
        "closed_at",
        "closed_by",
        "credential",
        "entries",
        "entry_seq",
        "first_seen",
        "forge_read_to",
        "generation",
        "ledger_size",
        "observations",
        "observed_at",
        "opened_at",
        "run_id",
        "updated_at",
        "window_from",
        "window_to",
    }
)
"""Keys and columns that say when and where we recorded something, not what a source says."""
EACH_RUN = frozenset(
    {"receipt", "determinations", "checkpoint", "export", "custody", settings_kinds.READ}
)
"""Types of entries, and a kind of capture, that say what a run did. The digests of decisions are
looked at apart."""
LOOKS = frozenset({"at", "outcome", "since", "until"})
"""Columns of `observation`, whose rows say that a run looked: what was looked at is what counts."""
AS_OF = 2_000_000_000_000_000
"""The one moment as of which populations are built to be compared, microseconds UTC."""

_DECIDED_AT = re.compile(r"(?<=not deployed by )\S+Z")
"""What is pending is said to be so as of the sync's own moment."""


def plain(value):
    """A record without what depends on when and in which order it was recorded."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items() if key not in OURS}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return _DECIDED_AT.sub("", value) if isinstance(value, str) else value


def state(loaded) -> dict[str, list[str]]:
    """Everything a store and its mirrors hold, as sorted texts by name."""
    with closing(open_store(loaded.store_url)) as store:
        found = {table.name: rows(store, table) for table in _tables()}
        found["ledger"] = _ledger(store)
        found["cursors"] = _cursors(store)
        found["decided"] = _decided(store)
        found["never seen"] = _never_seen(store)
        found |= _population(store, loaded)
    return found | _mirrors(loaded)


def differences(expected: dict[str, list[str]], actual: dict[str, list[str]]) -> list[str]:
    """What is missing and what is too much, named; nothing where the two are equal."""
    told = []
    for name in sorted(expected.keys() | actual.keys()):
        wanted, got = Counter(expected.get(name, ())), Counter(actual.get(name, ()))
        lost, doubled = wanted - got, got - wanted
        told += [f"{name} lost {lost[one]} x {_told(one, doubled)}" for one in lost]
        told += [f"{name} doubled {doubled[one]} x {_told(one, lost)}" for one in doubled]
    return told


def _told(text: str, others: Counter) -> str:
    """A record's beginning, and where it leaves the one of the other side that is most like it."""
    shared = (commonprefix([text, other]) for other in others)  # noqa: RUF071 - of characters
    common = max(map(len, shared), default=0)
    return f"{text[:200]} ... {text[max(200, common - 150) : common + 150]}"


def check_ledger(url: str) -> int:
    """Audits the whole ledger; returns its size.

    Raises:
        IntegrityError: it is not intact.
    """
    with closing(open_store(url)) as store:
        return audit.audit(store).size


def _tables():
    facts = [each.table for each in FACTS.values()]
    return [*facts, gap, *DERIVED]


def rows(store, table) -> list[str]:
    """All rows of a table of facts, or those of a derived one that readers see, as sorted texts."""
    looks = table.name == "observation"
    left_out = OURS | LOOKS | {"ordinal"} if looks else OURS
    columns = [column for column in table.columns if column.name not in left_out]
    with store.read() as connection:
        query = _seen(connection, table).with_only_columns(*columns)
        query = query.distinct() if looks else query
        found = connection.execute(query).mappings().all()
    return sorted(_text(dict(row), derived=table in DERIVED) for row in found)


def _seen(connection, table):
    """All rows of a table of facts; of a derived one those that readers see."""
    keys = [column.name for column in table.primary_key if column.name != "generation"]
    if "generation" not in {column.name for column in table.primary_key}:
        return select(table)
    return visible(table, keys, current_generation(connection))


def _never_seen(store) -> list[str]:
    """Derived rows of a generation that was never published, per table that has some."""
    found = []
    with store.read() as connection:
        newest = current_generation(connection)
        for table in DERIVED:
            query = select(func.count()).where(table.c.generation > newest)
            count = connection.execute(query).scalar_one()
            found += [f"{table.name}: {count}"] if count else []
    return found


def _text(row, *, derived: bool) -> str:
    if derived and "body" in row:
        row["body"] = json.loads(row["body"])
    return json.dumps(plain(row), sort_keys=True)


def versions(store, chosen) -> list[str]:
    """One line for each version of an object that a condition on `entry_index` chooses."""
    index = entry_index.c
    columns = (index.source, index.kind, index.key, index.series, index.digest)
    query = select(*columns).where(chosen, index.kind != settings_kinds.READ)
    with store.read() as connection:
        return sorted(repr(tuple(row)) for row in connection.execute(query))


def _ledger(store) -> list[str]:
    """Every entry but those that each run adds: one line for each version of an object."""
    index = entry_index.c
    columns = (index.type, index.source, index.kind, index.key, index.series, index.digest)
    with store.read() as connection:
        rows = connection.execute(select(*columns, index.superseded.is_(None))).all()
        entries = connection.execute(select(func.count()).select_from(entry)).scalar_one()
        closed = connection.execute(select(func.count()).select_from(gap_closed)).scalar_one()
    assert len(rows) == entries
    kept = [repr(tuple(row)) for row in rows if not {row[0], row[2]} & EACH_RUN]
    return [*sorted(kept), f"gaps closed: {closed}"]


def _cursors(store) -> list[str]:
    with store.read() as connection:
        rows = connection.execute(select(cursor.c.source, cursor.c.stream, cursor.c.complete)).all()
    return sorted(repr(tuple(row)) for row in rows)


def _decided(store) -> list[str]:
    """Whether the ledger holds the one digest of each generation that readers see."""
    with store.read() as connection:
        numbers = connection.execute(select(generation.c.number)).scalars().all()
    recorded = {}
    for each in queries.entries(store, "determinations"):
        body = each.envelope["body"]
        if body["digest"]:
            recorded.setdefault(body["generation"], []).append(body["digest"])
    # A pending change may be judged once more: how many generations there are says nothing.
    return sorted(
        {
            f"generation: {'as recorded' if recorded.get(number) == [_digest(store, number)] else recorded.get(number)}"
            for number in numbers
        }
    )


def _digest(store, number: int) -> str:
    digest = hashlib.sha256()
    for body in queries.changed_bodies(store, number):
        digest.update(canonical_record(body) + b"\n")
    return digest.hexdigest()


def _population(store, loaded) -> dict[str, list[str]]:
    policy = build_policy(loaded.settings)
    case = Case(store=store, policy=policy, as_of=AS_OF)
    population = case.population
    chains = case.chains(list(population.changes))
    return {
        "population": sorted(
            _encoded(one) for one in (*population.changes, *population.deployments)
        ),
        "chains": sorted(_encoded(chain) for chain in chains),
        "reconciliation": [_encoded(population.reconciliation)],
    }


def _encoded(record) -> str:
    return json.dumps(plain(encode(record)), sort_keys=True)


def _mirrors(loaded) -> dict[str, list[str]]:
    found = {}
    for mirror in sorted((loaded.home / "mirrors").glob("*.git")):
        refs = _git(mirror, "for-each-ref").splitlines()
        found[f"refs of {mirror.name}"] = [*refs, _git(mirror, "fsck", "--connectivity-only")]
    return found


def _git(mirror, *arguments: str) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={mirror}", *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout if not done.returncode else f"git {arguments[0]}: {done.stderr}"
