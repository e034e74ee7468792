"""The security collector: code scanning with its SARIF, and three sorts of alerts.

A stream of its own beside the settings, with the same cadence and the same way to look. A secret
is never asked for (`hide_secret`), and left out where it comes all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from evidence.collectors.github import parse_security
from evidence.collectors.github import security_kinds as kinds
from evidence.collectors.github.account import GitHubRepository
from evidence.collectors.github.alerts import LISTS, read_alerts
from evidence.collectors.github.analyses import read_analyses
from evidence.collectors.github.settings import GitHubSettingsCollector, identified
from evidence.collectors.github.settings_context import SettingsContext
from evidence.collectors.interface import Parsed
from evidence.model.capture import Capture, Page


@dataclass(slots=True, kw_only=True)
class GitHubSecurityCollector(GitHubSettingsCollector):
    """What GitHub's own scanners, and those that report to it, found. Serial, REST only.

    Raises what the settings collector does; a feature that is switched off is an answer and no gap.
    """

    name: str = field(default=kinds.COLLECTOR, init=False)
    version: str = field(default=kinds.VERSION, init=False)
    kinds: tuple[str, ...] = field(default=kinds.KINDS, init=False)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse_security.parse(capture)

    def _pages(self, context: SettingsContext, _repository: GitHubRepository, /) -> Iterator[Page]:
        if identified(context):
            for each in LISTS:
                read_alerts(context, each)
            for _ in read_analyses(context, context.rest.present()):
                yield context.page()
        context.done = True
        yield context.page()
