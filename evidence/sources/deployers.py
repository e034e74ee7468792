"""What reads deployers and the clusters they deploy to."""

from __future__ import annotations

from typing import Any

from evidence.collectors.interface import Collector
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve


def argocd(source: Source, loaded: Loaded) -> Collector:
    """Argo CD's applications: what each operation deployed, and what runs."""
    from evidence.collectors.argocd import ArgoCdCollector

    return ArgoCdCollector(
        **_cluster(source),
        cluster=source.api == "kubernetes",
        expected=_selectors(source, loaded),
    )


def flux(source: Source, loaded: Loaded) -> Collector:
    """Flux's objects: what each reconciliation applied."""
    from evidence.collectors.flux import FluxCollector

    return FluxCollector(**_cluster(source), expected=_selectors(source, loaded))


def rollouts(source: Source, loaded: Loaded) -> Collector:
    """Argo Rollouts: the steps of progressive deliveries."""
    from evidence.collectors.argo_rollouts import ArgoRolloutsCollector

    del loaded
    return ArgoRolloutsCollector(**_cluster(source))


def flagger(source: Source, loaded: Loaded) -> Collector:
    """Flagger's canaries: the steps of progressive deliveries."""
    from evidence.collectors.flagger import FlaggerCollector

    del loaded
    return FlaggerCollector(**_cluster(source))


def events(source: Source, loaded: Loaded) -> Collector:
    """Events of a cluster about what deployers run: corroboration."""
    from evidence.collectors.kubernetes_events import KubernetesEventsCollector

    del loaded
    return KubernetesEventsCollector(**_cluster(source))


def _selectors(source: Source, loaded: Loaded) -> tuple[str, ...]:
    """The applications that are expected there: one that is not shown is a gap."""
    return tuple(one.selector for one in loaded.settings.application if one.source == source.id)


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
