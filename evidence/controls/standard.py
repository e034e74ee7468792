"""The standard lane: whether a registered rule, approved beforehand, covers a change.

A rule covers it by three things, never by a name: the account that opened the pull request or
pushed the commit, the files, and what differs in them. What cannot be read leaves the lane open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.chain.answers import ask, changed_paths, value_of
from evidence.chain.standard import candidates, file_pairs, pushed_by
from evidence.controls.bumps import bump_of, is_lock_file, only_images
from evidence.controls.case import case_of
from evidence.controls.history import History
from evidence.controls.landing import landed_at, movements
from evidence.controls.people import PartyKind, people_of
from evidence.controls.timeline import timeline_of
from evidence.controls.words import clip, listing, short, when
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.fact import Fact
from evidence.model.git import QuestionKind
from evidence.model.globs import all_match
from evidence.policy import Automation, Policy, StandardRule


class Covered(StrEnum):
    """How a change stands to the rules."""

    STANDARD = "standard"
    LAPSED = "lapsed"
    """Its content is that of a rule which was not approved or not in force then."""
    OPEN = "open"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Whether a rule covers a change, and why."""

    covered: Covered
    words: str = ""
    reason: str = ""
    """Where it is open: the code of what is missing."""
    automation: str = ""
    rule: StandardRule | None = None
    facts: tuple[Fact, ...] = ()
    entries: tuple[int, ...] = ()
    """Ledger entries that it rests on beside them."""


NO_RULE = "no rule for standard changes is registered for who made it"


def standard_lane(chain: Chain, policy: Policy) -> Lane:
    """The lane of a change; of several rules the one that says most for it."""
    order = list(Covered)
    found = [_lane(chain, policy, one) for one in candidates(chain.evidence, policy)]
    if policy.pre_approved_rollback:
        found.append(_rollback(chain))
    return min(
        found,
        key=lambda one: order.index(one.covered),
        default=Lane(covered=Covered.NOT, words=NO_RULE),
    )


def _lane(chain: Chain, policy: Policy, automation: Automation) -> Lane:
    rule = automation.rule
    if rule is None:
        return Lane(covered=Covered.NOT, words=NO_RULE)
    for test in (_content, _made_by):
        lane = test(chain, policy, automation, rule)
        if lane is not None:
            return lane
    return _in_force(chain, policy, automation, rule)


def _not(automation: Automation, words: str) -> Lane:
    told = f"the rule of {clip(automation.id)} does not cover it: {words}"
    return Lane(covered=Covered.NOT, words=told, automation=automation.id)


def _open(automation: Automation, reason: str, words: str) -> Lane:
    told = f"whether the rule of {clip(automation.id)} covers it is open: {words}"
    return Lane(covered=Covered.OPEN, reason=reason, words=told, automation=automation.id)


# --- a rollback that the policy approved beforehand


def _rollback(chain: Chain) -> Lane:
    """By the equality of trees alone: what a message says of a revert decides nothing."""
    evidence = chain.evidence
    undone, restored = evidence.undone, evidence.restored
    if chain.change.kind == ChangeKind.DIRECT or undone is None or restored is None:
        return Lane(covered=Covered.NOT, words=NO_RULE)
    shas = (chain.change.landing_sha, restored.landing_sha)
    asked = [ask(chain.change.repository, QuestionKind.TREE, sha) for sha in shas]
    trees = [value_of(evidence.answers, one) for one in asked]
    what, where = clip(undone.change_id), clip(restored.change_id)
    if None in trees:
        words = f"whether it takes {what} back, which it follows, was not read"
        return Lane(covered=Covered.OPEN, reason="content-not-read", words=words)
    if trees[0] != trees[1]:
        return Lane(covered=Covered.NOT, words=NO_RULE)
    told = f"it takes {what} back to the tree that {where} left"
    if False in (undone.approved, restored.approved):
        words = f"{told}, and not both of them were approved"
        return Lane(covered=Covered.NOT, words=words)
    if not restored.deployed_at:
        return Lane(covered=Covered.NOT, words=f"{told}, which was not deployed by itself before")
    if None in (undone.approved, restored.approved):
        words = f"{told}, and whether both were approved is open"
        return Lane(covered=Covered.OPEN, reason="rollback-open", words=words)
    words = (
        f"{told}; both were approved, and that tree was deployed at {when(restored.deployed_at)}: "
        "the policy approves such a rollback beforehand"
    )
    entries = (*undone.entries, *restored.entries)
    return Lane(covered=Covered.STANDARD, words=words, entries=entries)


# --- files and what differs in them


def _content(
    chain: Chain, policy: Policy, automation: Automation, rule: StandardRule
) -> Lane | None:
    """None where files and differences are those of the rule."""
    if rule.repositories and chain.change.repository not in rule.repositories:
        return _not(automation, f"it is not for {clip(chain.change.repository)}")
    paths = changed_paths(chain)
    if paths is None:
        return _open(automation, "paths-not-read", "which files it changed was not read")
    if not all_match(paths, automation.paths):
        return _not(automation, f"it changes {listing(clip(path) for path in paths[:3])}")
    if rule.diff == "lockfile":
        other = [path for path in paths if not is_lock_file(path)]
        return _not(automation, f"{clip(other[0])} is no lock file") if other else None
    pairs = file_pairs(chain.evidence)
    if pairs is None:
        return _open(automation, "content-not-read", "what differs in its files was not read")
    if rule.diff == "image-bump":
        if not only_images(pairs, policy):
            return _not(automation, "more than image references differs")
        if chain.change.deployments and chain.change.change_type != "promotion":
            return _not(automation, "it moves an image that is built from no repository in scope")
        return None
    step = bump_of(pairs)
    if not step:
        return _not(automation, "more than version numbers differs")
    return None if step in rule.bumps else _not(automation, f"it is a {step} update")


# --- who made it


def _made_by(chain: Chain, policy: Policy, automation: Automation, _: StandardRule) -> Lane | None:
    """None where nobody but the automation made it, as the forge itself shows."""
    if chain.change.kind == ChangeKind.DIRECT:
        return _pushed(chain, automation)
    contributors = case_of(chain, policy).contributors
    operator = people_of(policy, chain.evidence.identities).operator(automation)
    own = _accounts(automation) | ({operator.key} if operator else set())
    others = [
        party
        for key, party in contributors.parties.items()
        if party.kind == PartyKind.HUMAN and key not in own
    ]
    if others:
        return _not(automation, f"{listing(one.label for one in others)} contributed")
    if contributors.open:
        first = contributors.open[0]
        return _open(automation, first.reason, first.words)
    history = History(chain.evidence)
    if not history.listed:
        words = "not all of its commits were listed, so who pushed them is not shown"
        return _open(automation, "contributors-incomplete", words)
    for row in history.rows.values():
        if row.author is None or row.author.key not in own:
            return _not(automation, f"commit {short(row.sha)} is by somebody else")
        if not row.signature_valid:
            words = f"who pushed commit {short(row.sha)} is not shown; its name is a claim"
            return _open(automation, "pusher-unknown", words)
    return None


def _accounts(automation: Automation) -> set[str]:
    """Its account keys. A forge shows a bot as a user of the same id where it names authors."""
    keys = set(automation.accounts)
    for account in automation.accounts:
        system, _, rest = account.partition(":bot:")
        if rest:
            keys.add(f"{system}:user:{rest}")
    return keys


def _pushed(chain: Chain, automation: Automation) -> Lane | None:
    pushers = pushed_by(chain.evidence)
    if not pushers:
        words = "who pushed it was not observed, and names in a commit are claims"
        return _open(automation, "pusher-unknown", words)
    if pushers <= set(automation.accounts):
        return None
    return _not(automation, "another account pushed it")


# --- the rule at that time


def _landed_at(chain: Chain) -> int:
    """When it reached its branch, by the forge's clock, microseconds UTC; 0 where not observed."""
    if chain.change.kind == ChangeKind.PULL_REQUEST:
        return timeline_of(chain.evidence).merged_at
    return landed_at(chain.evidence)


def _seen(chain: Chain) -> tuple[Fact, ...]:
    return tuple(one.fact for one in movements(chain.evidence))


def _in_force(chain: Chain, policy: Policy, automation: Automation, rule: StandardRule) -> Lane:
    at = _landed_at(chain)
    if not at:
        words = "when it reached the branch was not observed"
        return _open(automation, "merge-time-unknown", words)
    begins, ends = rule.valid_from, rule.valid_to
    named = f"the rule `{rule.diff}` of {clip(automation.id)}"
    known = {"automation": automation.id, "rule": rule, "facts": _seen(chain)}
    if not _approved(policy, automation, rule):
        words = f"{named} names nobody else than its operator who approved it"
        return Lane(covered=Covered.LAPSED, words=words, **known)  # type: ignore[arg-type]
    if not begins or at < begins or 0 < ends <= at:
        span = f"{when(begins)} to {when(ends) if ends else 'now'}"
        words = f"{named} is in force from {span}, and it landed at {when(at)}"
        return Lane(covered=Covered.LAPSED, words=words, **known)  # type: ignore[arg-type]
    words = f"{named}, approved by {clip(rule.approved_by)} and in force at {when(at)}, covers it"
    return Lane(covered=Covered.STANDARD, words=words, **known)  # type: ignore[arg-type]


def _approved(policy: Policy, automation: Automation, rule: StandardRule) -> bool:
    """Whether a person other than the automation and its operator is named as approver."""
    if not rule.approved_by or rule.approved_by in {*automation.accounts, automation.operator}:
        return False
    robots = {account for one in policy.automations for account in (*one.accounts, one.id)}
    operators = {person.name for person in policy.persons if automation.operator in person.accounts}
    return rule.approved_by not in robots | operators
