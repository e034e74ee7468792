"""The words of this packet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "Glossary"

WORDS = (
    ("attribute", "A yes/no characteristic tested on one change or deployment."),
    ("capture", "One object as a source gave it, with how and when it was had."),
    ("chain", "The trace of one change from request over approval and validation to deployment."),
    (
        "change",
        "One alteration of production: a pull request or a direct commit. The sampling unit.",
    ),
    ("checkpoint", "The signed size and root of the ledger; this packet is bound to one."),
    (
        "control, criterion",
        "A control is the entity's (CM-03). It supports a criterion (CC8.1, A.8.32).",
    ),
    (
        "deployment",
        "One operation of a deployer that may have altered production, whatever its phase.",
    ),
    (
        "determination",
        "An attribute's outcome with reason, sentence and the ledger entries it rests on.",
    ),
    (
        "deviation",
        (
            "A determination that is `fail`. Auditors call it an exception. A recorded management"
            " response never removes it and never turns it into a pass."
        ),
    ),
    (
        "disposition",
        (
            "A record by which management accepts a deviation, approved by somebody who neither "
            "asked for it nor took part. The deviation stays one and is in the rate."
        ),
    ),
    ("gap", "Something that could not be read. What depends on it is unknown."),
    ("ledger", "The append-only log of captures and of everything decided on them."),
    (
        "link",
        (
            "One edge of a chain, with its basis (the rule) and strength: proved, strong, "
            "inferred (a convention, such as a key in a title), candidate (one of several; never "
            "relied on)."
        ),
    ),
    (
        "not applicable",
        ("The attribute does not apply, shown by evidence. Missing data never gives this outcome."),
    ),
    ("population", "The complete list of production changes in the period."),
    ("receipt", "The record of one sync run: what was asked, what came, what did not."),
    (
        "unknown",
        (
            "Evidence that the attribute needs is missing, truncated or contradictory, and "
            "nothing disproves it. Never counted as a pass."
        ),
    ),
    ("yardstick", "The policy, catalogue and rule versions that determinations were made by."),
)


def context(_view: View) -> Mapping[str, Any]:
    """The words, in alphabetical order."""
    return {"words": WORDS}
