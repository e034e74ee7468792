"""Whether alternative evidence resolves what is unknown.

Where a source did not give what a control needs, somebody who stands outside of the change may
attach it as a file. The determination stays `unknown`; beside it stands a pass that is counted
apart. Nothing else resolves an unknown, and a deviation is never resolved by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.controls.dispositions import Event, EventOf, dependence, label
from evidence.controls.people import people_of
from evidence.controls.words import clip, when
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import ALTERNATIVE, Alternative, Register, Ruling
from evidence.policy import Policy

SUPPORTED = "supported"


def support(
    determinations: Iterable[Determination],
    register: Register,
    event_of: EventOf,
    policy: Policy,
    as_of: int,
) -> dict[tuple[str, str], tuple[Ruling, ...]]:
    """(control, subject) -> rulings, the oldest first, for unknowns to which somebody attached."""
    found: dict[tuple[str, str], tuple[Ruling, ...]] = {}
    for one in determinations if register.alternatives else ():
        own = [each for each in register.alternatives if each.terms.control == one.control]
        if one.outcome != Outcome.UNKNOWN or not own:
            continue
        event = event_of(one)
        rulings = tuple(
            _rule(each, one, event, policy, as_of)
            for each in own
            if each.terms.subject in event.names
        )
        if rulings:
            found[one.control, one.subject] = rulings
    return found


def _rule(
    given: Alternative, found: Determination, event: Event, policy: Policy, as_of: int
) -> Ruling:
    code, sentence = _told(given, found, event, policy, as_of)
    return Ruling(
        disposition=given.id,
        kind=ALTERNATIVE,
        control=found.control,
        subject=found.subject,
        holds=code == SUPPORTED,
        reason=code,
        sentence=sentence,
    )


def _told(
    given: Alternative, found: Determination, event: Event, policy: Policy, as_of: int
) -> tuple[str, str]:
    """The code and the sentence; the first thing that is against it decides."""
    terms, people = given.terms, people_of(policy)
    if given.said.at > as_of:
        return (
            "attached-later",
            f"It was attached at {when(given.said.at)}, after the moment judged.",
        )
    against = dependence(given.said, event, people, who="attacher", did="attached")
    if against is not None:
        return against
    if terms.reason != found.reason:
        return (
            "other-unknown",
            f"It was attached for `{terms.reason}`; what is unknown is `{found.reason}`.",
        )
    if not terms.evidence.held:
        return "evidence-missing", "The file that was attached is not kept any more."
    by = label(given.said, people)
    return SUPPORTED, (
        f"Supported by alternative evidence, {clip(terms.evidence.name)}, attached by {by} at "
        f"{when(given.said.at)}: {clip(terms.evidence.statement)}"
    )
