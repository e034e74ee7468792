"""Rows of gaps as records, for those who only read them."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import Row, Select, and_, select

from evidence.model.capture import Gap, GapReason
from evidence.store.escaped import from_text
from evidence.store.tables import gap, gap_closed

GAP_FIELDS = tuple(field.name for field in dataclasses.fields(Gap))


def open_rows() -> Select[Any]:
    """Every open gap."""
    same = and_(gap.c.entry_seq == gap_closed.c.entry_seq, gap.c.ordinal == gap_closed.c.ordinal)
    joined = gap.outerjoin(gap_closed, same)
    return select(gap).select_from(joined).where(gap_closed.c.entry_seq.is_(None))


def to_gap(row: Row[Any]) -> Gap:
    """The record in a row of `gap`."""
    values: dict[str, Any] = {name: getattr(row, name) for name in GAP_FIELDS}
    texts = {name: from_text(each) for name, each in values.items() if type(each) is str}
    return Gap(**{**values, **texts, "reason": GapReason(row.reason)})
