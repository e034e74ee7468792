"""The register of deviations and management responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.controls.register import answers
from evidence.model.determination import Determination
from evidence.model.disposition import Disposition, Response, Ruling
from evidence.report.sections.settings import intervals_by_subject
from evidence.report.text import who
from evidence.report.view import View

TITLE = "Deviations and management responses"

_DAY = 86_400_000_000
AGES = (30, 60, 90)
"""Days by which open deviations are grouped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What stands beside one deviation."""

    rulings: tuple[tuple[Ruling, Disposition], ...]
    responses: tuple[Response, ...]


def context(view: View) -> Mapping[str, Any]:
    """Every determination that is `fail`, by control and subject, and what was recorded of it."""
    rows = view.cut(view.summary.deviations)
    return {
        "deviations": rows,
        "answers": {(row.control, row.subject): _answer(view, row) for row in rows},
        "register": view.cut(view.data.register.dispositions),
        "classes": _classes(view),
        "ages": _ages(view),
        "repeated": _repeated(view),
        "changes": frozenset(row.change_id for row in view.summary.population),
        "promotions": view.summary.promotion_ids,
        "intervals": intervals_by_subject(view),
        "events": frozenset(row.event.event_id for row in view.data.events),
        "undeployed": frozenset(row.change_id for row in view.summary.undeployed),
    }


def _answer(view: View, row: Determination) -> Answer:
    known = {one.id: one for one in view.data.register.dispositions}
    rulings = view.data.rulings.get((row.control, row.subject), ())
    return Answer(
        rulings=tuple((one, known[one.disposition]) for one in rulings),
        responses=answers(view.data.register, row),
    )


def _classes(view: View) -> list[tuple[str, int]]:
    """How many deviations each class of disposition accepts, then those that none does."""
    held = Counter(_class(view, row) for row in view.summary.deviations)
    rest = held.pop("", 0)
    return [*sorted(held.items()), ("without a disposition", rest)]


def _class(view: View, row: Determination) -> str:
    """The class of the first disposition that holds for a deviation; empty where none does."""
    rulings = view.data.rulings.get((row.control, row.subject), ())
    return next((str(one.kind) for one in rulings if one.holds), "")


def _ages(view: View) -> list[tuple[str, int]]:
    """Deviations without a disposition by how long ago they happened, as of the packet's moment."""
    began = _times(view)
    counts: Counter[str] = Counter()
    for row in view.summary.deviations:
        if (row.control, row.subject) not in view.summary.accepted:
            counts[_age(view.data.as_of, began.get(row.subject, 0))] += 1
    names = [*(f"up to {days} days" for days in AGES), f"more than {AGES[-1]} days", "unknown"]
    return [(name, counts[name]) for name in names if counts[name]]


def _repeated(view: View) -> list[tuple[str, str, int]]:
    """(control, who opened the changes, how many), where one person has more than one."""
    authors = {row.change_id: row.author for row in view.summary.changes if row.author}
    counts = Counter(
        (row.control, who(authors[row.subject]))
        for row in view.summary.deviations
        if row.subject in authors
    )
    found = [(control, name, number) for (control, name), number in counts.items() if number > 1]
    return sorted(found, key=lambda one: (-one[2], one[0], one[1]))


def _age(as_of: int, began: int) -> str:
    if not began:
        return "unknown"
    within = (f"up to {days} days" for days in AGES if as_of - began <= days * _DAY)
    return next(within, f"more than {AGES[-1]} days")


def _times(view: View) -> dict[str, int]:
    """Subject -> when it happened, microseconds UTC."""
    found = {row.event.event_id: row.event.begin for row in view.data.events}
    found |= {row.determination.subject: row.begin for row in view.data.settings}
    found |= {row.deployment_id: row.started_at for row in view.summary.deployments}
    found |= {row.change_id: row.merged_at or row.first_deployed_at for row in view.summary.changes}
    return found
