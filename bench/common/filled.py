"""A store filled with the rows of a large organisation, made once and kept under `.make/bench/`.

SIMULATED data (`evidence.demo.load_rows`): per change about 2 commits, 1.5 reviews, 3 checks, a
ticket and 0.2 deployments. The facts stand as a sync leaves them; nothing is decided yet.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from common.kept import KEPT

from evidence.deciding.decide import decide_and_store
from evidence.demo.load import DEPLOY_EVERY
from evidence.demo.load_rows import Row, load_rows
from evidence.in_scope import Application, Repository
from evidence.model import codec
from evidence.model.git import RefTip
from evidence.policy import Policy
from evidence.store import bulk, facts, ledger, rows, writer
from evidence.store.envelope import seal_body
from evidence.store.session import Store, connect, open_store
from evidence.store.tables import SCHEMA
from evidence.store.upgrade import upgrade

POLICY = Policy(
    repositories=(
        Repository(
            id="shop",
            name="example-shop/shop",
            urls=("https://github.example/example-shop/shop.git",),
            forge="github",
        ),
    ),
    applications=(Application(id="shop-prod", deployer="argocd", selector="argocd/shop-prod"),),
)
AS_OF = 1_900_000_000_000_000
"""As of when the bench decides, microseconds UTC."""

_CLASSES = {cls.__name__: cls for cls in facts.FACTS}


def filled(changes: int) -> Path:
    """The database file with the facts of so many changes; made where it is not there yet."""
    path = KEPT / f"facts-{SCHEMA}-{changes}.sqlite3"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        store = connect(f"sqlite:///{unfinished}")
        upgrade(store)
        _fill(store, changes)
        store.close()
        unfinished.rename(path)
    return path


def copied(changes: int, folder: Path) -> Store:
    """An open store on a copy of the filled one, which may be written to."""
    path = folder / "evidence.sqlite3"
    shutil.copyfile(filled(changes), path)
    return open_store(f"sqlite:///{path}")


def grow(store: Store, changes: int) -> None:
    """What the next sync would bring to a store of so many: a deployment and its changes."""
    _append(store, deque(_groups(changes + DEPLOY_EVERY), maxlen=DEPLOY_EVERY))


def _fill(store: Store, changes: int) -> None:
    for batch in bulk.batches(_groups(changes)):
        _append(store, batch)


def _append(store: Store, groups: Collection[Sequence[Row]]) -> None:
    """Stores groups of rows, an entry each, and where the branch stands afterwards."""
    commits = [values for group in groups for name, values in group if name == "Commit"]
    tip = {"repository": "shop", "name": "refs/heads/main", "sha": commits[-1]["sha"], "peeled": ""}
    some = [*groups, [(RefTip.__name__, tip)]]
    with store.write() as connection:
        first = ledger.append(connection, [seal_body("bench", {"rows": len(one)}) for one in some])
        rows.insert(connection, _placed(first, some))
    writer.write_commits(store, map(_commit_row, commits), first)


def _groups(changes: int) -> Iterator[list[Row]]:
    """Rows from one commit of the branch to the next."""
    number = 0

    def place(row: Row) -> int:
        nonlocal number
        number += row[0] == "Commit"
        return number

    for _, group in groupby(load_rows(changes), place):
        yield list(group)


def _commit_row(values: dict[str, Any]) -> tuple[Any, ...]:
    names = facts.FACTS[_CLASSES["Commit"]].fields
    filled_in = {**values, "parents": " ".join(values["parents"])}
    return (*(filled_in.get(name, "") for name in names), None)


def _placed(first: int, some: Sequence[Sequence[Row]]) -> Iterator[tuple[int, int, rows.FactRows]]:
    for seq, group in enumerate(some, start=first):
        found: dict[Any, list[tuple[Any, ...]]] = {}
        for name, values in group:
            if name != "Commit":
                cls = _CLASSES[name]
                into = found.setdefault(cls, [])
                into.append((len(into), *facts.row_of(codec.decode(cls, values))))
        yield seq, 1, found


def decided(changes: int) -> tuple[Path, str]:
    """A store of so many decided changes, and the landed commit of one in its middle.

    Kept as well: `deciding.py` leaves it behind, else it is made here.
    """
    path = KEPT / f"decided-{SCHEMA}-{changes}.sqlite3"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            store = copied(changes, Path(folder))
            decide_and_store(store, POLICY, "bench", as_of=AS_OF, ask=lambda _questions: [])
            keep(store, changes)
    middle = [values for name, values in load_rows(changes // 2) if name == "Commit"][-1]
    return path, str(middle["sha"])


def keep(store: Store, changes: int) -> None:
    """Closes a decided store made by `copied` and keeps it for `decided`."""
    store.close()
    Path(store.url.removeprefix("sqlite:///")).rename(KEPT / f"decided-{SCHEMA}-{changes}.sqlite3")
