"""Values that change in time, and what happened when: what a told history is made of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

Series = list[tuple[int, T]]
"""Values with the moment from which each held, oldest first."""


def as_of(series: Sequence[tuple[int, T]], at: int, default: T) -> T:
    """The value that held at that moment."""
    index = bisect_right(series, at, key=lambda pair: pair[0])
    return series[index - 1][1] if index else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One item of a timeline. `kind` is GitHub's type name."""

    at: int
    id: int
    kind: str
    actor: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
