"""The end of a sync: links and evaluates what new entries touch, and stores what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence.canonical import canonical_json, sha256_hex
from evidence.collectors.interface import Progress, no_progress
from evidence.controls import evaluate
from evidence.deciding.case import Ask, Case
from evidence.model.change import Chain, Change, LinkKind, ProductionDeployment
from evidence.model.codec import encode
from evidence.model.determination import Determination
from evidence.policy import Policy
from evidence.store import derived, ids, queries, writer
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


def decide_and_store(
    store: Store,
    policy: Policy,
    version: str,
    *,
    as_of: int,
    ask: Ask,
    progress: Progress = no_progress,
) -> Summary:
    """Evaluates what changed since the last time and appends the digest of what came out.

    `version` is the yardstick's digest; a new one has everything evaluated again. `as_of` in
    microseconds UTC.
    """
    size = queries.size(store)
    case = Case(store=store, policy=policy, as_of=as_of, ask=ask)
    population = case.population
    last = _last_decision(store)
    everything = last is None or last[1] != version
    scope = _Scope(
        store, population.changes, population.deployments, 0 if last is None else last[0]
    )
    changes = list(population.changes) if everything else scope.changes()
    deployments = list(population.deployments) if everything else scope.deployments()
    before = queries.generation(store)
    output = _Output(case, changes, version, progress)
    generation = output.write(deployments, size)
    changed = queries.changed_determinations(store, generation) if generation > before else []
    digest = sha256_hex(canonical_json([encode(row.determination) for row in changed]))
    writer.append_entry(
        store,
        "determinations",
        {
            "generation": generation,
            "ledger_size": size,
            "yardstick": version,
            "as_of": as_of,
            "changed": len(changed),
            "digest": digest,
            "observed_at": as_of,
        },
    )
    return Summary(
        changes=len(population.changes),
        deployments=len(population.deployments),
        evaluated=len(changes) + len(deployments),
        generation=generation,
        changed=len(changed),
    )


def evaluate_deployments(
    case: Case, deployments: Iterable[ProductionDeployment]
) -> Iterator[Determination]:
    """Determinations whose unit of test is the deployment."""
    gaps = tuple(gap for group in case.gaps().values() for gap in group)
    for deployment in deployments:
        source = deployment.deployment_id.rsplit(":", 2)[0]
        repositories = {one.repository for one in deployment.ranges}
        own = [gap for gap in gaps if gap.source == source or gap.repository in repositories]
        yield from evaluate.evaluate_deployment(deployment, case.policy, case.as_of, own)


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
        store: Store,
        changes: Iterable[Change],
        deployments: Iterable[ProductionDeployment],
        since: int,
    ) -> None:
        self._touched = ids.touched(store, since)
        self._changes = list(changes)
        self._deployments = list(deployments)
        self._known_changes = ids.change_ids(store)
        self._known_deployments = ids.deployment_ids(store)

    def changes(self) -> list[Change]:
        """New ones, those with new facts, those whose deployment differs, all undeployed ones."""
        if self._touched.gaps or self._touched.tickets:
            return self._changes
        return [change for change in self._changes if self._is_touched(change)]

    def deployments(self) -> list[ProductionDeployment]:
        """New ones, those seen again, and those of an application after such a one."""
        if self._touched.gaps:
            return self._deployments
        found: list[ProductionDeployment] = []
        dirty: set[str] = set()
        for one in self._deployments:
            source, uid, started = one.deployment_id.rsplit(":", 2)
            if (
                one.application in dirty
                or one.deployment_id not in self._known_deployments
                or (source, uid, int(started)) in self._touched.operations
            ):
                dirty.add(one.application)
                found.append(one)
        return found

    def _is_touched(self, change: Change) -> bool:
        known = self._known_changes.get(change.change_id)
        shas = {change.head_sha, change.landing_sha, *change.commits}
        return (
            known is None
            or known != change.first_deployed_at
            or not change.first_deployed_at
            or (change.repository, change.number) in self._touched.numbers
            or any((change.repository, sha) in self._touched.shas for sha in shas)
        )


class _Output:
    """Turns chains into rows while they stream by, so that no more than a batch is held."""

    def __init__(self, case: Case, changes: list[Change], version: str, progress: Progress) -> None:
        self._case = case
        self._changes = changes
        self._version = version
        self._progress = progress
        self._index: list[writer.IndexRow] = []
        self._determinations: list[writer.DeterminationRow] = []

    def write(self, deployments: list[ProductionDeployment], size: int) -> int:
        """Writes everything as one generation and returns it."""
        self._index.extend(_deployment_index(deployments))
        return writer.write_derived(
            self._case.store,
            changes=self._change_rows(),
            deployments=(derived.deployment_row_of(one) for one in deployments),
            determinations=self._determination_rows(deployments),
            index=self._index_rows(),
            ledger_size=size,
        )

    def _change_rows(self) -> Iterator[writer.ChangeRow]:
        for done, chain in enumerate(self._case.chains(self._changes), start=1):
            self._index.extend(_change_index(chain))
            self._determinations.extend(
                derived.determination_row(one, policy_version=self._version, as_of=self._case.as_of)
                for one in evaluate.evaluate_change(chain, self._case.policy, self._case.as_of)
            )
            self._progress("changes decided", done, len(self._changes))
            yield derived.change_row(chain.change, chain.links)

    def _determination_rows(
        self, deployments: list[ProductionDeployment]
    ) -> Iterator[writer.DeterminationRow]:
        yield from self._determinations
        for one in evaluate_deployments(self._case, deployments):
            yield derived.determination_row(
                one, policy_version=self._version, as_of=self._case.as_of
            )

    def _index_rows(self) -> Iterator[writer.IndexRow]:
        yield from self._index


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
