"""The controls as they were tested: the catalogue, the parameters in force, the entity's words."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.controls.catalog import Control, catalog
from evidence.model.determination import SubjectKind
from evidence.policy import (
    Automation,
    ControlScope,
    Policy,
    RequiredCheck,
    RequiredScan,
    Waiver,
)
from evidence.report.data import ControlEntry
from evidence.report.text import utc


def control_entries(policy: Policy) -> Iterator[ControlEntry]:
    """Every control of the catalogue as it was tested, with the entity's own words."""
    scopes = {scope.id: scope for scope in policy.controls}
    for control in catalog():
        scope = scopes.get(control.id, ControlScope(id=control.id))
        yield ControlEntry(
            id=control.id,
            wording=control.wording,
            criteria=control.criteria,
            unit=SubjectKind(control.unit),
            rule_version=control.rule_version,
            attributes=control.attributes,
            parameters=tuple(_parameters(control, policy)),
            entity_id=scope.entity_id,
            entity_wording=scope.wording,
            owner=scope.owner,
            frequency=scope.frequency,
            in_scope=scope.in_scope,
        )


def _parameters(control: Control, policy: Policy) -> Iterator[tuple[str, str]]:
    for parameter in control.parameters:
        value = getattr(policy, parameter.name, parameter.default)
        if parameter.name in _DURATIONS and isinstance(value, int):
            value = _duration(value)
        elif parameter.name in _MOMENTS and isinstance(value, tuple):
            value = tuple(utc(one) for one in value)
        yield parameter.name, _shown(value)


_DURATIONS = frozenset(
    {
        "access_review_limit",
        "checks_kept",
        "clock_tolerance",
        "emergency_approval_limit",
        "emergency_closing_limit",
        "emergency_test_limit",
        "event_limit",
        "health_limit",
        "pending_limit",
    }
)
"""Parameters in microseconds."""
_MOMENTS = frozenset({"access_reviews"})
"""Parameters that are times, in microseconds UTC."""
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000))


def _duration(value: int) -> str:
    """Microseconds in the largest unit that holds them whole; `none` for 0."""
    if not value:
        return "none"
    unit, size = next((one for one in _UNITS if value % one[1] == 0), ("µs", 1))
    return f"{value // size} {unit}"


def _shown(value: object) -> str:
    """A parameter's value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, RequiredCheck):
        unless = f", unless only {' '.join(value.unless_only_paths)} changed"
        return (
            f"{value.name} by {value.app or 'any app'}{unless if value.unless_only_paths else ''}"
        )
    if isinstance(value, Automation):
        return _automation(value)
    if isinstance(value, RequiredScan):
        return _scan(value)
    if isinstance(value, Waiver):
        return _waiver(value)
    if isinstance(value, tuple):
        return "; ".join(_within(one) for one in value) or "none"
    return str(value)


def _within(value: object) -> str:
    """One of several values; a pair of names is told as one."""
    return " with ".join(map(str, value)) if isinstance(value, tuple) else _shown(value)


def _scan(value: RequiredScan) -> str:
    """What must have been examined, and what would count against it."""
    of = f" for {', '.join(value.repositories)}" if value.repositories else ""
    database = ", with its database named" if value.needs_database else ""
    age = f", at most {_duration(value.max_age)} old"
    whole = f", every result handed over from {utc(value.complete_from)}"
    return (
        f"{value.tool} on the {value.subject}{of}, nothing open at or over {value.threshold}"
        f"{age if value.max_age else ''}{database}{whole if value.complete_from else ''}"
    )


def _waiver(value: Waiver) -> str:
    """What is accepted, for how long, by whom and why."""
    what = " ".join(one for one in (value.rule, value.package, value.version) if one)
    where = f" at {value.location}" if value.location else ""
    span = f"from {utc(value.valid_from)} until {utc(value.valid_to)}"
    return (
        f"{value.id}: {what}{where} in {value.repository}, approved by {value.approved_by}, "
        f"{span}: {value.reason}"
    )


def _automation(value: Automation) -> str:
    """Who it is, and the standard change that was approved for it."""
    named = f"{value.id} ({', '.join(value.accounts)})"
    paths = f" on {' '.join(value.paths)}" if value.paths else ""
    rule = value.rule
    if rule is None:
        return f"{named}{paths}, no rule"
    until = f" until {utc(rule.valid_to)}" if rule.valid_to else ""
    since = f"from {utc(rule.valid_from)}{until}" if rule.valid_from else "never in force"
    approved = f"approved by {rule.approved_by or 'nobody'}"
    return f"{named}{paths}, rule {rule.diff} {approved}, {since}"
