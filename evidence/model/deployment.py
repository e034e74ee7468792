"""Facts about what deployers did: sync operations and what an application looked like."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.model.actor import Actor
from evidence.model.fact import Fact

RECORD = "artifact_record"
"""Origin of an operation that somebody's record of a digest at a place tells of: it names no
revision and is no deployer's word. `finished_at` is when the record was last written."""
RUN = "github_run"
"""Origin of a sighting that was read with its workflow run and who let it pass."""
UNREAD_INLINE = '{"too_large": true}'
"""What stands in `inline` for more than is kept."""
_RUN = re.compile(r"https?://[^/?#\s]+/[^?#\s]{1,300}/actions/runs/([0-9]{1,18})(?:[/?#]|$)")


def run_number(url: str) -> str:
    """Number of the workflow run of GitHub that an address leads to; empty: it leads to none."""
    found = _RUN.match(url)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedSource:
    """One source of a deployment: a Git repository at a revision, a chart or an OCI artifact."""

    repo_url: str
    path: str
    target_revision: str
    """What was asked for: a branch, tag, version or SHA."""
    revision: str
    """What it resolved to when it was deployed."""
    chart: str = ""
    kind: str = "git"
    """`git`, `helm`, `oci` or `bucket`."""
    digest: str = ""
    """Digest of the artifact, where the deployer names one beside its version."""
    origin_revision: str = ""
    """The commit that `revision` was rendered from, by the deployer's word (source hydrator)."""
    inline: str = ""
    """JSON of what the definition of the application itself gives it: `kustomize.images`, and
    `parameters`, `values`, `valuesObject` of `helm`; empty where it gives none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Fact):
    """One operation of a deployer on one application, whatever its phase. History: evented.

    The same operation seen in two places (a history row and the operation state) is one
    deployment: (source, application uid, started_at) is its identity.
    """

    source: str
    """Configured source id of the deployer."""
    application_uid: str
    application: str
    """Display name: `namespace/name`; `helmrelease/namespace/name` for a HelmRelease of Flux."""
    started_at: int
    finished_at: int
    """Microseconds UTC; 0 while running or where the deployer gave none."""
    phase: str
    """`Succeeded`, `Failed`, `Error`, `Running`, `Terminating`, as the deployer says."""
    sources: tuple[DeployedSource, ...]
    initiator: Actor | None
    """None where the deployer did not say: unknown, never "automated"."""
    automated: bool | None
    history_id: int = -1
    """Auto-increment of Argo CD or Helm, serial of a Terraform state; -1 where it has none."""
    dry_run: bool = False
    selective: bool = False
    """Only some resources were synced (this includes Argo CD self-heals)."""
    local_manifests: bool = False
    """Content came from the caller, not from Git."""
    self_heal: bool = False
    images: tuple[str, ...] = ()
    """Image references as deployed, where the deployer lists them."""
    message: str = ""
    origin: str = ""
    """`history`, `operation_state`...: where it was read."""
    resources: tuple[str, ...] = ()
    """`kind/name: status` for a selective or failed operation."""
    operation_id: str = ""
    """The deployer's own id of the operation, where it has one."""
    environment: str = ""
    """Environment in the deployer's words, where it names one."""
    url: str = ""
    """Where a person reads of it."""
    approvers: tuple[Actor, ...] = ()
    """Who let it pass at a gate of the deployer (GitHub: reviewers of the environment)."""
    started_by: Actor | None = None
    """Who started the run that made it, where the deployer tells that apart from `initiator`."""
    retries: int = 0
    """How often the deployer tried again within this operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationState(Fact):
    """What an application looked like when it was observed. History: snapshot."""

    source: str
    application_uid: str
    application: str
    destination: str
    """`server or cluster name / namespace`."""
    project: str
    sync_status: str
    health: str
    health_since: int
    revisions: tuple[str, ...]
    """Live revision of each source, in the order of `sources`."""
    sources: tuple[DeployedSource, ...]
    images: tuple[str, ...]
    history_ids: tuple[int, ...]
    auto_sync: bool | None
    labels: tuple[str, ...] = ()
    """`key=value`, sorted."""
    deleted: bool = False
    owner: str = ""
    """What made it: `ApplicationSet/name`, `Application/name` (app of apps); empty: not said."""
    drift: tuple[str, ...] = ()
    """`kind/namespace/name: status` of resources that differ from what was synced."""
