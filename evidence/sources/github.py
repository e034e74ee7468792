"""What reads a configured GitHub: its repositories, their settings, its register, deployments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evidence.collectors.interface import Collector
from evidence.config.load import AtForge, Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve
from evidence.policy import Policy
from evidence.store import queries
from evidence.store.session import Store

if TYPE_CHECKING:
    from evidence.collectors.github import GitHubAccount, GitHubRepository
    from evidence.collectors.github.identities import GitHubIdentities


def repositories(source: Source, loaded: Loaded) -> Collector:
    """Its pull requests, reviews, checks and branches."""
    from evidence.collectors.github import GitHubCollector

    return GitHubCollector(
        source=source.id,
        **_account(source),
        # As configured: it follows by its own state, and tells who stands under that name.
        repositories=_configured(source, loaded),
    )


def settings(source: Source, loaded: Loaded) -> Collector:
    """What its repositories would have allowed: a stream beside the first."""
    from evidence.collectors.github.settings import HOUR, GitHubSettingsCollector

    return GitHubSettingsCollector(
        source=f"{source.id}:settings",
        **_account(source),
        every=source.settings_hours * HOUR,
        repositories=_repositories(source, loaded),
    )


def security(source: Source, loaded: Loaded) -> Collector:
    """What its scanners found: a stream beside the first."""
    from evidence.collectors.github.security import GitHubSecurityCollector
    from evidence.collectors.github.settings import HOUR

    return GitHubSecurityCollector(
        source=f"{source.id}:security",
        **_account(source),
        every=source.security_hours * HOUR,
        repositories=_repositories(source, loaded),
    )


def attestations(source: Source, loaded: Loaded) -> Collector:
    """What it holds of the origin of images that run."""
    from evidence.collectors.github.attestations import GitHubAttestations

    return GitHubAttestations(
        source=f"{source.id}:attestations", **_account(source), owners=owners(source, loaded)
    )


def artifact_records(source: Source, loaded: Loaded) -> Collector:
    """Where it was told that images that run are deployed."""
    from evidence.collectors.github.artifact_records import GitHubArtifactRecords

    return GitHubArtifactRecords(
        source=f"{source.id}:records", **_account(source), owners=owners(source, loaded)
    )


def identities(source: Source, loaded: Loaded) -> GitHubIdentities:
    """Who stands behind the accounts of its organisations: a stream beside the first."""
    from evidence.collectors.github.identities import GitHubIdentities
    from evidence.collectors.github.settings import HOUR

    return GitHubIdentities(
        source=f"{source.id}:identities",
        **_account(source),
        every=source.settings_hours * HOUR,
        owners=owners(source, loaded),
    )


def audit_log(source: Source, loaded: Loaded) -> Collector:
    """What the logs of its organisations say of their settings: a stream beside the first."""
    from evidence.collectors.github.audit_log import GitHubAuditLog
    from evidence.collectors.github.settings import HOUR

    return GitHubAuditLog(
        source=f"{source.id}:audit",
        **_account(source),
        every=source.settings_hours * HOUR,
        repositories=_repositories(source, loaded),
    )


def register(source: Source, loaded: Loaded, store: Store) -> Collector:
    """The lists of repositories of its owners."""
    from evidence.collectors.github import GitHubRegister, Scope
    from evidence.collectors.github.discovery import configured_of
    from evidence.collectors.github.state import State

    read = State.loads(queries.cursor(store, source.id, source.kind)).repositories
    numbers = {key: one.database_id for key, one in read.items()}
    return GitHubRegister(
        source=f"{source.id}:scope",
        of=source.id,
        **_account(source),
        scope=Scope(
            owners=tuple(source.organisations),
            include=tuple(source.include),
            exclude=tuple(source.exclude),
        ),
        configured=configured_of(
            [
                (one.id, one.name, numbers.get(one.id, ""))
                for one in loaded.settings.repository
                if one.source == source.id
            ]
        ),
    )


def job_logs(source: Source, loaded: Loaded, store: Store, policy: Policy) -> Collector:
    """The logs of required checks that are stored, as far as they were not read yet."""
    from evidence.collectors.github.job_logs import KEPT, GitHubJobLogs, Job
    from evidence.store.jobs import required_names, unread_jobs

    own = {one.id: one for one in _repositories(source, loaded)}
    everywhere = {one.name for one in policy.required_checks if not one.source}
    return GitHubJobLogs(
        source=f"{source.id}:logs",
        **_account(source),
        limit=source.job_log_kib * 1024,
        jobs=[
            Job(
                repository=one.repository,
                name=own[one.repository].name,
                root=own[one.repository].root,
                sha=one.sha,
                check_id=one.check_id,
                check=one.name,
                app=one.app,
                conclusion=one.conclusion,
                ended_at=one.ended_at,
            )
            for one in unread_jobs(store, everywhere, required_names(store), KEPT)
            if one.repository in own
        ],
    )


def line_comments(source: Source, loaded: Loaded, store: Store) -> Collector:
    """The comments on lines of pull requests, where those changed since they were read."""
    from evidence.collectors.github.line_comments import Changed, GitHubLineComments
    from evidence.store.jobs import newest_pull_requests

    seen = newest_pull_requests(store)
    return GitHubLineComments(
        source=f"{source.id}:comments",
        **_account(source),
        changed=[
            Changed(repository=one, at=seen[one.id])
            for one in _repositories(source, loaded)
            if one.id in seen
        ],
    )


def deployments(source: Source, loaded: Loaded) -> Collector:
    """Its deployments, where GitHub is what deploys."""
    from evidence.collectors.github.deployments import GitHubDeploymentsCollector

    return GitHubDeploymentsCollector(
        source=source.id,
        **_account(source),
        repositories=_deployed_repositories(source, loaded),
        production=tuple(
            one.selector
            for one in loaded.settings.application
            if one.source == source.id and one.production
        ),
    )


def with_known(loaded: Loaded, store: Store) -> Loaded:
    """The configuration with what its GitHubs knew of its repositories when they were last read."""
    from evidence.collectors.github.state import State

    known: dict[str, AtForge] = {}
    for source in loaded.settings.source:
        if source.kind != "github":
            continue
        read = State.loads(queries.cursor(store, source.id, source.kind)).repositories
        for one in loaded.settings.repository:
            state = read.get(one.id) if one.source == source.id else None
            if state is not None and state.database_id and state.name:
                known[one.id] = AtForge(
                    number=state.database_id, name=state.name, taken=bool(state.taken)
                )
    return replace(loaded, known=known)


def account(source: Source) -> GitHubAccount:
    """What it is read with, for a question beside the collectors'."""
    from evidence.collectors.github import GitHubAccount

    return GitHubAccount(source=source.id, **_account(source))


def _account(source: Source) -> dict[str, Any]:
    """What every collector of a GitHub signs in with, and where."""
    return {
        "url": source.url or "https://api.github.com",
        "token": resolve(source.secret),
        "app_id": source.app_id,
        "private_key": resolve(source.private_key),
        "credential": f"app {source.app_id}" if source.app_id else source.secret,
        "verify": source.verify_tls,
        "system": source.system,
    }


def owners(source: Source, loaded: Loaded) -> tuple[str, ...]:
    """Of its repositories, and those whose repositories are listed; in lower case."""
    named = [one.name.partition("/")[0] for one in _repositories(source, loaded)]
    every = (*named, *source.organisations)
    return tuple(sorted({one.lower() for one in every if one not in ("", "*")}))


def _configured(source: Source, loaded: Loaded) -> tuple[GitHubRepository, ...]:
    from evidence.collectors.github import GitHubRepository

    return tuple(
        GitHubRepository(
            id=repository.id,
            name=repository.name,
            branches=tuple(repository.production_branches),
        )
        for repository in loaded.settings.repository
        if repository.source == source.id and repository.id not in loaded.gone
    )


def _repositories(source: Source, loaded: Loaded) -> tuple[GitHubRepository, ...]:
    return tuple(_followed(one, loaded) for one in _configured(source, loaded))


def _followed(repository: GitHubRepository, loaded: Loaded) -> GitHubRepository:
    """The repository by the number and name that it was read under."""
    known = loaded.known.get(repository.id)
    return replace(repository, name=known.name, number=known.number) if known else repository


def _deployed_repositories(source: Source, loaded: Loaded) -> tuple[GitHubRepository, ...]:
    """Those that a source of deployments names; all that have a name where it names none."""
    from evidence.collectors.github import GitHubRepository

    return tuple(
        _followed(GitHubRepository(id=one.id, name=one.name), loaded)
        for one in loaded.settings.repository
        if "/" in one.name
        and one.id not in loaded.gone
        and (not source.repositories or one.id in source.repositories)
    )
