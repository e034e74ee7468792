"""The register as it stands: every deviation with what is recorded of it, every disposition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy
from evidence.controls.register import answers
from evidence.deciding.case import Case
from evidence.deciding.dispositions import Disposing, disposing, few
from evidence.deciding.events import event_determinations
from evidence.deciding.settings import setting_intervals
from evidence.discovered import with_discovered
from evidence.errors import ConfigError
from evidence.model.codec import decode, encode
from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.model.disposition import Disposition, Register, Response, Ruling
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy
from evidence.store import queries
from evidence.store.session import Store, open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One deviation: what was computed, and what stands beside it."""

    determination: Determination
    rulings: tuple[Ruling, ...]
    """On each disposition that concerns it, the oldest first."""
    responses: tuple[Response, ...]

    @property
    def accepted(self) -> Ruling | None:
        """The ruling by which it is accepted; None where no disposition holds."""
        return next((one for one in self.rulings if one.holds), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Deviations by control and subject, and every disposition, the oldest first."""

    deviations: tuple[Deviation, ...]
    register: Register
    as_of: int


def listing(loaded: Loaded, as_of: int) -> Listing:
    """Everything that is a deviation now, with the register as of a moment (microseconds UTC).

    Raises:
        StoreError: there is no store yet.
    """
    with closing(open_store(loaded.store_url)) as store:
        policy = build_policy(with_discovered(loaded, store).settings)
        case = Case(store=store, policy=policy, as_of=as_of)
        held = disposing(case)
        found = [*_stored(held, Outcome.FAIL), *_made(case, held)]
    return Listing(
        deviations=tuple(
            Deviation(
                determination=one,
                rulings=held.rulings.get((one.control, one.subject), ()),
                responses=answers(held.register, one),
            )
            for one in sorted(found, key=lambda one: (one.control, one.subject))
        ),
        register=held.register,
        as_of=as_of,
    )


def show(found: Listing, name: str) -> Listing:
    """The part of a listing that concerns one disposition.

    Raises:
        ConfigError: there is none of this id.
    """
    one = found.register.find(name)
    if one is None:
        raise ConfigError(
            f"There is no disposition `{name}`.",
            next_step="`evidence deviations list` names them.",
        )
    return replace(
        found,
        deviations=tuple(
            each
            for each in found.deviations
            if any(ruling.disposition == name for ruling in each.rulings)
        ),
        register=Register(dispositions=(one,)),
    )


def rulings_of(store: Store, policy: Policy, name: str, as_of: int) -> list[Ruling]:
    """What one record comes to for the changes and deployments that are stored."""
    held = disposing(Case(store=store, policy=policy, as_of=as_of))
    held.register = Register(
        dispositions=tuple(one for one in held.register.dispositions if one.id == name),
        alternatives=tuple(one for one in held.register.alternatives if one.id == name),
    )
    _stored(held, Outcome.FAIL)
    _stored(held, Outcome.UNKNOWN)
    return [ruling for rulings in held.rulings.values() for ruling in rulings]


def _stored(held: Disposing, outcome: Outcome) -> list[Determination]:
    """Determinations of changes and deployments of an outcome; fills the rulings."""
    store = held.case.store
    earlier = queries.superseded_ids(store)
    rows = [row.determination for row in queries.determinations(store, outcome=outcome)]
    found = [one for one in rows if one.subject not in earlier]
    asked = held.register.dispositions if outcome is Outcome.FAIL else held.register.alternatives
    controls = {one.terms.control for one in asked}
    wanted = [one for one in found if one.control in controls]
    _changes(held, _subjects(wanted, SubjectKind.CHANGE))
    _deployments(held, _subjects(wanted, SubjectKind.DEPLOYMENT))
    return found


def _subjects(rows: Iterable[Determination], kind: SubjectKind) -> list[str]:
    return sorted({one.subject for one in rows if one.subject_kind is kind})


def _changes(held: Disposing, change_ids: Sequence[str]) -> None:
    if not change_ids:
        return
    narrow = few(held.case, change_ids)
    for chain in narrow.chains(narrow.population.changes):
        held.change(chain, _all(held.case.store, chain.change.change_id))


def _deployments(held: Disposing, deployment_ids: Sequence[str]) -> None:
    if not deployment_ids:
        return
    for body in queries.deployment_bodies(held.case.store, deployment_ids):
        one = decode(ProductionDeployment, json.loads(body))
        held.deployment(one, _all(held.case.store, one.deployment_id))


def _all(store: Store, subject: str) -> list[Determination]:
    return [row.determination for row in queries.determinations(store, subject)]


def _made(case: Case, held: Disposing) -> Iterator[Determination]:
    """Deviations of settings and events, which are determined on reading."""
    for interval in setting_intervals(case, 0, case.as_of):
        held.interval(interval)
        if interval.determination.outcome is Outcome.FAIL:
            yield interval.determination
    for told in event_determinations(case, 0, case.as_of + 1):
        held.event(told)
        if told.determination.outcome is Outcome.FAIL:
            yield told.determination


# --- as JSON


def as_json(found: Listing) -> dict[str, Any]:
    """The published shape: docs/reference/schemas/deviations.schema.json."""
    return {
        "schema_version": 1,
        "as_of": found.as_of,
        "deviations": [
            {
                "determination": encode(each.determination),
                "disposition": "accepted" if each.accepted else "",
                "rulings": [encode(one) for one in each.rulings],
                "responses": [encode(one) for one in each.responses],
            }
            for each in found.deviations
        ],
        "dispositions": [_disposition(one) for one in found.register.dispositions],
        "alternatives": [{"id": one.id, **encode(one)} for one in found.register.alternatives],
    }


def _disposition(one: Disposition) -> dict[str, Any]:
    return {"id": one.id, **encode(one)}
