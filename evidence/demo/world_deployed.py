"""Applications of a world: what deployers and the cluster say, and what was done past them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSource:
    """One source of an Argo CD application."""

    repository: str
    """Repository key, or a URL of something that is not in this world."""
    path: str = "."
    target_revision: str = ""
    """Branch or tag; `HEAD` and the default mean the default branch."""
    values: tuple[str, ...] = ()
    """Helm value files, relative to `path`."""
    chart: str = ""
    oci: str = ""
    """Flux only: `oci://` address of the artifact that carries the repository's commits."""
    origin: bool = True
    """Flux only: whether that artifact says which commit it was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application of Argo CD or Flux. One source is served as `source`, several as `sources`."""

    key: str
    name: str = ""
    """Default: the key. An application that is made again keeps its name, but not its uid."""
    deployer: str = "argocd"
    """`argocd`, or `flux`: served as a Kustomization of its first source."""
    sources: tuple[AppSource, ...]
    namespace: str = "argocd"
    project: str = "default"
    destination: str = "https://kubernetes.default.svc"
    target_namespace: str = ""
    auto_sync: bool = True
    suspended: bool = False
    """Flux only: it applies nothing any more."""
    self_heal: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    history_limit: int = 10
    created_at: str = ""
    deleted_at: str = ""
    images: tuple[str, ...] = ()
    """Image references to list instead of those found in the manifests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """One sync operation of an application."""

    app: str
    key: str = ""
    revision: str = ""
    """Reference to a commit of the (first) source; default the tip of its target revision then."""
    revisions: tuple[str, ...] = ()
    """References, one for each source of a multi-source application."""
    at: str = ""
    seconds: int = 40
    """How long it took."""
    phase: str = "Succeeded"
    """`Succeeded`, `Failed`, `Error`, `Running` (never ends)."""
    by: str = ""
    """Argo CD user name of the initiator; empty and not automated: nobody is recorded."""
    automated: bool = True
    """Set to false, or give `by`, for a manual sync."""
    dry_run: bool = False
    selective: tuple[str, ...] = ()
    """`kind/name` of the only resources synced (a self-heal has them, too)."""
    self_heal: bool = False
    local_manifests: bool = False
    """Content came from the caller instead of Git."""
    lost_before: int = 0
    """This many history rows were written and lost before this one: their ids are missing."""
    history: bool = True
    """False: the history row was lost although Argo CD's rule would have written it."""
    message: str = ""
    health: str = "Healthy"
    heal_attempts: int = 1
    """How many tries Argo CD counts in a self-heal."""
    images: tuple[str, ...] = ()
    """Image references after it, instead of those found in the manifests."""
    inline: tuple[str, ...] = ()
    """Argo CD only: `kustomize.images` of the application's own definition from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One progressive delivery that carries out a deployment: a canary, step by step.

    It begins when the deployment is done; looks before its end show it on its way.
    """

    deploy: str
    """Key of the deployment."""
    tool: str = "argo-rollouts"
    """`argo-rollouts` or `flagger`."""
    workload: str = "web"
    outcome: str = "promoted"
    """`promoted`, `aborted`, `rolled_back`, or `progressing` (it never ends)."""
    weight: int = 20
    """Percent of the traffic that it reaches before its end."""
    seconds: int = 600
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that a registry holds. `${image:KEY}` is its digest, without `sha256:`."""

    key: str
    name: str
    """As configurations name it: `registry.example/shop-web`."""
    tag: str = ""
    at: str = ""
    """Since when the tag names it; default: always."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """`revision` and `source`, short for `org.opencontainers.image.revision`..., or other names."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of the manifest, with the same short names."""
    platforms: int = 1
    """More than one: the digest is that of an index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubDeployment:
    """A deployment that GitHub was told of, with the statuses that followed."""

    on: str
    """Reference to the commit."""
    by: str
    """Person key of its creator."""
    at: str
    key: str = ""
    repository: str = ""
    """Default: the first repository."""
    environment: str = "production"
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Offset from `at` -> state: `IN_PROGRESS`, `SUCCESS`, `FAILURE`, `INACTIVE`..."""
    run: bool = True
    """Whether a workflow run made it; false: whoever it was told GitHub by its API."""
    started_by: str = ""
    """Who started that run; default: `by`."""
    approved_by: tuple[str, ...] = ()
    """Who let it pass as a reviewer of the environment."""
    rejected_by: tuple[str, ...] = ()
    comment: str = ""
    """Of those reviews."""
    attempt: int = 1
    """Which attempt of the run made it."""
    run_of: str = ""
    """Key of the deployment whose run this one is another attempt of; empty: a run of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEvent:
    """An event of the cluster, which keeps it for an hour."""

    at: str
    object: str
    """`Kind/name`."""
    reason: str
    namespace: str = "argocd"
    message: str = ""
    component: str = "argocd-application-controller"
    user: str = ""
    """Who, where the reporter says it."""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Something in the cluster differs from what Argo CD synced last, for a while."""

    app: str
    at: str
    until: str = ""
    """When it was put back; empty: never."""
    resources: tuple[str, ...] = ("Deployment/shop",)
    """`Kind/name` of what differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterWrite:
    """A write that the API server's audit log holds. No server tells it: it is handed over."""

    at: str
    user: str
    verb: str = "patch"
    resource: str = "deployments"
    name: str = "shop"
    namespace: str = ""
    """Default: that of `app`."""
    app: str = ""
    """Key of the application whose mark the object bears."""
    status: int = 200
