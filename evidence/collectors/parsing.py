"""What every parser begins with: the JSON of a stored capture, or the gap that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from evidence import canonical
from evidence.collectors.interface import Parsed
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Gap, GapReason


def of_json(read: Callable[[Capture, Any], Parsed]) -> Callable[[Capture], Parsed]:
    """A parser of captures, from one of the value that they hold; what is no JSON is a gap."""

    @wraps(read)
    def parse(capture: Capture) -> Parsed:
        try:
            value = canonical.loads(capture.payload)
        except MalformedError as error:
            return malformed(capture, error.message)
        return read(capture, value)

    return parse


def gap(capture: Capture, reason: GapReason, detail: str) -> Gap:
    """A gap about the object of a capture, and about its repository where it is of one."""
    return Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=reason,
        detail=detail,
        repository=capture.context.get("repository", ""),
    )


def malformed(capture: Capture, detail: str) -> Parsed:
    """What a capture says that cannot be used: nothing, and why."""
    return Parsed(gaps=(gap(capture, GapReason.MALFORMED, detail),))
