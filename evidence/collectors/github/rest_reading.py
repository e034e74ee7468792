"""Accounts, teams, apps and rules as the REST interface writes them. Lenient: nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence import canonical
from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.errors import EvidenceError
from evidence.model.actor import Actor, ActorType
from evidence.model.settings import RequiredContext, Rule, SettingActor

_TYPES = {
    "User": ActorType.USER,
    "Bot": ActorType.BOT,
    "Mannequin": ActorType.MANNEQUIN,
    "Organization": ActorType.ORGANISATION,
}
_BYPASS = {
    "Integration": "app",
    "OrganizationAdmin": "organisation_admin",
    "EnterpriseOwner": "enterprise_owner",
    "RepositoryRole": "role",
    "Team": "team",
    "DeployKey": "deploy_key",
    "User": "user",
}
_BOT = "[bot]"
_ROLES = {"1": "read", "2": "maintain", "3": "triage", "4": "write", "5": "admin"}
"""Ids of GitHub's own repository roles on a bypass list (docs.github.com "Rulesets")."""


def stable(value: object) -> str:
    """A numeric id as text; empty where there is none."""
    found = integer(value)
    return str(found) if found >= 0 else ""


def account(host: str, node: object) -> Actor | None:
    """A `SimpleUser`; a login without an id is `name_only`."""
    found = mapping(node)
    login, number = text(found.get("login")), stable(found.get("id"))
    kind = _TYPES.get(text(found.get("type")))
    if number and kind:
        return Actor(system=host, id=number, type=kind, login=login)
    if login:
        return Actor(system=host, id=login, type=ActorType.NAME_ONLY, login=login)
    return None


def numbered(host: str, number: object, name: object) -> Actor | None:
    """An account of which only id and name are told: no account of a person ends in `[bot]`."""
    login, found = text(name), stable(number)
    if found in ("", "0"):
        return None
    kind = ActorType.BOT if login.endswith(_BOT) else ActorType.USER
    return Actor(system=host, id=found, type=kind, login=login)


def named_user(host: str, node: object) -> SettingActor | None:
    """A user or bot as a setting names it."""
    found = mapping(node)
    number, login = stable(found.get("id")), text(found.get("login"))
    kind = "bot" if text(found.get("type")) == "Bot" else "user"
    return SettingActor(system=host, kind=kind, id=number, name=login) if number else None


def named_team(host: str, node: object) -> SettingActor | None:
    """A team as a setting names it."""
    found = mapping(node)
    number = stable(found.get("id"))
    slug = text(found.get("slug")) or text(found.get("name"))
    return SettingActor(system=host, kind="team", id=number, name=slug) if number else None


def named_app(host: str, node: object) -> SettingActor | None:
    """An app as a setting names it."""
    found = mapping(node)
    number, slug = stable(found.get("id")), text(found.get("slug"))
    return SettingActor(system=host, kind="app", id=number, name=slug) if number else None


def allowed(host: str, node: object) -> tuple[SettingActor, ...]:
    """Users, teams and apps of an allowance or restriction."""
    found = mapping(node)
    every = [
        *(named_user(host, each) for each in items(found.get("users"))),
        *(named_team(host, each) for each in items(found.get("teams"))),
        *(named_app(host, each) for each in items(found.get("apps"))),
    ]
    return tuple(each for each in every if each is not None)


def bypass_actors(host: str, found: Mapping[str, Any]) -> tuple[SettingActor, ...] | None:
    """The bypass list; None where it is absent: then the credential may not see it."""
    listed = found.get("bypass_actors")
    if not isinstance(listed, list):
        return None
    return tuple(_bypass_actor(host, mapping(each)) for each in listed)


def _bypass_actor(host: str, each: Mapping[str, Any]) -> SettingActor:
    kind = _BYPASS.get(text(each.get("actor_type")), text(each.get("actor_type")) or "unknown")
    number = "" if kind in ("organisation_admin", "deploy_key") else stable(each.get("actor_id"))
    return SettingActor(
        system=host,
        kind=kind,
        id=number,
        name=_ROLES.get(number, "") if kind == "role" else "",
        mode=text(each.get("bypass_mode")) or "always",
    )


def rules(found: object) -> tuple[Rule, ...]:
    """The rules of a ruleset, in the order given."""
    return tuple(_rule(mapping(each)) for each in items(found) if text(mapping(each).get("type")))


def _rule(each: Mapping[str, Any]) -> Rule:
    given = mapping(each.get("parameters"))
    return Rule(
        type=text(each.get("type")),
        approvals_required=max(0, integer(given.get("required_approving_review_count"), 0)),
        dismiss_stale=given.get("dismiss_stale_reviews_on_push") is True,
        code_owner_review=given.get("require_code_owner_review") is True,
        last_push_approval=given.get("require_last_push_approval") is True,
        required_checks=contexts(given.get("required_status_checks"), "integration_id"),
        strict=given.get("strict_required_status_checks_policy") is True,
        parameters=_plain(given),
    )


def contexts(found: object, app: str) -> tuple[RequiredContext, ...]:
    """Required checks; an app id of null or -1 accepts any source."""
    return tuple(
        RequiredContext(name=text(mapping(each).get("context")), app_id=_app(mapping(each), app))
        for each in items(found)
        if text(mapping(each).get("context"))
    )


def _app(each: Mapping[str, Any], name: str) -> str:
    number = stable(each.get(name))
    return "" if number == "0" else number


def _plain(given: Mapping[str, Any]) -> str:
    if not given:
        return ""
    try:
        return canonical.canonical_json(given).decode()
    except (EvidenceError, ValueError, TypeError):  # a number that JSON's canonical form has not
        return ""


def ref_names(conditions: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns of refs that a ruleset includes and excludes."""
    found = mapping(mapping(conditions).get("ref_name"))
    include, exclude = (
        tuple(each for each in items(found.get(name)) if isinstance(each, str))
        for name in ("include", "exclude")
    )
    return include, exclude
