"""Which changes and deployments of a whole population entries since the last decision touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from evidence.deciding.again import beside_reverts, seen_again, stirred
from evidence.deciding.brought import Reach, listed
from evidence.deciding.case import Case
from evidence.deciding.later import due_again, waiting
from evidence.deciding.precedents import rests_on_others
from evidence.deciding.recorded import Recorded
from evidence.deciding.rescanned import rescanned, shown_again
from evidence.deciding.returned import returned_to
from evidence.deciding.sights import ran_again
from evidence.model.change import Change
from evidence.model.production import ProductionDeployment
from evidence.store import ids, queries
from evidence.store.session import Store
from evidence.store.settings import recorded_since, settings_since
from evidence.store.since import changes_by_sha
from evidence.store.trackers import tracker_reads


def last_moment(store: Store) -> int:
    """The moment as of which the last decision was taken, microseconds UTC; 0 for none."""
    found = queries.entries(store, "determinations")
    return int(found[-1].envelope["body"]["as_of"]) if found else 0


class Scope:
    """Which changes and deployments entries since the last decision can have altered."""

    def __init__(
        self,
        case: Case,
        changes: Iterable[Change],
        deployments: Iterable[ProductionDeployment],
        since: int,
    ) -> None:
        store, pending_limit = case.store, case.policy.pending_limit
        self._rests_on_others = rests_on_others(case.policy)
        self._forge = case.forge
        self._inputs = case.inputs
        self._due = due_again(case, since, last_moment(store))
        self._waiting = waiting(store)
        self._settings = settings_since(store, since)
        self._recorded = recorded_since(store, since)
        self._touched = ids.touched(store, since)
        self._shas: dict[str, set[str]] = defaultdict(set)
        for repository, sha in self._touched.shas:
            self._shas[repository].add(sha)
        recorded = Recorded(case, since)
        self._found = changes_by_sha(store, self._touched.shas) | recorded.change_ids()
        self._holes = recorded.spans()
        self._since = since
        before = {one.tracker: one.read_to for one in tracker_reads(store, at=since)}
        self._read = [(before.get(one.tracker, 0), one.read_to) for one in tracker_reads(store)]
        self._changes = list(changes)
        self._deployments = list(deployments)
        self._known_changes = ids.change_ids(store)
        self._known_deployments = ids.deployment_ids(store)
        # Without a revert among them, what is new supersedes nothing that waits.
        reverting = {one.repository for one in self._changes if one.change_type == "revert"}
        self._moving = {
            one.repository
            for one in self._changes
            if pending_limit
            or (one.repository in reverting and one.change_id not in self._known_changes)
        }
        self._again = seen_again(
            self._deployments,
            self._known_deployments,
            self._touched.operations,
            since,
            ran_again(store, case.population, since),
        )
        self._told = {one.deployment_id for one in self._again}
        self._found |= ids.carried_by(store, self._told)
        self._stirred = self._told | beside_reverts(self._changes, self._again)
        self._named = {one for row in self._again for one in returned_to(row)}
        if case.policy.required_scans:
            self._named |= rescanned(store, case.policy, since)
            self._stirred |= shown_again(case.inputs, self._deployments, since)
        self._moving |= stirred(self._changes, self._again)

    def changes(self) -> list[Change]:
        """New ones, those with new facts, those whose deployments are told of.

        Undeployed ones too where their repository moved (they may be superseded), and all of
        them where the policy sets a limit to pending.
        """
        if self._touched.gaps or self._rests_on_others:
            return self._changes
        return [change for change in self._changes if self._is_touched(change)]

    def deployments(self, changes: Iterable[Change]) -> list[ProductionDeployment]:
        """New ones, those seen again, those after such a one, those that carry what differs."""
        if self._touched.gaps:
            return self._deployments
        reach = self._reach(changes)
        return [
            one
            for one in self._deployments
            if one.deployment_id in self._told
            or one.deployment_id in self._due
            or reach.touches(one)
        ]

    def _reach(self, changes: Iterable[Change]) -> Reach:
        inputs = self._inputs
        looks = [(one.entry_seq, one.images) for one in inputs.deployments]
        looks += [(one.entry_seq, one.images) for one in inputs.states]
        looks += [(one.entry_seq, one.images) for one in inputs.rollouts]
        stated = max((one.entry_seq for one in inputs.provenance), default=-1)
        return Reach(
            changes=frozenset(one.change_id for one in changes),
            commits=frozenset(self._touched.shas),
            images=listed(text for seq, images in looks if seq >= self._since for text in images),
            provenance=stated >= self._since,
        )

    def _is_touched(self, change: Change) -> bool:
        known = self._known_changes.get(change.change_id)
        return (
            known is None
            or change.change_id in self._waiting
            or change.change_id in self._touched.linked
            or change.change_id in self._named
            or known != change.first_deployed_at
            or not self._stirred.isdisjoint(change.deployments)
            or (not change.first_deployed_at and change.repository in self._moving)
            or (change.repository, change.number) in self._touched.numbers
            or change.change_id in self._found
            or self._has_touched_commit(change)
            or any(begin <= change.merged_at <= end for begin, end in self._read)
            or any(
                begin <= change.merged_at < end
                for begin, end in self._holes.get(change.repository, ())
            )
            or self._settings_tell_more(change)
        )

    def _settings_tell_more(self, change: Change) -> bool:
        """A new look makes known what held since the look before it, and a record who pushed."""
        known = [self._settings.get(one) for one in (change.repository, "")]
        begin = min((one for one in known if one is not None), default=None)
        if begin is None and change.repository not in self._recorded:
            return False
        landing = self._forge.landing(change)
        if any(one.entry_seq >= self._since for one in (*landing.suites, *landing.activity)):
            return True
        recorded = [
            *(one.at for one in landing.activity),
            *(one.pushed_at for one in landing.suites),
        ]
        moment = change.merged_at or max(recorded, default=0)
        return begin is not None and (begin == 0 or moment >= begin)

    def _has_touched_commit(self, change: Change) -> bool:
        shas = self._shas.get(change.repository)
        return shas is not None and (
            change.head_sha in shas
            or change.landing_sha in shas
            or not shas.isdisjoint(change.commits)
        )
