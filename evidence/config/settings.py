"""All settings of one run, as the TOML file spells them; `config.example.toml` comments each.

What is in scope and how it is judged stand in `scope` and `rules`; the sections of the installation
itself stand here.
"""

from __future__ import annotations

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from evidence.config.rules import (
    AccessSettings,
    AutomationSettings,
    ControlSettings,
    PersonSettings,
    PolicySettings,
    WaiverSettings,
)
from evidence.config.scope import (
    ApplicationSettings,
    BuilderSettings,
    ExclusionSettings,
    MapSettings,
    RepositorySettings,
    Source,
)
from evidence.config.section import CLOSED


class _Section(BaseModel):
    model_config = CLOSED


class Organisation(_Section):
    """Whose evidence this is."""

    name: str = "Unnamed organisation"
    time_zone: str = "UTC"
    """IANA name: periods are days in this zone."""
    simulated: bool = False
    """An invented organisation: every page of every packet says SIMULATED. The ledger remembers
    it, so a store that was filled under it stays marked whatever the configuration says later."""


class StoreSettings(_Section):
    """Where evidence is kept."""

    url: str = ""
    """SQLAlchemy URL or a secret reference; empty: SQLite in the data directory."""


class SealSettings(_Section):
    """How packets are signed."""

    keys: str = ""
    """Directory of the keys; empty: the user's configuration directory."""
    passphrase: str = ""
    """Reference to what the keys there are encrypted with; empty: they are not."""
    signer: str = ""
    """URI of the key that seals packets (`pkcs11:`, `kms:`); empty: the one in the directory."""
    cosigner: str = ""
    """URI of a keyless signature to be added (`sigstore:`); empty: none."""
    tsa: str = ""
    """RFC 3161 time stamp authority; empty: no time stamp."""
    tsa_certificates: str = ""
    """PEM file with the certificates of that authority; `keys export-public` hands them over."""
    lta: bool = False
    """Whether PDFs are sealed for longer than their certificates last (PAdES B-LTA)."""


class AnchorSettings(_Section):
    """Where checkpoints of the ledger are kept outside of its database."""

    git: str = ""
    """Repository (path or URL) that gets a signed commit per checkpoint; empty: none."""
    branch: str = "evidence-anchors"
    secret: str = ""
    """Reference to a token that may push over https."""
    tsa: str = ""
    """RFC 3161 time stamp authority for the checkpoint; empty: none."""
    s3: str = ""
    """`s3://bucket/prefix` under Object Lock; empty: none."""
    s3_endpoint: str = ""
    """A server that speaks S3; empty: AWS."""
    s3_days: int = Field(default=400, ge=1, le=36_500)
    """Days for which an object can be deleted by nobody."""
    after_sync: bool = True


class ReceiverSettings(_Section):
    """Where and how `evidence serve --receiver` listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8099, ge=0, le=65_535)
    """0: any free port; it is printed."""
    body_limit: int = Field(default=26_214_400, ge=1_024, le=104_857_600)
    """Bytes of one delivery; GitHub sends at most 25 MB."""
    timeout_seconds: int = Field(default=10, ge=1, le=300)
    """Within which the headers, and then the body, of a delivery must have come."""


class ReportSettings(_Section):
    """Where packets are written."""

    directory: str = "reports"


class Settings(BaseSettings):
    """All settings of one run. `EVIDENCE_<SECTION>__<KEY>` overrides a single value."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix="EVIDENCE_", env_nested_delimiter="__", frozen=True
    )

    organisation: Organisation = Organisation()
    store: StoreSettings = StoreSettings()
    source: list[Source] = []
    repository: list[RepositorySettings] = []
    application: list[ApplicationSettings] = []
    map: list[MapSettings] = []
    provenance: list[BuilderSettings] = []
    exclusion: list[ExclusionSettings] = []
    person: list[PersonSettings] = []
    automation: list[AutomationSettings] = []
    controls: dict[str, ControlSettings] = {}
    policy: PolicySettings = PolicySettings()
    waiver: list[WaiverSettings] = []
    access: AccessSettings = AccessSettings()
    seal: SealSettings = SealSettings()
    anchor: AnchorSettings = AnchorSettings()
    receiver: ReceiverSettings = ReceiverSettings()
    report: ReportSettings = ReportSettings()
