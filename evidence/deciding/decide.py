"""The end of a sync: links and evaluates what new entries touch, and stores what came out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from evidence.canonical import canonical_record
from evidence.collectors.interface import Progress, no_progress
from evidence.controls import evaluate
from evidence.controls.after import evaluate_after
from evidence.deciding.again import beside_reverts, seen_again, stirred
from evidence.deciding.brought import CONTROL, Reach, brought_by, listed
from evidence.deciding.case import Ask, Case
from evidence.deciding.gather import BATCH
from evidence.deciding.later import due_again
from evidence.model.aftermath import Aftermath
from evidence.model.chain import Chain
from evidence.model.change import Change, LinkKind
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy
from evidence.store import derived, ids, queries, writer
from evidence.store.session import Store
from evidence.store.settings import recorded_since, settings_since
from evidence.store.trackers import tracker_reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the decision at the end of a sync came to."""

    changes: int
    deployments: int
    evaluated: int
    """Changes and deployments that were looked at again."""
    generation: int
    """The generation that readers see from now on."""
    changed: int
    """Determinations that are new or other than before."""


def decide_and_store(
    store: Store,
    policy: Policy,
    version: str,
    *,
    as_of: int,
    ask: Ask,
    progress: Progress = no_progress,
    afresh: bool = False,
) -> Summary:
    """Evaluates what changed since the last time and appends the digest of what came out.

    `version` is the yardstick's digest; a new one has everything evaluated again, and so has
    `afresh`. `as_of` in microseconds UTC.
    """
    size = queries.size(store)
    case = Case(store=store, policy=policy, as_of=as_of, ask=ask)
    population = case.population
    last = _last_decision(store)
    everything = afresh or last is None or last[1] != version
    since = last[0] if last else 0
    scope = _Scope(case, population.changes, population.deployments, since)
    changes = list(population.changes) if everything else scope.changes()
    deployments = list(population.deployments) if everything else scope.deployments(changes)
    edition = _write(case, changes, deployments, version, size, progress)
    count, digest = _digest(store, edition.number) if edition.is_new else (0, "")
    generation = edition.publish(
        lambda in_force: {
            "generation": in_force,
            "ledger_size": size,
            "yardstick": version,
            "as_of": as_of,
            "changed": count,
            "digest": digest,
            "observed_at": as_of,
        }
    )
    return Summary(
        changes=len(population.changes),
        deployments=len(population.deployments),
        evaluated=len(changes) + len(deployments),
        generation=generation,
        changed=count,
    )


def evaluate_deployments(
    case: Case, deployments: Iterable[ProductionDeployment]
) -> Iterator[Determination]:
    """Determinations whose unit of test is the deployment."""
    gaps = tuple(gap for group in case.gaps().values() for gap in group)
    wanted = evaluate.in_scope(case.policy, CONTROL)
    rest = iter(deployments)
    while batch := list(islice(rest, BATCH)):
        brought = brought_by(case.store, case.at, case.landings, batch) if wanted else None
        for deployment in batch:
            source = deployment.deployment_id.rsplit(":", 2)[0]
            repositories = {one.repository for one in deployment.ranges}
            own = [gap for gap in gaps if gap.source == source or gap.repository in repositories]
            yield from evaluate.evaluate_deployment(
                deployment, case.policy, case.as_of, own, brought
            )
            after = case.population.aftermaths.get(deployment.deployment_id, Aftermath())
            yield from evaluate_after(deployment, after, case.policy, case.as_of, own)


def _digest(store: Store, generation: int) -> tuple[int, str]:
    """How many determinations a generation brought, and the SHA-256 of their canonical JSON."""
    digest = hashlib.sha256()
    count = 0
    for body in queries.changed_bodies(store, generation):
        digest.update(canonical_record(body) + b"\n")
        count += 1
    return count, digest.hexdigest()


def last_moment(store: Store) -> int:
    """The moment as of which the last decision was taken, microseconds UTC; 0 for none."""
    found = queries.entries(store, "determinations")
    return int(found[-1].envelope["body"]["as_of"]) if found else 0


def _last_decision(store: Store) -> tuple[int, str] | None:
    """(ledger size, yardstick version) of the last decision; None where there is none."""
    found = queries.entries(store, "determinations")
    if not found:
        return None
    body = found[-1].envelope["body"]
    return int(body["ledger_size"]), str(body["yardstick"])


class _Scope:
    """Which changes and deployments entries since the last decision can have altered."""

    def __init__(
        self,
        case: Case,
        changes: Iterable[Change],
        deployments: Iterable[ProductionDeployment],
        since: int,
    ) -> None:
        store, pending_limit = case.store, case.policy.pending_limit
        self._forge = case.forge
        self._inputs = case.inputs
        self._due = due_again(case, since, last_moment(store))
        self._settings = settings_since(store, since)
        self._recorded = recorded_since(store, since)
        self._touched = ids.touched(store, since)
        self._shas: dict[str, set[str]] = defaultdict(set)
        for repository, sha in self._touched.shas:
            self._shas[repository].add(sha)
        self._since = since
        before = {one.tracker: one.read_to for one in tracker_reads(store, at=since)}
        self._read = [(before.get(one.tracker, 0), one.read_to) for one in tracker_reads(store)]
        self._changes = list(changes)
        self._deployments = list(deployments)
        self._known_changes = ids.change_ids(store)
        self._known_deployments = ids.deployment_ids(store)
        self._moving = {
            change.repository
            for change in self._changes
            if pending_limit or change.change_id not in self._known_changes
        }
        self._again = seen_again(
            self._deployments, self._known_deployments, self._touched.operations, since
        )
        self._told = {one.deployment_id for one in self._again}
        self._stirred = self._told | beside_reverts(self._changes, self._again)
        self._moving |= stirred(self._changes, self._again)

    def changes(self) -> list[Change]:
        """New ones, those with new facts, those whose deployments are told of.

        Undeployed ones too where their repository moved (they may be superseded), and all of
        them where the policy sets a limit to pending.
        """
        if self._touched.gaps:
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
            or change.change_id in self._touched.linked
            or known != change.first_deployed_at
            or not self._stirred.isdisjoint(change.deployments)
            or (not change.first_deployed_at and change.repository in self._moving)
            or (change.repository, change.number) in self._touched.numbers
            or self._has_touched_commit(change)
            or any(begin <= change.merged_at <= end for begin, end in self._read)
            or self._settings_tell_more(change)
        )

    def _settings_tell_more(self, change: Change) -> bool:
        """A new look makes known what held since the look before it, and a record who pushed."""
        begin = self._settings.get(change.repository)
        if begin is None and change.repository not in self._recorded:
            return False
        landing = self._forge.landing(change)
        if any(one.entry_seq >= self._since for one in (*landing.suites, *landing.activity)):
            return True
        moment = change.merged_at or min((one.at for one in landing.activity), default=0)
        return begin is not None and (begin == 0 or moment >= begin)

    def _has_touched_commit(self, change: Change) -> bool:
        shas = self._shas.get(change.repository)
        return shas is not None and (
            change.head_sha in shas
            or change.landing_sha in shas
            or not shas.isdisjoint(change.commits)
        )


def _write(
    case: Case,
    changes: list[Change],
    deployments: list[ProductionDeployment],
    version: str,
    size: int,
    progress: Progress,
) -> derived.Edition:
    """Writes one generation, a batch of chains in memory at a time; nobody sees it yet."""
    edition = derived.Edition(case.store, size)
    chains = case.chains(changes)
    wanted = evaluate.in_scope(case.policy, CONTROL)
    done = 0
    while batch := list(islice(chains, BATCH)):
        if wanted:
            for chain in batch:
                case.landings.note(chain)
        found = [
            one
            for chain in batch
            for one in evaluate.evaluate_change(chain, case.policy, case.as_of)
        ]
        edition.add(
            changes=[derived.change_row(chain.change, chain.links) for chain in batch],
            determinations=_rows(case, version, found),
            index=[row for chain in batch for row in _change_index(chain)],
        )
        done += len(batch)
        progress("changes decided", done, len(changes))
    edition.add(
        deployments=(derived.deployment_row_of(one) for one in deployments),
        determinations=_rows(case, version, evaluate_deployments(case, deployments)),
        index=_deployment_index(deployments),
    )
    return edition


def _rows(
    case: Case, version: str, found: Iterable[Determination]
) -> Iterator[writer.DeterminationRow]:
    for one in found:
        yield derived.determination_row(one, policy_version=version, as_of=case.as_of)


def _change_index(chain: Chain) -> Iterator[writer.IndexRow]:
    """Every word by which someone may look for a change."""
    change = chain.change
    shas = {change.head_sha, change.landing_sha, *change.commits}
    shas |= {row.sha for row in chain.evidence.pull_request_commits}
    tickets = {link.target for link in chain.links if link.kind is LinkKind.REQUEST}
    words = [("sha", sha) for sha in sorted(shas - {""})]
    words += [("change", word) for word in (change.change_id, *change.aliases)]
    words += [("ticket", ticket.removeprefix("ticket:")) for ticket in sorted(tickets)]
    if change.number:
        words.append(("number", str(change.number)))
    for kind, term in words:
        yield writer.IndexRow(
            term=term, kind=kind, repository=change.repository, change_id=change.change_id
        )


def _deployment_index(deployments: Iterable[ProductionDeployment]) -> Iterator[writer.IndexRow]:
    for one in deployments:
        for change_id in one.changes:
            yield writer.IndexRow(
                term=one.deployment_id,
                kind="deployment",
                repository=change_id.partition(":")[0],
                change_id=change_id,
            )
