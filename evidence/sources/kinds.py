"""From settings to collectors: the one table from a source's kind to what reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from evidence.collectors.interface import Collector
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve
from evidence.errors import ConfigError
from evidence.policy import Policy
from evidence.sources import deployers, github, jira, registries
from evidence.sources.clones import at_present, git_collectors
from evidence.store.session import Store

if TYPE_CHECKING:
    from evidence.collectors.github.conversation import Silences

KINDS: dict[str, Callable[[Source, Loaded], Collector]] = {
    "github": github.repositories,
    "argocd": deployers.argocd,
    "flux": deployers.flux,
    "jira": jira.issues,
    "github-deployments": github.deployments,
    "argo-rollouts": deployers.rollouts,
    "flagger": deployers.flagger,
    "kubernetes-events": deployers.events,
}
"""ADD A SOURCE HERE, once its collector stands in `evidence/collectors/`. A source of kind `ingest`
is told by `evidence ingest` and read by nobody."""

_Stream = tuple[str, Callable[[Source], bool], Callable[[Source, Loaded], Collector]]

LAST: tuple[_Stream, ...] = (
    ("oci", lambda _: True, registries.images),
    ("github", lambda source: source.attestations, github.attestations),
    ("github", lambda source: source.deployment_records, github.artifact_records),
)
"""Sources that are asked for what the others told of, where they are to be."""

BESIDE: tuple[_Stream, ...] = (
    ("github", lambda source: source.settings, github.settings),
    ("github", lambda source: source.security, github.security),
    ("github", lambda source: source.identities, github.identities),
    ("github", lambda source: source.audit_log, github.audit_log),
)
"""Further streams of a kind of source, where they are asked for, each with a cursor and receipts of
its own: `<id>:settings`."""


def build(loaded: Loaded, names: tuple[str, ...] = ()) -> list[Collector]:
    """Collectors of the named sources (all without names): forges, deployers, Git, registries.

    A Git repository is named `git:<repository id>`; `git` names all of them.

    Raises:
        ConfigError: a name is not configured, or a secret cannot be resolved.
    """
    _check_names(names, loaded)
    chosen = [source for source in loaded.settings.source if not names or source.id in names]
    collectors = [KINDS[source.kind](source, loaded) for source in chosen if source.kind in KINDS]
    collectors += _streams(BESIDE, chosen, loaded)
    collectors += [
        collector
        for collector in git_collectors(loaded).values()
        if collector.repository not in loaded.gone
        and (not names or "git" in names or collector.source in names)
    ]
    return collectors + _streams(LAST, chosen, loaded)


def _streams(table: tuple[_Stream, ...], chosen: list[Source], loaded: Loaded) -> list[Collector]:
    return [
        make(source, loaded)
        for kind, wanted, make in table
        for source in chosen
        if source.kind == kind and wanted(source)
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


def _check_names(names: tuple[str, ...], loaded: Loaded) -> None:
    known = [one.id for one in loaded.settings.source]
    known += [f"git:{one.id}" for one in loaded.settings.repository]
    for name in names:
        if name not in known and name != "git":
            raise ConfigError(
                f"There is no source `{name}`.", next_step=f"Known sources: {', '.join(known)}."
            )


def registers(loaded: Loaded, store: Store, names: tuple[str, ...] = ()) -> list[Collector]:
    """What lists the repositories of owners, of the named sources (all without names)."""
    return [
        github.register(source, loaded, store)
        for source in loaded.settings.source
        if source.kind == "github" and source.organisations and (not names or source.id in names)
    ]


def job_logs(
    loaded: Loaded, store: Store, policy: Policy, names: tuple[str, ...] = ()
) -> list[Collector]:
    """What reads the logs of the required checks that are stored, of the named sources."""
    return [
        github.job_logs(source, loaded, store, policy)
        for source in loaded.settings.source
        if source.kind == "github" and source.job_logs and (not names or source.id in names)
    ]


def line_comments(loaded: Loaded, store: Store, names: tuple[str, ...] = ()) -> list[Collector]:
    """What reads the comments on lines where pull requests changed, of the named sources."""
    return [
        github.line_comments(source, loaded, store)
        for source in loaded.settings.source
        if source.kind == "github" and source.line_comments and (not names or source.id in names)
    ]


def following(collectors: list[Collector], loaded: Loaded, store: Store) -> Iterator[Collector]:
    """The collectors one by one, each clone from where its repository is when its turn comes."""
    for one in collectors:
        yield at_present(one, github.with_known(loaded, store))


class Together:
    """Has the streams of one credential at one GitHub obey one silence, whenever they are built."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Silences] = {}

    def quiet(self, collectors: list[Collector]) -> list[Collector]:
        """The collectors, those of a credential that was met before with the silences it has."""
        from evidence.collectors.github import GitHubAccount

        for one in collectors:
            if isinstance(one, GitHubAccount):
                one.silences = self._known.setdefault(one.signs_as, one.silences)
        return collectors


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
