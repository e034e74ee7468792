"""Settings of what is in scope: systems, repositories, applications and where images come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from evidence.config.section import CLOSED, Id


class _Section(BaseModel):
    model_config = CLOSED


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
        "oci",
        "ingest",
    ]
    url: str = ""
    file: str = ""
    """What is read from a cluster: a file of its objects instead of a server. OCI: a folder with an
    image layout instead of a registry."""
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
    security: bool = False
    """GitHub only: whether code scanning and the alerts of its three scanners are read, too."""
    security_hours: int = Field(default=24, ge=0)
    """GitHub only: hours between two readings of them; 0: in every sync."""
    attestations: bool = False
    """GitHub only: whether artifact attestations of images that run are read."""
    deployment_records: bool = False
    """GitHub only: whether artifact deployment records of images that run are read."""
    identities: bool = False
    """GitHub only: whether SAML identities and confirmed addresses of organisations are read."""
    audit_log: bool = False
    """GitHub only: whether the audit logs of the organisations are read (Enterprise Cloud)."""
    line_comments: bool = True
    """GitHub only: whether comments on lines of pull requests are read."""
    job_logs: bool = True
    """GitHub only: whether the logs of required checks are read; GitHub keeps them for 90 days."""
    job_log_kib: int = Field(default=256, ge=16, le=16_384)
    """GitHub only: KiB that are kept of a log, of its beginning and its end."""
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
    retired: bool = False
    """Nothing more is read of it; what was recorded of it stays in the population."""


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
    windows: list[str] = []
    """When it may be deployed, in the organisation's time zone: `Mon-Fri 07:00-19:00`; empty: at
    any time. A deployment outside of them is flagged."""


class MapSettings(ImageSettings):
    """A pattern that maps many images to repositories."""


class BuilderSettings(_Section):
    """Whose statements about the origin of images are believed."""

    id: Id
    key: str
    """PEM of the public key that signs them."""
    builder: str = ""
    repositories: list[str] = []


class ExclusionSettings(_Section):
    """Something that is left out on purpose, by whom, why and since when."""

    kind: Literal["repository", "application", "system"] = "system"
    """`system`: whatever no collector reads, such as feature flags that a service holds."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """`owner/name`, an application as its deployer names it, or the name of a system."""
    owner: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """Who answers for it."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    date: str
    """Since when, as a date: 2026-07-01."""
