"""What the population is built from and what comes out: frozen records, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.chain.answers import Answers
from evidence.chain.carried import Carried
from evidence.chain.changes import PullRequestHead
from evidence.chain.claims import Linked
from evidence.chain.deployments import HistoryNumbers
from evidence.chain.graph import CommitGraph
from evidence.chain.handover import Handover
from evidence.chain.sights import Nothing, Sighted, Sights
from evidence.chain.tags import NoTags, Tags
from evidence.model.aftermath import Aftermath
from evidence.model.capture import Gap
from evidence.model.change import Change, Link
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.git import GitQuestion
from evidence.model.production import ProductionDeployment
from evidence.model.provenance import Provenance
from evidence.model.rollout import RolloutStep


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationInputs:
    """Everything stored that the population rests on, slim and whole. Repositories by their id."""

    deployments: tuple[Deployment, ...] = ()
    """Every observed version of every operation."""
    states: tuple[ApplicationState, ...] = ()
    runs: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Source -> (entry of the receipt, start) of its complete runs, ascending."""
    rollouts: tuple[RolloutStep, ...] = ()
    """Every observed version of every progressive delivery."""
    graphs: Mapping[str, CommitGraph] = field(default_factory=dict)
    tips: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Repository -> branch (short name) -> commits it was seen to point to, current one first."""
    heads: tuple[PullRequestHead, ...] = ()
    """Current version of each pull request; those that are not merged may be among them."""
    associations: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    """Repository -> commit -> merged pull requests the forge lists for it; a commit that is not a
    key was never asked about."""
    linked: Mapping[str, Mapping[int, tuple[Linked, ...]]] = field(default_factory=dict)
    """Configuration repository -> merged pull request -> what its body links to, as it stood when
    the pull request was first seen merged."""
    answers: Answers = field(default_factory=dict)
    changed: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Repository -> commit -> files changed against the first parent, as far as the store has
    them; a commit that is not a key is asked about where its paths matter."""
    provenance: tuple[Provenance, ...] = ()
    """What builders state of the digests that run."""
    stated: Mapping[str, tuple[Provenance, ...]] = field(default_factory=dict)
    """Digest -> what is stated of it and is not among `provenance`."""
    sighted: Sights = field(default_factory=Nothing)
    """Digests that were seen for tags by what is not among these."""
    tags: Tags = field(default_factory=NoTags)
    """What Git tags were seen to name."""
    gaps: tuple[Gap, ...] = ()
    previous_ids: tuple[str, ...] = ()
    """Change ids and aliases that earlier runs gave."""
    carried: Mapping[str, Carried] = field(default_factory=dict)
    """Change id -> deployments that carried it and are not among these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCount:
    """R3: commits of one production branch and what explains them."""

    repository: str
    branch: str
    commits: int
    """Commits that the branch contains."""
    landed: int
    """Changes they make up."""
    by_pull_request: int
    direct: int
    first_parent: int = 0
    """Commits on its first-parent line: `git rev-list --first-parent --count` counts the same."""
    promotions: int = 0
    """Those of `landed` that only promote images: listed as promotions, not as changes."""
    found: bool = True
    """Whether it was ever seen: what landed on a branch that was not cannot be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The reconciliation numbers the chain can count (controls.md 2.2)."""

    deployments: int = 0
    """R1: rows of the deployment file."""
    range_commits: int = 0
    """R1: commits in their ranges, counted once per deployment and range."""
    mapped: int = 0
    unmapped: tuple[str, ...] = ()
    """R1: `<repository>:<sha>` without a single change."""
    unresolved: tuple[str, ...] = ()
    """R1: deployments with a problem that keeps their range from being trusted."""
    merged: int = 0
    """R2: changes that landed on a production branch."""
    deployed: int = 0
    promotions: int = 0
    """R2: those of `deployed` that only promote images: listed as promotions, not as changes."""
    promoting: int = 0
    """R1: those of `mapped` that belong to promotions."""
    baseline: int = 0
    """R2: contained in the first deployment observed, so deployed before observation began."""
    pending: int = 0
    """R2: landed and not deployed by any operation seen; CM-14 tells why."""
    not_landed: int = 0
    """R2: merged pull requests that no production branch contains."""
    branches: tuple[BranchCount, ...] = ()
    history: tuple[HistoryNumbers, ...] = ()
    """R5."""
    live_unexplained: tuple[str, ...] = ()
    """R6: `<application>:<revision>` live when observed and in no operation seen."""
    dry_runs: int = 0
    self_heals: int = 0
    """Self-heals at the revision that was deployed already: events, not deployments."""
    other_applications: int = 0
    """Operations of applications that are not configured as production: R9 lists them."""


@dataclass(slots=True)
class Counts:
    """Operations that are no row of the deployment file."""

    dry_runs: int = 0
    self_heals: int = 0
    other_applications: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The production changes and deployments that the inputs show."""

    deployments: tuple[ProductionDeployment, ...]
    """In order of start, then id."""
    changes: tuple[Change, ...]
    """By change id; landed, deployed or merely merged."""
    questions: frozenset[GitQuestion]
    """What Git must still be asked; build again with the answers until none is new."""
    reconciliation: Reconciliation
    aftermaths: Mapping[str, Aftermath] = field(default_factory=dict)
    """Deployment id -> what became of it, and how its content stood before."""
    handover: Handover = field(default_factory=Handover)
    """What the next decision may go on from."""
    listed: frozenset[Sighted] = frozenset()
    """Digests that deployers and registries list for tags."""
    pinned: frozenset[Sighted] = frozenset()
    """Digests that configurations pin tags to."""
    others: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    """Change id -> matches that did not decide, kept and shown."""
