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
`${digest:ANY TEXT}` (64 hexadecimal digits made from the text) are replaced.

Nothing here knows what is right or wrong: a world can describe any behaviour, also forbidden ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.demo.steps import CheckStep, CommitSpec, ImageEdit, Step
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
    """`app` or `config`: for the reader and the generator, the servers do not say it."""
    default_branch: str = "main"
    files: Mapping[str, str] = field(default_factory=dict)
    """Content of the root commit, made at `epoch` - 30 days."""
    private: bool = True
    renames: Mapping[str, str] = field(default_factory=dict)
    """Time -> new `owner/name`; the old name redirects."""
    merge_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvent:
    """One later act on an issue."""

    at: str = ""
    do: str = "label"
    """`label`, `unlabel`, `assign`, `unassign`, `close`, `reopen`, `edit`; in Jira `label`,
    `unlabel`, `assign`, `edit`, `transition`, `resolve` and `move`."""
    by: str = ""
    """Default: the author."""
    name: str = ""
    """Label, person key, close reason (`COMPLETED`, `NOT_PLANNED`), new title, status, resolution
    or project key."""


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
    base: str = ""
    """Base branch; default the repository's default branch."""
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
class Push:
    """A push without a pull request: a direct push, a rewritten branch, a deleted branch."""

    key: str
    by: str
    repository: str = ""
    branch: str = ""
    at: str = ""
    """Default: a day after the one before it in the file."""
    commits: tuple[CommitSpec, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Short for one commit with this content."""
    delete: tuple[str, ...] = ()
    message: str = ""
    force_to: str = ""
    """Reference: the branch is first moved there, whatever it held."""
    remove: bool = False
    """The branch is deleted."""
    rules: str = ""
    """What the rule suite says: `pass`, `bypass` or `none` (no record, as for an exempt actor).
    Default: `none` where no rule applies or the pusher is exempt, `bypass` where a pull request is
    required, else `pass`."""
    deploy_key: str = ""
    """Title of the deploy key it was pushed with: GitHub then names no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A Git tag; with `message` an annotated one. The same name later in time moves the tag."""

    name: str
    on: str
    repository: str = ""
    by: str = ""
    at: str = ""
    """Default: a minute after the commit."""
    message: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the collector's credential lacks, and the size of its budgets."""

    hidden: tuple[str, ...] = ()
    """Repository keys that answer NOT_FOUND, as GitHub does without permission."""
    forbidden: tuple[str, ...] = ()
    """`Type.field` that answer FORBIDDEN and null: `Commit.statusCheckRollup`."""
    points: int = 5000
    """GraphQL points an hour."""
    requests: int = 5000
    """REST requests an hour; an answer 304 costs none."""
    without: tuple[str, ...] = ()
    """Permissions that the credential lacks: `administration` (protection, rule suites, history and
    bypass lists of rulesets, deploy keys, teams), `bypass_actors` (the lists alone, as for an App
    that may only read), `environments`, `organisation` (members of teams, installed Apps)."""
    argocd_projects: tuple[str, ...] = ()
    """Argo CD projects that are visible; empty: all."""
    flux_forbidden: tuple[str, ...] = ()
    """Plurals of Flux's resources that may not be listed: `gitrepositories`."""
    jira_projects: tuple[str, ...] = ()
    """Jira projects that may be browsed; empty: all."""
    jira_security: bool = True
    """Whether the account is told of issue security levels (`SET_ISSUE_SECURITY`)."""
    jira_changelogs: tuple[str, ...] = ()
    """Keys of issues whose changelog answers 403."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a server answers instead, once, to its n-th request (see `evidence.demo.faults`)."""

    request: int
    """1-based number of the request of that server since it started."""
    kind: str
    server: str = "github"
    """`github`, `argocd`, `flux` or `jira`."""
    seconds: int = 0
    """`Retry-After` value or delay, where the kind has one."""
    times: int = 1
    """How many requests in a row it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A simulated organisation and its story."""

    name: str = "Example Shop (simulated)"
    organisation: str = "example-shop"
    """Owner of the repositories."""
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
    jira: str = "cloud"
    """Which Jira serves issues with `tracker = "jira"`: `cloud` or `server`."""
    access: Access = field(default_factory=Access)
    fault: tuple[Fault, ...] = ()
