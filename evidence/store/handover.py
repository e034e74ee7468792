"""What a decision left for the one after it: one JSON text beside the cursors.

It can be missing at any time; the next decision then reads everything, as the first one did.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from evidence.store.escaped import from_text, to_text
from evidence.store.session import Store
from evidence.store.tables import cursor

OWN = "decision"
"""Source and stream of the cursor that holds it: no collector has this name."""


def load(store: Store, ledger_size: int) -> str:
    """What the decision on a ledger of this size left; empty where that was not the last one."""
    query = select(cursor.c.value, cursor.c.updated_at).where(
        cursor.c.source == OWN, cursor.c.stream == OWN
    )
    with store.read() as connection:
        row = connection.execute(query).first()
    return from_text(row.value) if row and row.updated_at == ledger_size else ""


def keep(connection: Connection, ledger_size: int, text: str) -> None:
    """Replaces what was left before, within the transaction that makes a decision visible."""
    drop(connection)
    row = {
        "source": OWN,
        "stream": OWN,
        "value": to_text(text),
        "complete": True,
        "updated_at": ledger_size,
    }
    connection.execute(cursor.insert().values(row))


def drop(connection: Connection) -> None:
    """Forgets it: the next decision reads everything."""
    connection.execute(delete(cursor).where(cursor.c.source == OWN, cursor.c.stream == OWN))
