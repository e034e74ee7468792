"""From settings to collectors: the one table from a source's kind to what reads it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from evidence.collectors.git import GitCollector
from evidence.collectors.interface import Collector, Parsed
from evidence.config.load import Loaded
from evidence.config.secrets import resolve
from evidence.config.settings import RepositorySettings, Source
from evidence.config.yardstick import clone_url
from evidence.errors import ConfigError, StoreError
from evidence.model.capture import Capture
from evidence.store import queries
from evidence.store.session import Store

if TYPE_CHECKING:
    from evidence.collectors.github import GitHubRepository


def build(loaded: Loaded, names: tuple[str, ...] = ()) -> list[Collector]:
    """Collectors of the named sources (all without names), forges and deployers before Git.

    A Git repository is named `git:<repository id>`; `git` names all of them.

    Raises:
        ConfigError: a name is not configured, or a secret cannot be resolved.
    """
    _check(names, [one.id for one in loaded.settings.source], loaded)
    chosen = [source for source in loaded.settings.source if not names or source.id in names]
    collectors = [
        KINDS[source.kind](source, loaded) for source in chosen if source.kind != HANDED_OVER
    ]
    collectors += [
        BESIDE[source.kind](source, loaded)
        for source in chosen
        if source.kind in BESIDE and source.settings
    ]
    return collectors + [
        collector
        for collector in git_collectors(loaded).values()
        if collector.repository not in loaded.gone
        and (not names or "git" in names or collector.source in names)
    ]


def check(loaded: Loaded, names: tuple[str, ...] = ()) -> None:
    """Builds what can be built before anything is read, for what stands in its way.

    Raises:
        ConfigError: nothing is configured, a name is not, or a secret cannot be resolved.
    """
    waits = any(one.organisations and one.include for one in loaded.settings.source)
    later = tuple(one for one in names if waits and one.startswith("git:"))
    if not build(loaded, tuple(one for one in names if one not in later)) and not later:
        raise ConfigError(
            "No source and no repository is configured: there is nothing to read.",
            next_step="Run `evidence init` to write a configuration, or name one with --config.",
        )


def _check(names: tuple[str, ...], sources: list[str], loaded: Loaded) -> None:
    known = [*sources, *(f"git:{one.id}" for one in loaded.settings.repository)]
    for name in names:
        if name not in known and name != "git":
            raise ConfigError(
                f"There is no source `{name}`.", next_step=f"Known sources: {', '.join(known)}."
            )


def registers(loaded: Loaded, store: Store, names: tuple[str, ...] = ()) -> list[Collector]:
    """What lists the repositories of owners, of the named sources (all without names)."""
    return [
        _register(source, loaded, store)
        for source in loaded.settings.source
        if source.kind == "github" and source.organisations and (not names or source.id in names)
    ]


def _register(source: Source, loaded: Loaded, store: Store) -> Collector:
    from evidence.collectors.github import GitHubRegister, Scope
    from evidence.collectors.github.discovery import configured_of
    from evidence.collectors.github.state import State

    read = State.loads(queries.cursor(store, source.id, source.kind)).repositories
    numbers = {key: one.database_id for key, one in read.items()}
    return GitHubRegister(
        source=f"{source.id}:scope",
        of=source.id,
        **_github_account(source),
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


def _github_account(source: Source) -> dict[str, Any]:
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


def secrets(loaded: Loaded) -> tuple[str, ...]:
    """The credentials that this configuration can resolve: none of them may enter the store."""
    settings = loaded.settings
    named = {one.secret for one in settings.source} | {one.secret for one in settings.repository}
    named |= {one.private_key for one in settings.source}
    named |= {reference for one in settings.source for reference in one.webhook_secrets}
    found = []
    for reference in sorted(named - {""}):
        try:
            found.append(resolve(reference))
        except ConfigError:  # told where it is needed; a source not asked for may lack its secret
            continue
    return tuple(found)


def git_collectors(loaded: Loaded) -> dict[str, GitCollector]:
    """Repository id -> its Git collector; repositories without any clone URL are left out."""
    mirrors = loaded.home / "mirrors"
    found: dict[str, GitCollector] = {}
    for repository in loaded.settings.repository:
        url = clone_url(repository, loaded.settings)
        if url:
            found[repository.id] = GitCollector(
                source=f"git:{repository.id}",
                repository=repository.id,
                url=url,
                directory=mirrors / f"{repository.id}.git",
                authorization=_authorization(repository, loaded),
                credential=repository.secret or "none",
            )
    return found


def _authorization(repository: RepositorySettings, loaded: Loaded) -> Callable[[], str] | None:
    """What a clone is asked for with: the repository's secret, or its forge's App."""
    forge = next((one for one in loaded.settings.source if one.id == repository.source), None)
    if repository.secret:
        return _basic(lambda: resolve(repository.secret))
    if forge is None or not forge.app_id or repository.clone:
        return None
    return _basic(_app_token(forge, repository.name.partition("/")[0]))


def _basic(token: Callable[[], str]) -> Callable[[], str]:
    def header() -> str:
        pair = f"x-access-token:{token()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    return header


def _app_token(forge: Source, owner: str) -> Callable[[], str]:
    """The token of a GitHub App's installation at an owner, asked for when it is needed."""

    def token() -> str:
        from evidence.collectors.github import hosts
        from evidence.collectors.github.credentials import AppInstallations

        return AppInstallations(
            api_url=hosts.api_url(forge.url or "https://api.github.com"),
            app_id=forge.app_id,
            private_key=resolve(forge.private_key),
            verify=forge.verify_tls,
        ).token(owner)

    return token


def _github(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.github import GitHubCollector

    return GitHubCollector(
        source=source.id,
        **_github_account(source),
        repositories=_github_repositories(source, loaded),
    )


def _github_settings(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.github.settings import HOUR, GitHubSettingsCollector

    return GitHubSettingsCollector(
        source=f"{source.id}:settings",
        **_github_account(source),
        every=source.settings_hours * HOUR,
        repositories=_github_repositories(source, loaded),
    )


def _github_deployments(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.github.deployments import GitHubDeploymentsCollector

    return GitHubDeploymentsCollector(
        source=source.id,
        url=source.url or "https://api.github.com",
        token=resolve(source.secret),
        credential=source.secret,
        verify=source.verify_tls,
        system=source.system,
        repositories=_deployed_repositories(source, loaded),
    )


def _deployed_repositories(source: Source, loaded: Loaded) -> tuple[GitHubRepository, ...]:
    """Those that a source of deployments names; all that have a name where it names none."""
    from evidence.collectors.github import GitHubRepository

    return tuple(
        GitHubRepository(id=one.id, name=one.name)
        for one in loaded.settings.repository
        if "/" in one.name
        and one.id not in loaded.gone
        and (not source.repositories or one.id in source.repositories)
    )


def _github_repositories(source: Source, loaded: Loaded) -> tuple[GitHubRepository, ...]:
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


def _argocd(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.argocd import ArgoCdCollector

    return ArgoCdCollector(
        source=source.id,
        url=source.url,
        file=source.file,
        cluster=source.api == "kubernetes",
        token=resolve(source.secret),
        credential=source.secret or source.file,
        verify=source.ca or source.verify_tls,
        system=source.system,
        expected=tuple(
            application.selector
            for application in loaded.settings.application
            if application.source == source.id
        ),
    )


def _jira(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.jira import JiraCollector

    del loaded
    return JiraCollector(
        source=source.id,
        url=source.url,
        token=resolve(source.secret),
        email=source.email,
        deployment=source.deployment,
        projects=tuple(source.projects),
        credential=source.secret,
        verify=source.verify_tls,
        system=source.system,
    )


def _flux(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.flux import FluxCollector

    return FluxCollector(
        source=source.id,
        url=source.url,
        file=source.file,
        token=resolve(source.secret),
        credential=source.secret or source.file,
        verify=source.ca or source.verify_tls,
        system=source.system,
        expected=tuple(
            application.selector
            for application in loaded.settings.application
            if application.source == source.id
        ),
    )


def _rollouts(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.argo_rollouts import ArgoRolloutsCollector

    del loaded
    return ArgoRolloutsCollector(**_cluster(source))


def _flagger(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.flagger import FlaggerCollector

    del loaded
    return FlaggerCollector(**_cluster(source))


def _events(source: Source, loaded: Loaded) -> Collector:
    from evidence.collectors.kubernetes_events import KubernetesEventsCollector

    del loaded
    return KubernetesEventsCollector(**_cluster(source))


def _cluster(source: Source) -> dict[str, Any]:
    """What every collector of a cluster's objects is given."""
    return {
        "source": source.id,
        "url": source.url,
        "file": source.file,
        "token": resolve(source.secret),
        "credential": source.secret or source.file,
        "verify": source.ca or source.verify_tls,
        "system": source.system,
    }


def replay(capture: Capture) -> Parsed:
    """Parses a stored capture as its collector does, without source, secret or mirror.

    Raises:
        StoreError: the collector that took it is not part of this program.
    """
    parse = _parsers().get(capture.collector)
    if parse is None:
        raise StoreError(f"No collector `{capture.collector}` is known to replay a capture with.")
    return parse(capture)


@cache
def _parsers() -> dict[str, Callable[[Capture], Parsed]]:
    from evidence.collectors import argo_rollouts, flagger, kubernetes_events
    from evidence.collectors.argocd import parse as argocd
    from evidence.collectors.flux import parse as flux
    from evidence.collectors.git import refs
    from evidence.collectors.github import parse as github
    from evidence.collectors.github import parse_deployments, parse_settings
    from evidence.collectors.ingested import parse as ingested
    from evidence.collectors.jira import parse as jira
    from evidence.collectors.received import parse as received

    return {
        "git": refs.parse,
        "github": github.parse,
        "github_settings": parse_settings.parse,
        "argocd": argocd.parse,
        "flux": flux.parse,
        "github_deployments": parse_deployments.parse,
        argo_rollouts.PLAN.collector: argo_rollouts.parse,
        flagger.PLAN.collector: flagger.parse,
        kubernetes_events.PLAN.collector: kubernetes_events.parse,
        "ingest": ingested.parse,
        received.COLLECTOR: received.parse,
        "jira": jira.parse,
    }


HANDED_OVER = "ingest"
"""A source of this kind is told by `evidence ingest` and read by nobody."""

KINDS: dict[str, Callable[[Source, Loaded], Collector]] = {
    "github": _github,
    "argocd": _argocd,
    "flux": _flux,
    "jira": _jira,
    "github-deployments": _github_deployments,
    "argo-rollouts": _rollouts,
    "flagger": _flagger,
    "kubernetes-events": _events,
}
"""ADD A SOURCE HERE, once its collector stands in `evidence/collectors/`."""

BESIDE: dict[str, Callable[[Source, Loaded], Collector]] = {"github": _github_settings}
"""A second stream of a kind of source, with a cursor and receipts of its own: `<id>:settings`."""
