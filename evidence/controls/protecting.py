"""What keeps a branch's rules from being what the policy demands."""

from __future__ import annotations

from evidence.controls.people import people_of
from evidence.controls.rules import Rules
from evidence.controls.words import clip, listing
from evidence.model.actor import Actor, ActorType
from evidence.model.settings import CodeownersErrors, SettingActor
from evidence.policy import Policy

_TYPES = {"user": ActorType.USER, "bot": ActorType.BOT, "app": ActorType.APP}


def below_policy(
    rules: Rules, policy: Policy, codeowners: CodeownersErrors | None = None
) -> list[str]:
    """Each demand of the policy that the rules do not make, in words; empty where all are made."""
    found: list[str] = []
    if not rules.pull_request_required:
        found.append("no pull request was required")
    elif rules.approvals < policy.approvals_required:
        found.append(f"{rules.approvals} of {policy.approvals_required} approvals were required")
    named = {one.name for one in rules.checks}
    lacking = [
        one.name for one in policy.required_checks if not one.source and one.name not in named
    ]
    if lacking:
        checks, were = ("check", "was") if len(lacking) == 1 else ("checks", "were")
        names = listing(clip(name) for name in lacking)
        found.append(f"the {checks} {names} {were} not required")
    if policy.require_up_to_date and not rules.strict:
        found.append("the head need not be up to date")
    if not rules.force_push_refused:
        found.append("history could be rewritten")
    if rules.reporting:
        names = listing(clip(getattr(one, "name", "") or one.ruleset_id) for one in rules.reporting)
        found.append(f"ruleset {names} only reported (evaluate)")
    loose = [one for one in rules.bypass or () if not _registered(one, policy)]
    if loose:
        found.append(f"{listing(_told(one) for one in loose)} could bypass it")
    if codeowners is not None and codeowners.errors:
        lines = listing(f"line {one.line}: {clip(one.kind)}" for one in codeowners.errors)
        found.append(f"CODEOWNERS has errors ({lines})")
    return found


def _registered(one: SettingActor, policy: Policy) -> bool:
    """Registered automation on a bypass list is set aside: a rule of its own judges it."""
    kind = _TYPES.get(one.kind)
    if kind is None or not one.id:
        return False
    actor = Actor(system=one.system, id=one.id, type=kind, login=one.name)
    return people_of(policy).automation(actor) is not None


def _told(one: SettingActor) -> str:
    name = clip(one.name or one.id)
    mode = f" ({one.mode})" if one.mode else ""
    return f"{one.kind.replace('_', ' ')} {name}{mode}" if name != one.kind else one.kind
