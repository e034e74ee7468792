"""What a database refused, told so that the reader can act: the cause decides the next step."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from evidence.errors import StoreError

_SPACE = "Free space where the store lies, then run the same command again: what was stored stays."
_WRITABLE = "Let this user write to the store and to the folder it lies in, then run again."
_WAIT = "Wait until the other process that writes is done, then run the same command again."
_REACH = (
    "Check that the database server runs, can be reached and takes this user, then run the same "
    "command again: a sync goes on from where it stopped."
)
_DISK = "Check the disk that holds the store, then run `evidence verify --store`."
_COPY = "Run `evidence verify --store`; where that fails, go back to a copy of the store."

NEXT_STEPS: Final = {
    "SQLITE_FULL": _SPACE,
    "53100": _SPACE,
    "SQLITE_READONLY": _WRITABLE,
    "SQLITE_CANTOPEN": "Check that the store's folder exists and that this user may write in it.",
    "SQLITE_PERM": _WRITABLE,
    "25006": _WRITABLE,
    "42501": _WRITABLE,
    "SQLITE_BUSY": _WAIT,
    "SQLITE_LOCKED": _WAIT,
    "55P03": _WAIT,
    "SQLITE_IOERR": _DISK,
    "SQLITE_CORRUPT": _COPY,
    "SQLITE_NOTADB": _COPY,
}
"""Beginning of SQLite's result code, or PostgreSQL's SQLSTATE -> what helps."""
_SERVER: Final = ("08", "28", "53", "57", "3D")
"""Classes of SQLSTATE that say that no session with the server is to be had."""


def refusal(error: SQLAlchemyError) -> StoreError:
    """The error that leaves the store, on one line."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(cause).split())
    return StoreError(f"The database refused: {said}", next_step=_next_step(error, cause))


def _next_step(error: SQLAlchemyError, cause: BaseException | None) -> str | None:
    code = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    for known, step in NEXT_STEPS.items():
        if code.startswith(known):
            return step
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    # A server that was never reached has no SQLSTATE to give.
    unreached = not code and type(cause).__module__.startswith("psycopg")
    return _REACH if lost or unreached or code.startswith(_SERVER) else None
