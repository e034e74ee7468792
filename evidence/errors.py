"""The one error family: every error a user can cause or meet, with its exit code and next step.

EvidenceError                 1
├── ConfigError               2   usage or configuration
├── AuthError                 4   a credential is missing, refused or too narrow
├── IncompleteError           5   collection left gaps; nothing read was lost
├── IntegrityError            6   the store or a packet is not what was recorded
│   └── VerificationError     6   the only error that leaves `evidence.verify`
├── LockedError               7   another run holds the lock
├── SourceError               1   a source answered in a way that cannot be used
│   ├── MalformedError        1   the bytes are not what the format promises
│   └── UnavailableError      1   the source could not be reached in the time allowed
├── StoreError                1   the database refused or is of another version
└── RenderError               1   a packet could not be rendered
"""

from __future__ import annotations


class EvidenceError(Exception):
    """Something the reader can act on.

    `exit_code` is what the process returns; `next_step` is one imperative sentence.
    """

    exit_code = 1
    default_next_step = "Run `evidence doctor`; it names what does not work."

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step or self.default_next_step


class ConfigError(EvidenceError):
    """The command line or the configuration cannot be used as written."""

    exit_code = 2
    default_next_step = "Correct the configuration; `evidence config show --origin` prints it."


class AuthError(EvidenceError):
    """A source refused the credential, or the credential is missing."""

    exit_code = 4
    default_next_step = "Run `evidence doctor` to see what each credential may read."


class IncompleteError(EvidenceError):
    """A sync ended with gaps: what was read is stored, what was not is named."""

    exit_code = 5
    default_next_step = "Run `evidence status` for the gaps, then `evidence sync` again."


class IntegrityError(EvidenceError):
    """Stored or exported evidence differs from what was recorded."""

    exit_code = 6
    default_next_step = "Keep the store as it is and compare it with the last anchored checkpoint."


class VerificationError(IntegrityError):
    """A packet does not verify. The only exception that leaves `evidence.verify`."""

    default_next_step = "Ask the sender for the packet again and compare the SHA256SUMS digests."


class LockedError(EvidenceError):
    """Another run holds the run lock of this data directory."""

    exit_code = 7
    default_next_step = "Wait for the other run to end, then start this one again."


class SourceError(EvidenceError):
    """A source answered in a way that cannot be used."""

    default_next_step = "Run `evidence doctor`; if the source is healthy, run the sync again."


class MalformedError(SourceError):
    """Bytes from outside are not what their format promises."""

    default_next_step = "Keep the file or answer and report it; nothing of it was stored as fact."


class UnavailableError(SourceError):
    """A source could not be reached within the time and tries allowed."""

    default_next_step = "Check the network and the source's status, then run the sync again."


class StoreError(EvidenceError):
    """The database refused a statement or has another schema version."""

    default_next_step = "Run `evidence db check`, then `evidence db upgrade`."


class RenderError(EvidenceError):
    """A packet could not be rendered; nothing half-written was left behind."""

    default_next_step = "Run `evidence doctor` to check fonts and Pango."
