"""The four acts: asking for a disposition, answering for a deviation, approving, revoking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evidence.config.load import Loaded
from evidence.controls.catalog import Control
from evidence.controls.people import people_of
from evidence.deviations.listing import rulings_of
from evidence.deviations.recording import (
    STORED,
    Hand,
    Recorded,
    attached,
    due_of,
    policy_of,
    record,
    words,
)
from evidence.deviations.subjects import known, subject_of
from evidence.deviations.wanted import Wanted, check_words, control_of, scope_of, validity
from evidence.errors import ConfigError
from evidence.model.codec import encode
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import (
    Act,
    Disposition,
    ResponseTerms,
    Terms,
    disposition_id,
)
from evidence.policy import Policy
from evidence.store import dispositions
from evidence.store.session import Store
from evidence.sync import opened


def waive(loaded: Loaded, wanted: Wanted, hand: Hand) -> Recorded:
    """Asks for a disposition. It has no effect until somebody independent approves it.

    Raises:
        ConfigError: something in it cannot be used; nothing is recorded then.
    """
    check_words(wanted)
    with opened(loaded) as store:
        policy = policy_of(loaded, store)
        control = control_of(wanted.control, policy)
        scope = scope_of(wanted, control)
        begin, end = validity(wanted, loaded, policy)
        if not (wanted.subjects or scope):
            raise ConfigError(
                "A disposition must say what it is for.",
                next_step="Name a change or deployment, or limit it with --scope.",
            )
        if wanted.renews and dispositions.register(store).find(wanted.renews) is None:
            raise _no_such(wanted.renews)
        subjects = tuple(
            dict.fromkeys(subject_of(store, policy, control, one) for one in wanted.subjects)
        )
        reason = _reason(store, policy, wanted, control, subjects)
    evidence = tuple(
        attached(loaded, path, statement)
        for path, statement in zip(wanted.evidence, wanted.statements, strict=True)
    )
    terms = Terms(
        control=control.id,
        rule_version=control.rule_version,
        kind=wanted.kind,
        subjects=subjects,
        scope=scope,
        reason=reason,
        cause=words(wanted.cause),
        impact=words(wanted.impact),
        response=words(wanted.response),
        owner=words(wanted.owner),
        role=words(wanted.role),
        compensating=words(wanted.compensating),
        link=words(wanted.link),
        remediation=words(wanted.remediation),
        due=due_of(wanted.due, loaded),
        valid_from=begin,
        valid_to=end,
        renews=wanted.renews,
        evidence=evidence,
    )
    with opened(loaded) as store:
        entry = record(store, policy, dispositions.REQUEST, {"terms": encode(terms)}, hand)
    name = disposition_id(entry)
    remarks = [f"{name} is recorded and has no effect until somebody independent approves it."]
    return Recorded(
        act=dispositions.REQUEST,
        entry=entry,
        disposition=name,
        remarks=(*remarks, *_unmapped(policy, hand)),
    )


def respond(loaded: Loaded, terms: ResponseTerms, hand: Hand, *, due: str = "") -> Recorded:
    """Records management's response to a deviation. It changes no outcome.

    `terms.subject` may be any word that names the subject; `due` is a time as people write it.

    Raises:
        ConfigError: there is no such control, subject or deviation.
    """
    for name in ("text", "owner", "role"):
        if not str(getattr(terms, name)).strip():
            raise ConfigError(f"A response needs --{name}.", next_step="Say who answers for it.")
    with opened(loaded) as store:
        policy = policy_of(loaded, store)
        control = control_of(terms.control, policy)
        subject = subject_of(store, policy, control, terms.subject)
        found = known(store, control.id, subject)
        if control.unit in STORED and (found is None or found.outcome != Outcome.FAIL):
            raise _no_deviation(control, subject, found)
        told = replace(
            terms,
            subject=subject,
            due=due_of(due, loaded),
            **{name: words(getattr(terms, name)) for name in _TEXTS},
        )
        entry = record(store, policy, dispositions.RESPOND, {"terms": encode(told)}, hand)
    remark = f"The response to {control.id} on {subject} is recorded. It stays a deviation."
    return Recorded(act=dispositions.RESPOND, entry=entry, disposition="", remarks=(remark,))


_TEXTS = ("text", "owner", "role", "cause", "impact", "remediation")


def approve(loaded: Loaded, name: str, hand: Hand) -> Recorded:
    """Records that somebody approves a disposition, and says what it comes to.

    An approval that does not count is recorded, too: the register hides nothing.

    Raises:
        ConfigError: there is no such disposition, or it was revoked.
    """
    with opened(loaded) as store:
        policy = policy_of(loaded, store)
        found = _find(store, name)
        if found.revoked:
            raise ConfigError(f"{name} was revoked.", next_step="Ask for a new one with --renews.")
        entry = record(store, policy, dispositions.APPROVE, {"of": name}, hand)
        rulings = rulings_of(store, policy, name, hand.at)
    told = [
        f"{one.control} on {one.subject}: {one.reason}. {one.sentence}" for one in rulings[:20]
    ] or ["No known deviation is concerned by it yet."]
    return Recorded(
        act=dispositions.APPROVE,
        entry=entry,
        disposition=name,
        remarks=(f"The approval of {name} is recorded.", *told),
    )


def revoke(loaded: Loaded, name: str, why: str, hand: Hand) -> Recorded:
    """Ends a disposition. What was waived before it happened stays as it was.

    Raises:
        ConfigError: there is no such disposition, it was revoked before, or no reason is given.
    """
    if not why.strip():
        raise ConfigError("A revocation needs a reason.", next_step='Write --why "...".')
    with opened(loaded) as store:
        policy = policy_of(loaded, store)
        if _find(store, name).revoked:
            raise ConfigError(f"{name} was revoked before.", next_step="Nothing is left to do.")
        body = {"of": name, "why": words(why)}
        entry = record(store, policy, dispositions.REVOKE, body, hand)
    return Recorded(
        act=dispositions.REVOKE,
        entry=entry,
        disposition=name,
        remarks=(f"{name} is revoked. A new one needs a new request.",),
    )


def _find(store: Store, name: str) -> Disposition:
    found = dispositions.register(store).find(name)
    if found is None:
        raise _no_such(name)
    return found


def _no_such(name: str) -> ConfigError:
    return ConfigError(
        f"There is no disposition `{name}`.", next_step="`evidence deviations list` names them."
    )


def _reason(
    store: Store, policy: Policy, wanted: Wanted, control: Control, subjects: tuple[str, ...]
) -> str:
    """The code of the deviation that it is for; empty where none has happened yet.

    Raises:
        ConfigError: there is nothing to accept, or the subjects deviate in different ways.
    """
    codes = set()
    for subject in subjects if control.unit in STORED else ():
        found = known(store, control.id, subject)
        deviates = found is not None and found.outcome == Outcome.FAIL
        afterwards = wanted.kind in policy.accepted_afterwards
        if not deviates and (afterwards or (found and found.outcome == Outcome.PASS)):
            raise _no_deviation(control, subject, found)
        codes.add(found.reason if found is not None and deviates else "")
    if len(codes) > 1:
        raise ConfigError(
            f"These deviate from {control.id} in different ways: {', '.join(sorted(codes))}.",
            next_step="Ask for one disposition each.",
        )
    return codes.pop() if codes else ""


def _no_deviation(control: Control, subject: str, found: Determination | None) -> ConfigError:
    seen = f"it is {found.outcome} ({found.reason})" if found else "nothing is determined of it"
    return ConfigError(
        f"{subject} is no deviation from {control.id}: {seen}.",
        next_step="`evidence deviations list` names all of them; a sync finds new ones.",
    )


def _unmapped(policy: Policy, hand: Hand) -> Iterator[str]:
    act = Act(entry=-1, at=hand.at, by=hand.by)
    if not people_of(policy).party(act.actor).mapped:
        yield (
            f"The person map does not hold {act.actor.key}: add it to the accounts of the "
            "[[person]], or no approval of this can count."
        )
