"""Where a deployment's content comes from: a deployer's source matched to a configured repository.

A chart is acquired software: it has a version, no commits. Any other artifact (OCI, bucket) carries
manifests whose commit is not known unless the deployer names it, and then the source is that Git.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evidence.chain.graph import CommitGraph
from evidence.chain.inquiry import Inquiry
from evidence.chain.urls import find_repository, repository_index
from evidence.in_scope import Application
from evidence.model.change import Strength
from evidence.model.deployment import DeployedSource
from evidence.policy import Policy

_SHA = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
_SHORT = re.compile(r"^[0-9a-f]{7,39}$")
_PREFIXED = re.compile(r"(?:^|[@:/])sha1:([0-9a-f]{40})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One source of one operation, in our terms."""

    repository: str
    """Configured repository id; empty where none matches or it is not Git."""
    path: str
    revision: str
    """The full commit where it was found, else what the deployer said."""
    commit: int = -1
    """Index in the repository's graph; -1 where it is not there."""
    basis: str = ""
    strength: Strength = Strength.PROVED
    problem: str = ""
    flags: tuple[str, ...] = ()
    tag: str = ""
    """The Git tag that the deployer was asked for, where it is one of the repository."""


class Locator:
    """Matches sources of operations against the policy's repositories; keeps its index."""

    def __init__(self, policy: Policy, graphs: Mapping[str, CommitGraph], inquiry: Inquiry) -> None:
        self._policy = policy
        self._graphs = graphs
        self._inquiry = inquiry
        self._index = repository_index(policy.repositories)
        self._found: dict[str, tuple[str, str]] = {}
        self._ids = {repository.id for repository in policy.repositories}

    def locate(self, source: DeployedSource, application: Application, *, only: bool) -> Located:
        """The repository, path and commit of a source.

        `only` says that it is the operation's single source, so that the application's configured
        repository and path may stand in for what the deployer left out or names by a mirror.
        """
        if source.chart or source.kind == "helm":
            return self._chart(source)
        if source.kind != "git":
            return _artifact(source)
        path = clean_path(source.path or (application.path if only else ""))
        repository, flags = self._repository(source, application, only)
        if not repository:
            return Located(
                repository="", path=path, revision=source.revision, problem="unmapped_repository"
            )
        return self._revision(repository, path, source.revision.strip(), flags)

    def _chart(self, source: DeployedSource) -> Located:
        return Located(
            repository="",
            path=source.chart or source.path,
            revision=source.revision,
            basis=f"{source.kind}_version",
            flags=("acquired",),
        )

    def _repository(
        self, source: DeployedSource, application: Application, only: bool
    ) -> tuple[str, tuple[str, ...]]:
        if source.repo_url not in self._found:
            self._found[source.repo_url] = find_repository(
                source.repo_url, self._index, self._policy.repositories
            )
        found, _basis = self._found[source.repo_url]
        configured = application.repository if application.repository in self._ids else ""
        if found:
            differs = only and configured and configured != found
            return found, ("repository_differs",) if differs else ()
        return (configured, ("repository_by_configuration",)) if only else ("", ())

    def _revision(
        self, repository: str, path: str, revision: str, flags: tuple[str, ...]
    ) -> Located:
        graph = self._graphs.get(repository)
        text = revision.lower()
        prefixed = _PREFIXED.search(text)
        text = prefixed[1] if prefixed else text
        basis, strength, problem = "sha", Strength.PROVED, ""
        if not revision:
            problem = "no_revision"
        elif graph is None:
            problem = "not_collected"
        elif not _SHA.match(text):
            text, basis, strength, problem = self._resolve(repository, revision)
        commit = graph.index.get(text, -1) if graph is not None and not problem else -1
        if not problem and commit < 0:
            problem = "commit_not_found"
        return Located(
            repository=repository,
            path=path,
            revision=text if commit >= 0 else revision,
            commit=commit,
            basis=basis,
            strength=strength,
            problem=problem,
            flags=flags,
        )

    def _resolve(self, repository: str, revision: str) -> tuple[str, str, Strength, str]:
        """(sha, basis, strength, problem) of a revision that is no full commit id."""
        found = self._inquiry.resolve(repository, revision)
        if found is None:
            pending = self._inquiry.unresolved(repository, revision)
            return "", "", Strength.CANDIDATE, "not_resolved_yet" if pending else "unreadable"
        short = _SHORT.match(revision.lower())
        commits = set(found.commits) if short else set()
        commits |= {sha for _ref, sha in found.tags}
        if len(commits) != 1:
            problem = "ambiguous_revision" if commits else "commit_not_found"
            return "", "", Strength.CANDIDATE, problem
        basis = "short_sha" if short and found.commits else "tag_is_git_tag"
        return commits.pop(), basis, Strength.INFERRED, ""


def _artifact(source: DeployedSource) -> Located:
    """Manifests from an artifact that does not say which commit it was made of."""
    return Located(
        repository="",
        path=source.repo_url or source.path,
        revision=source.revision,
        basis=f"{source.kind}_version",
        problem="no_origin_revision",
    )


def clean_path(path: str) -> str:
    """A directory inside a repository without `./`, `..`, doubled or outer slashes; "" is root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
