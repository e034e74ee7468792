"""What one check knows so far: the files, the trust, and the documents as they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.canonical import sha256_hex
from evidence.errors import MalformedError
from evidence.manifest import Manifest, Statement, paths, strict
from evidence.manifest.publickey import PublicKey
from evidence.notes import Checkpoint
from evidence.verify.files import PacketFiles, read
from evidence.verify.trust import Trust

_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(slots=True, kw_only=True)
class Examination:
    """Filled step by step; a later step may rely on what the earlier ones have shown."""

    files: PacketFiles
    trust: Trust | None
    now: datetime
    statement: Statement | None = None
    manifest: Manifest | None = None
    signers: tuple[PublicKey, ...] = ()
    checkpoint: Checkpoint | None = None
    size: int = 0
    purged: int = 0
    trusted: tuple[str, ...] = ()

    @property
    def subjects(self) -> Mapping[str, str]:
        """Path to digest of every file that the signed statement lists."""
        return self.statement.subjects if self.statement else {}

    @property
    def sealed_at(self) -> str:
        """When the packet says it was sealed: RFC 3339, UTC, to the second."""
        return self.statement.predicate.sealed_at if self.statement else ""

    @property
    def sealing_time(self) -> datetime:
        """The same as a time; `MalformedError` if it is none in exactly that form."""
        try:
            found = datetime.strptime(self.sealed_at, _TIME).replace(tzinfo=UTC)
        except ValueError:
            found = None
        if found is None or f"{found:{_TIME}}" != self.sealed_at:
            raise MalformedError("The signed statement does not say when the packet was sealed.")
        return found

    def document(self, path: str, limit: int = strict.MAX_DOCUMENT) -> bytes:
        """A file's bytes, whose digest is the signed one; `MalformedError` otherwise.

        Hashing what is parsed, not the file once more, leaves no moment for a swap in between.
        """
        data = read(self.files, path, limit)
        if self.subjects.get(path) != sha256_hex(data):
            raise MalformedError(f"{path} is not the file that was sealed.")
        return data

    @property
    def by_path(self) -> list[str]:
        """The packet's files, sidecars excepted, sorted by name."""
        return sorted(path for path in self.files.sizes if paths.is_subject(path))
