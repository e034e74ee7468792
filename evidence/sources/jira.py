"""What reads a configured Jira."""

from __future__ import annotations

from evidence.collectors.interface import Collector
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve


def issues(source: Source, loaded: Loaded) -> Collector:
    """The issues that changes were asked for by."""
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
