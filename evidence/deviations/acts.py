"""The four acts: asking for a disposition, answering for a deviation, approving, revoking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evidence.canonical import sha256_hex
from evidence.collectors.ingested.attachment import ATTACHMENT
from evidence.config.load import Loaded
from evidence.config.moments import micros
from evidence.config.yardstick import build_policy, zone
from evidence.controls.catalog import Control
from evidence.controls.people import people_of
from evidence.deciding.yardstick import record_yardstick
from evidence.deviations.listing import rulings_of
from evidence.deviations.subjects import known, subject_of
from evidence.deviations.wanted import Wanted, check_words, control_of, scope_of, validity
from evidence.discovered import with_discovered
from evidence.errors import ConfigError
from evidence.ingest import ingest
from evidence.model.codec import encode
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import (
    Act,
    Attachment,
    Disposition,
    ResponseTerms,
    Terms,
    disposition_id,
)
from evidence.policy import Policy
from evidence.redaction import redact_text
from evidence.store import dispositions, writer
from evidence.store.session import Store
from evidence.sync import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who does it and when: the operating system's account, microseconds UTC."""

    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded, and what the reader must know of it."""

    act: str
    entry: int
    disposition: str
    """Its id; empty for a management response."""
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/deviations-act.schema.json."""
        return {"schema_version": 1, **encode(self)}


def waive(loaded: Loaded, wanted: Wanted, hand: Hand) -> Recorded:
    """Asks for a disposition. It has no effect until somebody independent approves it.

    Raises:
        ConfigError: something in it cannot be used; nothing is recorded then.
    """
    check_words(wanted)
    with opened(loaded) as store:
        policy = _policy(loaded, store)
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
    evidence = tuple(_attached(loaded, wanted))
    terms = Terms(
        control=control.id,
        rule_version=control.rule_version,
        kind=wanted.kind,
        subjects=subjects,
        scope=scope,
        reason=reason,
        cause=_words(wanted.cause),
        impact=_words(wanted.impact),
        response=_words(wanted.response),
        owner=_words(wanted.owner),
        role=_words(wanted.role),
        compensating=_words(wanted.compensating),
        link=_words(wanted.link),
        remediation=_words(wanted.remediation),
        due=_due(wanted.due, loaded),
        valid_from=begin,
        valid_to=end,
        renews=wanted.renews,
        evidence=evidence,
    )
    with opened(loaded) as store:
        entry = _record(store, policy, dispositions.REQUEST, {"terms": encode(terms)}, hand)
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
        policy = _policy(loaded, store)
        control = control_of(terms.control, policy)
        subject = subject_of(store, policy, control, terms.subject)
        found = known(store, control.id, subject)
        if control.unit in _STORED and (found is None or found.outcome != Outcome.FAIL):
            raise _no_deviation(control, subject, found)
        told = replace(
            terms,
            subject=subject,
            due=_due(due, loaded),
            **{name: _words(getattr(terms, name)) for name in _TEXTS},
        )
        entry = _record(store, policy, dispositions.RESPOND, {"terms": encode(told)}, hand)
    remark = f"The response to {control.id} on {subject} is recorded. It stays a deviation."
    return Recorded(act=dispositions.RESPOND, entry=entry, disposition="", remarks=(remark,))


_STORED = frozenset({"change", "deployment"})
"""Units whose determinations are stored; those of settings and events are made on reading."""
_TEXTS = ("text", "owner", "role", "cause", "impact", "remediation")


def approve(loaded: Loaded, name: str, hand: Hand) -> Recorded:
    """Records that somebody approves a disposition, and says what it comes to.

    An approval that does not count is recorded, too: the register hides nothing.

    Raises:
        ConfigError: there is no such disposition, or it was revoked.
    """
    with opened(loaded) as store:
        policy = _policy(loaded, store)
        found = _find(store, name)
        if found.revoked:
            raise ConfigError(f"{name} was revoked.", next_step="Ask for a new one with --renews.")
        entry = _record(store, policy, dispositions.APPROVE, {"of": name}, hand)
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
        policy = _policy(loaded, store)
        if _find(store, name).revoked:
            raise ConfigError(f"{name} was revoked before.", next_step="Nothing is left to do.")
        body = {"of": name, "why": _words(why)}
        entry = _record(store, policy, dispositions.REVOKE, body, hand)
    return Recorded(
        act=dispositions.REVOKE,
        entry=entry,
        disposition=name,
        remarks=(f"{name} is revoked. A new one needs a new request.",),
    )


def _policy(loaded: Loaded, store: Store) -> Policy:
    return build_policy(with_discovered(loaded, store).settings)


def _record(store: Store, policy: Policy, act: str, body: Mapping[str, Any], hand: Hand) -> int:
    said = {
        "act": act,
        "actor": hand.by,
        "observed_at": hand.at,
        "yardstick": record_yardstick(store, policy),
    }
    return writer.append_entry(store, dispositions.DISPOSITION, {**body, **said})


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
    for subject in subjects if control.unit in _STORED else ():
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


def _attached(loaded: Loaded, wanted: Wanted) -> Iterator[Attachment]:
    """Stores each file as a capture; the same bytes twice are one.

    Raises:
        ConfigError: one of them cannot be read.
    """
    for path, statement in zip(wanted.evidence, wanted.statements, strict=True):
        if path == "-":
            raise ConfigError("Evidence is a file.", next_step="Write it into one and name that.")
        ingest(loaded, "attachment", path)
        key = sha256_hex(Path(path).read_bytes())
        with opened(loaded) as store:
            entry, at = dispositions.capture_entry(store, ATTACHMENT, key)
        if entry < 0:
            raise ConfigError(f"{path} changed while it was read.", next_step="Try it again.")
        yield Attachment(
            entry=entry, name=Path(path).name, sha256=key, statement=_words(statement), at=at
        )


def _unmapped(policy: Policy, hand: Hand) -> Iterator[str]:
    act = Act(entry=-1, at=hand.at, by=hand.by)
    if not people_of(policy).party(act.actor).mapped:
        yield (
            f"The person map does not hold {act.actor.key}: add it to the accounts of the "
            "[[person]], or no approval of this can count."
        )


def _due(text: str, loaded: Loaded) -> int:
    return micros(text, "--due", zone(loaded.settings)) if text else 0


def _words(text: str) -> str:
    """What somebody wrote, without what looks like a secret: it stays for good."""
    return redact_text(text.strip())
