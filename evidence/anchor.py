"""`evidence anchor`: signs the ledger's head and brings it out of the database's reach."""

from __future__ import annotations

from evidence import anchoring
from evidence.anchoring import Anchored
from evidence.config.load import Loaded
from evidence.errors import ConfigError
from evidence.runlock import run_lock
from evidence.sync import opened, write_checkpoint


def anchor(loaded: Loaded) -> Anchored:
    """Signs a checkpoint of the ledger as it stands and puts it wherever [anchor] says.

    Raises:
        ConfigError: there is no key to sign with.
        UnavailableError: an anchor could not be reached.
        IntegrityError: the ledger is not the one of its last checkpoint.
        LockedError: another run is active.
    """
    with run_lock(loaded.home), opened(loaded) as store:
        note = write_checkpoint(store, loaded)
        if not note:
            raise ConfigError(
                f"There is no signing key in {loaded.key_directory}.",
                next_step="Run `evidence keys init`.",
            )
        return anchoring.place(store, loaded, note)
