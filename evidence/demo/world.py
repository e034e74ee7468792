r"""The `world`: one simulated organisation as data, from which repositories and servers are made.

A world is a TOML file of arrays of tables (or the records below; they mirror each other). It is
what a golden case changes and what an auditor can read. `evidence/demo/world.schema.json` is its
JSON Schema. The smallest useful one:

    [[person]]
    key = "ada"
    [[person]]
    key = "bert"
    [[repository]]
    key = "shop"
    files = { "README.md" = "shop\n" }
    [[change]]
    key = "gift-cards"
    repository = "shop"
    author = "ada"
    title = "Add gift cards"
    requested_by = "bert"
    steps = [
      { do = "push", files = { "gift.py" = "GIFT = 1\n" } },
      { do = "checks" },
      { do = "review", by = "bert" },
      { do = "merge", by = "ada", method = "squash" },
    ]

**Times** are ISO 8601 or offsets: top-level ones count from `epoch`, those of a step from the
change's `at`. Left out: a change starts a day after the change before it in the file, a step is
ten minutes after the step before it, a bump 30 minutes after the last change it names, a deployment
5 minutes after the commit it deploys. Everything is replayed in time order.

**References** name commits where a field says so: `KEY` (what the change, push or bump put on its
branch), `KEY.c2` (the second commit ever pushed to the change, or the commit whose `key` it is),
`KEY.head` (last head of the pull request), `KEY.r1` (first of the new commits of a rebase merge),
`KEY.queue` / `KEY.q1` (last / first merge queue commit), `branch:main`, `tag:v1`, `root`, or 40
hexadecimal digits. Inside a change `head`, `c2`, `queue`, `merge`, `r1` need no key.
In contents, messages, titles, bodies, image tags: `${sha:REF}`, `${short:REF}` (7 digits) and
`${digest:ANY TEXT}` (64 hexadecimal digits made from the text) are replaced, and so is
`${image:KEY}` (those of an image that the registry holds).

Nothing here knows what is right or wrong: a world can describe any behaviour, also forbidden ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.demo.steps import CheckStep, ImageEdit, Step
from evidence.demo.world_access import Access, Fault
from evidence.demo.world_deployed import (
    Application,
    ClusterEvent,
    ClusterWrite,
    Delivery,
    Deploy,
    Drift,
    GitHubDeployment,
    Image,
)
from evidence.demo.world_identity import AuditEntry, Identity
from evidence.demo.world_pushes import Push, Tag
from evidence.demo.world_security import Alert, ArtifactRecord, Attestation, CodeScan
from evidence.demo.world_settings import (
    DeployKey,
    Environment,
    Grant,
    Installation,
    Protection,
    Ruleset,
    Team,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account. Two accounts of one human are two persons here; only a person map joins them."""

    key: str
    login: str = ""
    """Default: the key. A bot's login has no `[bot]` suffix in GraphQL and has it in REST."""
    id: int = 0
    """The source's numeric id; 0: made from the position in the file, from 101 on."""
    name: str = ""
    email: str = ""
    """Default `<key>@people.example`."""
    emails: tuple[str, ...] = ()
    """Further addresses that GitHub maps to this account."""
    type: str = "user"
    """`user`, `bot` or `mannequin`."""
    can_push: bool = True
    """What `authorCanPushToRepository` and `authorAssociation` say (as of the reading)."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Time -> new login."""
    deleted_at: str = ""
    """From then on the account is a ghost: `author: null`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A Git repository on GitHub."""

    key: str
    name: str = ""
    """`owner/name`; default `<organisation>/<key>`."""
    id: int = 0
    """Numeric id; 0: made from the position, from 5001 on."""
    kind: str = "app"
    """`app` or `config`: for the reader and the generator, the servers do not say it. `outside`: it
    is there, and who writes the configuration leaves it out of scope."""
    default_branch: str = "main"
    branch_renames: Mapping[str, str] = field(default_factory=dict)
    """Time -> new name of the default branch; the old name is gone from then on."""
    created_at: str = ""
    """Default: `epoch` - 30 days. The default branch is pushed at the same moment."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Content of the root commit."""
    private: bool = True
    renames: Mapping[str, str] = field(default_factory=dict)
    """Time -> new `owner/name`, of the same owner or another; the old name redirects until another
    repository takes it."""
    deleted_at: str = ""
    """From then on GitHub shows it no more."""
    merge_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvent:
    """One later act on an issue."""

    at: str = ""
    do: str = "label"
    """`label`, `unlabel`, `assign`, `unassign`, `close`, `reopen`, `edit`; in Jira `label`,
    `unlabel`, `assign`, `edit`, `transition`, `resolve`, `move`, and of a service desk `approve`
    and `decline`."""
    by: str = ""
    """Default: the author."""
    name: str = ""
    """Label, person key, close reason (`COMPLETED`, `NOT_PLANNED`), new title, status, resolution,
    project key or the name of an approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A request kept as a GitHub issue, or in Jira."""

    key: str
    repository: str = ""
    """Default: the first repository."""
    author: str
    at: str = ""
    """Default: `epoch` - 1 day."""
    title: str = ""
    body: str = ""
    number: int = 0
    """0: the next free one of the number line that issues and pull requests share."""
    labels: tuple[str, ...] = ()
    events: tuple[IssueEvent, ...] = ()
    deleted_at: str = ""
    tracker: str = "github"
    """`github` or `jira`; all below are Jira's."""
    project: str = "SHOP"
    """Project key; the number is counted in it."""
    type: str = "Story"
    status: str = "To Do"
    """The status it was created in."""
    service_desk: bool = False
    """Its project is one of Jira Service Management, whose requests are approved there."""
    hidden: bool = False
    """An issue security level hides it from the credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pull request and everything that happens to it, in `steps`."""

    key: str
    author: str
    """Who opens the pull request."""
    repository: str = ""
    """Default: the first repository."""
    at: str = ""
    title: str = ""
    body: str = ""
    branch: str = ""
    """Head branch; default the key."""
    fork: str = ""
    """`owner/name` of the fork that holds the head branch; empty: the repository itself does."""
    fork_deleted_at: str = ""
    """From then on GitHub names no head repository. The pull request's own ref stays."""
    base: str = ""
    """Base branch; default the repository's default branch."""
    starts_on: str = ""
    """Reference: the head branch begins there instead of at the base branch. What the base branch
    lacks of it belongs to the pull request."""
    number: int = 0
    draft: bool = False
    issues: tuple[str, ...] = ()
    """Keys of issues that the pull request closes, as GitHub itself links them."""
    requested_by: str = ""
    """Short for an issue by this person, a day before, closed by the pull request."""
    labels: tuple[str, ...] = ()
    """Labels set when the pull request is opened, by its author."""
    reverts: str = ""
    """Key of a merged change: the first push undoes it."""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Checks on any commit, outside a change (a nightly run, a direct push)."""

    on: str
    repository: str = ""
    at: str = ""
    run: CheckStep = field(default_factory=CheckStep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bump:
    """A change of the configuration repository that sets image versions: short for one of two.

    `via = "push"` is a direct push; `via = "change"` a pull request that `approved_by` approves,
    with green checks, squashed by `by`.
    """

    key: str
    set: tuple[ImageEdit, ...]
    by: str = ""
    """Default: the first bot."""
    repository: str = ""
    """Default: the first repository of kind `config`."""
    at: str = ""
    message: str = ""
    via: str = "push"
    approved_by: str = ""
    deploy: tuple[str, ...] = ()
    """Applications that an automated sync deploys 5 minutes later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A simulated organisation and its story."""

    name: str = "Example Shop (simulated)"
    organisation: str = "example-shop"
    """Owner of the repositories."""
    personal: bool = False
    """Whether the owner is a person's account at GitHub, and no organisation."""
    epoch: str = "2026-07-06T09:00:00Z"
    ends: str = ""
    """Moment at which the servers stand at first; default: a day after the last event."""
    person: tuple[Person, ...] = ()
    repository: tuple[Repository, ...] = ()
    issue: tuple[Issue, ...] = ()
    change: tuple[Change, ...] = ()
    push: tuple[Push, ...] = ()
    tag: tuple[Tag, ...] = ()
    check: tuple[Check, ...] = ()
    bump: tuple[Bump, ...] = ()
    application: tuple[Application, ...] = ()
    deploy: tuple[Deploy, ...] = ()
    delivery: tuple[Delivery, ...] = ()
    image: tuple[Image, ...] = ()
    github_deployment: tuple[GitHubDeployment, ...] = ()
    event: tuple[ClusterEvent, ...] = ()
    drift: tuple[Drift, ...] = ()
    write: tuple[ClusterWrite, ...] = ()
    argocd_api: str = "rest"
    """`rest`, or `kubernetes`: the collector reads Applications from the cluster."""
    protection: tuple[Protection, ...] = ()
    ruleset: tuple[Ruleset, ...] = ()
    environment: tuple[Environment, ...] = ()
    grant: tuple[Grant, ...] = ()
    team: tuple[Team, ...] = ()
    deploy_key: tuple[DeployKey, ...] = ()
    installation: tuple[Installation, ...] = ()
    attestation: tuple[Attestation, ...] = ()
    artifact_record: tuple[ArtifactRecord, ...] = ()
    code_scan: tuple[CodeScan, ...] = ()
    alert: tuple[Alert, ...] = ()
    identity: tuple[Identity, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    jira: str = "cloud"
    """Which Jira serves issues with `tracker = "jira"`: `cloud` or `server`."""
    access: Access = field(default_factory=Access)
    fault: tuple[Fault, ...] = ()
