"""How a determination is written down: the outcome follows from its reason code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from evidence.controls.reasons import REASONS
from evidence.controls.spans import Judged
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome, SettingInterval, SubjectKind
from evidence.model.fact import Fact


def entries_of(facts: Iterable[Fact], more: Iterable[int] = ()) -> tuple[int, ...]:
    """Ledger entries of stored facts and further ones, ascending, each once."""
    found = {fact.entry_seq for fact in facts if fact.entry_seq or fact.observed_at}
    return tuple(sorted(found | set(more)))


def on_change(
    control: str,
    chain: Chain,
    reason: str,
    sentence: str,
    *,
    facts: Iterable[Fact] = (),
    entries: Iterable[int] = (),
    flags: Iterable[str] = (),
    missing: str = "",
) -> Determination:
    """A determination on the change of a chain.

    `missing` defaults to the fix of the reason where that is an unknown. Raises KeyError for a
    reason that the table does not hold: a code without a documented fix never leaves this room.
    """
    subject = _Subject(control, SubjectKind.CHANGE, chain.change.change_id)
    return _write(subject, reason, sentence, entries_of(facts, entries), flags, missing=missing)


def on_deployment(
    control: str,
    subject: str,
    reason: str,
    sentence: str,
    *,
    entries: Iterable[int] = (),
    flags: Iterable[str] = (),
    missing: str = "",
) -> Determination:
    """A determination on one production deployment. Otherwise as `on_change`."""
    named = _Subject(control, SubjectKind.DEPLOYMENT, subject)
    return _write(named, reason, sentence, entries_of((), entries), flags, missing=missing)


def on_event(
    control: str,
    subject: str,
    reason: str,
    sentence: str,
    *,
    entries: Iterable[int] = (),
    flags: Iterable[str] = (),
) -> Determination:
    """A determination on one event beside the deployments. Otherwise as `on_change`."""
    named = _Subject(control, SubjectKind.EVENT, subject)
    return _write(named, reason, sentence, entries_of((), entries), flags, missing="")


def on_interval(control: str, repository: str, setting: str, judged: Judged) -> SettingInterval:
    """A determination on one setting of a repository over one span."""
    subject = f"{repository}:{setting}:{judged.begin}-{judged.end}"
    named = _Subject(control, SubjectKind.INTERVAL, subject)
    return SettingInterval(
        repository=repository,
        setting=setting,
        begin=judged.begin,
        end=judged.end,
        determination=_write(named, judged.reason, judged.sentence, judged.entries, (), missing=""),
    )


class _Subject(NamedTuple):
    control: str
    kind: SubjectKind
    id: str


def _write(
    subject: _Subject,
    reason: str,
    sentence: str,
    entries: tuple[int, ...],
    flags: Iterable[str],
    *,
    missing: str,
) -> Determination:
    known = REASONS[reason]
    outcome = known.outcome_for(subject.control)
    return Determination(
        control=subject.control,
        subject_kind=subject.kind,
        subject=subject.id,
        outcome=outcome,
        reason=reason,
        sentence=sentence,
        entries=entries,
        flags=tuple(dict.fromkeys(flags)),
        missing=(missing or known.fix) if outcome == Outcome.UNKNOWN else "",
    )
