"""What a decision leaves for the next one, as text, and what it found left by the one before."""

from __future__ import annotations

import json
from dataclasses import replace

from evidence import __version__
from evidence.chain.handing import open_since
from evidence.chain.handover import FORMAT, Handover
from evidence.deciding.case import Case
from evidence.errors import EvidenceError
from evidence.model import codec
from evidence.store import handover as kept
from evidence.store import since as small
from evidence.store.session import Store

MOST = 500
"""Answers of Git that may be others next time: more are not asked again one by one."""
MANY = "many answers of Git may be others next time"


def left_before(store: Store, size: int) -> Handover | None:
    """What the decision on a ledger of this size left; None where it is of no use now."""
    text = kept.load(store, size)
    if not text:
        return None
    try:
        found = codec.decode(Handover, json.loads(text))
    except (EvidenceError, ValueError, TypeError, KeyError):
        return None
    return found if (found.format, found.version) == (FORMAT, __version__) else None


def leave(case: Case) -> Handover:
    """Where the whole population of a case stands."""
    population = case.population
    found = population.handover
    newest = small.newest_states(case.store)
    of = {one.application: newest.get((one.source, one.uid), -1) for one in found.applications}
    opened = open_since(
        population.deployments, population.aftermaths, of, case.policy.health_limit, case.as_of
    )
    many = MANY if len(case.passing) > MOST else ""
    return replace(
        found,
        version=__version__,
        whole=found.whole or many,
        applications=tuple(
            replace(one, open_since=opened.get(one.application, 0)) for one in found.applications
        ),
        passing=case.passing[:MOST],
    )


def as_text(found: Handover) -> str:
    """JSON; what nobody can go on from says only why."""
    short = Handover(version=found.version, whole=found.whole) if found.whole else found
    return json.dumps(codec.encode(short), separators=(",", ":"))
