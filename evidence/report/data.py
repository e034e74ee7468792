"""Everything a packet says, as frozen records: the only input of the report room.

`evidence.export` fills it; nothing in this package reads a clock, a store or the environment, so
equal data gives equal bytes. Every time is int microseconds since the epoch, UTC; 0 is "not given".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.manifest.capture_file import CaptureFile
from evidence.model.capture import Gap, Receipt
from evidence.model.chain import Chain
from evidence.model.change import Change
from evidence.model.custody import Anchor, Custody
from evidence.model.determination import Determination, SettingInterval, SubjectKind
from evidence.model.disposition import Register, Ruling
from evidence.model.event import EventDetermination
from evidence.model.production import ProductionDeployment

Progress = Callable[[str, int, int | None], None]
"""(what is written, done, total or None): called often, must be cheap."""


def no_progress(_what: str, _done: int, _total: int | None) -> None:
    """The progress sink of a quiet run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The window examined: half-open in UTC, whole days in the named zone."""

    from_us: int
    to_us: int
    zone: str
    """IANA name: `Europe/Berlin`."""
    first_day: str
    last_day: str
    """Local dates, inclusive, `YYYY-MM-DD`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """One version of what was judged by, in force in the period."""

    kind: str
    """`policy`, `catalogue`, `link rules`, `collector:<name>`..."""
    digest: str
    """sha256 hex of `text`, or the version name where there is no text."""
    since_seq: int = -1
    """Ledger entry that recorded it; -1 where it is part of the program."""
    since_us: int = 0
    text: str = ""
    """The full text, secrets left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlEntry:
    """One control of the catalogue as it was tested, with the entity's own words in the lead."""

    id: str
    wording: str
    """Ours; printed beside the entity's where both exist."""
    criteria: tuple[str, ...]
    """Ids that the control supports: `CC8.1`, `A.8.32`."""
    unit: SubjectKind
    rule_version: str
    attributes: tuple[str, ...] = ()
    """What is tested, in words."""
    parameters: tuple[tuple[str, str], ...] = ()
    """(name, value in force), in the order of the catalogue."""
    entity_id: str = ""
    entity_wording: str = ""
    owner: str = ""
    frequency: str = ""
    in_scope: bool = True
    nature: str = ""
    """`preventive, automated`... where the catalogue says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeItem:
    """One source, repository or application, in scope or left out with the reason."""

    kind: str
    """`source`, `repository`, `application`, `subservice organisation`."""
    id: str
    detail: str = ""
    in_scope: bool = True
    reason: str = ""
    """Why it is left out, by whom and since when; required reading for exclusions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One count made in two ways (R1 to R9)."""

    id: str
    what: str
    numbers: tuple[tuple[str, int], ...] = ()
    unexplained: int | None = None
    """Differences nobody explained; None where it was not performed."""
    command: str = ""
    """What an auditor runs or opens to make the same count."""
    note: str = ""
    """Why it was not performed, or what the difference is."""
    advisory: bool = False
    """Printed, but not part of the `reconciled` line (R4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRecord:
    """A gap with its life in the store."""

    gap: Gap
    opened_at: int = 0
    closed_at: int = 0
    """0 while open."""
    entry_seq: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key the auditor should have received by another way."""

    purpose: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the PDF carries at most; packet.html and the JSON files always carry everything."""

    pdf_dossiers: int = 40
    """Dossiers in the PDF: deviations first, then unknown, then the rest."""
    pdf_plain_dossiers: int = 10
    """Of these, changes without deviation or unknown, as examples."""
    pdf_rows: int = 200
    """Rows of one table."""
    embedded_bytes: int = 16 * 1024 * 1024
    """results.json is embedded in the PDF up to this size, above it only its digest is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketData:
    """Everything a packet says."""

    entity: str
    period: Period
    as_of: int
    """Moment as of which determinations were made; also the date the PDF carries."""
    ledger_size: int
    checkpoint: str
    """The signed note's text, as anchored; empty where the ledger has none."""
    tool_version: str
    exporter: str
    """Who ran the export (account or role)."""
    simulated: bool = False
    tool_build: str = ""
    """Commit and wheel digest of the program where known."""
    keys: tuple[Key, ...] = ()
    yardsticks: tuple[Yardstick, ...] = ()
    controls: tuple[ControlEntry, ...] = ()
    scope: tuple[ScopeItem, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    gaps: tuple[GapRecord, ...] = ()
    reconciliations: tuple[Reconciliation, ...] = ()
    population: Sequence[Change] = ()
    """Changes that reached production in the period. Any order; written by `change_id`."""
    promotions: Sequence[Change] = ()
    """Configuration changes in production in the period that only move images in scope: listed and
    counted apart, as what they promote is in the population already."""
    undeployed: Sequence[Change] = ()
    """Merged in the period and not in production at its end: listed apart."""
    deployments: Sequence[ProductionDeployment] = ()
    chains: Iterable[Chain] = ()
    """The chains of these three in ascending `change_id` (byte order), read once
    and one at a time: 10,000 of them never stand in memory together. A change without one is
    written from its `Change` alone."""
    determinations: Mapping[str, Sequence[Determination]] = field(default_factory=dict)
    """By subject: change id or deployment id. May be a lazy mapping."""
    register: Register = field(default_factory=Register)
    """Dispositions and management's responses that concern what is in the packet, or were valid
    in the period."""
    rulings: Mapping[tuple[str, str], tuple[Ruling, ...]] = field(default_factory=dict)
    """(control, subject) of a deviation -> whether each disposition that concerns it holds."""
    settings: Sequence[SettingInterval] = ()
    """Intervals of settings, by repository, control and time: listed by themselves."""
    events: Sequence[EventDetermination] = ()
    """Drift and acts beside the deployers, by begin: listed by themselves, too."""
    captures: Iterable[CaptureFile] = ()
    """In ascending `seq`, read once."""
    inclusion: str = ""
    """What puts a change into the population, where it is not a deployment (no deployer is
    configured: what landed on a production branch); empty for the rule of `ipe.INCLUSION`."""
    notes: tuple[str, ...] = ()
    """Sentences that the reader of the listings must know (times that are claims...)."""
    filters: tuple[tuple[str, int], ...] = ()
    """What was left out of the listing and how many rows each filter took."""
    custody: tuple[Custody, ...] = ()
    """Every handling of the ledger before this packet, oldest first."""
    anchors: tuple[Anchor, ...] = ()
    """Checkpoints outside of the database, oldest first; the newest with its note and token."""
    emergency_share_limit: int = 10
    """Percent of the population above which the share of emergencies is flagged."""
    limits: Limits = field(default_factory=Limits)
