"""What deployers did, as the replay writes it down: operations, applications, GitHub Deployments.

Times are microseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from evidence.demo.world_deployed import Application, GitHubDeployment


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRecord:
    """One sync operation of an application."""

    key: str
    started_at: int
    finished_at: int
    """0: it never finishes."""
    phase: str
    revisions: tuple[str, ...]
    by: str
    automated: bool
    dry_run: bool
    selective: tuple[str, ...]
    self_heal: bool
    local_manifests: bool
    message: str
    health: str
    heal_attempts: int
    images: tuple[str, ...]
    inline: tuple[str, ...]
    history_id: int
    """-1: it left no history row."""

    @property
    def full(self) -> bool:
        """Whether it changed what the application is said to run."""
        return self.phase == "Succeeded" and not (self.dry_run or self.selective)


@dataclass(slots=True, kw_only=True)
class ApplicationRecord:
    """An Argo CD application through time."""

    world: Application
    uid: str
    created_at: int
    deleted_at: int
    operations: list[OperationRecord] = field(default_factory=list)
    next_history_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubDeploymentRecord:
    """A deployment that GitHub was told of."""

    world: GitHubDeployment
    id: int
    repository: str
    """Repository key."""
    sha: str
    at: int
    statuses: tuple[tuple[int, str], ...]
    """(time, state), oldest first."""
    run: int = 0
    """Number of the workflow run that made it; 0: none did."""
