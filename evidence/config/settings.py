"""Every setting, as the TOML file spells it. `config.example.toml` comments each of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Source(_Section):
    """One system that evidence is read from."""

    id: Id
    kind: Literal[
        "github",
        "argocd",
        "jira",
        "flux",
        "argo-rollouts",
        "flagger",
        "github-deployments",
        "kubernetes-events",
        "ingest",
    ]
    url: str = ""
    file: str = ""
    """What is read from a cluster: a file of its objects instead of a server."""
    secret: str = ""
    api: Literal["rest", "kubernetes"] = "rest"
    """Argo CD only: what `url` is, its own API or that of the cluster that holds Applications."""
    app_id: str = ""
    """GitHub only: the id of a GitHub App to read as; it needs `private_key` and no `secret`."""
    private_key: str = ""
    """GitHub only: reference to the App's private key (PEM)."""
    organisations: list[str] = []
    """GitHub only: owners whose whole list of repositories is kept as the scope register; `*`: all
    that installed the App."""
    include: list[str] = []
    """GitHub only: globs over `owner/name`: what they name of those lists is read."""
    exclude: list[str] = []
    """GitHub only: globs over `owner/name`; an exclusion goes before an inclusion."""
    production_branches: list[str] = []
    """GitHub only: of what `include` names; empty: its default branch, and those it had before."""
    clone: str = ""
    """GitHub only: clone URL of what `include` names, with `{name}` for `owner/name`; empty:
    derived from the forge's URL."""
    email: str = ""
    """Jira Cloud only: the account that the API token belongs to; empty: a bearer token."""
    deployment: Literal["cloud", "server"] = "cloud"
    """Jira only: Cloud, or Server and Data Center."""
    projects: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,254}$")]] = []
    """Jira only: keys of the projects in scope; empty: all that the credential sees."""
    repositories: list[Id] = []
    """GitHub deployments only: repositories whose deployments are read; empty: all with a name."""
    verify_tls: bool = True
    ca: str = ""
    """What is read from a cluster: a PEM file with its certificate authority."""
    system: str = ""
    """The instance that account ids belong to; empty: the host of `url`."""
    shared_accounts: list[str] = []
    settings: bool = True
    """GitHub only: whether protection, rulesets, records of pushes and access are read, too."""
    settings_hours: int = Field(default=24, ge=0)
    """GitHub only: hours between two readings of a repository's settings; 0: in every sync."""
    webhook_secrets: list[str] = []
    """References to what its deliveries are signed with, for `evidence serve --receiver`; two while
    one replaces the other; empty: nothing of this source is received."""


class RepositorySettings(_Section):
    """One repository in scope."""

    id: Id
    name: str = ""
    clone: str = ""
    """Clone URL or path; empty: derived from the forge's URL and the name."""
    secret: str = ""
    addresses: list[str] = []
    """Further addresses by which deployers name it."""
    source: str = ""
    production_branches: list[str] = ["main"]
    role: Literal["application", "configuration"] = "application"


class ImageSettings(_Section):
    """An image of one application and where its sources are."""

    image: str
    repository: str
    path: str = ""
    build: str = ""
    """Name of the check that builds it."""
    build_app: str = ""


class WitnessSettings(_Section):
    """Another source that tells of an application's deployments: listed, never a row."""

    source: str
    selector: str


class ApplicationSettings(_Section):
    """Something that is deployed."""

    id: Id
    environment: str = "production"
    production: bool = True
    source: str
    selector: str
    repository: str = ""
    path: str = ""
    image: list[ImageSettings] = []
    values_files: list[str] = []
    values_keys: list[str] = ["image"]
    baseline: str = ""
    witness: list[WitnessSettings] = []


class MapSettings(_Section):
    """A pattern that maps many images to repositories."""

    image: str
    repository: str
    path: str = ""
    build: str = ""
    build_app: str = ""


class BuilderSettings(_Section):
    """Whose statements about the origin of images are believed."""

    id: Id
    key: str
    """PEM of the public key that signs them."""
    builder: str = ""
    repositories: list[str] = []


class PersonSettings(_Section):
    """One human and their accounts."""

    name: str
    accounts: list[str] = []
    emails: list[str] = []
    left: str = ""
    """RFC 3339 time; empty while they are here."""


class StandardRuleSettings(_Section):
    """A standard change that was approved beforehand."""

    diff: Literal["image-bump", "version-bump", "lockfile"]
    bumps: list[Literal["patch", "minor", "major"]] = ["patch"]
    repositories: list[str] = []
    checks: list[str] | None = None
    """None: the required checks of the policy; of an image bump none."""
    approved_by: str
    valid_from: str
    """RFC 3339 time."""
    valid_to: str = ""
    is_request: bool = False


class AutomationSettings(_Section):
    """A registered bot or app."""

    id: Id
    accounts: list[str]
    emails: list[str] = []
    paths: list[str] = []
    operator: str = ""
    ignore_commits: bool = False
    rule: StandardRuleSettings | None = None


class ControlSettings(_Section):
    """The entity's own words for one control."""

    in_scope: bool = True
    id: str = ""
    wording: str = ""
    owner: str = ""
    frequency: str = ""


class CheckSettings(_Section):
    """One required check."""

    name: str
    app: str = ""
    accept: list[str] = ["SUCCESS"]
    unless_only_paths: list[str] = []


class PolicySettings(_Section):
    """Parameters of the controls; docs/reference/controls.md explains each."""

    profile: Literal["P0", "P-exact", "P-time", "P-strict", "P-4role"] = "P0"
    approvals_required: int = Field(default=1, ge=0, le=10)
    required_checks: list[CheckSettings] = []
    required_check_moment: Literal["before_merge", "before_deploy"] = "before_merge"
    ticket_required: bool = True
    ticket_sources: list[Literal["closing", "title", "branch", "body"]] = [
        "closing",
        "title",
        "branch",
        "body",
    ]
    ticket_projects: list[str] = []
    ticket_types: list[str] = []
    authorised_labels: list[str] = []
    authorised_statuses: list[str] = []
    authorised_before: Literal["merge", "deploy"] = "merge"
    request_is_pull_request: bool = False
    comment_approval: bool = False
    pusher_resolves_unmapped: bool = True
    require_mapped_approvers: bool = False
    owner_required_paths: list[str] = []
    empty_tree_diff_exempt: bool = False
    emergency_labels: list[str] = ["emergency"]
    clock_tolerance_seconds: int = Field(default=120, ge=0, le=3600)
    pending_limit_days: int = Field(default=0, ge=0, le=3650)
    non_deployable_paths: list[str] = []
    scope_start: str = ""
    origin_level: Literal["strong", "proved"] = "strong"
    health_minutes: int = Field(default=60, ge=1, le=100_000)
    """Within which a deployment must be healthy or taken back."""
    required_environment: str = ""
    event_hours: int = Field(default=24, ge=1, le=8760)
    """Within which drift is reverted or has a ticket."""
    attribution_required: bool = False


class AccessSettings(_Section):
    """Who may merge, deploy or bypass, and when that was reviewed."""

    approved: list[str] = []
    shared_accounts: list[str] = []
    reviews: list[str] = []
    review_days: int = Field(default=90, ge=1, le=3650)


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
    person: list[PersonSettings] = []
    automation: list[AutomationSettings] = []
    controls: dict[str, ControlSettings] = {}
    policy: PolicySettings = PolicySettings()
    access: AccessSettings = AccessSettings()
    seal: SealSettings = SealSettings()
    anchor: AnchorSettings = AnchorSettings()
    receiver: ReceiverSettings = ReceiverSettings()
    report: ReportSettings = ReportSettings()
