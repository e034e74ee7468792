"""Checks everything a sync needs: tools, keys, store, and what each credential may read.

Each check is one small function in `CHECKS`; none of them changes anything but an empty store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.config.load import Loaded
from evidence.discovered import in_force
from evidence.doctor.findings import Finding, error
from evidence.doctor.installation import INSTALLATION
from evidence.doctor.probes import readable
from evidence.errors import EvidenceError

__all__ = ["Finding", "examine", "worst_exit_code"]


def examine(loaded: Loaded) -> list[Finding]:
    """Runs every check; an error in one does not stop the others."""
    found: list[Finding] = []
    loaded = in_force(loaded)
    for name, check in CHECKS.items():
        try:
            found.extend(check(loaded))
        except EvidenceError as problem:
            found.append(error(name, problem))
    return found


def worst_exit_code(findings: list[Finding]) -> int:
    """0 where nothing is wrong, else the exit code of the first error (4 before others)."""
    codes = [finding.exit_code for finding in findings if finding.state == "error"]
    return 4 if 4 in codes else (codes[0] if codes else 0)


CHECKS: dict[str, Callable[[Loaded], Iterator[Finding]]] = {**INSTALLATION, "sources": readable}
