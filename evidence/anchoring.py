"""Brings the ledger's newest checkpoint out of reach of whoever administers the database.

What an anchor covers cannot be altered unseen any more; what came after the last one can. So the
age of the last anchor is the window in which a falsification would leave no trace.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.actor import actor
from evidence.collecting import now
from evidence.collectors.git.mirror import redacted_url
from evidence.config.load import Loaded
from evidence.config.secrets import resolve
from evidence.config.settings import AnchorSettings
from evidence.errors import ConfigError
from evidence.notes import Checkpoint, parse_checkpoint
from evidence.seal.gitanchor import Remote, push_commit
from evidence.seal.held import load_keys
from evidence.seal.s3anchor import Bucket, Locked, put_locked
from evidence.seal.timestamp import TimeStamp, time_stamp
from evidence.store import queries, writer
from evidence.store.session import Store

ANCHOR = "anchor"
"""Type of the ledger entry that says where a checkpoint was put; its payload is the time stamp."""
NOTE, STAMP = "checkpoint.note", "checkpoint.tst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """Where the checkpoint of so many entries was put; empty text where it was not."""

    size: int
    note: str
    commit: str = ""
    stamped: str = ""
    """The time stamp's time, RFC 3339 UTC."""
    locked: str = ""
    """The object in a bucket."""

    def summary(self) -> str:
        """One sentence for the reader."""
        ways = [f"commit {self.commit}"] if self.commit else []
        ways += [f"time stamp of {self.stamped}"] if self.stamped else []
        ways += [f"the locked object {self.locked}"] if self.locked else []
        if not ways:
            return (
                f"checkpoint at {self.size} entries, anchored nowhere: keep the note printed here "
                "outside of the database, or configure [anchor]"
            )
        return f"checkpoint at {self.size} entries anchored by {', '.join(ways)}"


def is_configured(loaded: Loaded) -> bool:
    """Whether there is a place to anchor to."""
    settings = loaded.settings.anchor
    return bool(settings.git or settings.tsa or settings.s3)


def place(store: Store, loaded: Loaded, note: str) -> Anchored:
    """Puts a signed checkpoint wherever [anchor] says, and records that in the ledger.

    Raises:
        ConfigError: there is no key, or the secret cannot be had.
        UnavailableError: an anchor could not be reached; nothing is recorded then.
    """
    settings = loaded.settings.anchor
    stated = parse_checkpoint(note.rpartition("\n\n")[0] + "\n")
    if not is_configured(loaded):
        return Anchored(size=stated.size, note=note)
    stamp = time_stamp(note.encode(), settings.tsa) if settings.tsa else None
    commit = _push(loaded, note, stated.origin, stated.size, stamp) if settings.git else ""
    locked = _lock(settings, note, stated) if settings.s3 else None
    body: dict[str, Any] = {
        "actor": actor(),
        "size": stated.size,
        "root": stated.root.hex(),
        "note": hashlib.sha256(note.encode()).hexdigest(),
        "git": _git_body(settings, commit),
        "tsa": {"url": redacted_url(settings.tsa), "time": stamp.time} if stamp else None,
        "s3": _s3_body(locked),
        "observed_at": now(),
    }
    writer.append_entry(store, ANCHOR, body, stamp.token if stamp else None)
    return Anchored(
        size=stated.size,
        note=note,
        commit=commit,
        stamped=stamp.time if stamp else "",
        locked=locked.address if locked else "",
    )


def last_anchor(store: Store) -> Mapping[str, Any] | None:
    """What the newest anchor's entry says; `observed_at` is in microseconds UTC."""
    found = queries.entries(store, ANCHOR)
    body: Mapping[str, Any] | None = found[-1].envelope["body"] if found else None
    return body


def _git_body(settings: AnchorSettings, commit: str) -> dict[str, str] | None:
    if not commit:
        return None
    return {"url": redacted_url(settings.git), "branch": settings.branch, "commit": commit}


def _lock(settings: AnchorSettings, note: str, stated: Checkpoint) -> Locked:
    bucket = Bucket(address=settings.s3, endpoint=settings.s3_endpoint, days=settings.s3_days)
    return put_locked(bucket, f"{stated.origin}/{stated.size:012d}.note", note.encode())


def _s3_body(locked: Locked | None) -> dict[str, str] | None:
    if locked is None:
        return None
    return {"object": locked.address, "version": locked.version, "until": locked.until}


def _push(loaded: Loaded, note: str, origin: str, size: int, stamp: TimeStamp | None) -> str:
    settings = loaded.settings.anchor
    files = {f"{origin}/{NOTE}": note.encode()}
    if stamp:
        files[f"{origin}/{STAMP}"] = stamp.token
    return push_commit(
        loaded.home / "anchors.git",
        Remote(
            url=_address(settings.git),
            branch=settings.branch,
            authorization=_authorization(settings.secret),
        ),
        files,
        f"Checkpoint of {origin} at {size} entries",
        signer=load_keys(loaded, elsewhere=False).notes,
        now=now() // 1_000_000,
    )


def _address(git: str) -> str:
    if "://" in git or (":" in git and not Path(git).exists()):
        return git
    path = Path(git).expanduser()
    if not path.exists():
        raise ConfigError(
            f"There is no repository at {path} to anchor to.",
            next_step="Make one with `git init --bare`, best on another machine.",
        )
    return str(path.resolve())


def _authorization(secret: str) -> str:
    if not secret:
        return ""
    pair = f"x-access-token:{resolve(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
