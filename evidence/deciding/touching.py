"""Stored changes and deployments beside what is new: read by id, and which new facts touch them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from evidence.controls.gaps import hides_approvals, loses, loses_deployments
from evidence.deciding.case import Case
from evidence.deciding.later import waiting
from evidence.deciding.recorded import Recorded, Spans, landed_in
from evidence.deciding.rescanned import rescanned
from evidence.deciding.window import Whole, Window
from evidence.model import codec
from evidence.model.capture import GapReason
from evidence.model.change import Change, Link, Strength
from evidence.model.policy_result import TOLD_BY
from evidence.model.production import ProductionDeployment
from evidence.store import ids, movements, queries, since
from evidence.store.session import Store
from evidence.store.settings import settings_since
from evidence.store.trackers import tracker_reads

ALWAYS = (0, movements.EVER)
"""A span of time: what was known of settings or tickets of then may be any of it."""
LISTED = "listed_by_forge"
_MOST = 5_000
"""Changes that are looked at again for a new look at settings or tickets; beyond: all."""


class Stored:
    """Changes as the last decision left them, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changes: dict[str, Change | None] = {}
        self._links: dict[str, tuple[Link, ...]] = {}
        self._deployments: dict[str, ProductionDeployment] = {}

    def changes(self, change_ids: Iterable[str]) -> Mapping[str, Change]:
        """Those of the changes that are stored."""
        wanted = set(change_ids)
        for body in queries.change_bodies(self._store, wanted - self._changes.keys()):
            record = json.loads(body)
            change = codec.decode(Change, record["change"])
            self._changes[change.change_id] = change
            links = (codec.decode(Link, one) for one in record["links"])
            self._links[change.change_id] = tuple(
                one for one in links if one.basis == LISTED and one.strength is Strength.CANDIDATE
            )
        for change_id in wanted - self._changes.keys():
            self._changes[change_id] = None
        found = {change_id: self._changes[change_id] for change_id in sorted(wanted)}
        return {change_id: one for change_id, one in found.items() if one is not None}

    def change(self, change_id: str) -> Change | None:
        """One of them, or None."""
        return self.changes([change_id]).get(change_id)

    def others(self, change_id: str) -> tuple[Link, ...]:
        """Its links that did not decide: other pull requests that the forge lists."""
        return self._links.get(change_id, ())

    def read_window(self, window: Window, numbers: Iterable[int]) -> None:
        """Reads the changes of a window's commits and of pull requests."""
        places = [(window.repository, sha) for sha in window.graph.shas]
        direct = [f"{window.repository}:commit:{sha}" for sha in window.graph.shas]
        pulls = [f"{window.repository}:pr:{number}" for number in numbers]
        self.changes([*since.changes_by_sha(self._store, places), *direct, *pulls])

    def of(self, repository: str) -> Mapping[str, Change]:
        """Those of a repository that were read so far."""
        return {
            change_id: one
            for change_id, one in self._changes.items()
            if one is not None and one.repository == repository
        }

    def counted(self, repository: str) -> Mapping[str, Change]:
        """Without rows of an earlier id that is an alias meanwhile."""
        own = self.of(repository)
        former = {alias for one in own.values() for alias in one.aliases}
        return {change_id: one for change_id, one in own.items() if change_id not in former}

    def owners(self, repository: str) -> Mapping[str, Change]:
        """The change of each commit, as far as read."""
        own = self.counted(repository).values()
        return {sha: one for one in own for sha in one.commits}

    def deployments(self, deployment_ids: Iterable[str]) -> dict[str, ProductionDeployment]:
        """Those of the deployments that are stored."""
        wanted = set(deployment_ids)
        missing = wanted - self._deployments.keys()
        for body in queries.deployment_bodies(self._store, missing) if missing else ():
            one = codec.decode(ProductionDeployment, json.loads(body))
            self._deployments[one.deployment_id] = one
        return {one: self._deployments[one] for one in wanted if one in self._deployments}


def touched_ids(case: Case, begin: int) -> set[str]:
    """Ids of the stored changes that entries from `begin` on say something about.

    Raises:
        Whole: that may be any of them.
    """
    store = case.store
    touched = ids.touched(store, begin)
    found = {f"{repository}:pr:{number}" for repository, number in touched.numbers}
    found |= since.changes_by_sha(store, touched.shas) | touched.linked | waiting(store)
    found |= rescanned(store, case.policy, begin) | _unapproved(store, begin)
    recorded = Recorded(case, begin)
    found |= recorded.change_ids()
    spans = _spans(case, begin, recorded.spans())
    found |= landed_in(case, {key: some for key, some in spans.items() if ALWAYS not in some})
    merged = since.changes_merged(store, spans, _MOST)
    if merged is None:
        raise Whole("too many changes are touched")
    found |= set(merged)
    return found - since.superseded(store, found)


def _spans(case: Case, begin: int, recorded: Spans) -> Spans:
    """Repository -> when what landed is told of by entries from `begin` on."""
    store, spans = case.store, recorded
    for repository, moment in settings_since(store, begin).items():
        # What belongs to no repository concerns all of them: who stands behind an account.
        every = [one.id for one in case.policy.repositories] if not repository else [repository]
        for own in every:
            spans[own].append((moment, movements.EVER))
    before = {one.tracker: one.read_to for one in tracker_reads(store, at=begin)}
    for read in tracker_reads(store):
        for one in case.policy.repositories:
            spans[one.id].append((before.get(read.tracker, 0), movements.EVER))
    for gap in since.gaps_since(store, begin):
        if gap.reason == GapReason.HISTORY_LOST:
            raise Whole("part of a history is lost, or is found")
        scans = bool(case.policy.required_scans) and gap.kind in TOLD_BY
        if (scans or loses_deployments(gap)) and gap.repository:
            spans[gap.repository].append(ALWAYS)
    return spans


def _unapproved(store: Store, begin: int) -> set[str]:
    """Emergencies, where a gap tells that approvals may be missing, or are missing no more."""
    hides = any(hides_approvals(gap) for gap in since.gaps_since(store, begin))
    words = (since.URGENT, since.DOUBTFUL) if hides else ()
    return {one for word in words for one in since.found_by(store, word)}


def touched_deployments(store: Store, begin: int) -> set[str]:
    """Ids of the stored deployments that gaps of entries from `begin` on say something about.

    Raises:
        Whole: they are too many.
    """
    found: set[str] = set()
    for gap in since.gaps_since(store, begin):
        if loses(gap):
            inside = ids.deployments_between(store, gap.window_from, gap.window_to)
            found |= {one for one in inside if one.startswith(f"{gap.source}:")}
    if len(found) > _MOST:
        raise Whole("too many deployments are touched")
    return found
