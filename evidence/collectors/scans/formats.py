"""ADD A SCANNER HERE: which parser reads which tool's result, and by what a file is recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from evidence.collectors.scans import (
    checkov,
    gatekeeper,
    gitleaks,
    grype,
    kics,
    kyverno,
    opa_conftest,
    sarif,
    tfsec,
    trivy,
    trivy_operator,
)
from evidence.collectors.scans.report import ScanReport
from evidence.errors import MalformedError

SARIF = "sarif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One tool's own form. Neither function raises, whatever it is given."""

    recognise: Callable[[object], bool]
    reports: Callable[[object], Iterator[ScanReport]]
    hidden: frozenset[str] = frozenset()
    """Names of members whose text may be a live secret, or a piece of code with one in it."""


_SARIF = Format(recognise=sarif.is_sarif, reports=sarif.reports)

FORMATS: Mapping[str, Format] = {
    trivy.TOOL: Format(
        recognise=trivy.is_trivy,
        reports=trivy.reports,
        hidden=frozenset({"Match", "Content", "Highlighted"}),
    ),
    grype.TOOL: Format(recognise=grype.is_grype, reports=grype.reports),
    gitleaks.TOOL: Format(
        recognise=gitleaks.is_gitleaks,
        reports=gitleaks.reports,
        hidden=frozenset({"Secret", "Match", "Line", "line", "offender"}),
    ),
    checkov.TOOL: Format(recognise=checkov.is_checkov, reports=checkov.reports),
    kics.TOOL: Format(recognise=kics.is_kics, reports=kics.reports),
    tfsec.TOOL: Format(recognise=tfsec.is_tfsec, reports=tfsec.reports),
    opa_conftest.TOOL: Format(recognise=opa_conftest.is_conftest, reports=opa_conftest.reports),
    kyverno.TOOL: Format(recognise=kyverno.is_policy_report, reports=kyverno.reports),
    gatekeeper.TOOL: Format(recognise=gatekeeper.is_gatekeeper, reports=gatekeeper.reports),
    trivy_operator.TOOL: Format(
        recognise=trivy_operator.is_trivy_operator,
        reports=trivy_operator.reports,
        hidden=frozenset({"match"}),
    ),
}
"""Tool -> its own form. Whatever else a scanner is called, its SARIF is read."""

_NOTHING: tuple[object, ...] = (None, [], {})
"""What a tool writes that found nothing, or that did not run: it may be anybody's."""


def format_of(value: object, tool: str) -> Format:
    """The form of a document; `tool` names who made it where that is known, else it is empty.

    Raises:
        MalformedError: nobody's form, another tool's, or an empty document of an unnamed tool.
    """
    if sarif.is_sarif(value):
        return _SARIF
    if tool and tool not in FORMATS:
        raise MalformedError(
            f"No result of `{tool}` can be read.",
            next_step=f"Known: {', '.join(FORMATS)}; of any other scanner its SARIF 2.1.0.",
        )
    if value in _NOTHING:
        if not tool:
            raise MalformedError(
                "An empty result does not say which tool made it.",
                next_step="Name it by --tool.",
            )
        return FORMATS[tool]
    found = next((name for name, one in FORMATS.items() if one.recognise(value)), "")
    if not found or found != (tool or found):
        raise MalformedError(
            f"This is no result of {tool}." if tool else "This is no result of a known scanner.",
            next_step=f"Read are SARIF 2.1.0 and the JSON of {', '.join(FORMATS)}.",
        )
    return FORMATS[found]


def reports_of(value: object, tool: str) -> tuple[ScanReport, ...]:
    """What a document says of its runs, at least one.

    Raises:
        MalformedError: as `format_of`; or a run is another tool's than the one named.
    """
    found = tuple(format_of(value, tool).reports(value))
    if not found and not tool:
        raise MalformedError(
            "This result holds no run, so that it does not say which tool made it.",
            next_step="Name it by --tool.",
        )
    for one in found:
        if tool and one.tool and one.tool != tool:
            raise MalformedError(f"This is a result of {one.tool}, not of {tool}.")
        if not tool and not one.tool:
            raise MalformedError(
                "A run of this result does not name its tool.", next_step="Name it by --tool."
            )
    if not found:
        return (ScanReport(tool=tool, problem="it holds no run"),)
    return tuple(replace(one, tool=one.tool or tool) for one in found)


def names_to_hide(value: object, tool: str) -> frozenset[str]:
    """Members of a document whose text is taken out before it is stored.

    Raises:
        MalformedError: as `format_of`.
    """
    return format_of(value, tool).hidden
