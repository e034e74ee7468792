"""What captures say, as rows: the step that a live page and a rebuild share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from evidence.errors import MalformedError, StoreError
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.fact import Fact
from evidence.model.git import Commit, GitAnswer
from evidence.store import bulk
from evidence.store.facts import fact_table, row_of

FactRows = Mapping[type[Fact], Sequence[tuple[Any, ...]]]
"""Per class the column values in the order of `FactTable.fields`, after the ordinal."""


class ParsedLike(Protocol):
    """What a capture says, as a collector's `parse` gives it."""

    @property
    def facts(self) -> Sequence[Fact]:
        """Facts in a stable order."""
        ...

    @property
    def gaps(self) -> Sequence[Gap]:
        """Gaps that the content reveals."""
        ...


def fact_rows(capture: Capture, said: ParsedLike) -> tuple[FactRows, tuple[Gap, ...]]:
    """The rows of a capture's facts, and its gaps; a fact that cannot be stored becomes a gap.

    Raises:
        StoreError: a fact that comes from the mirror (a commit, an answer) or of no known class.
    """
    found: dict[type[Fact], list[tuple[Any, ...]]] = {}
    gaps = list(said.gaps)
    for fact in said.facts:
        if isinstance(fact, Commit | GitAnswer):
            raise StoreError(f"A {type(fact).__name__} comes from the mirror, not from a capture")
        some = found.setdefault(fact_table(type(fact)).cls, [])
        try:
            some.append((len(some), *row_of(fact)))
        except MalformedError as error:
            gaps.append(_refused(capture, error))
    return found, tuple(dict.fromkeys(gaps))


def insert(connection: Connection, placed: Iterable[tuple[int, int, FactRows]]) -> None:
    """Writes the facts of entries, given as (seq, observed_at, rows), table by table."""
    tables: dict[type[Fact], list[tuple[Any, ...]]] = {}
    for seq, observed_at, facts in placed:
        for cls, some in facts.items():
            tables.setdefault(cls, []).extend((seq, observed_at, *row) for row in some)
    for cls, some in tables.items():
        spec = fact_table(cls)
        columns = ("entry_seq", "observed_at", "ordinal", *spec.fields)
        bulk.insert(connection, spec.table, columns, some)


def _refused(capture: Capture, error: MalformedError) -> Gap:
    return Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=GapReason.MALFORMED,
        detail=error.message,
        repository=capture.context.get("repository", ""),
    )
