"""What every act of the register shares: who does it, how it is recorded, what is attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.canonical import sha256_hex
from evidence.collectors.ingested.attachment import ATTACHMENT
from evidence.config.load import Loaded
from evidence.config.moments import micros
from evidence.config.yardstick import build_policy, zone
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import with_discovered
from evidence.errors import ConfigError
from evidence.ingest import ingest
from evidence.model.codec import encode
from evidence.model.disposition import Attachment
from evidence.policy import Policy
from evidence.redaction import redact_text
from evidence.store import dispositions, writer
from evidence.store.session import Store
from evidence.sync import opened

STORED = frozenset({"change", "deployment"})
"""Units whose determinations are stored; those of settings and events are made on reading."""


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


def policy_of(loaded: Loaded, store: Store) -> Policy:
    """The policy in force."""
    return build_policy(with_discovered(loaded, store).settings)


def record(store: Store, policy: Policy, act: str, body: Mapping[str, Any], hand: Hand) -> int:
    """Appends one act with who did it, when and by which yardstick; returns the entry's number."""
    said = {
        "act": act,
        "actor": hand.by,
        "observed_at": hand.at,
        "yardstick": record_yardstick(store, policy),
    }
    return writer.append_entry(store, dispositions.DISPOSITION, {**body, **said})


def attached(loaded: Loaded, path: str, statement: str) -> Attachment:
    """Stores a file as a capture; the same bytes twice are one.

    Raises:
        ConfigError: it cannot be read.
    """
    if path == "-":
        raise ConfigError("Evidence is a file.", next_step="Write it into one and name that.")
    ingest(loaded, "attachment", path)
    key = sha256_hex(Path(path).read_bytes())
    with opened(loaded) as store:
        entry, at = dispositions.capture_entry(store, ATTACHMENT, key)
    if entry < 0:
        raise ConfigError(f"{path} changed while it was read.", next_step="Try it again.")
    return Attachment(
        entry=entry, name=Path(path).name, sha256=key, statement=words(statement), at=at
    )


def due_of(text: str, loaded: Loaded) -> int:
    """Microseconds UTC of a date or time as people write it; 0 for none."""
    return micros(text, "--due", zone(loaded.settings)) if text else 0


def words(text: str) -> str:
    """What somebody wrote, without what looks like a secret: it stays for good."""
    return redact_text(text.strip())
