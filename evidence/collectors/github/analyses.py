"""Reads the analyses of code scanning: each once, with its SARIF where it found anything.

An analysis without a result needs no second call: its row tells the tool, the commit, how many
rules were run and what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.canonical import slice_each, splice_object
from evidence.collectors.github import security_kinds as kinds
from evidence.collectors.github.features import is_off
from evidence.collectors.github.reading import integer, mapping
from evidence.collectors.github.records import OVERLAP
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.settings_context import SettingsContext
from evidence.collectors.http import iso_micros
from evidence.model.settings import Subject

DAY = 86_400_000_000
REACH = 90 * DAY
"""How far back the first reading of a repository goes, microseconds."""
PATIENCE = 7 * DAY
"""How long an analysis whose document is refused is asked for again, from when it was made."""
BATCH = 10
"""Analyses of a page: each may hold a SARIF document of megabytes."""
SARIF = "application/sarif+json"
_NAME = "code_scanning"
_Row = tuple[int, str, Mapping[str, Any], RestAnswer]


def read_analyses(context: SettingsContext, now: int) -> Iterator[None]:
    """All that came since the last reading, oldest first; after each batch the page is to be cut.

    Where a run is cut, the next one goes on behind the last batch.
    """
    begin = (context.state.until.get(_NAME) or now - REACH) - OVERLAP
    found, last, first = _since(context, begin)
    if not last.ok:
        if is_off(last.status, last.message):
            context.look(Subject.CODE_SCANNING, "", last, "absent")
            return
        key, what = context.key(_NAME), "the code scanning analyses"
        context.refused(Subject.CODE_SCANNING, "", kinds.ANALYSIS, key, last, what)
        return
    held = first.observed_at
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        for at, exact, row, answer in batch:
            if not _analysis(context, exact, row, answer, waits=now - at < PATIENCE):
                held = min(held, at)
        end = min(batch[-1][0], held)
        if start + BATCH < len(found):
            context.look(Subject.CODE_SCANNING, "", first, "read", (begin, end))
            context.state.until[_NAME] = begin = end
            yield
    context.look(Subject.CODE_SCANNING, "", first, "read", (begin, held))
    context.state.until[_NAME] = held


def _since(context: SettingsContext, begin: int) -> tuple[list[_Row], RestAnswer, RestAnswer]:
    """Rows from a moment on, oldest first; the last answer and the first one."""
    rows: dict[str, _Row] = {}
    answers: list[RestAnswer] = []
    path = f"{context.root}/code-scanning/analyses"
    for answer in context.rest.pages(path, {"sort": "created", "direction": "desc"}):
        answers.append(answer)
        if not answer.ok:
            break
        older = False
        for exact, value in slice_each(answer.text, ()):
            row = mapping(value)
            number, at = stable(row.get("id")), iso_micros(row.get("created_at"))
            older = older or 0 < at < begin
            if number and (at >= begin or not at):
                rows[number] = (at, exact, row, answer)
        if older:
            break
    found = sorted(rows.values(), key=lambda one: (one[0], stable(one[2].get("id"))))
    return found, answers[-1], answers[0]


def _analysis(
    context: SettingsContext, exact: str, row: Mapping[str, Any], answer: RestAnswer, *, waits: bool
) -> bool:
    """One analysis; with the document that was uploaded, where there is a result in it.

    False where the document is refused and `waits` to be asked for again.
    """
    number = stable(row.get("id"))
    key, members, answers = context.key("analysis", number), [("analysis", exact)], [answer]
    if integer(row.get("results_count")) != 0:
        path = f"{context.root}/code-scanning/analyses/{number}"
        document = context.rest.get(path, accept=SARIF)
        answers.append(document)
        if document.ok:
            members.append(("sarif", document.text))
        else:
            what = f"the results of code scanning analysis {number}"
            context.refused(Subject.CODE_SCANNING, key, kinds.ANALYSIS, key, document, what)
            if waits:
                return False
    context.capture(kinds.ANALYSIS, key, splice_object(members), tuple(answers))
    return True
