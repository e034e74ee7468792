"""What can happen to a pull request of the simulated world: one record per kind of step.

A step is a table with `do = "<kind>"` (see `STEPS`) and `at`, an ISO time or an offset from the
change's start; left out, it comes ten minutes after the step before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEdit:
    """Sets the version of one image in one file of a configuration repository."""

    file: str
    """A `kustomization.yaml`, a Helm values file, or a plain manifest."""
    image: str
    """kustomize: the image's name; manifest: the reference without tag; values: a dotted path to
    the table that holds `repository`, `tag`, `digest` (`shop.image`)."""
    tag: str = ""
    digest: str = ""
    """`sha256:<64 hexadecimal digits>`; the tag goes unless it is given, too."""
    new_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSpec:
    """One commit. Without `files`, `delete` and `set` it is empty (its tree is its parent's)."""

    key: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path -> whole new content."""
    delete: tuple[str, ...] = ()
    set: tuple[ImageEdit, ...] = ()
    executable: tuple[str, ...] = ()
    """Paths that become executable (mode 100755)."""
    submodules: Mapping[str, str] = field(default_factory=dict)
    """Path -> reference to the commit of another repository that a submodule there points to. What
    `.gitmodules` says of it is written as any other file."""
    message: str = ""
    author: str = ""
    """Person key; default who pushes."""
    committer: str = ""
    """Person key, or `web-flow` for a commit that GitHub itself made and signed."""
    author_email: str = ""
    """A claimed address, whoever's it is; the name stays."""
    author_name: str = ""
    co_authors: tuple[str, ...] = ()
    """Person keys or `Name <address>`: become `Co-authored-by` trailers."""
    authored_at: str = ""
    """What the commit claims; default the push."""
    committed_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushStep:
    """A push to the head branch. The first one creates it and opens the pull request."""

    at: str = ""
    by: str = ""
    """Default: the change's author."""
    commits: tuple[CommitSpec, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Short for one commit."""
    delete: tuple[str, ...] = ()
    set: tuple[ImageEdit, ...] = ()
    message: str = ""
    empty: bool = False
    """Short for one empty commit."""
    force: bool = False
    """The commits replace all earlier ones."""
    imports: str = ""
    """Reference to a commit of another repository, whose whole history is merged into the branch
    before `commits` are pushed onto it (`git subtree add`)."""
    into: str = ""
    """The folder that the imported files are put into; empty: the root."""
    rebase: bool = False
    """The branch's commits are replayed onto the base branch of that moment; then `commits`."""
    recorded: bool = True
    """False: GitHub's record of activity lacks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateBranchStep:
    """GitHub's "Update branch": the base branch is merged into the head branch."""

    at: str = ""
    by: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Conflict resolution, or edits hidden in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStep:
    """A submitted review."""

    by: str
    at: str = ""
    key: str = ""
    """For `dismiss` and `rebind`; default the reviewer's key."""
    state: str = "APPROVED"
    """`APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`."""
    on: str = "head"
    """Reference to the commit that the source says, or `none` for null."""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissStep:
    """A review is dismissed: its state is `DISMISSED` from then on."""

    review: str
    by: str
    at: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebindStep:
    """The source now shows another commit for a review."""

    review: str
    on: str = "head"
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One attempt of each named check on one commit. `at` is when it started."""

    at: str = ""
    names: tuple[str, ...] = ("ci/test", "scan/trivy")
    on: str = "head"
    """Reference: `head`, `merge`, `queue`, `c1`..."""
    conclusion: str = "SUCCESS"
    """`SUCCESS`, `FAILURE`, `SKIPPED`, `NEUTRAL`...; `none`: it never finishes."""
    seconds: int = 240
    """How long it ran."""
    app: str = "github-actions"
    kind: str = "check_run"
    """`check_run`, or `status` for a legacy commit status."""
    creator: str = ""
    """Who set a status; default the first bot."""
    same_suite: bool = False
    """A re-run inside the check suite of the attempt before it."""
    log: str = ""
    """What a job of GitHub Actions wrote; empty: a few lines; `none`: it left no log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStep:
    """A label is set, or taken off."""

    name: str
    at: str = ""
    by: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep:
    """An issue is linked to the pull request, or unlinked."""

    issue: str
    at: str = ""
    by: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentStep:
    """A comment in the conversation, or on a line."""

    body: str
    by: str
    at: str = ""
    edited_at: str = ""
    path: str = ""
    """The file of a comment on a line; empty: it stands in the conversation."""
    line: int = 1
    review: str = ""
    """Key of the review that it belongs to, which must have been given; default: of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditStep:
    """Title, body or base branch are edited."""

    at: str = ""
    by: str = ""
    title: str = ""
    body: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStep:
    """A review is requested of a person, or the request withdrawn."""

    of: str
    at: str = ""
    by: str = ""
    off: bool = False
    code_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateStep:
    """`close`, `reopen`, `ready`, `draft`, `auto_merge`, `auto_merge_off`, `delete_branch`."""

    to: str
    at: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStep:
    """The pull request enters the merge queue (its queue commit is built), or leaves it."""

    at: str = ""
    by: str = ""
    off: bool = False
    reason: str = ""
    method: str = "merge"
    """`merge` or `squash`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeStep:
    """The pull request is merged."""

    by: str
    at: str = ""
    method: str = "squash"
    """`merge`, `squash`, `rebase`, `queue` (what the queue built), `local` (merged on a computer
    and pushed; GitHub closes the pull request as merged), `fast_forward` (pushed as it is)."""
    message: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Conflict resolution, or content that comes in with the merge only."""
    delete: tuple[str, ...] = ()
    rules: str = ""
    """What the rule suite says: `pass`, `bypass` or `none` (no record). Default: `pass` where any
    rule applies, else `none`."""
    recorded: bool = True
    """False: GitHub's record of activity lacks it."""


Step = (
    PushStep
    | UpdateBranchStep
    | ReviewStep
    | DismissStep
    | RebindStep
    | CheckStep
    | LabelStep
    | LinkStep
    | CommentStep
    | EditStep
    | RequestStep
    | StateStep
    | QueueStep
    | MergeStep
)

STEPS: Final[Mapping[str, type[Step]]] = {
    "push": PushStep,
    "update_branch": UpdateBranchStep,
    "review": ReviewStep,
    "dismiss": DismissStep,
    "rebind": RebindStep,
    "checks": CheckStep,
    "label": LabelStep,
    "link": LinkStep,
    "comment": CommentStep,
    "edit": EditStep,
    "request_review": RequestStep,
    "state": StateStep,
    "queue": QueueStep,
    "merge": MergeStep,
}
"""The value of `do` -> its record."""
