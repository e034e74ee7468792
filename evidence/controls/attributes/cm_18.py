"""CM-18: only approved holders could merge, deploy or bypass, and access was reviewed in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.chain.intervals import Interval
from evidence.controls.determine import on_interval
from evidence.controls.owners import MAY_PUSH
from evidence.controls.rules import moments, rules_at
from evidence.controls.spans import Judged, joined
from evidence.controls.tracks import Tracks, tracks_of
from evidence.controls.words import clip, listing, when
from evidence.in_scope import Repository
from evidence.model.determination import SettingInterval
from evidence.model.protection import SettingsHistory
from evidence.model.settings import AccessHolder, AccessSnapshot, SettingActor
from evidence.policy import Policy

CONTROL = "CM-18"
SCOPES = ("collaborators", "deploy_keys")
"""Lists that name everyone who can push; teams' members stand among the collaborators."""
_BAD, _SHARED = "holder-not-approved", "shared-account"


def determine(
    settings: SettingsHistory, repository: Repository, policy: Policy, begin: int, end: int
) -> tuple[SettingInterval, ...]:
    """Intervals of `begin`..`end` (microseconds UTC), in order and without a hole.

    What one look shows is a deviation wherever it lies; a pass needs the same holders at both ends
    of a span, all of them approved, and a review of access within the limit before it.
    """
    tracks = tracks_of(settings)
    edges = {at for at in _edges(tracks, settings, repository, policy) if begin <= at <= end}
    points = sorted({begin, end} | edges)
    found: list[Judged] = []
    for place, first in enumerate(points):
        if first in edges:
            seen = _judged(settings, repository, policy, first, first)
            if seen.reason in (_BAD, _SHARED):
                found.append(seen)
        if first != end:
            found.append(_judged(settings, repository, policy, first, points[place + 1]))
    return tuple(on_interval(CONTROL, repository.id, "access", one) for one in joined(found))


def _edges(
    tracks: Tracks, settings: SettingsHistory, repository: Repository, policy: Policy
) -> Iterator[int]:
    for scope in SCOPES:
        yield from tracks.access(scope).edges()
    for branch in repository.production_branches:
        yield from moments(settings, branch)
    for at in policy.access_reviews:
        yield from (at, at + policy.access_review_limit)


def _judged(
    settings: SettingsHistory, repository: Repository, policy: Policy, begin: int, end: int
) -> Judged:
    moment = (begin + end) // 2
    tracks = tracks_of(settings)
    lists = [tracks.access(scope).at(moment) for scope in SCOPES]
    entries = tuple(sorted({one.value.entry_seq for one in lists if one.value is not None}))
    holders = [one for span in lists if span.value for one in _able(span.value.holders)]
    reason, sentence = _people(holders, _bypassing(settings, repository, moment), policy)
    if not reason:
        reason, sentence = _completeness(lists, policy, repository)
    if not reason:
        reason, sentence = _reviewed(policy, begin, len(holders))
    return Judged(begin=begin, end=end, reason=reason, sentence=sentence, entries=entries)


def _able(holders: tuple[AccessHolder, ...]) -> list[SettingActor]:
    """Those who can push."""
    return [one.actor for one in holders if one.permission in MAY_PUSH]


def _bypassing(
    settings: SettingsHistory, repository: Repository, moment: int
) -> list[SettingActor]:
    found: list[SettingActor] = []
    for branch in repository.production_branches:
        rules = rules_at(settings, branch, moment)
        named = () if rules.problem else rules.bypass or ()
        found += [one for one in named if one.kind in ("user", "bot", "app") and one.id]
    return found


def _people(
    holders: list[SettingActor], bypassing: list[SettingActor], policy: Policy
) -> tuple[str, str]:
    """A holder who may not be one, whatever else is known."""
    everyone = [*holders, *bypassing]
    shared = [one for one in everyone if one.key in policy.shared_accounts]
    if shared:
        return _SHARED, f"Accounts that several people share had access: {_names(shared)}."
    if not policy.access_approved:
        return "", ""
    loose = [one for one in everyone if one.key not in policy.access_approved]
    if loose:
        return _BAD, f"Not on the approved list, but able to merge or bypass: {_names(loose)}."
    return "", ""


def _completeness(
    lists: Sequence[Interval[AccessSnapshot]], policy: Policy, repository: Repository
) -> tuple[str, str]:
    if not policy.access_approved:
        return "no-approved-list", "The policy names nobody who may merge, deploy or bypass."
    whole = all(span.value is not None and span.value.complete for span in lists)
    if not whole:
        sentence = f"Who had access to {clip(repository.id)} in this time is not known whole."
        return "access-not-known", sentence
    return "", ""


def _reviewed(policy: Policy, begin: int, count: int) -> tuple[str, str]:
    """Reviews are as declared: the configuration that names them stands in the ledger."""
    earlier = [at for at in policy.access_reviews if at <= begin]
    if not policy.access_reviews:
        return "access-review-unknown", "No review of access is declared."
    if not earlier or begin - max(earlier) >= policy.access_review_limit:
        last = f"the last one before was at {when(max(earlier))}" if earlier else "none was earlier"
        return "access-not-reviewed", f"Access was not reviewed in time: {last}."
    return "access-approved", (
        f"All {count} holders were approved, and access was reviewed at {when(max(earlier))}, as "
        "declared."
    )


def _names(actors: list[SettingActor]) -> str:
    return listing(f"{one.kind.replace('_', ' ')} {clip(one.name or one.id)}" for one in actors)
