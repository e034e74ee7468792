"""Every reason code: the outcome it stands for, what it means and what to do about it.

The table stands in `reasons.toml`; `docs/reference/reason-codes.md` prints it, and a test keeps
the two equal.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

from evidence.model.determination import Outcome


class Reason(NamedTuple):
    """One code's meaning; `fix` is one imperative sentence, empty where there is nothing to do."""

    outcome: Outcome
    meaning: str
    fix: str = ""
    elsewhere: tuple[tuple[str, Outcome], ...] = ()
    """Controls for which the same code has another outcome."""

    def outcome_for(self, control: str) -> Outcome:
        """The outcome that the code stands for at one control."""
        return dict(self.elsewhere).get(control, self.outcome)


def _reason(entry: dict[str, Any]) -> Reason:
    elsewhere = entry.get("elsewhere", {})
    return Reason(
        outcome=Outcome(entry["outcome"]),
        meaning=entry["meaning"],
        fix=entry.get("fix", ""),
        elsewhere=tuple((control, Outcome(name)) for control, name in elsewhere.items()),
    )


_DOCUMENT = tomllib.loads(
    files("evidence.controls").joinpath("reasons.toml").read_text(encoding="utf-8")
)

REASONS: dict[str, Reason] = {code: _reason(one) for code, one in _DOCUMENT["code"].items()}
"""Code -> what it stands for."""

FLAGS: dict[str, str] = _DOCUMENT["flag"]
"""Flag -> what it points to. Flags do not decide."""


def as_markdown() -> str:
    """The two tables as the reference page prints them."""
    lines = [
        "# Reason codes",
        "",
        "Generated from `evidence/controls/reasons.toml`; a test checks that it is fresh.",
        "",
        "Each determination carries one reason code. A code never changes its meaning.",
    ]
    for outcome in Outcome:
        lines += ["", f"## {outcome.value.replace('_', ' ').capitalize()}", ""]
        lines += ["| code | meaning | what to do |", "|---|---|---|"]
        lines += [
            f"| `{code}` | {one.meaning} | {one.fix or '-'} |"
            for code, one in sorted(REASONS.items())
            if outcome in {one.outcome, *dict(one.elsewhere).values()}
        ]
    lines += ["", "## Flags", "", "Things to look at that do not decide.", ""]
    lines += ["| flag | meaning |", "|---|---|"]
    lines += [f"| `{flag}` | {meaning} |" for flag, meaning in sorted(FLAGS.items())]
    return "\n".join(lines) + "\n"
