"""What a check of a packet found, in sentences that an auditor can quote and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1


class Status(StrEnum):
    """The whole answer in one word."""

    VERIFIED = "verified"
    """Intact, and sealed by a key that the reader trusts."""
    UNTRUSTED = "untrusted"
    """Intact, but no trusted key was given: who sealed it is not established."""
    REJECTED = "rejected"
    """Something differs, is missing or extra, or was sealed by another key."""


class Outcome(StrEnum):
    """How one step of the check ended."""

    OK = "ok"
    NOT_CHECKED = "not_checked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its name, how it ended, and one sentence that says what that shows."""

    name: str
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer about one packet. What the packet states is empty where it could not be read."""

    status: Status
    steps: tuple[Step, ...]
    digest: str = ""
    """SHA-256 of `SHA256SUMS`, which names the packet; hexadecimal."""
    fingerprints: tuple[str, ...] = ()
    """OpenSSH fingerprints of the keys that sealed it."""
    trusted: tuple[str, ...] = ()
    """Those among them that the reader trusts."""
    entity: str = ""
    period_from: str = ""
    period_to: str = ""
    zone: str = ""
    scope: str = ""
    sealed_at: str = ""
    """RFC 3339, UTC, by the sealer's clock."""
    simulated: bool = False
    files: int = 0
    size: int = 0
    """Bytes."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The sentences of the steps that failed."""
        return tuple(step.sentence for step in self.steps if step.outcome is Outcome.FAILED)

    @property
    def summary(self) -> str:
        """The answer in one or two sentences."""
        if self.status is Status.REJECTED:
            return f"This packet does not verify: {' '.join(self.problems)}"
        if self.status is Status.VERIFIED:
            keys = ", ".join(self.trusted)
            return (
                f"This packet verifies: all {self.files} files are byte for byte what the holder "
                f"of the trusted key {keys} sealed; none is missing and none was added."
            )
        keys = ", ".join(self.fingerprints)
        return (
            f"This packet is intact, but who sealed it is not established: no trusted key was "
            f"given, and the key in it ({keys}) shows nothing, because whoever changes a packet "
            f"can change its key. Get the public key over another channel and pass it as --trust."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, then each step, for reading aloud or quoting."""
        label = {Outcome.NOT_CHECKED: "Not checked: ", Outcome.FAILED: "FAILED: ", Outcome.OK: ""}
        head = [self.summary]
        if self.simulated:
            head.append("SIMULATED: the packet states that it shows an invented organisation.")
        return (*head, *(label[step.outcome] + step.sentence for step in self.steps))

    def as_json(self) -> dict[str, Any]:
        """The same for programs; `schema_version` rises when a member changes its meaning."""
        return {
            "schema_version": SCHEMA_VERSION,
            "status": self.status.value,
            "summary": self.summary,
            "digest": self.digest,
            "fingerprints": list(self.fingerprints),
            "trusted": list(self.trusted),
            "entity": self.entity,
            "period": {"from": self.period_from, "to": self.period_to, "zone": self.zone},
            "scope": self.scope,
            "sealed_at": self.sealed_at,
            "simulated": self.simulated,
            "files": self.files,
            "size": self.size,
            "steps": [
                {"name": step.name, "outcome": step.outcome.value, "sentence": step.sentence}
                for step in self.steps
            ],
        }


def plain(text: str) -> str:
    """Text from a packet as one printable line: it may be meant for a terminal's eyes."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:200]
