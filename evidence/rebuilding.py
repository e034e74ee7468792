"""Deriving everything anew from the ledger and the mirrors: `evidence db rebuild`."""

from __future__ import annotations

from evidence import sources as known_sources
from evidence.collecting import derive_afresh, now
from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy
from evidence.deciding.decide import Summary, decide_and_store
from evidence.deciding.scope import last_moment
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import with_discovered
from evidence.errors import IntegrityError
from evidence.runlock import run_lock
from evidence.store import queries
from evidence.store import rebuild as replaying
from evidence.store.session import Store
from evidence.sync import asker, opened


def rebuild(loaded: Loaded, progress: Progress = no_progress) -> str:
    """Empties every rebuildable table, replays ledger and mirrors, and compares.

    Returns one sentence with what was compared.

    Raises:
        IntegrityError: facts or determinations are not what they were.
        LockedError: another run is active.
    """
    with run_lock(loaded.home), opened(loaded) as store:
        as_of = last_moment(store) or now()
        before, decided_before = replaying.fingerprint(store), _outcomes(store)
        entries = replaying.rebuild(store, known_sources.replay)
        loaded = with_discovered(loaded, store)
        after = replaying.fingerprint(store)
        differing = sorted(name for name, digest in before.items() if after[name] != digest)
        if differing:
            raise IntegrityError(
                f"Replaying the ledger gives other rows in {', '.join(differing)}."
            )
        decided = decide_afresh(loaded, store, as_of, progress)
        decided_after = _outcomes(store)
        differing = sorted(
            f"{subject} {control}"
            for (subject, control), outcome in decided_after.items()
            if decided_before.get((subject, control), outcome) != outcome
        )
        return (
            f"{entries} entries replayed: {len(before)} tables as before, {decided.evaluated} "
            f"changes and deployments decided again, outcomes that differ: "
            f"{', '.join(differing) or 'none'}"
        )


def decide_afresh(loaded: Loaded, store: Store, as_of: int, progress: Progress) -> Summary:
    """Ends what replaying the ledger began: what the mirrors have, and every decision again."""
    mirrors = known_sources.git_collectors(loaded)
    derive_afresh(store, mirrors, progress)
    policy = build_policy(loaded.settings)
    decided = decide_and_store(
        store,
        policy,
        record_yardstick(store, policy),
        as_of=as_of,
        ask=asker(mirrors),
        progress=progress,
        afresh=True,
    )
    replaying.finish(store)
    return decided


def _outcomes(store: Store) -> dict[tuple[str, str], tuple[str, str, tuple[str, ...]]]:
    """What a decision comes to, without entry numbers and moments, which a replay may move."""
    return {
        (one.subject, one.control): (one.outcome, one.reason, one.flags)
        for one in (row.determination for row in queries.determinations(store))
    }
