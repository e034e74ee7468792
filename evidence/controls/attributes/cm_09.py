"""CM-09: the production branch was protected as the policy demands, throughout."""

from __future__ import annotations

from typing import NamedTuple

from evidence.controls.determine import on_interval
from evidence.controls.lives import is_there, made_at, movements
from evidence.controls.protecting import below_policy
from evidence.controls.rules import Rules, moments, rules_at
from evidence.controls.spans import Judged, joined
from evidence.controls.tracks import tracks_of
from evidence.controls.words import clip, listing, when, who
from evidence.in_scope import Repository
from evidence.model.audit import AuditEvent
from evidence.model.determination import SettingInterval
from evidence.model.protection import SettingsHistory
from evidence.policy import Policy

CONTROL = "CM-09"


def determine(
    settings: SettingsHistory, repository: Repository, policy: Policy, begin: int, end: int
) -> tuple[SettingInterval, ...]:
    """Intervals of `begin`..`end` (microseconds UTC), in order, without a hole, per branch.

    A pass needs a history without a hole; two equal looks that nothing connects leave it open. A
    look that shows too little protection is a deviation even where what surrounds it is unknown.
    A branch is judged while it was there; one of a repository that was made in that time, from its
    first production deployment on.
    """
    made = made_at(settings, repository.production_branches)
    unused = settings.deployed_from if begin <= made < settings.deployed_from else 0
    return tuple(
        on_interval(CONTROL, repository.id, branch, one)
        for branch in repository.production_branches
        for one in _branch(_Case(settings, branch, policy, unused), begin, end)
    )


class _Case(NamedTuple):
    settings: SettingsHistory
    branch: str
    policy: Policy
    unused: int
    """Until then the repository was made and nothing of it deployed; 0: it was in use before."""


def _branch(case: _Case, begin: int, end: int) -> list[Judged]:
    lives = {one.at for one in movements(case.settings, case.branch)}
    known = {*moments(case.settings, case.branch), *lives, case.unused}
    edges = {at for at in known if begin <= at <= end}
    points = sorted({begin, end} | edges)
    found: list[Judged] = []
    for place, first in enumerate(points):
        if first in edges:
            seen = _judged(case, first, first)
            if seen.reason == _BELOW:
                found.append(seen)
        if first != end:
            found.append(_judged(case, first, points[place + 1]))
    return joined(found)


_BELOW = "protection-below-policy"


def _judged(case: _Case, begin: int, end: int) -> Judged:
    settings, branch, policy, unused = case
    moment = (begin + end) // 2
    name = clip(branch)
    reason, sentence = "", ""
    if not is_there(settings, branch, moment):
        reason = "branch-not-there"
        sentence = f"There was no {name} in this time, as the forge recorded."
    elif moment < unused:
        reason = "not-in-production-yet"
        sentence = f"The repository was new, and nothing of it was deployed before {when(unused)}."
    if reason:
        seqs = tuple(sorted(one.entry_seq for one in movements(settings, branch)))
        return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=seqs)
    rules = rules_at(settings, branch, moment)
    owners = tracks_of(settings).codeowners(branch).at(moment).value
    below = below_policy(rules, policy, owners)
    if rules.problem and (below or not rules.continuous):
        return _unknown(settings, branch, begin, end, rules.problem)
    if below:
        sentence = f"The protection of {name} was below the policy: {listing(below)}."
        return _with(rules, begin, end, _BELOW, sentence)
    if rules.bypass is None:
        sentence = f"{name} was protected, but who may bypass it is not visible to the credential."
        return _with(rules, begin, end, "bypass-list-not-visible", sentence)
    if rules.logged and begin != end:
        sentence = (
            f"{name} was protected as the policy demands, and the organisation's audit log tells "
            "of no change in this time."
        )
        entries = (*rules.entries, *tracks_of(settings).trail.entries(begin, end))
        return _at_policy(entries, begin, end, sentence)
    if not rules.continuous and begin != end:
        sentence = (
            f"{name} was protected as the policy demands at both ends, and nothing covers the "
            "time between."
        )
        return _with(rules, begin, end, "continuity", sentence)
    sentence = f"{name} was protected as the policy demands."
    return _at_policy(rules.entries, begin, end, sentence)


def _at_policy(entries: tuple[int, ...], begin: int, end: int, sentence: str) -> Judged:
    reason = "protection-at-policy"
    return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=entries)


def _unknown(settings: SettingsHistory, branch: str, begin: int, end: int, problem: str) -> Judged:
    tracks = tracks_of(settings)
    name = clip(branch)
    told = _told(settings, branch, (begin + end) // 2)
    if told:
        last = told[-1]
        sentence = (
            f"The audit log tells that the rules of {name} were changed between two looks, at last "
            f"{clip(last.action)} by {who(last.actor)} at {when(last.at)} ({len(told)} entries): "
            "what held meanwhile is not known."
        )
        entries = tuple(sorted({one.entry_seq for one in told} - {0}))
        reason = "changed-between-looks"
        return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=entries)
    if tracks.protection(branch).looked_at or tracks.listing().looked_at:
        # The problem names a moment, which would keep spans apart that say the same.
        sentence = f"Nothing shows all rules of {name} in this time."
        return Judged(begin=begin, end=end, reason="continuity", sentence=sentence)
    sentence = f"The rules of {name} are not known: {problem}."
    return Judged(begin=begin, end=end, reason="settings-not-read", sentence=sentence)


def _told(settings: SettingsHistory, branch: str, moment: int) -> list[AuditEvent]:
    """What the audit log says was done about a moment to rules that may be the branch's."""
    tracks = tracks_of(settings)
    found = tracks.protection(branch).told(moment)
    for ruleset_id in sorted({one for row in settings.listings for one in row.ruleset_ids}):
        found += tracks.ruleset(ruleset_id).told(moment)
    return sorted(dict.fromkeys(found), key=lambda one: (one.at, one.event_id))


def _with(rules: Rules, begin: int, end: int, reason: str, sentence: str) -> Judged:
    return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=rules.entries)
