"""CM-09: the production branch was protected as the policy demands, throughout."""

from __future__ import annotations

from evidence.controls.determine import on_interval
from evidence.controls.protecting import below_policy
from evidence.controls.rules import Rules, moments, rules_at
from evidence.controls.spans import Judged, joined
from evidence.controls.tracks import tracks_of
from evidence.controls.words import clip, listing
from evidence.model.determination import SettingInterval
from evidence.model.protection import SettingsHistory
from evidence.policy import Policy, Repository

CONTROL = "CM-09"


def determine(
    settings: SettingsHistory, repository: Repository, policy: Policy, begin: int, end: int
) -> tuple[SettingInterval, ...]:
    """Intervals of `begin`..`end` (microseconds UTC), in order, without a hole, per branch.

    A pass needs a history without a hole; two equal looks that nothing connects leave it open. A
    look that shows too little protection is a deviation even where what surrounds it is unknown.
    """
    return tuple(
        on_interval(CONTROL, repository.id, branch, one)
        for branch in repository.production_branches
        for one in _branch(settings, branch, policy, begin, end)
    )


def _branch(
    settings: SettingsHistory, branch: str, policy: Policy, begin: int, end: int
) -> list[Judged]:
    edges = {at for at in moments(settings, branch) if begin <= at <= end}
    points = sorted({begin, end} | edges)
    found: list[Judged] = []
    for place, first in enumerate(points):
        if first in edges:
            seen = _judged(settings, branch, policy, first, first)
            if seen.reason == _BELOW:
                found.append(seen)
        if first != end:
            found.append(_judged(settings, branch, policy, first, points[place + 1]))
    return joined(found)


_BELOW = "protection-below-policy"


def _judged(settings: SettingsHistory, branch: str, policy: Policy, begin: int, end: int) -> Judged:
    moment = (begin + end) // 2
    rules = rules_at(settings, branch, moment)
    name = clip(branch)
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
    if not rules.continuous and begin != end:
        sentence = (
            f"{name} was protected as the policy demands at both ends, and nothing covers the "
            "time between."
        )
        return _with(rules, begin, end, "continuity", sentence)
    sentence = f"{name} was protected as the policy demands."
    return _with(rules, begin, end, "protection-at-policy", sentence)


def _unknown(settings: SettingsHistory, branch: str, begin: int, end: int, problem: str) -> Judged:
    tracks = tracks_of(settings)
    name = clip(branch)
    if tracks.protection(branch).looked_at or tracks.listing().looked_at:
        # The problem names a moment, which would keep spans apart that say the same.
        sentence = f"Nothing shows all rules of {name} in this time."
        return Judged(begin=begin, end=end, reason="continuity", sentence=sentence)
    sentence = f"The rules of {name} are not known: {problem}."
    return Judged(begin=begin, end=end, reason="settings-not-read", sentence=sentence)


def _with(rules: Rules, begin: int, end: int, reason: str, sentence: str) -> Judged:
    return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=rules.entries)
