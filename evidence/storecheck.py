"""`verify --store`: the whole ledger derived again and held against checkpoints kept outside.

The store alone can only show that it agrees with itself: whoever administers the database can
rebuild every hash in it. What shows that are checkpoints in other hands: those printed in packets,
in an anchor's Git repository, or in the auditor's own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.yardstick import log_origin
from evidence.errors import ConfigError, IntegrityError
from evidence.manifest import paths
from evidence.notes import Checkpoint, open_note, parse_checkpoint
from evidence.store.audit import AuditResult, audit
from evidence.store.session import open_store
from evidence.verify import Trust, read_trust

_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreVerdict:
    """What a check of the whole ledger found; `problem` is empty where nothing differs."""

    origin: str
    held: tuple[Checkpoint, ...]
    signed: bool
    """Whether the checkpoints' signatures were checked against trusted keys."""
    result: AuditResult | None
    problem: str = ""
    next_step: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer first, then what it rests on and what it does not show."""
        if self.result is None:
            return (f"This ledger does not verify: {self.problem}",)
        return (*self._found(self.result), *self._limits())

    def _found(self, result: AuditResult) -> tuple[str, ...]:
        agrees = (
            f"The ledger {self.origin} agrees with itself: all {result.size} entries, "
            f"{result.payloads} payloads and {result.checkpoints} stored checkpoints were derived "
            f"again (root {result.root.hex()})."
        )
        return (
            agrees,
            f"{result.purged} payloads were purged, each by an entry that says so.",
            *(
                f"It extends the ledger of the checkpoint at size {each.size} that was kept "
                "outside: none of those entries was altered, removed, inserted or reordered."
                for each in self.held
            ),
        )

    def _limits(self) -> tuple[str, ...]:
        lines = []
        if not self.held:
            lines.append(
                "Not shown: that it is the ledger of before. Whoever administers the database can "
                "rebuild all of its hashes; pass a checkpoint kept elsewhere as --against."
            )
        if not self.signed:
            lines.append(
                "Not checked: who signed the checkpoints. Pass the public keys as --trust."
            )
        lines.append(
            "Not part of this check: facts and determinations (`evidence db rebuild` derives them "
            "again) and what was never collected (the sync receipts account for that)."
        )
        return tuple(lines)

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/verify-store.schema.json."""
        result = self.result
        return {
            "schema_version": 1,
            "status": "rejected" if result is None else "verified",
            "summary": self.sentences[0],
            "origin": self.origin,
            "size": result.size if result else 0,
            "root": result.root.hex() if result else "",
            "payloads": result.payloads if result else 0,
            "purged": result.purged if result else 0,
            "checkpoints": result.checkpoints if result else 0,
            "held": [each.size for each in self.held],
            "signatures_checked": self.signed,
            "sentences": list(self.sentences),
        }


def check_store(
    loaded: Loaded,
    *,
    against: Sequence[Path] = (),
    trust: Path | None = None,
    progress: Progress = no_progress,
) -> StoreVerdict:
    """Derives the ledger again and compares it with the checkpoints in the files `against`.

    A file holds one signed note; a packet's folder stands for the note in it. `trust` is a file
    or folder of public keys: with it every checkpoint, stored or held, must be signed by one.

    Raises:
        ConfigError: a file cannot be read.
        StoreError: the store cannot be opened.
    """
    origin = log_origin(loaded.settings)
    trusted = read_trust(trust) if trust else None
    texts = [_read(path) for path in against]
    held: tuple[Checkpoint, ...] = ()

    def opened(note: str) -> str:
        return _signed(note, origin, trusted) if trusted else note.rpartition("\n\n")[0] + "\n"

    try:
        held = tuple(_held(opened(each), origin) for each in texts)
        with closing(open_store(loaded.store_url)) as store:
            result = audit(
                store,
                lambda done, total: progress("entries", done, total),
                held=held,
                open_note=opened if trusted else None,
            )
    except IntegrityError as error:
        return StoreVerdict(
            origin=origin,
            held=held,
            signed=trusted is not None,
            result=None,
            problem=error.message,
            next_step=error.next_step,
        )
    return StoreVerdict(origin=origin, held=held, signed=trusted is not None, result=result)


def _read(path: Path) -> str:
    file = path / paths.CHECKPOINT if path.is_dir() else path
    try:
        with file.open("rb") as stream:
            return stream.read(_LIMIT).decode()
    except OSError as error:
        raise ConfigError(f"The checkpoint {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not a checkpoint: it is not text.") from error


def _held(text: str, origin: str) -> Checkpoint:
    found = parse_checkpoint(text)
    if found.origin != origin:
        raise IntegrityError(
            f"The checkpoint is of the ledger {found.origin!r}, this one is {origin!r}",
            next_step="Compare with a checkpoint of this ledger, or name its configuration.",
        )
    return found


def _signed(note: str, origin: str, trusted: Trust) -> str:
    """The text of a note that one of the trusted keys signed under the ledger's name."""
    reason = IntegrityError("No whole signing key is trusted here, only fingerprints")
    for key in trusted.note_keys:
        try:
            if key.raw:
                return open_note(note, {origin: key.raw})
        except IntegrityError as error:
            reason = error
    raise reason
