"""From the word that names a subject to its id, and to the deviation that is known of it."""

from __future__ import annotations

import re

from evidence.controls.catalog import Control
from evidence.errors import ConfigError
from evidence.model.determination import Determination
from evidence.policy import Policy
from evidence.store import queries
from evidence.store.session import Store

_CHANGE = re.compile(r"([^:]+):(?:pr:[1-9][0-9]{0,17}|commit:[0-9a-f]{40})")


def subject_of(store: Store, policy: Policy, control: Control, term: str) -> str:
    """The id that a term names, of the unit of test that the control has.

    A pull request that was not read yet may be named by its id: a waiver comes before the change.

    Raises:
        ConfigError: nothing is known by this name, or several are.
    """
    if control.unit == "change":
        return _change(store, policy, term)
    if control.unit == "deployment":
        if next(iter(queries.deployment_bodies(store, [term])), None) is None:
            raise _unknown(term, "deployment", "`evidence trace` prints the ids of deployments.")
        return term
    if control.unit == "interval":
        if term.partition(":")[0] not in {one.id for one in policy.repositories}:
            raise _unknown(term, "setting", "Name it as REPOSITORY:BRANCH or REPOSITORY:access.")
        return term
    if not {one.id for one in policy.applications} & set(term.split(":")):
        raise _unknown(term, "event", "Packets print the ids of events in results.json.")
    return term


def known(store: Store, control: str, subject: str) -> Determination | None:
    """What is stored of a control on a change or deployment; None where nothing is."""
    rows = (row.determination for row in queries.determinations(store, subject))
    return next((one for one in rows if one.control == control), None)


def _change(store: Store, policy: Policy, term: str) -> str:
    ids = sorted({change_id for _, change_id in queries.find(store, term.removeprefix("#"))})
    if len(ids) > 1:
        raise ConfigError(
            f"`{term}` names {len(ids)} changes: {', '.join(ids[:10])}.",
            next_step="Name one of them by its change id.",
        )
    if ids:
        return ids[0]
    named = _CHANGE.fullmatch(term)
    if named is None or named[1] not in {one.id for one in policy.repositories}:
        raise _unknown(
            term, "change", "Name it as `evidence trace` prints it: REPOSITORY:pr:NUMBER."
        )
    return term


def _unknown(term: str, what: str, next_step: str) -> ConfigError:
    return ConfigError(f"No {what} is known as `{term}`.", next_step=next_step)
