"""The part of the yardstick that is about scans: which are required, and what is waived."""

from __future__ import annotations

from evidence import policy as yardstick
from evidence.config.moments import micros
from evidence.config.rules import PolicySettings, WaiverSettings
from evidence.config.settings import Settings
from evidence.errors import ConfigError

_DAY = 86_400_000_000
LONGEST = 90
"""Days for which something may be waived."""
_WITH_DATABASE = frozenset({"trivy", "trivy-operator", "grype"})
"""Tools that look into a database of vulnerabilities: its age decides what they can find."""


def required_scans(policy: PolicySettings) -> tuple[yardstick.RequiredScan, ...]:
    """The scans that the settings require.

    Raises:
        ConfigError: a time cannot be read.
    """
    return tuple(
        yardstick.RequiredScan(
            tool=one.tool.lower(),
            subject=one.subject,
            threshold=one.threshold,
            repositories=tuple(one.repositories),
            max_age=one.max_age_days * _DAY,
            needs_database=one.tool.lower() in _WITH_DATABASE
            if one.database is None
            else one.database,
            complete_from=micros(one.complete_from, "policy.required_scans.complete_from")
            if one.complete_from
            else 0,
        )
        for one in policy.required_scans
    )


def waivers(settings: Settings) -> tuple[yardstick.Waiver, ...]:
    """What the settings waive.

    Raises:
        ConfigError: a time cannot be read, two have one id, or one lasts too long or not at all.
    """
    found: dict[str, yardstick.Waiver] = {}
    for one in settings.waiver:
        if one.id in found:
            raise ConfigError(f"Two waivers have the id `{one.id}`.")
        found[one.id] = _waiver(one)
    return tuple(found.values())


def _waiver(one: WaiverSettings) -> yardstick.Waiver:
    begin = micros(one.valid_from, f"waiver {one.id}: valid_from")
    end = micros(one.valid_to, f"waiver {one.id}: valid_to")
    if not begin < end <= begin + LONGEST * _DAY:
        raise ConfigError(
            f"Waiver {one.id} is not valid for 1 to {LONGEST} days.",
            next_step="Give it a `valid_to` after its `valid_from`; a longer need is a new waiver.",
        )
    return yardstick.Waiver(
        id=one.id,
        rule=one.rule,
        repository=one.repository,
        package=one.package,
        version=one.version,
        location=one.location,
        approved_by=one.approved_by,
        valid_from=begin,
        valid_to=end,
        reason=one.reason,
    )
