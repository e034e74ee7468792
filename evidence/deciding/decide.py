"""The end of a sync: links and evaluates what new entries touch, and stores what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from evidence.canonical import canonical_record
from evidence.chain.handover import Handover
from evidence.collectors.interface import Progress, no_progress
from evidence.controls import evaluate
from evidence.controls.after import evaluate_after
from evidence.deciding.brought import CONTROL, brought_by
from evidence.deciding.case import Ask, Case
from evidence.deciding.gather import BATCH
from evidence.deciding.increment import increment
from evidence.deciding.leaving import as_text, leave, left_before
from evidence.deciding.scope import Scope
from evidence.deciding.sights import ran_words, sight_words
from evidence.deciding.window import Whole
from evidence.deciding.words import change_words, deployment_words, judged_words, urgent_words
from evidence.model.aftermath import Aftermath
from evidence.model.change import Change
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy
from evidence.store import derived, queries, writer
from evidence.store.session import Store


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
    whole: str = ""
    """Why the population was built whole; empty where what is new was decided by itself."""


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
    last = _last_decision(store)
    since = last[0] if last and last[1] == version and not afresh else None
    found = _found(case, since)
    edition = _write(found, version, size, progress)
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
        },
        as_text(found.handover),
    )
    return Summary(
        changes=found.handover.changes,
        deployments=found.handover.deployments,
        evaluated=len(found.changes) + len(found.deployments),
        generation=generation,
        changed=count,
        whole=found.whole,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is to be evaluated, and the case that holds its evidence."""

    case: Case
    changes: Sequence[Change]
    deployments: Sequence[ProductionDeployment]
    handover: Handover
    indexed: Sequence[ProductionDeployment]
    """Deployments that are to be found by what they are judged on."""
    words: Iterable[writer.IndexRow] = ()
    """What else decisions after this one look for."""
    whole: str = ""


def _found(case: Case, since: int | None) -> _Found:
    """What entries from `since` on may have altered; all of it with None."""
    reason, known = "everything is decided anew", None
    if since is not None:
        known = left_before(case.store, since)
        reason = "the decision before left nothing"
    if since is not None and known is not None:
        try:
            part = increment(case, known, since)
        except Whole as why:
            reason = str(why)
        else:
            return _Found(
                case=part.case,
                changes=part.changes,
                deployments=part.deployments,
                handover=part.handover,
                indexed=part.deployments,
                words=part.words,
            )
    return _whole(case, since, reason, indexed=known is not None)


def _whole(case: Case, since: int | None, reason: str, *, indexed: bool) -> _Found:
    """From the whole population; `indexed` says that its deployments are found already."""
    population = case.population
    changes, deployments = list(population.changes), list(population.deployments)
    if since is not None:
        scope = Scope(case, population.changes, population.deployments, since)
        changes = scope.changes()
        deployments = scope.deployments(changes)
    return _Found(
        case=case,
        changes=changes,
        deployments=deployments,
        handover=leave(case),
        indexed=deployments if indexed else population.deployments,
        words=chain(
            sight_words(population.listed, population.pinned),
            ran_words(population.deployments, first=True),
        ),
        whole=reason,
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
            after = case.population.aftermaths.get(deployment.deployment_id)
            if after is None and case.is_narrow:
                continue  # what became of it is not told anew
            after = after or Aftermath()
            yield from evaluate_after(deployment, after, case.policy, case.as_of, own)


def _digest(store: Store, generation: int) -> tuple[int, str]:
    """How many determinations a generation brought, and the SHA-256 of their canonical JSON."""
    digest = hashlib.sha256()
    count = 0
    for body in queries.changed_bodies(store, generation):
        digest.update(canonical_record(body) + b"\n")
        count += 1
    return count, digest.hexdigest()


def _last_decision(store: Store) -> tuple[int, str] | None:
    """(ledger size, yardstick version) of the last decision; None where there is none."""
    found = queries.entries(store, "determinations")
    if not found:
        return None
    body = found[-1].envelope["body"]
    return int(body["ledger_size"]), str(body["yardstick"])


def _write(found: _Found, version: str, size: int, progress: Progress) -> derived.Edition:
    """Writes one generation, a batch of chains in memory at a time; nobody sees it yet."""
    case, changes, deployments = found.case, found.changes, found.deployments
    edition = derived.Edition(case.store, size)
    chains = case.chains(changes)
    wanted = evaluate.in_scope(case.policy, CONTROL)
    done = 0
    while batch := list(islice(chains, BATCH)):
        if wanted:
            for chain in batch:
                case.landings.note(chain)
        outcomes = [
            one
            for chain in batch
            for one in evaluate.evaluate_change(chain, case.policy, case.as_of)
        ]
        edition.add(
            changes=[derived.change_row(chain.change, chain.links) for chain in batch],
            determinations=_rows(case, version, outcomes),
            index=[
                *(row for chain in batch for row in change_words(chain)),
                *urgent_words(outcomes),
            ],
        )
        done += len(batch)
        progress("changes decided", done, len(changes))
    edition.add(
        deployments=(derived.deployment_row_of(one) for one in deployments),
        determinations=_rows(case, version, evaluate_deployments(case, deployments)),
        index=(
            *deployment_words(deployments),
            *judged_words(found.indexed, scans=bool(case.policy.required_scans)),
            *found.words,
        ),
    )
    return edition


def _rows(
    case: Case, version: str, found: Iterable[Determination]
) -> Iterator[writer.DeterminationRow]:
    for one in found:
        yield derived.determination_row(one, policy_version=version, as_of=case.as_of)
