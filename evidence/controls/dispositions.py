"""Whether a recorded disposition holds for a deviation, and what holds for all of them.

A disposition never changes a determination: a `fail` stays one and is `accepted` beside it. It is
judged at the event: what was in force then counts, and a date that somebody typed does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from evidence.controls.contribution import Contributors
from evidence.controls.people import People, people_of
from evidence.controls.rulings import ACCEPTED
from evidence.controls.words import clip, when
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import (
    Act,
    Disposition,
    DispositionClass,
    Register,
    Ruling,
)
from evidence.model.globs import matches
from evidence.policy import Policy

EMERGENCY_CONTROL, TESTS_CONTROL = "CM-12", "CM-06"
TESTED_AFTER = "tested-after"
"""Flag of what failed because its tests came after it, and passed in time then."""
PATH = "path"
"""The one fact of a scope that is a pattern, and that every changed file must match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a disposition must fit: the subject of a determination, and when it happened."""

    names: frozenset[str]
    """Every id by which a disposition may name it."""
    begin: int
    """Microseconds UTC from which it happened; 0 where no server gave that."""
    end: int
    """By when it had happened; `begin` where it has no length."""
    contributors: Contributors = field(default_factory=Contributors)
    """Who took part in it: none of them may approve."""
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> values, for what a scope may ask."""
    passed: frozenset[str] = frozenset()
    """Controls that passed on it."""


EventOf = Callable[[Determination], Event]

Told = tuple[str, str]
"""Code of a ruling and its sentence."""


def dispose(
    determinations: Iterable[Determination],
    register: Register,
    event_of: EventOf,
    policy: Policy,
    as_of: int,
) -> dict[tuple[str, str], tuple[Ruling, ...]]:
    """(control, subject) -> rulings, oldest disposition first, for deviations that have any.

    Only a `fail` is looked at. `event_of` is asked only where a disposition names the control.
    """
    found: dict[tuple[str, str], tuple[Ruling, ...]] = {}
    for one in determinations if register.dispositions else ():
        if one.outcome != Outcome.FAIL:
            continue
        asked = [each for each in register.dispositions if each.terms.control == one.control]
        if not asked:
            continue
        event = event_of(one)
        rulings = tuple(
            rule(each, one, event, policy, as_of) for each in asked if concerns(each, event)
        )
        if rulings:
            found[one.control, one.subject] = rulings
    return found


def concerns(disposition: Disposition, event: Event) -> bool:
    """Whether it names this subject; one that names none, whether its scope describes it."""
    terms = disposition.terms
    if terms.subjects:
        return not event.names.isdisjoint(terms.subjects)
    return bool(terms.scope) and not _misfits(terms.scope, event)


def rule(
    disposition: Disposition, found: Determination, event: Event, policy: Policy, as_of: int
) -> Ruling:
    """The ruling on one disposition that concerns a deviation; `as_of` in microseconds UTC."""
    approval, against = _approval(disposition, event, policy, as_of)
    if approval is not None:
        against = _against(disposition, approval, found, event, policy, as_of)
    code, sentence = against or _accepted(disposition, approval, policy)
    return Ruling(
        disposition=disposition.id,
        kind=disposition.terms.kind,
        control=found.control,
        subject=found.subject,
        holds=code == ACCEPTED,
        reason=code,
        sentence=sentence,
    )


def accepted(rulings: Mapping[tuple[str, str], Iterable[Ruling]]) -> frozenset[tuple[str, str]]:
    """(control, subject) of the determinations for which a record of the register holds."""
    return frozenset(key for key, found in rulings.items() if any(one.holds for one in found))


def _accepted(disposition: Disposition, approval: Act | None, policy: Policy) -> Told:
    by = label(approval, people_of(policy))
    at = when(approval.at if approval else 0)
    terms = disposition.terms
    return ACCEPTED, (
        f"Accepted as {terms.kind}, approved by {by} at {at}, "
        f"valid from {when(terms.valid_from)} to {when(terms.valid_to)}."
    )


# --- who approved it


def _approval(
    disposition: Disposition, event: Event, policy: Policy, as_of: int
) -> tuple[Act | None, Told | None]:
    """The first approval by somebody independent, or what keeps the first one from counting."""
    if disposition.requested.at > as_of:
        return None, ("approved-later", "It was asked for after the moment that is judged.")
    if not disposition.approvals:
        return None, ("not-approved", "Nobody has approved it.")
    given = [one for one in disposition.approvals if one.at <= as_of]
    if not given:
        at = when(disposition.approvals[0].at)
        return None, ("approved-later", f"It was approved at {at}, after the moment judged.")
    people = people_of(policy)
    refusals = [_refusal(disposition.requested, one, event, people) for one in given]
    counting = next((one for one, no in zip(given, refusals, strict=True) if no is None), None)
    return counting, None if counting else refusals[0]


def _refusal(requested: Act, approval: Act, event: Event, people: People) -> Told | None:
    requester = people.party(requested.actor)
    mapped = requester.mapped and requester.human
    if mapped and people.party(approval.actor).key == requester.key:
        return "self-approved", f"{label(approval, people)} asked for it and approved it."
    against = dependence(approval, event, people, who="approver", did="approved")
    if against is None and not mapped:
        by = label(requested, people)
        return "requester-unmapped", f"{by} asked for it, whom the person map does not hold."
    return against


def dependence(act: Act, event: Event, people: People, *, who: str, did: str) -> Told | None:
    """What keeps somebody from being shown to stand outside of an event; None where nothing does.

    `who` begins the code (`approver`), `did` is what they did, in words.
    """
    party, name = people.party(act.actor), label(act, people)
    if not (party.mapped and party.human):
        return f"{who}-unmapped", f"{name} {did} it, whom the person map does not hold."
    if party.left_at and act.at >= party.left_at:
        return f"{who}-left", f"{name} {did} it after leaving at {when(party.left_at)}."
    if party.key in event.contributors.parties:
        return f"{who}-contributed", f"{name} {did} it and took part in what it is about."
    if event.contributors.open:
        words = event.contributors.open[0].words
        return "independence-open", f"{name} {did} it and may have contributed: {words}."
    return None


def label(act: Act | None, people: People) -> str:
    """Whoever did something: by the person map, else the account that the system knew."""
    if act is None:
        return "nobody"
    party = people.party(act.actor)
    return party.label if party.mapped else f"the account {clip(act.by)}"


# --- what it covers


def _against(
    disposition: Disposition,
    approval: Act,
    found: Determination,
    event: Event,
    policy: Policy,
    as_of: int,
) -> Told | None:
    """What keeps an approved disposition from holding; None where nothing does."""
    checks = (
        _misfit(disposition, found, event),
        _out_of_force(disposition, event, policy),
        _late(disposition, approval, event, policy),
        _unsupported(disposition, found, event),
        _revoked(disposition, approval, event, as_of),
    )
    return next((one for one in checks if one), None)


def _misfit(disposition: Disposition, found: Determination, event: Event) -> Told | None:
    terms = disposition.terms
    misfits = _misfits(terms.scope, event)
    if misfits:
        return "out-of-scope", f"It is limited to {', '.join(misfits)}, which is not so here."
    if terms.reason and terms.reason != found.reason:
        return (
            "other-deviation",
            f"It was given for `{terms.reason}`; the deviation is `{found.reason}`.",
        )
    return None


def _misfits(scope: Mapping[str, str], event: Event) -> list[str]:
    """The terms of a scope that the facts do not show to be so."""
    return [
        f"{name} {clip(value)}" for name, value in scope.items() if not _fits(name, value, event)
    ]


def _fits(name: str, value: str, event: Event) -> bool:
    values = event.facts.get(name, ())
    if name == PATH:
        return bool(values) and all(matches(one, (value,)) for one in values)
    return value in values


def _out_of_force(disposition: Disposition, event: Event, policy: Policy) -> Told | None:
    terms, begin = disposition.terms, event.begin or event.end
    if not begin:
        return "event-time-unknown", "No server gave the time of what it is about."
    if terms.valid_to - terms.valid_from > policy.disposition_limit:
        return "too-long", "It is valid for longer than the policy allows."
    if not terms.valid_from <= begin < terms.valid_to or event.end > terms.valid_to:
        valid = f"{when(terms.valid_from)} to {when(terms.valid_to)}"
        return "not-in-force", f"It is valid from {valid}; the event was at {when(begin)}."
    return None


def _late(disposition: Disposition, approval: Act, event: Event, policy: Policy) -> Told | None:
    kind = disposition.terms.kind
    if kind in policy.accepted_afterwards:
        return None
    if not event.begin:
        return (
            "event-time-unknown",
            f"A {kind} must be approved before the event; its time is open.",
        )
    if approval.at < event.begin:
        return None
    at = f"{when(approval.at)}; the event was at {when(event.begin)}"
    return "approved-late", f"A {kind} must be approved before the event. It was approved at {at}."


def _unsupported(disposition: Disposition, found: Determination, event: Event) -> Told | None:
    """What a class asks for beside an approval."""
    terms = disposition.terms
    held = [one for one in terms.evidence if one.held]
    if terms.kind == DispositionClass.FALSE_POSITIVE and not (held and terms.link):
        return "evidence-missing", "A false positive needs evidence and a link to a rule or issue."
    if terms.kind == DispositionClass.COMPENSATING_CONTROL:
        if not (held and terms.compensating):
            return "evidence-missing", "It names no compensating control that evidence shows."
        if all(one.at < event.end for one in held):
            return "evidence-early", "Its evidence is older than the event."
    if terms.kind == DispositionClass.EMERGENCY:
        if EMERGENCY_CONTROL not in event.passed:
            return "emergency-not-followed", f"{EMERGENCY_CONTROL} did not pass on this change."
        if found.control == TESTS_CONTROL and TESTED_AFTER not in found.flags:
            return "emergency-not-tested", "Its tests did not pass in time afterwards."
    return None


def _revoked(disposition: Disposition, approval: Act, event: Event, as_of: int) -> Told | None:
    """A revocation ends it; what was approved before the event and in force then stays so."""
    revoked = disposition.revoked
    if revoked is None or revoked.at > as_of:
        return None
    if event.begin and approval.at < event.begin and event.end < revoked.at:
        return None
    return "revoked", f"It was revoked at {when(revoked.at)}: {clip(disposition.revocation)}"
