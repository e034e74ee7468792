"""Alternative evidence: a file for what no source gave, attached by somebody who took no part."""

from __future__ import annotations

from evidence.config.load import Loaded
from evidence.deviations.listing import rulings_of
from evidence.deviations.recording import STORED, Hand, Recorded, attached, policy_of, record
from evidence.deviations.subjects import known, subject_of
from evidence.deviations.wanted import control_of
from evidence.errors import ConfigError
from evidence.model.codec import encode
from evidence.model.determination import Outcome
from evidence.model.disposition import AlternativeTerms
from evidence.store import dispositions
from evidence.sync import opened


def attach(loaded: Loaded, name: str, term: str, path: str, statement: str, hand: Hand) -> Recorded:
    """Attaches alternative evidence to what is unknown of a change or deployment.

    Raises:
        ConfigError: nothing is unknown there, nothing is stated, or the file cannot be read.
    """
    if not statement.strip():
        raise ConfigError("Say with --statement what the file shows and where it is from.")
    with opened(loaded) as store:
        policy = policy_of(loaded, store)
        control = control_of(name, policy)
        subject = subject_of(store, policy, control, term)
        found = known(store, control.id, subject) if control.unit in STORED else None
        if found is None or found.outcome != Outcome.UNKNOWN:
            seen = f"it is {found.outcome}" if found else "nothing is stored of it"
            raise ConfigError(
                f"{control.id} is not unknown on {subject}: {seen}.",
                next_step="`evidence trace` prints what is unknown of a change, and why.",
            )
    evidence = attached(loaded, path, statement)
    terms = AlternativeTerms(
        control=control.id, subject=subject, reason=found.reason, evidence=evidence
    )
    with opened(loaded) as store:
        entry = record(store, policy, dispositions.ATTACH, {"terms": encode(terms)}, hand)
        told = rulings_of(store, policy, f"A-{entry}", hand.at)
    return Recorded(
        act=dispositions.ATTACH,
        entry=entry,
        disposition=f"A-{entry}",
        remarks=tuple(
            f"{one.control} on {one.subject}: {one.reason}. {one.sentence}" for one in told
        ),
    )
