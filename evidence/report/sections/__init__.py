"""ADD A REPORT SECTION HERE: a module with `TITLE` and `context(view)`, a template, one line below.

`sections/<name>.py` says what is shown, `templates/packet/sections/<name>.html.j2` how. The order
of the table is the order in the packet, in both media.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.report.sections import (
    completeness,
    control_matrix,
    cover,
    custody,
    deployments,
    deviations,
    dossiers,
    events,
    exceptional,
    glossary,
    how_to_verify,
    method,
    population,
    produced_information,
    results,
    scope,
    settings,
    unknowns,
    yardsticks,
)
from evidence.report.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: `name` is its template and, with dashes, its anchor."""

    name: str
    title: str
    context: Callable[[View], Mapping[str, Any]]

    @property
    def anchor(self) -> str:
        """The id it is linked by."""
        return self.name.replace("_", "-")


SECTIONS = (
    Section(name="cover", title=cover.TITLE, context=cover.context),
    Section(name="how_to_verify", title=how_to_verify.TITLE, context=how_to_verify.context),
    Section(name="scope", title=scope.TITLE, context=scope.context),
    Section(name="control_matrix", title=control_matrix.TITLE, context=control_matrix.context),
    Section(
        name="produced_information",
        title=produced_information.TITLE,
        context=produced_information.context,
    ),
    Section(name="completeness", title=completeness.TITLE, context=completeness.context),
    Section(name="population", title=population.TITLE, context=population.context),
    Section(name="results", title=results.TITLE, context=results.context),
    Section(name="deviations", title=deviations.TITLE, context=deviations.context),
    Section(name="exceptional", title=exceptional.TITLE, context=exceptional.context),
    Section(name="unknowns", title=unknowns.TITLE, context=unknowns.context),
    Section(name="deployments", title=deployments.TITLE, context=deployments.context),
    Section(name="settings", title=settings.TITLE, context=settings.context),
    Section(name="events", title=events.TITLE, context=events.context),
    Section(name="dossiers", title=dossiers.TITLE, context=dossiers.context),
    Section(name="method", title=method.TITLE, context=method.context),
    Section(name="yardsticks", title=yardsticks.TITLE, context=yardsticks.context),
    Section(name="custody", title=custody.TITLE, context=custody.context),
    Section(name="glossary", title=glossary.TITLE, context=glossary.context),
)
