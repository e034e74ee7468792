"""What a forge demanded of one branch at one moment, put together from all that was observed.

Classic protection and every active ruleset add up: the strictest of each demand holds. What holds
between two looks is known only where both saw the same, or where a ruleset's own history covers it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evidence.controls.lives import renamed_at
from evidence.controls.tracks import Tracks, tracks_of
from evidence.controls.words import clip, when
from evidence.model.fact import Fact
from evidence.model.globs import matches
from evidence.model.protection import SettingsHistory
from evidence.model.settings import (
    BranchProtection,
    RequiredContext,
    Rule,
    Ruleset,
    RulesetListing,
    RulesetVersion,
    SettingActor,
    Subject,
)

AnyRuleset = Ruleset | RulesetVersion
ACTIVE, REPORTS = "active", "evaluate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What was in force for one branch. With a `problem` there may have been more."""

    protection: BranchProtection | None = None
    """None where the branch had none."""
    active: tuple[AnyRuleset, ...] = ()
    """Enforced rulesets that apply to the branch."""
    reporting: tuple[AnyRuleset, ...] = ()
    """Those that only report."""
    bypass: tuple[SettingActor, ...] | None = ()
    """Everyone who may bypass any of it; None where a list is not visible."""
    problem: str = ""
    """Why it is not known, in words."""
    continuous: bool = True
    """Whether a history without a hole shows it, not only two equal looks."""
    logged: bool = False
    """Whether it takes the audit log to show that."""
    entries: tuple[int, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the active rulesets."""
        return tuple(rule for one in self.active for rule in one.rules)

    @property
    def kinds(self) -> frozenset[str]:
        """Types of the active rulesets' rules."""
        return frozenset(rule.type for rule in self.rules)

    @property
    def pull_request_required(self) -> bool:
        """Whether a change had to come by a pull request."""
        classic = self.protection is not None and self.protection.pull_request_required
        return classic or "pull_request" in self.kinds

    @property
    def approvals(self) -> int:
        """How many approvals a merge needed."""
        classic = self.protection.approvals_required if self.protection else 0
        return max([classic, *(rule.approvals_required for rule in self.rules)])

    @property
    def checks(self) -> tuple[RequiredContext, ...]:
        """Every check that a merge needed, each once."""
        classic = self.protection.required_checks if self.protection else ()
        named = [*classic, *(one for rule in self.rules for one in rule.required_checks)]
        return tuple(dict.fromkeys(named))

    @property
    def strict(self) -> bool:
        """Whether the head had to be up to date."""
        return bool(self.protection and self.protection.strict) or any(
            rule.strict for rule in self.rules
        )

    @property
    def code_owner_review(self) -> bool:
        """Whether code owners had to approve."""
        return bool(self.protection and self.protection.code_owner_review) or any(
            rule.code_owner_review for rule in self.rules
        )

    @property
    def linear(self) -> bool:
        """Whether merge commits were refused."""
        classic = bool(self.protection and self.protection.linear_history)
        return classic or "required_linear_history" in self.kinds

    @property
    def force_push_refused(self) -> bool:
        """Whether history could not be rewritten."""
        classic = self.protection is not None and not self.protection.allow_force_pushes
        return classic or "non_fast_forward" in self.kinds

    @property
    def demands_nothing(self) -> bool:
        """No rule stood between a push and the branch."""
        return not (self.pull_request_required or self.checks or self.restricts)

    @property
    def restricts(self) -> bool:
        """Whether only some may push at all."""
        classic = self.protection
        held = bool(classic and (classic.restricted or classic.locked))
        return held or bool(self.kinds & {"update", "creation"})


def rules_at(settings: SettingsHistory, branch: str, moment: int) -> Rules:
    """The rules of a branch (short name) at a moment, microseconds UTC.

    With a `problem` what is given is only the part that is known: rules may have been there
    besides. A ruleset's own history shows it also before anybody looked for the first time.
    """
    tracks = tracks_of(settings)
    classic, problem = _classic(tracks, branch, moment)
    listing = tracks.listing().at(moment).value or _renamed(settings, moment)
    if listing is None:
        problem = problem or f"which rulesets there were at {when(moment)} is not known"
        listing = _next_listing(settings, moment)
    if listing is None:
        return Rules(problem=problem, continuous=False)
    found = {one: _ruleset(tracks, one, moment) for one in listing.ruleset_ids}
    lost = [one for one, row in found.items() if row is None]
    if lost and not problem:
        problem = f"ruleset {clip(lost[0])} at {when(moment)} is not known"
    held = [row for row in found.values() if row is not None]
    applying = [one for one, _ in held if _applies(one, branch, listing)]
    active = tuple(one for one in applying if one.enforcement == ACTIVE)
    protection = classic if classic is not None and classic.protected else None
    facts: list[Fact] = [listing, *(one for one, _ in held), *([classic] if classic else [])]
    # Classic protection keeps no history of its own.
    loose = [one.ruleset_id for one, whole in held if not whole]
    plain = protection is None and not loose
    logged = not plain and _logged(tracks, loose, branch if protection else "", moment)
    return Rules(
        protection=protection,
        active=active,
        reporting=tuple(one for one in applying if one.enforcement == REPORTS),
        bypass=_bypass(settings, active, protection),
        problem=problem,
        continuous=plain or logged,
        logged=logged,
        entries=_seqs(facts),
    )


def _logged(tracks: Tracks, rulesets: Iterable[str], branch: str, moment: int) -> bool:
    """Whether the audit log shows what these rulesets, and the protection of a branch, were."""
    classic = not branch or tracks.protection(branch).logged(moment)
    return classic and all(tracks.ruleset(one).logged(moment) for one in rulesets)


def _renamed(settings: SettingsHistory, moment: int) -> RulesetListing | None:
    """What was listed between two looks that differ only because the default branch was renamed."""
    before = [one for one in settings.listings if one.observed_at <= moment]
    later = [one for one in settings.listings if one.observed_at > moment]
    if not before or not later or before[-1].ruleset_ids != later[0].ruleset_ids:
        return None
    old, after = before[-1], later[0]
    names = (old.default_branch, after.default_branch)
    at = renamed_at(settings, *names, old.observed_at, after.observed_at)
    if not at:
        return None
    return old if moment < at else after


def _next_listing(settings: SettingsHistory, moment: int) -> RulesetListing | None:
    """The next list that was seen; without a default branch where that changed on the way to it."""
    later = [one for one in settings.listings if one.observed_at > moment]
    found = min(later, key=lambda one: one.observed_at, default=None)
    before = [one for one in settings.listings if one.observed_at <= moment]
    if found and before and before[-1].default_branch != found.default_branch:
        return replace(found, default_branch="")
    return found


def moments(settings: SettingsHistory, branch: str) -> tuple[int, ...]:
    """Every moment at which what is known of the branch's rules changes."""
    tracks = tracks_of(settings)
    ids = {one for row in settings.listings for one in row.ruleset_ids}
    found = {*tracks.protection(branch).edges(), *tracks.listing().edges()}
    for ruleset_id in ids:
        found.update(tracks.ruleset(ruleset_id).edges())
        found.update(one.updated_at for one in tracks.versions(ruleset_id))
        windows = tracks.windows(Subject.RULESET_HISTORY, ruleset_id)
        found.update(edge for window in windows for edge in window)
        found.update(tracks.trail.edges({Subject.RULESET: ruleset_id}))
    found.update(tracks.trail.edges({Subject.BRANCH_PROTECTION: branch}))
    return tuple(sorted(found - {0}))


# --- what one component was


def _classic(tracks: Tracks, branch: str, moment: int) -> tuple[BranchProtection | None, str]:
    """Classic protection, or why it is not known."""
    track = tracks.protection(branch)
    span = track.at(moment)
    if span.known:
        return span.value, ""
    if not track.looked_at:
        return None, f"the protection of {clip(branch)} was never read"
    return None, f"the protection of {clip(branch)} at {when(moment)} is not known"


def _ruleset(tracks: Tracks, ruleset_id: str, moment: int) -> tuple[AnyRuleset, bool] | None:
    """The ruleset as it was, and whether its own history shows it."""
    version = _version(tracks, ruleset_id, moment)
    if version is not None:
        return version, True
    found = tracks.ruleset(ruleset_id).at(moment).value
    return (found, False) if found is not None else None


def _version(tracks: Tracks, ruleset_id: str, moment: int) -> RulesetVersion | None:
    """The version in force, where every version up to the moment was read."""
    history = tracks.versions(ruleset_id)
    place = bisect_right(history, moment, key=lambda one: one.updated_at) - 1
    if place < 0:
        return None
    last = history[place]
    windows = tracks.windows(Subject.RULESET_HISTORY, ruleset_id)
    whole = any(since <= last.updated_at and moment <= until for since, until in windows)
    return last if whole and last.state_read and tracks.history_whole(ruleset_id) else None


def _applies(one: AnyRuleset, branch: str, listing: RulesetListing) -> bool:
    if isinstance(one, Ruleset) and one.target not in ("branch", ""):
        return False
    return _names(one.include, branch, listing) and not _names(one.exclude, branch, listing)


def _names(patterns: Sequence[str], branch: str, listing: RulesetListing) -> bool:
    special = {"~ALL"} | ({"~DEFAULT_BRANCH"} if branch == listing.default_branch else set())
    return bool(special & set(patterns)) or matches(f"refs/heads/{branch}", patterns)


def _bypass(
    settings: SettingsHistory,
    active: Iterable[AnyRuleset],
    protection: BranchProtection | None,
) -> tuple[SettingActor, ...] | None:
    """Who may bypass; None as soon as one list is not visible and nobody supplied it."""
    found: list[SettingActor] = []
    for one in active:
        listed = one.bypass_actors
        if listed is None:
            listed = _supplied(settings, one)
        if listed is None:
            return None
        found.extend(listed)
    if protection is not None:
        found.extend(protection.bypass_pull_request)
        if not protection.enforce_admins:
            found.append(SettingActor(system="", kind="administrators", name="administrators"))
    return tuple(dict.fromkeys(found))


def _supplied(settings: SettingsHistory, one: AnyRuleset) -> tuple[SettingActor, ...] | None:
    """The list that an administrator supplied for the very same state of the ruleset."""
    for other in settings.rulesets:
        same = other.ruleset_id == one.ruleset_id and other.updated_at == one.updated_at
        if same and other.origin == "administrator" and other.bypass_actors is not None:
            return other.bypass_actors
    return None


def _seqs(facts: Iterable[Fact]) -> tuple[int, ...]:
    return tuple(sorted({one.entry_seq for one in facts if one.entry_seq or one.observed_at}))
