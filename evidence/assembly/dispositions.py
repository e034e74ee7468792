"""The part of the register that belongs into a packet, and the ledger entries that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.controls.register import answers
from evidence.model.determination import Outcome, SettingInterval
from evidence.model.disposition import Register
from evidence.model.event import EventDetermination
from evidence.packing import Results
from evidence.report.data import Period


def within(
    results: Results,
    intervals: Sequence[SettingInterval],
    events: Sequence[EventDetermination],
    period: Period,
    *,
    alone: bool,
) -> Register:
    """Dispositions and responses that concern a deviation of the packet.

    Those that were valid in the period stand in it, too, also where nothing came of them; not so
    in the packet of one change alone.
    """
    register = results.held.register
    named = {one.disposition for rulings in results.held.rulings.values() for one in rulings}
    found = [one for rows in results.determinations.values() for one in rows]
    found += [one.determination for one in intervals]
    found += [one.determination for one in events]
    failed = [one for one in found if one.outcome is Outcome.FAIL] if register.responses else []
    told = {one.said.entry for each in failed for one in answers(register, each)}
    return Register(
        dispositions=tuple(
            one
            for one in register.dispositions
            if one.id in named
            or (
                not alone
                and one.terms.valid_from < period.to_us
                and one.terms.valid_to > period.from_us
            )
        ),
        responses=tuple(one for one in register.responses if one.said.entry in told),
        alternatives=tuple(one for one in register.alternatives if one.id in named),
    )


def entries_of(register: Register) -> set[int]:
    """Every ledger entry that a register rests on: its acts, and what was attached."""
    found = {one.said.entry for one in register.responses}
    return found.union(
        *(one.entries for one in register.dispositions),
        *(one.entries for one in register.alternatives),
    )
