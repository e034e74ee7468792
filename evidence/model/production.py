"""Deployments of the population: what each brought, from where, and what runs after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.actor import Actor
from evidence.model.change import Link, Strength


class DeploymentKind(StrEnum):
    """How a deployment's revision stands to the one before it in the same lane of deployment."""

    FIRST = "first"
    FORWARD = "forward"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"
    DIVERGED = "diverged"
    """Neither revision contains the other (another branch, or history rewritten)."""
    FAILED = "failed"
    """The operation did not succeed; it may have altered production and stays in the population."""
    ABORTED = "aborted"
    """A canary that was stopped or taken back: it was in production and does not run there."""
    NO_COMMIT = "no_commit"
    """Local manifests or no revision: production altered from outside Git."""
    UNRESOLVED = "unresolved"
    """The revision is not a commit that could be found."""


class Standing(StrEnum):
    """How a deployed commit stands to the production branches of its repository, as observed."""

    RESULT = "result"
    """What a change left on a production branch."""
    PART = "part"
    """A production branch contains it, inside a change: it is not what the change came to."""
    OUTSIDE = "outside"
    """No production branch contains it."""
    UNSEEN = "unseen"
    """Not on a branch that was seen, and not all of them were."""


SUBMODULE = "submodule"
"""Basis of the range of a repository that another one includes by a pointer."""


WITNESSED = ("same_operation", "witnessed_revision", "recorded_digest")
"""Basis of a link to what another system tells of a deployment: how it was recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRange:
    """What one repository contributed to one deployment."""

    repository: str
    """Configured repository id; empty where no configured repository matches."""
    path: str
    previous: str
    """Commit deployed before in this lane; empty at the first deployment."""
    revision: str
    kind: DeploymentKind
    commits: tuple[str, ...] = ()
    """Commits that reached this application here for the first time, oldest first, limited to the
    repository's mapped path where one is given."""
    removed: tuple[str, ...] = ()
    """For a rollback: commits that are no longer deployed, newest first."""
    basis: str = ""
    strength: Strength = Strength.PROVED
    through: str = ""
    """The image by which a source repository came in, the path of the submodule, or
    `application:<id>` where the parent of an application changed its object; empty for what it is
    read from itself."""
    standing: Standing | None = None
    """Of `revision`; None where it is no commit that was read."""
    landed_by: str = ""
    """The change that `revision` belongs to."""
    last_by: str = ""
    """The change that the last of `commits` belongs to: another one where `revision` does not
    concern the application, as in a repository that configures many."""
    tag: str = ""
    """The Git tag that the deployer was asked for, where it is one of the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMatch:
    """One commit that one strategy sees behind an image reference."""

    basis: str
    commit: str
    strength: Strength
    detail: str = ""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One image whose reference differs between two deployed configuration revisions."""

    image: str
    """Repository part without tag or digest, after `newName`."""
    file: str
    field: str
    """Where in the file: `images[0].newTag`, `image.tag`..."""
    old: str
    new: str
    """`tag`, `tag@sha256:...` or `sha256:...`; empty where the image appeared or went away."""
    repository: str = ""
    """Mapped source repository id; empty for a third-party image."""
    old_commit: str = ""
    new_commit: str = ""
    """What the tags resolve to in the mapped repository; empty where they do not."""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    problem: str = ""
    """`third_party`, `ambiguous`, `not_a_commit`, `digest_only`, `unmapped`, `no_such_tag`,
    `candidate_only`, `unreadable`; empty where resolved."""
    candidates: tuple[str, ...] = ()
    matches: tuple[ImageMatch, ...] = ()
    """Everything that every strategy sees behind `new`, the more telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningImage:
    """One image of ours that runs after a deployment, whether the deployment moved it or not."""

    image: str
    reference: str
    repository: str
    """Mapped source repository id."""
    commit: str = ""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    problem: str = ""
    standing: Standing | None = None
    landed_by: str = ""
    digests: tuple[str, ...] = ()
    """Every digest that was ever seen for this image and tag, or the one it is pinned to."""
    build: str = ""
    """Name of the check that builds it; empty where the map declares none."""
    build_app: str = ""
    provenance: str = ""
    """`verified`, `claimed` or `contradicts`; empty where there is none."""
    told: str = ""
    """What the provenance says, in words."""
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionDeployment:
    """One row of the deployment file: an operation that may have altered production."""

    deployment_id: str
    """`<source id>:<application uid>:<started_at>`."""
    application: str
    """Configured application id."""
    environment: str
    kind: DeploymentKind
    started_at: int
    finished_at: int
    phase: str
    initiator: Actor | None
    automated: bool | None
    approvers: tuple[Actor, ...] = ()
    """Who let it pass at a gate of the deployer."""
    started_by: Actor | None = None
    """Who started the run that made it, where that is told apart from `initiator`."""
    ranges: tuple[RevisionRange, ...] = ()
    images: tuple[ImageChange, ...] = ()
    running: tuple[RunningImage, ...] = ()
    changes: tuple[str, ...] = ()
    """Change ids that it carried to this application for the first time, oldest first."""
    unmapped: tuple[str, ...] = ()
    """`<repository>:<sha>` of commits in its ranges that map to no single change."""
    problems: tuple[str, ...] = ()
    """Stable codes of what keeps it from being resolved (`history_gap`, `unmapped_repository`)."""
    links: tuple[Link, ...] = ()
    origins: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    """`local_manifests`, `selective`, `self_heal`, `dry_run`, `baseline`..."""

    @property
    def told(self) -> tuple[str, ...]:
        """What witnesses tell of it, in words."""
        return tuple(one.detail for one in self.links if one.basis in WITNESSED)
