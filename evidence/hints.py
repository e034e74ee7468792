"""What deliveries hint at, as far as a sync would not read it anyway.

Pull requests, tickets and applications are listed by what changed, or whole: every sync reads what
a delivery names of them. The settings of a repository are read once a day; a delivery that tells
of a change brings the next reading forward.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.collectors.interface import Collector
from evidence.retention import last_complete
from evidence.store.deliveries import unread
from evidence.store.session import Store

SETTINGS = frozenset(
    {
        "branch_protection_rule",
        "branch_protection_configuration",
        "repository_ruleset",
        "repository",
        "member",
        "membership",
        "team",
        "team_add",
        "organization",
        "deploy_key",
        "custom_property_values",
    }
)
"""Events of GitHub (docs.github.com, "Webhook events and payloads") that change what is read as
settings: protection, rulesets, their inheritance, and who has access."""
BESIDE = ":settings"
"""After a source's id: the stream of its settings."""


def heed(store: Store, collectors: Iterable[Collector]) -> None:
    """Has the settings of a forge read now where a delivery says that they changed."""
    for collector in collectors:
        forge = collector.source.removesuffix(BESIDE)
        if forge == collector.source or not hasattr(collector, "every"):
            continue
        last = last_complete(store, collector.source)
        told = unread(store, {forge: last.started_at if last else 0}).get(forge)
        if told and {event.partition(".")[0] for event in told.events} & SETTINGS:
            collector.every = 0
