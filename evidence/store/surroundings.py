"""What the changes of one case share: deployments, gaps, and how to ask for what one of them needs.

Whoever only shows what is stored asks for nothing of it: the defaults leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from evidence.model.activity import RepositoryActivity
from evidence.model.capture import Gap
from evidence.model.change import Change
from evidence.model.identity import IdentityHistory
from evidence.model.production import ProductionDeployment
from evidence.model.protection import LandingRecords, SettingsHistory
from evidence.model.pull_request import PullRequestEvent
from evidence.model.pushes import LostPush
from evidence.model.ticket import TrackerRead


def listed_only(_change: Change, _events: Iterable[PullRequestEvent], *, cut: bool) -> set[str]:
    """For who only shows what is stored: commits that no listing names are left out."""
    del cut
    return set()


def no_settings(repository: str, /) -> SettingsHistory:
    """For who does not judge: the settings are left out."""
    return SettingsHistory(repository=repository)


def no_landing(_change: Change, /) -> LandingRecords:
    """For who does not judge: the forge's records are left out."""
    return LandingRecords()


class Unlisted(Protocol):
    """Names a change's commits that no listing names; `cut` says that its listing is too short."""

    def __call__(
        self, change: Change, events: Iterable[PullRequestEvent], /, *, cut: bool
    ) -> set[str]: ...


def no_losses(_repository: str, _ref: str, /) -> tuple[LostPush, ...]:
    """For who does not judge: holes in the record of pushes are left out."""
    return ()


def no_identities(_change: Change, /) -> IdentityHistory:
    """For who does not judge: who stands behind accounts is left out."""
    return IdentityHistory()


def no_pushes(_repository: str, _ref: str, _shas: Iterable[str], /) -> tuple[Any, ...]:
    """For who does not judge: pushes to pull requests are left out."""
    return ()


def no_reads(_repository: str, /) -> int:
    """For who does not judge: up to when a forge was read is left out."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the changes of one case share."""

    deployments: Mapping[str, ProductionDeployment]
    asked: Mapping[str, frozenset[str]]
    """Repository -> commits whose pull requests the forge was asked for."""
    gaps: Mapping[str, tuple[Gap, ...]]
    """Repository -> open gaps; "" holds those that concern no single repository."""
    trackers: tuple[TrackerRead, ...] = ()
    unlisted: Unlisted = listed_only
    """Commits of heads that a force-push replaced, and those that a listing leaves out."""
    identities: Callable[[Change], IdentityHistory] = no_identities
    """Change -> what organisations said of accounts when it was merged."""
    settings: Callable[[str], SettingsHistory] = no_settings
    """Repository -> every observed version of its settings."""
    landing: Callable[[Change], LandingRecords] = no_landing
    """Change -> what the forge recorded about how it came to its branch."""
    pushes: Callable[[str, str, Iterable[str]], tuple[RepositoryActivity, ...]] = no_pushes
    """Repository, full ref and commits -> who moved the ref to any of them."""
    lost: Callable[[str, str], tuple[LostPush, ...]] = no_losses
    """Repository and full ref -> the holes in the record of its movements."""
    read_to: Callable[[str], int] = no_reads
    """Repository -> microseconds UTC up to which its forge was read whole."""
    returns: Mapping[str, tuple[ProductionDeployment, ...]] = field(default_factory=dict)
    """Change -> rollbacks that took production back to it."""
