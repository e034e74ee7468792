"""The parser of every collector: stored captures are read again by it, without source or secret."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from evidence.collectors.interface import Parsed
from evidence.errors import StoreError
from evidence.model.capture import Capture


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
    from evidence.collectors.github import (
        parse_artifact_records,
        parse_attestations,
        parse_audit,
        parse_gates,
        parse_identities,
        parse_job_logs,
        parse_line_comments,
        parse_security,
        parse_settings,
    )
    from evidence.collectors.ingested import parse as ingested
    from evidence.collectors.jira import parse as jira
    from evidence.collectors.oci import parse as oci
    from evidence.collectors.received import parse as received

    return {
        "git": refs.parse,
        "github": github.parse,
        "github_settings": parse_settings.parse,
        "github_security": parse_security.parse,
        "github_attestations": parse_attestations.parse,
        "github_records": parse_artifact_records.parse,
        "github_identities": parse_identities.parse,
        "github_audit": parse_audit.parse,
        "github_logs": parse_job_logs.parse,
        "github_comments": parse_line_comments.parse,
        "argocd": argocd.parse,
        "flux": flux.parse,
        "github_deployments": parse_gates.parse,
        argo_rollouts.PLAN.collector: argo_rollouts.parse,
        flagger.PLAN.collector: flagger.parse,
        kubernetes_events.PLAN.collector: kubernetes_events.parse,
        "ingest": ingested.parse,
        received.COLLECTOR: received.parse,
        "jira": jira.parse,
        "oci": oci.parse,
    }
