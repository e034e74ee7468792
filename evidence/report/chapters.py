"""The one pass over the chains: listings, table lines and rendered dossiers, one chain at a time.

Dossiers go to a work file as they are rendered; only those chosen for the PDF stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from evidence.errors import RenderError
from evidence.model.chain import Chain
from evidence.model.change import Change
from evidence.model.determination import Determination, Verdict
from evidence.report import html
from evidence.report.data import Limits, PacketData, Progress
from evidence.report.dossier import Dossier, build_dossier
from evidence.report.listing import CHANGE_COLUMNS, Listing, Value, change_row
from evidence.report.summary import Summary
from evidence.report.view import Line

WORK = "dossiers.part"
"""The work file in the stage; it is no file of the packet."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapters:
    """What the pass leaves: lines and row counts in memory, the dossiers on disk."""

    lines: Sequence[Line]
    rows: Mapping[str, int]
    """Rows of each listing written."""
    file: Path
    chosen_fragments: Mapping[str, Markup]

    @property
    def all_ids(self) -> frozenset[str]:
        """Change ids that have a dossier."""
        return frozenset(line.change.change_id for line in self.lines)

    @property
    def chosen_ids(self) -> frozenset[str]:
        """Change ids whose dossier the PDF carries."""
        return frozenset(self.chosen_fragments)

    def chosen(self) -> Iterator[Markup]:
        """The PDF's dossiers, in `change_id` order."""
        yield from self.chosen_fragments.values()

    def all(self) -> Iterator[Markup]:
        """Every dossier, in `change_id` order, in pieces."""
        with self.file.open(encoding="utf-8", newline="") as file:
            while piece := file.read(_BLOCK):
                yield Markup(piece)  # noqa: S704 - rendered and escaped by the dossier template


def write_chapters(
    data: PacketData,
    summary: Summary,
    env: Environment,
    stage: Path,
    progress: Progress,
) -> Chapters:
    """Reads each chain once; raises `RenderError` where they are out of order or unknown."""
    chosen = choose(summary, data.limits)
    inside = frozenset(row.change_id for row in summary.population)
    lines: list[Line] = []
    fragments: dict[str, Markup] = {}
    path = stage / WORK
    changes = summary.changes
    with (
        Listing(stage, "population", CHANGE_COLUMNS) as population,
        Listing(stage, "promotions", CHANGE_COLUMNS) as promotions,
        Listing(stage, "undeployed", CHANGE_COLUMNS) as undeployed,
        path.open("w", encoding="utf-8", newline="") as out,
    ):
        for number, (change, chain) in enumerate(_paired(changes, data.chains)):
            key = change.change_id
            dossier = build_dossier(
                change,
                chain,
                summary,
                _found(data, change),
                in_population=key in inside,
                rulings=data.rulings,
            )
            row = change_row(dossier, data.period.zone)
            listing = promotions if key in summary.promotion_ids else undeployed
            (population if dossier.in_population else listing).write(row)
            lines.append(_line(dossier, row))
            rendered = html.fragment(env, dossier)
            out.write(rendered)
            if key in chosen:
                fragments[key] = rendered
            progress("dossiers", number + 1, len(changes))
        rows = {
            "population": population.rows,
            "promotions": promotions.rows,
            "undeployed": undeployed.rows,
        }
    return Chapters(lines=lines, rows=rows, file=path, chosen_fragments=fragments)


def choose(summary: Summary, limits: Limits) -> frozenset[str]:
    """The changes whose dossiers the PDF carries: deviations, then unknown, then a few others.

    Deviations that were accepted come after the unknown. Of equal verdicts the population goes
    first and promotions last: there are many of them, and each is like the next.
    """
    ranked: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for change in (*summary.population, *summary.undeployed, *summary.promotions):
        ranked[summary.outcomes[change.change_id]].append(change.change_id)
    quiet = (Verdict.ALTERNATIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)
    plain = [row for verdict in quiet for row in ranked[verdict]][: limits.pdf_plain_dossiers]
    picked = [
        *ranked[Verdict.FAIL],
        *ranked[Verdict.UNKNOWN],
        *ranked[Verdict.ACCEPTED],
        *plain,
    ]
    return frozenset(picked[: limits.pdf_dossiers])


def _paired(
    changes: Iterable[Change], chains: Iterable[Chain]
) -> Iterator[tuple[Change, Chain | None]]:
    waiting = iter(chains)
    chain = next(waiting, None)
    for change in changes:
        if chain is not None and chain.change.change_id == change.change_id:
            yield change, chain
            chain = next(waiting, None)
        else:
            yield change, None
    if chain is not None:
        raise RenderError(
            f"the chain of {chain.change.change_id} is out of order or not in the population"
        )


def _found(data: PacketData, change: Change) -> list[Determination]:
    subjects = [change.change_id, *change.deployments]
    return [row for subject in subjects for row in data.determinations.get(subject, ())]


def _line(dossier: Dossier, row: Mapping[str, Value]) -> Line:
    approvers, requests = row["approvers"], row["ticket_ids"]
    return Line(
        change=dossier.change,
        title=dossier.title,
        requests=tuple(requests) if isinstance(requests, list) else (),
        approvers=tuple(approvers) if isinstance(approvers, list) else (),
        in_population=dossier.in_population,
    )
