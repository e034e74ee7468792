"""The pure half of the settings collector: captures in, facts and gaps out. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.parse_access import access
from evidence.collectors.github.parse_records import activity, rule_suite, settings_read
from evidence.collectors.github.push_holes import parse_holes
from evidence.collectors.github.reading import flag, integer, items, mapping, text
from evidence.collectors.github.rest_reading import (
    allowed,
    bypass_actors,
    contexts,
    named_team,
    named_user,
    numbered,
    ref_names,
    rules,
    stable,
)
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.settings import (
    BranchProtection,
    CodeownersError,
    CodeownersErrors,
    EnvironmentSettings,
    RequiredContext,
    Ruleset,
    RulesetListing,
    RulesetVersion,
    SettingActor,
)

Facts = tuple[Fact, ...] | None
"""What a capture says; None where its payload is not of the shape that its kind has."""


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """Facts and gaps of one capture; what cannot be read is a gap."""
    if capture.kind == kinds.PUSH_HOLES and isinstance(payload, dict):
        return parse_holes(capture, payload)
    read = _KINDS.get(capture.kind)
    facts = read(capture, payload) if read and isinstance(payload, dict) else None
    if facts is None:
        return malformed(capture, "The answer is not of the shape that is documented.")
    return Parsed(facts=facts)


def _repository(_capture: Capture, _payload: Mapping[str, Any]) -> Facts:
    """What the credential may do in the repository: evidence, no fact."""
    return ()


def _protection(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    repository, branch = _of(capture, "repository"), _of(capture, "branch")
    if _of(capture, "status") == "404":
        return (BranchProtection(repository=repository, branch=branch, protected=False),)
    if not any(name in payload for name in ("url", "enforce_admins", "allow_force_pushes")):
        return None
    host = _of(capture, "host")
    reviews, checks = payload.get("required_pull_request_reviews"), _checks(payload)
    asked, restrictions = mapping(reviews), payload.get("restrictions")
    dismissers = asked.get("dismissal_restrictions")
    return (
        BranchProtection(
            repository=repository,
            branch=branch,
            protected=True,
            pull_request_required=isinstance(reviews, dict),
            approvals_required=max(0, integer(asked.get("required_approving_review_count"), 0)),
            dismiss_stale=asked.get("dismiss_stale_reviews") is True,
            code_owner_review=asked.get("require_code_owner_reviews") is True,
            last_push_approval=asked.get("require_last_push_approval") is True,
            required_checks=checks,
            strict=mapping(payload.get("required_status_checks")).get("strict") is True,
            enforce_admins=_enabled(payload, "enforce_admins") is True,
            bypass_pull_request=allowed(host, asked.get("bypass_pull_request_allowances")),
            restricted=isinstance(restrictions, dict),
            pushers=allowed(host, restrictions),
            dismissers=allowed(host, dismissers) if isinstance(dismissers, dict) else None,
            allow_force_pushes=_enabled(payload, "allow_force_pushes") is True,
            allow_deletions=_enabled(payload, "allow_deletions") is True,
            linear_history=_enabled(payload, "required_linear_history") is True,
            required_signatures=_enabled(payload, "required_signatures"),
            conversation_resolution=_enabled(payload, "required_conversation_resolution") is True,
            locked=_enabled(payload, "lock_branch") is True,
        ),
    )


def _checks(payload: Mapping[str, Any]) -> tuple[RequiredContext, ...]:
    """`checks` carry the app, `contexts` only names: an older Enterprise Server has no `checks`."""
    found = mapping(payload.get("required_status_checks"))
    listed = contexts(found.get("checks"), "app_id")
    known = {one.name for one in listed}
    plain = [each for each in items(found.get("contexts")) if isinstance(each, str)]
    return (*listed, *(RequiredContext(name=name) for name in plain if name not in known))


def _enabled(payload: Mapping[str, Any], name: str) -> bool | None:
    return flag(mapping(payload.get(name)).get("enabled"))


def _rulesets(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    pages = payload.get("pages")
    if not isinstance(pages, list) or not all(isinstance(page, list) for page in pages):
        return None
    ids = {stable(mapping(each).get("id")) for page in pages for each in page} - {""}
    return (
        RulesetListing(
            repository=_of(capture, "repository"),
            ruleset_ids=tuple(sorted(ids)),
            default_branch=text(payload.get("default_branch")),
        ),
    )


def _ruleset(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    number = stable(payload.get("id"))
    if not number or not text(payload.get("enforcement")):
        return None
    include, exclude = ref_names(payload.get("conditions"))
    return (
        Ruleset(
            repository=_of(capture, "repository"),
            ruleset_id=number,
            name=text(payload.get("name")),
            target=text(payload.get("target")) or "branch",
            enforcement=text(payload.get("enforcement")),
            source_type=text(payload.get("source_type")),
            source=text(payload.get("source")),
            include=include,
            exclude=exclude,
            rules=rules(payload.get("rules")),
            bypass_actors=bypass_actors(_of(capture, "host"), payload),
            created_at=iso_micros(payload.get("created_at")),
            updated_at=iso_micros(payload.get("updated_at")),
            origin=_of(capture, "origin") or "api",
        ),
    )


def _ruleset_version(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    number, at = stable(payload.get("version_id")), iso_micros(payload.get("updated_at"))
    if not number or not at:
        return None
    host, state = _of(capture, "host"), payload.get("state")
    found = mapping(state)
    include, exclude = ref_names(found.get("conditions"))
    actor = mapping(payload.get("actor"))
    return (
        RulesetVersion(
            repository=_of(capture, "repository"),
            ruleset_id=_of(capture, "ruleset"),
            version_id=number,
            actor=numbered(host, actor.get("id"), actor.get("login")),
            updated_at=at,
            state_read=isinstance(state, dict) and bool(text(found.get("enforcement"))),
            enforcement=text(found.get("enforcement")),
            include=include,
            exclude=exclude,
            rules=rules(found.get("rules")),
            bypass_actors=bypass_actors(host, found),
        ),
    )


def _codeowners(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    repository, branch = _of(capture, "repository"), _of(capture, "branch")
    if _of(capture, "status") == "404":
        return (CodeownersErrors(repository=repository, branch=branch, exists=False),)
    listed = payload.get("errors")
    if not isinstance(listed, list):
        return None
    errors = tuple(
        CodeownersError(
            line=integer(mapping(each).get("line"), 0),
            kind=text(mapping(each).get("kind")),
            path=text(mapping(each).get("path")),
            source=text(mapping(each).get("source")),
            message=text(mapping(each).get("message")),
        )
        for each in listed
    )
    return (CodeownersErrors(repository=repository, branch=branch, exists=True, errors=errors),)


def _environments(capture: Capture, payload: Mapping[str, Any]) -> Facts:
    pages = payload.get("pages")
    if not isinstance(pages, list):
        return None
    host, patterns = _of(capture, "host"), mapping(payload.get("policies"))
    listed = [mapping(each) for page in pages for each in items(mapping(page).get("environments"))]
    return tuple(
        _environment(_of(capture, "repository"), host, each, patterns)
        for each in listed
        if stable(each.get("id"))
    )


def _environment(
    repository: str, host: str, each: Mapping[str, Any], patterns: Mapping[str, Any]
) -> EnvironmentSettings:
    guards = [mapping(one) for one in items(each.get("protection_rules"))]
    reviewing = [one for one in guards if one.get("type") == "required_reviewers"]
    waits = [integer(one.get("wait_timer"), 0) for one in guards if one.get("type") == "wait_timer"]
    policy = each.get("deployment_branch_policy")
    custom = mapping(policy).get("custom_branch_policies") is True
    listed = patterns.get(text(each.get("name")))
    named = [mapping(one).get("name") for page in items(listed) for one in _policies(page)]
    self_review = [flag(one.get("prevent_self_review")) for one in reviewing]
    return EnvironmentSettings(
        repository=repository,
        environment_id=stable(each.get("id")),
        name=text(each.get("name")),
        reviewers=tuple(who for one in reviewing for who in _reviewers(host, one)),
        prevent_self_review=self_review[0] if self_review else None,
        wait_minutes=max([0, *waits]),
        branch_policy="custom" if custom else ("protected" if isinstance(policy, dict) else "all"),
        branch_patterns=tuple(sorted(name for name in named if isinstance(name, str)))
        if custom and isinstance(listed, list)
        else None,
        administrators_bypass=flag(each.get("can_admins_bypass")),
        updated_at=iso_micros(each.get("updated_at")),
    )


def _policies(page: object) -> list[Any]:
    return items(mapping(page).get("branch_policies"))


def _reviewers(host: str, guard: Mapping[str, Any]) -> list[SettingActor]:
    found = []
    for each in map(mapping, items(guard.get("reviewers"))):
        read = named_team if each.get("type") == "Team" else named_user
        who = read(host, each.get("reviewer"))
        found += [who] if who else []
    return found


def _of(capture: Capture, name: str) -> str:
    return capture.context.get(name, "")


_KINDS: dict[str, Callable[[Capture, Mapping[str, Any]], Facts]] = {
    kinds.READ: settings_read,
    kinds.REPOSITORY: _repository,
    kinds.PROTECTION: _protection,
    kinds.RULESETS: _rulesets,
    kinds.RULESET: _ruleset,
    kinds.RULESET_HISTORY: _ruleset_version,
    kinds.RULE_SUITE: rule_suite,
    kinds.ACTIVITY: activity,
    kinds.CODEOWNERS: _codeowners,
    kinds.ENVIRONMENTS: _environments,
    kinds.ACCESS: access,
}
