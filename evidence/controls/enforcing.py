"""A note on settings: a policy engine that only reported, and let in what it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evidence.controls.determine import entries_of
from evidence.controls.scanned import run_at
from evidence.model.determination import Determination, SettingInterval
from evidence.model.policy_result import PolicyResult

CONTROL = "CM-09"
FLAG = "not enforcing"


def noted(interval: SettingInterval, reporting: Iterable[PolicyResult]) -> Determination:
    """The determination of an interval, flagged where such an engine ran in it."""
    found = interval.determination
    inside = [one for one in reporting if interval.begin <= run_at(one) < interval.end]
    if found.control != CONTROL or not inside:
        return found
    entries = entries_of(inside, found.entries)
    return replace(found, flags=(*found.flags, FLAG), entries=entries)
