"""Raw evidence and what is said about how it was had: captures, gaps, cursors and receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """How a capture's payload relates to the bytes that the source sent.

    Secrets are taken out first (`evidence.redaction`): where `redactions` names any, the payload is
    exact, or an exact slice, of the redacted text.
    """

    EXACT = "exact"
    """The bytes of one answer, file or delivery, unchanged."""
    SLICE = "slice"
    """One object cut out of an answer by `evidence.canonical.slice_json`, literals kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, as far as provenance needs it. Secrets never enter here."""

    method: str
    url: str
    """Redacted: user information and secret query values removed."""
    query_digest: str = ""
    """sha256 hex of the query text and variables, or of the command line for Git."""
    status: int = 0
    date: str = ""
    """The server's own `Date` header, as sent."""
    request_id: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What was taken out of a payload before it was hashed: the rule and how often, never what."""

    rule: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One version of one object as a source gave it.

    A version series is (`source`, `kind`, `key`, `series`): a changed query starts a new series
    and is not a change at the source.
    """

    source: str
    """Configured source id."""
    kind: str
    """`<system>.<object>`, e.g. `github.pull_request`, `argocd.application`, `git.refs`."""
    key: str
    """The source's stable id of the object, unique within (source, kind)."""
    series: str
    """Short digest of the query or endpoint that asked for it (`collector/query version`)."""
    observed_at: int
    """Microseconds UTC: the server's `Date` where it sent one, else our clock."""
    form: Form
    payload: bytes
    collector: str
    collector_version: str
    exchanges: tuple[Exchange, ...] = ()
    volatile: tuple[str, ...] = ()
    """RFC 6901 pointers (`*` matches every element) left out when versions are compared."""
    redactions: tuple[Redaction, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    """What `parse` must know and the payload does not say (e.g. the configured repository id)."""


class GapReason(StrEnum):
    """Why something could not be had. Each is documented in docs/reference/gaps.md."""

    NOT_FOUND_OR_FORBIDDEN = "not_found_or_forbidden"
    FORBIDDEN = "forbidden"
    TRUNCATED = "truncated"
    RETENTION = "retention"
    SYNC_GAP = "sync_gap"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"
    CONTRADICTION = "contradiction"
    UNSUPPORTED = "unsupported"
    TOOL_TOO_OLD = "tool_too_old"
    HISTORY_LOST = "history_lost"
    """A bounded history (Argo CD: 10 rows) moved past rows that were never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read: determinations that need it are `unknown`."""

    source: str
    kind: str
    """The capture kind that is missing."""
    key: str
    """The object it concerns, or `*` for the whole window."""
    reason: GapReason
    detail: str
    """One sentence for the reader: what is missing and what would bring it."""
    window_from: int = 0
    window_to: int = 0
    """Microseconds UTC, half-open; 0 and 0 where the gap has no window."""
    repository: str = ""
    """Configured repository id where the gap concerns one, else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The interval asked for, microseconds UTC, half-open; `since` 0 means from the beginning."""

    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What the source itself reported as a total beside what was read: reconciliation R7."""

    kind: str
    scope: str
    reported: int
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one step of a fetch yields: committed in one transaction, or not at all.

    `cursor` is opaque JSON text: handing it to `fetch` goes on after this page. It is stored only
    when the page's captures are. The last page of a run has `complete=True`: its cursor is the
    mark from which the next incremental run starts.
    """

    captures: tuple[Capture, ...] = ()
    gaps: tuple[Gap, ...] = ()
    cursor: str = ""
    complete: bool = False
    lists: tuple[tuple[str, str], ...] = ()
    """(kind, key) of lists that were read, whose objects have keys of their own: a gap of such a
    list that stood open is gone."""
    totals: tuple[Total, ...] = ()
    calls: int = 0
    """Requests sent for this page, retries included."""
    retries: int = 0
    unchanged: int = 0
    """Objects that the source said are unchanged and that were not read again."""
    read_to: int = 0
    """Of the last page: microseconds UTC by the source's clock before which it shows every change
    of what it lists; 0 where it does not list what changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one sync run did with one source: the auditor's IPE sheet."""

    run_id: str
    source: str
    collector: str
    collector_version: str
    started_at: int
    finished_at: int
    window_from: int
    window_to: int
    pages: int
    calls: int
    retries: int
    objects_read: int
    versions_new: int
    objects_unchanged: int
    gaps: int
    totals: tuple[Total, ...]
    credential: str
    """Identity of the credential, never the secret."""
    policy_digest: str
    complete: bool
    error: str = ""
    read_to: int = 0
    """Microseconds UTC by the source's clock: what was not listed did not change before it. 0
    where the source does not list what changed, or the run is not complete."""
    skew: int | None = None
    """Microseconds by which our clock was ahead of the source's (negative: behind), by the answer
    that came in soonest; whole seconds. None where the source sent no `Date`."""
