"""Damage of a database: told as such, and found before Python converts what a column holds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from evidence.errors import IntegrityError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


# SQLite keeps any type in any column; a wrong one is named before Python converts it.
_TYPES = {
    "entry": {"seq": "integer", "envelope": "text", "leaf_hash": "blob"},
    "payload": {"seq": "integer", "data": "blob", "salt": "blob"},
    "node": {"position": "integer", "level": "integer", "hash": "blob"},
    "checkpoint": {"size": "integer", "note": "text"},
}
_HASHES = ("leaf_hash", "salt", "hash")
"""Columns of 32 bytes."""
_DAMAGED = ("malformed", "not a database", "Could not decode")
"""What SQLite says of a file whose bytes are not what it wrote."""


@contextmanager
def told_as_damage() -> Iterator[None]:
    """What SQLite cannot make sense of any more is IntegrityError instead of StoreError."""
    try:
        yield
    except StoreError as error:
        if any(words in error.message for words in _DAMAGED):
            raise IntegrityError(f"The database is damaged: {error.message}") from error
        raise


def check_types(connection: Connection) -> None:
    """Of the enduring tables of a SQLite file.

    Raises:
        IntegrityError: a column holds a value of another type or length; by its row.
    """
    for name, types in _TYPES.items():
        key = next(iter(types))
        tests = [f"typeof({column}) <> '{kind}'" for column, kind in types.items()]
        tests += [f"length({column}) <> 32" for column in types if column in _HASHES]
        query = f"SELECT CAST({key} AS TEXT) FROM {name} WHERE {' OR '.join(tests)} LIMIT 1"  # noqa: S608 - constants above
        found = connection.execute(text(query)).first()
        if found is not None:
            raise IntegrityError(f"The {name} at {key} {found[0]} is not of the form it was given")
