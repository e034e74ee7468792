"""What a section may look at while it renders for one medium."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from markupsafe import Markup

from evidence.model.change import Change
from evidence.model.determination import Determination
from evidence.report.data import PacketData
from evidence.report.summary import Summary

Row = TypeVar("Row")


class Medium(StrEnum):
    """The two renderings of one packet; both come from the same templates."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One change in a table: what its chain adds to the change record."""

    change: Change
    title: str
    requests: tuple[str, ...]
    approvers: tuple[str, ...]
    in_population: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Sequence[Row]):
    """The rows of a table that a medium shows, and how many it leaves to the other files."""

    rows: Sequence[Row]
    left_out: int

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything computed before rendering, for one medium."""

    data: PacketData
    summary: Summary
    medium: Medium
    lines: Sequence[Line]
    """In `change_id` order."""
    ipe: Mapping[str, Any]
    fragments: Iterable[Markup]
    """Rendered dossiers, in `change_id` order."""
    linked: frozenset[str]
    """Change ids whose dossier is in this medium."""

    def cut(self, rows: Sequence[Row]) -> Cut[Row]:
        """All rows in HTML; the first `limits.pdf_rows` in the PDF."""
        limit = self.data.limits.pdf_rows if self.medium is Medium.PDF else len(rows)
        return Cut(rows=rows[:limit], left_out=max(0, len(rows) - limit))

    def determinations(self, subject: str) -> Sequence[Determination]:
        """Of one change or deployment; empty where nothing was tested."""
        return self.data.determinations.get(subject, ())
