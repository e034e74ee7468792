"""What comes to branches and tags without a pull request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.demo.steps import CommitSpec


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
    recorded: bool = True
    """False: GitHub's record of activity lacks it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRename:
    """The default branch of a repository gets another name (from `Repository.branch_renames`)."""

    repository: str
    name: str
    at: str = ""


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
