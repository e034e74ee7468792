"""Figures in one form: each is printed where it is measured, and kept for the table at the end.

`PYTHONPATH=bench python -m common.figures` prints the table of all figures since the file of them
was last removed; `make bench` removes it first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from common.kept import KEPT

FIGURES = KEPT / "figures"


def figure(
    name: str, value: float, unit: str, *, most: float | None = None, least: float | None = None
) -> None:
    """Prints a figure with its target, if it has one, and whether that is met; keeps it.

    `most` and `least` are in the same unit: what the figure may be and what it has to be.
    """
    target = f"<= {told(most)}" if most is not None else f">= {told(least)}" if least else ""
    met = (most is None or value <= most) and (least is None or value >= least)
    found = (name, f"{told(value)} {unit}", target, ("met" if met else "MISSED") if target else "")
    script = Path(sys.argv[0]).name
    with FIGURES.open("a", encoding="utf-8") as file:
        file.write(json.dumps((script, *found)) + "\n")
    sys.stdout.write(f"{name}: {found[1]}{f' (target {target}: {found[3]})' if target else ''}\n")
    sys.stdout.flush()


def told(value: float | None) -> str:
    """A number as people write it: three digits that say something, thousands apart."""
    if value is None:
        return ""
    places = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{places if abs(value) >= 0.1 or value == 0 else 4}f}"


def table() -> str:
    """Every kept figure with the target that an issue states, a line each."""
    lines = FIGURES.read_text(encoding="utf-8").splitlines() if FIGURES.exists() else []
    rows = [("script", "figure", "measured", "target", ""), *(json.loads(one) for one in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


if __name__ == "__main__":
    sys.stdout.write(table())
