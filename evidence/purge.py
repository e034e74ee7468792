"""`evidence purge`: a payload that must not be kept goes, and the ledger says who, when and why.

For a secret or personal data that redaction did not know. What was derived is derived again
without it. Packets that were handed out before are out of reach: they hold what they held.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence import sources
from evidence.actor import actor
from evidence.collecting import now
from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.deciding.scope import last_moment
from evidence.discovered import with_discovered
from evidence.errors import ConfigError
from evidence.rebuilding import decide_afresh
from evidence.redaction import redact_text
from evidence.runlock import run_lock
from evidence.store import purge as deleting
from evidence.store.rebuild import rebuild
from evidence.sync import opened, write_checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a purge did: the entry whose payload went, and the entry that says so."""

    seq: int
    entry: int
    others: tuple[int, ...]
    """Entries of further versions of the same object whose payload is still there."""

    def summary(self) -> list[str]:
        """Sentences for the reader."""
        done = (
            f"The payload and salt of entry {self.seq} are deleted; its hash stays. Entry "
            f"{self.entry} says who did it, when and why."
        )
        lines = [done]
        if self.others:
            named = ", ".join(map(str, self.others))
            lines.append(f"Further versions of the same object still have theirs: entries {named}.")
        lines.append(
            "Not reached from here: backups and replicas of the database, Git mirrors, packets "
            "that were handed out. If it was a secret, replace it at its source: as long as it "
            "stands there, the next sync reads it again."
        )
        return lines


def purge(loaded: Loaded, seq: int, reason: str, progress: Progress = no_progress) -> Purged:
    """Deletes what entry `seq` captured, then derives everything again without it.

    Raises:
        ConfigError: no reason, no such capture, or it was purged before.
        LockedError: another run is active.
    """
    if not reason.strip():
        raise ConfigError(
            "A purge needs a reason: it stands in the ledger.",
            next_step='Write --reason "a password in the description".',
        )
    with run_lock(loaded.home), opened(loaded) as store:
        as_of = last_moment(store) or now()
        said = {
            "actor": actor(),
            "reason": redact_text(reason.strip()),
            "observed_at": now(),
        }
        entry = deleting.purge(store, seq, said)
        others = deleting.other_versions(store, seq)
        rebuild(store, sources.replay)
        decide_afresh(with_discovered(loaded, store), store, as_of, progress)
        deleting.reclaim(store)
        write_checkpoint(store, loaded)
    return Purged(seq=seq, entry=entry, others=others)
