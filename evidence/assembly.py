"""Fills the packet's front matter: scope, controls, yardsticks, receipts and reconciliations."""

from __future__ import annotations

from collections.abc import Iterator

from evidence import __version__, packing
from evidence.canonical import sha256_hex
from evidence.chain.records import Reconciliation as Numbers
from evidence.config.secrets import without_password
from evidence.config.settings import Settings
from evidence.controls.catalog import Control, catalog
from evidence.deciding.case import Case
from evidence.deciding.settings import setting_intervals
from evidence.deciding.yardstick import recorded_text, yardstick_text
from evidence.model.determination import SubjectKind
from evidence.packing import Results, Selection
from evidence.policy import ControlScope, Policy, RequiredCheck
from evidence.report.data import (
    ControlEntry,
    Key,
    PacketData,
    Period,
    Reconciliation,
    ScopeItem,
    Yardstick,
)
from evidence.seal.keys import KeySet
from evidence.store import custody, queries


def assemble(
    case: Case,
    period: Period,
    selection: Selection,
    results: Results,
    *,
    settings: Settings,
    checkpoint: str,
    exporter: str,
    simulated: bool,
    held: KeySet,
) -> PacketData:
    """Everything the packet says; chains and captures stay lazy."""
    size = case.at if case.at is not None else queries.size(case.store)
    receipts = queries.receipts(case.store, at=size)
    yardsticks = tuple(_yardsticks(case, size))
    entries = results.entries | {seq for seq, _ in receipts}
    entries |= {one.since_seq for one in yardsticks}
    intervals = setting_intervals(case, period.from_us, period.to_us)
    entries |= {seq for one in intervals for seq in one.determination.entries}
    return PacketData(
        entity=settings.organisation.name,
        period=period,
        as_of=case.as_of,
        ledger_size=size,
        checkpoint=checkpoint,
        tool_version=__version__,
        exporter=exporter,
        simulated=simulated,
        keys=(
            Key(purpose="statement, sums and checkpoints", fingerprint=held.fingerprint),
            Key(purpose="PDF signature", fingerprint=held.pdf.fingerprint),
        ),
        yardsticks=yardsticks,
        controls=tuple(_controls(case.policy)),
        scope=tuple(_scope(settings)),
        receipts=tuple(receipt for _, receipt in receipts),
        gaps=packing.gap_records(case.store, size),
        reconciliations=tuple(_reconciliations(case, selection)),
        population=selection.population,
        promotions=selection.promotions,
        undeployed=selection.undeployed,
        deployments=selection.deployments,
        chains=case.chains(packing.ordered(selection)),
        determinations=results.determinations,
        settings=intervals,
        captures=packing.captures(case.store, entries, size),
        filters=tuple(_filters(case, selection)),
        inclusion=BY_BRANCH if selection.by_branch else "",
        notes=tuple(_notes(selection)),
        custody=tuple(custody.handlings(case.store, at=size)),
        anchors=tuple(custody.anchors(case.store, at=size)),
    )


def _yardsticks(case: Case, size: int) -> Iterator[Yardstick]:
    for row in queries.policies(case.store, at=size):
        body = row.envelope["body"]
        yield Yardstick(
            kind="policy and catalogue",
            digest=str(body["version"]),
            since_seq=row.seq,
            since_us=int(body.get("observed_at", 0)),
            text=recorded_text(row.payload),
        )
    text = yardstick_text(case.policy)
    yield Yardstick(kind="policy and catalogue used here", digest=sha256_hex(text))


def _controls(policy: Policy) -> Iterator[ControlEntry]:
    scopes = {scope.id: scope for scope in policy.controls}
    for control in catalog():
        scope = scopes.get(control.id, ControlScope(id=control.id))
        yield ControlEntry(
            id=control.id,
            wording=control.wording,
            criteria=control.criteria,
            unit=SubjectKind(control.unit),
            rule_version=control.rule_version,
            attributes=control.attributes,
            parameters=tuple(_parameters(control, policy)),
            entity_id=scope.entity_id,
            entity_wording=scope.wording,
            owner=scope.owner,
            frequency=scope.frequency,
            in_scope=scope.in_scope,
        )


def _parameters(control: Control, policy: Policy) -> Iterator[tuple[str, str]]:
    for parameter in control.parameters:
        value = getattr(policy, parameter.name, parameter.default)
        if parameter.name in _DURATIONS and isinstance(value, int):
            value = _duration(value)
        yield parameter.name, _shown(value)


_DURATIONS = frozenset({"clock_tolerance", "pending_limit"})
"""Parameters in microseconds."""
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000))


def _duration(value: int) -> str:
    """Microseconds in the largest unit that holds them whole; `none` for 0."""
    if not value:
        return "none"
    unit, size = next((one for one in _UNITS if value % one[1] == 0), ("µs", 1))
    return f"{value // size} {unit}"


def _shown(value: object) -> str:
    """A parameter's value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, RequiredCheck):
        unless = f", unless only {' '.join(value.unless_only_paths)} changed"
        return (
            f"{value.name} by {value.app or 'any app'}{unless if value.unless_only_paths else ''}"
        )
    if isinstance(value, tuple):
        return "; ".join(_shown(one) for one in value) or "none"
    return str(value)


def _scope(settings: Settings) -> Iterator[ScopeItem]:
    for source in settings.source:
        detail = f"{source.kind} {without_password(source.url)}"
        yield ScopeItem(kind="source", id=source.id, detail=detail)
    for repository in settings.repository:
        branches = ", ".join(repository.production_branches)
        detail = f"{repository.name}; production branches {branches}; {repository.role}"
        yield ScopeItem(kind="repository", id=repository.id, detail=detail)
    for application in settings.application:
        yield ScopeItem(
            kind="application",
            id=application.id,
            detail=f"{application.selector} in {application.environment}",
            in_scope=application.production,
            reason="" if application.production else "not production by configuration",
        )


def _filters(case: Case, selection: Selection) -> Iterator[tuple[str, int]]:
    yield "promotions of images in scope (listed in promotions.csv)", len(selection.promotions)
    numbers = case.population.reconciliation
    yield "dry runs of deployers", numbers.dry_runs
    yield "self-heals at the revision deployed already (events)", numbers.self_heals
    yield "operations of applications that are not production", numbers.other_applications


BY_BRANCH = (
    "No deployer is configured, so the population is every change that landed on a production "
    "branch in the period, by the server's merge time, or by the committer's clock where no server "
    "gave one."
)


BRANCH_UNSEEN = (
    "This branch was not found in what was read, so what landed on it is in no population; compare "
    "production_branches in the configuration."
)


def _notes(selection: Selection) -> Iterator[str]:
    if selection.claimed:
        yield (
            f"{selection.claimed} changes stand in the period by the time that a Git client "
            "claims, because no server gave one."
        )
    if selection.before:
        yield (
            f"{selection.before} changes landed in the period before deployments were first "
            "observed. The scope starts with the first observed deployment, so they are not in "
            "the population; policy.scope_start in the configuration brings them in."
        )


def _reconciliations(case: Case, selection: Selection) -> Iterator[Reconciliation]:
    numbers = case.population.reconciliation
    yield _deployed_to_changes(numbers)
    yield Reconciliation(
        id="R2",
        what="Every change that landed is deployed, or listed as not deployed",
        numbers=(
            ("landed", numbers.merged),
            ("deployed", numbers.deployed),
            ("promotions among the deployed", numbers.promotions),
            ("contained in the first deployment observed", numbers.baseline),
            ("not deployed", numbers.pending),
            ("merged, on no production branch", numbers.not_landed),
        ),
        unexplained=numbers.not_landed,
        command="git rev-list --count --first-parent BRANCH",
        note="All of the ledger, not only the period; CM-14 says why a change is not deployed.",
    )
    for branch in numbers.branches:
        yield Reconciliation(
            id="R3",
            what=f"Commits of {branch.repository} {branch.branch} and what explains them",
            numbers=(
                ("commits", branch.commits),
                ("landed changes", branch.landed),
                ("by pull request", branch.by_pull_request),
                ("direct", branch.direct),
                ("promotions among them", branch.promotions),
            ),
            unexplained=branch.landed - branch.by_pull_request - branch.direct + (not branch.found),
            command=f"git rev-list --count {branch.branch}",
            note="" if branch.found else BRANCH_UNSEEN,
        )
    for history in numbers.history:
        yield Reconciliation(
            id="R5",
            what=f"History numbers of {history.application} without a hole",
            numbers=(
                ("first", history.first),
                ("last", history.last),
                ("observed", history.observed),
                ("missing", len(history.missing)),
            ),
            unexplained=len(history.missing),
            command=_history_command(history.application),
        )
    yield Reconciliation(
        id="R6",
        what="What was live when observed is among the deployments",
        numbers=(("live and in no deployment", len(numbers.live_unexplained)),),
        unexplained=len(numbers.live_unexplained),
        command="argocd app get NAME, or flux get kustomizations NAME",
        note=", ".join(numbers.live_unexplained[:5]),
    )
    yield from _source_totals(case)
    if selection.by_branch:
        yield Reconciliation(
            id="R9",
            what="Deployers in scope",
            command="evidence config show",
            note="Not performed: no deployer is configured, so the population is what landed on "
            "the production branches.",
        )


def _history_command(application: str) -> str:
    """How an auditor reads the same numbers; Helm's are those of a HelmRelease of Flux."""
    helm = application.startswith("helmrelease/")
    kind, number = ("helmrelease", "version") if helm else ("application", "id")
    return f"kubectl get {kind} NAME -o jsonpath='{{.status.history[*].{number}}}'"


def _deployed_to_changes(numbers: Numbers) -> Reconciliation:
    return Reconciliation(
        id="R1",
        what="Every commit that a deployment brought belongs to exactly one change",
        numbers=(
            ("deployments", numbers.deployments),
            ("commits in their ranges", numbers.range_commits),
            ("mapped", numbers.mapped),
            ("mapped to promotions among them", numbers.promoting),
            ("without a single change", len(numbers.unmapped)),
            ("deployments not resolved", len(numbers.unresolved)),
        ),
        unexplained=len(numbers.unmapped) + len(numbers.unresolved),
        command="git rev-list PREVIOUS..DEPLOYED",
        note=", ".join((*numbers.unmapped[:3], *numbers.unresolved[:3])),
    )


def _source_totals(case: Case) -> Iterator[Reconciliation]:
    """R7: what each source itself reported as its total, window by window, beside what was read."""
    windows: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for _, receipt in queries.receipts(case.store, at=case.at):
        for total in receipt.totals:
            scope = total.scope.split(" ")[0]
            row = (total.reported, total.stored)
            windows.setdefault((receipt.source, total.kind, scope), []).append(row)
    for (source, kind, scope), counts in sorted(windows.items()):
        yield Reconciliation(
            id="R7",
            what=f"{source}: {kind} of {scope}, counted by the source and by us",
            numbers=(
                ("windows", len(counts)),
                ("reported by the source", sum(reported for reported, _ in counts)),
                ("read", sum(read for _, read in counts)),
            ),
            unexplained=sum(abs(reported - read) for reported, read in counts),
            command="the source's own search or list for each window of the receipts",
        )
