"""One alteration of production, and the links that trace it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.model.actor import Actor


class Strength(StrEnum):
    """How far a link can be relied on, strongest first."""

    PROVED = "proved"
    """An identity of content or an exact server-side reference: equal SHA, equal tree."""
    STRONG = "strong"
    """A unique resolution that one party could still have faked: a tag that is a full SHA."""
    INFERRED = "inferred"
    """Unique, but by a convention: a key in a title, a short SHA, a Git tag of the same name."""
    CANDIDATE = "candidate"
    """One of several, or by time or a version beside it only: shown, never relied on."""


class LinkKind(StrEnum):
    """Which edge of the chain a link is."""

    REQUEST = "request"
    APPROVAL = "approval"
    VALIDATION = "validation"
    MERGE = "merge"
    DEPLOYMENT = "deployment"
    HOP = "hop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One edge between two references, with the rule that drew it.

    References: `pr:app:7`, `commit:app:<sha>`, `ticket:acme/shop#12`, `review:<id>`,
    `check:<id>`, `deployment:<id>`, `image:<name>:<tag>`.
    """

    kind: LinkKind
    source: str
    target: str
    basis: str
    """Which rule made it, as a stable code: `merge_commit`, `closing_reference`, `title_key`..."""
    strength: Strength
    detail: str = ""
    """What the rule saw, in words."""
    entries: tuple[int, ...] = ()
    """Ledger entries it rests on, ascending."""


class ChangeKind(StrEnum):
    """How a change reached its branch."""

    PULL_REQUEST = "pull_request"
    DIRECT = "direct"
    """A commit on a production branch that no merged pull request explains."""


class MergeMethod(StrEnum):
    """How a pull request's content became commits of the branch; `unknown` where not shown."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"
    QUEUE = "queue"
    LOCAL = "local"
    DIRECT = "direct"
    UNKNOWN = "unknown"


PROMOTION = "promotion"
"""The `change_type` of a configuration change that only moves images of ours: no second row of the
population but a stratum of its own, beside the deployments that it brings."""
IMPORT = "import"
"""The `change_type` of a pull request that merged the history of another repository: one change,
however many commits came with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One alteration: `<repository id>:pr:<number>` or `<repository id>:commit:<sha>`.

    Times are server-assigned microseconds UTC, 0 where no server gave one (a direct commit).
    """

    change_id: str
    kind: ChangeKind
    repository: str
    number: int = 0
    commits: tuple[str, ...] = ()
    """The commits it put on the production branch, oldest first. For a merge commit: the merge
    itself last, the merged commits before it. Empty while not merged."""
    branch: str = ""
    """The production branch it landed on."""
    landing_sha: str = ""
    """The first-parent commit of the branch that carries it (the last one of a rebase merge)."""
    base_sha: str = ""
    """First parent of the first landed commit: what the branch was before it."""
    head_sha: str = ""
    """Head of the pull request at merge; the commit itself for a direct change."""
    merge_method: MergeMethod = MergeMethod.UNKNOWN
    title: str = ""
    url: str = ""
    author: Actor | None = None
    created_at: int = 0
    merged_at: int = 0
    merged_by: Actor | None = None
    change_type: str = "normal"
    """`normal`, `bot`, `revert`, `import`, `emergency`, `promotion`, `direct`: a stratum for
    sampling."""
    aliases: tuple[str, ...] = ()
    """Earlier ids of the same change (a commit first seen as direct)."""
    deployments: tuple[str, ...] = ()
    """Ids of the production deployments that first carried it, in order of time."""
    first_deployed_at: int = 0
    flags: tuple[str, ...] = ()
