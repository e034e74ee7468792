"""Builds the frozen policy, the yardstick of every determination, from the settings."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from evidence import in_scope
from evidence import policy as yardstick
from evidence.config.moments import deploy_window, micros, named_zone
from evidence.config.rules import AutomationSettings, PolicySettings
from evidence.config.scans import required_scans, waivers
from evidence.config.scope import RepositorySettings
from evidence.config.secrets import without_password
from evidence.config.settings import Settings
from evidence.config.wizard import slug

_DAY = 86_400_000_000
_HOUR = 3_600_000_000

_LIMITS = {
    "clock_tolerance_seconds": ("clock_tolerance", 1_000_000),
    "checks_kept_days": ("checks_kept", _DAY),
    "pending_limit_days": ("pending_limit", _DAY),
    "health_minutes": ("health_limit", 60_000_000),
    "event_hours": ("event_limit", _HOUR),
    "emergency_approval_hours": ("emergency_approval_limit", _HOUR),
    "emergency_test_hours": ("emergency_test_limit", _HOUR),
    "emergency_closing_days": ("emergency_closing_limit", _DAY),
    "emergency_share_percent": ("emergency_share_limit", 1),
    "disposition_days": ("disposition_limit", _DAY),
}
"""Parameter as the file spells it -> as the policy names it, and its unit there."""

PROFILES: dict[str, dict[str, object]] = {
    "P0": {},
    "P-exact": {"approval_currency": "exact"},
    "P-time": {"approval_currency": "time"},
    "P-strict": {
        "approval_currency": "exact",
        "require_up_to_date": True,
        "require_mapped_approvers": True,
        "suggester_contributes": True,
        "owner_required_paths": (".github/**",),
        "origin_level": "proved",
        "forbidden_pairs": (
            ("contributor", "deployer"),
            ("contributor", "merger"),
            ("contributor", "dismisser"),
        ),
    },
    "P-4role": {
        "forbidden_pairs": (
            ("contributor", "approver"),
            ("contributor", "merger"),
            ("contributor", "deployer"),
            ("approver", "merger"),
            ("approver", "deployer"),
            ("merger", "deployer"),
        ),
    },
}
"""What each named profile sets instead of the defaults; a parameter that the configuration itself
states goes before it (controls reference, section 3.4)."""


def build_policy(settings: Settings) -> yardstick.Policy:
    """The policy that these settings declare.

    Raises:
        ConfigError: a time or time zone in the settings cannot be read.
    """
    return yardstick.Policy(
        **_parameters(settings.policy),  # type: ignore[arg-type]
        simulated=settings.organisation.simulated,
        scope_start=_time(settings.policy.scope_start, "policy.scope_start"),
        access_approved=tuple(settings.access.approved),
        access_reviews=tuple(_time(one, "access.reviews") for one in settings.access.reviews),
        access_review_limit=settings.access.review_days * _DAY,
        shared_accounts=tuple(settings.access.shared_accounts),
        required_scans=required_scans(settings.policy),
        waivers=waivers(settings),
        persons=_persons(settings),
        automations=_automations(settings),
        repositories=tuple(_repository(one, settings) for one in settings.repository),
        applications=_applications(settings),
        image_maps=tuple(
            in_scope.ImageMap(
                image=one.image,
                repository=one.repository,
                path=one.path,
                build=one.build,
                build_app=one.build_app,
            )
            for one in settings.map
        ),
        builders=_builders(settings),
        exclusions=tuple(
            in_scope.Exclusion(
                kind=one.kind, name=one.name, owner=one.owner, reason=one.reason, date=one.date
            )
            for one in settings.exclusion
        ),
        controls=tuple(
            yardstick.ControlScope(
                id=control_id,
                in_scope=control.in_scope,
                entity_id=control.id,
                wording=control.wording,
                owner=control.owner,
                frequency=control.frequency,
            )
            for control_id, control in sorted(settings.controls.items())
        ),
    )


def clone_url(repository: RepositorySettings, settings: Settings) -> str:
    """Where Git reads the repository: its `clone`, else the forge's host and the name."""
    if repository.clone or not repository.source:
        return repository.clone
    forge = next(one for one in settings.source if one.id == repository.source)
    parts = urlsplit(forge.url or "https://api.github.com")
    host = "github.com" if parts.hostname == "api.github.com" else parts.netloc
    return f"{parts.scheme}://{host}/{repository.name}.git"


def log_origin(settings: Settings) -> str:
    """The ledger's name in its checkpoints, and the name of the key that signs them."""
    return f"evidence/{slug(settings.organisation.name)}"


def zone(settings: Settings) -> ZoneInfo:
    """The organisation's time zone."""
    return named_zone(settings.organisation.time_zone, "organisation.time_zone")


def _parameters(policy: PolicySettings) -> dict[str, object]:
    values: dict[str, object] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in policy.model_dump().items()
        if name not in {"required_checks", "required_scans", "scope_start", *_LIMITS}
    }
    for spelled, (name, unit) in _LIMITS.items():
        values[name] = getattr(policy, spelled) * unit
    values["required_checks"] = tuple(
        yardstick.RequiredCheck(
            name=one.name,
            app=one.app,
            accept=tuple(one.accept),
            unless_only_paths=tuple(one.unless_only_paths),
            source=one.source,
        )
        for one in policy.required_checks
    )
    stated = policy.model_fields_set
    return values | {k: v for k, v in PROFILES[policy.profile].items() if k not in stated}


def _repository(one: RepositorySettings, settings: Settings) -> in_scope.Repository:
    addresses = (without_password(each) for each in (clone_url(one, settings), *one.addresses))
    return in_scope.Repository(
        id=one.id,
        name=one.name,
        urls=tuple(dict.fromkeys(address for address in addresses if address)),
        forge=one.source,
        production_branches=tuple(one.production_branches),
        role=one.role,
        retired=one.retired,
    )


def _builders(settings: Settings) -> tuple[in_scope.TrustedBuilder, ...]:
    return tuple(
        in_scope.TrustedBuilder(
            id=one.id,
            key=one.key.strip(),
            builder=one.builder,
            repositories=tuple(one.repositories),
        )
        for one in settings.provenance
    )


def _applications(settings: Settings) -> tuple[in_scope.Application, ...]:
    return tuple(
        in_scope.Application(
            id=one.id,
            environment=one.environment,
            production=one.production,
            deployer=one.source,
            selector=one.selector,
            repository=one.repository,
            path=one.path,
            images=tuple(
                in_scope.ImageMap(
                    image=i.image,
                    repository=i.repository,
                    path=i.path,
                    build=i.build,
                    build_app=i.build_app,
                )
                for i in one.image
            ),
            values_files=tuple(one.values_files),
            values_keys=tuple(one.values_keys),
            baseline=one.baseline,
            windows=tuple(
                deploy_window(each, f"application {one.id}: windows", zone(settings).key)
                for each in one.windows
            ),
            witnesses=tuple(
                in_scope.Witness(source=each.source, selector=each.selector) for each in one.witness
            ),
        )
        for one in settings.application
    )


def _persons(settings: Settings) -> tuple[yardstick.Person, ...]:
    return tuple(
        yardstick.Person(
            name=one.name,
            accounts=tuple(one.accounts),
            emails=tuple(email.lower() for email in one.emails),
            left_at=_time(one.left, f"person {one.name}: left"),
        )
        for one in settings.person
    )


def _automations(settings: Settings) -> tuple[yardstick.Automation, ...]:
    return tuple(
        yardstick.Automation(
            id=one.id,
            accounts=tuple(one.accounts),
            emails=tuple(email.lower() for email in one.emails),
            paths=tuple(one.paths),
            operator=one.operator,
            ignore_commits=one.ignore_commits,
            rule=_rule(one),
        )
        for one in settings.automation
    )


def _rule(automation: AutomationSettings) -> yardstick.StandardRule | None:
    rule, what = automation.rule, f"automation {automation.id}: rule"
    if rule is None:
        return None
    checks = [] if rule.checks is None and rule.diff == "image-bump" else rule.checks
    return yardstick.StandardRule(
        diff=rule.diff,
        bumps=tuple(rule.bumps),
        repositories=tuple(rule.repositories),
        checks=None if checks is None else tuple(checks),
        approved_by=rule.approved_by,
        valid_from=_time(rule.valid_from, f"{what}.valid_from"),
        valid_to=_time(rule.valid_to, f"{what}.valid_to"),
        is_request=rule.is_request,
    )


def _time(text: str, what: str) -> int:
    return micros(text, what) if text else 0
