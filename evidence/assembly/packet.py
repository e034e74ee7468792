"""Fills the packet's front matter: scope, controls, yardsticks, receipts and reconciliations."""

from __future__ import annotations

from collections.abc import Iterator

from evidence import __version__, packing
from evidence.assembly.controls import control_entries
from evidence.assembly.dispositions import entries_of, within
from evidence.assembly.reconciliations import reconciliations
from evidence.assembly.register import exclusions
from evidence.canonical import sha256_hex
from evidence.config.secrets import without_password
from evidence.config.settings import Settings
from evidence.deciding.case import Case
from evidence.deciding.events import event_determinations
from evidence.deciding.settings import setting_intervals
from evidence.deciding.yardstick import recorded_text, yardstick_text
from evidence.packing import Results, Selection
from evidence.report.data import (
    Key,
    PacketData,
    Period,
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
    alone: bool = False,
) -> PacketData:
    """Everything the packet says; chains and captures stay lazy.

    `alone`: it is of one change, and says nothing of what does not concern it.
    """
    size = case.at if case.at is not None else queries.size(case.store)
    receipts = queries.receipts(case.store, at=size)
    yardsticks = tuple(_yardsticks(case, size))
    entries = results.entries | {seq for seq, _ in receipts}
    entries |= {one.since_seq for one in yardsticks}
    intervals = setting_intervals(case, period.from_us, period.to_us)
    entries |= {seq for one in intervals for seq in one.determination.entries}
    events = event_determinations(case, period.from_us, period.to_us)
    entries |= {seq for one in events for seq in one.determination.entries}
    for interval in intervals:
        results.held.interval(interval)
    for event in events:
        results.held.event(event)
    register = within(results, intervals, events, period, alone=alone)
    entries |= entries_of(register)
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
        controls=tuple(control_entries(case.policy)),
        scope=(*_scope(settings), *exclusions(case)),
        receipts=tuple(receipt for _, receipt in receipts),
        gaps=packing.gap_records(case.store, size),
        reconciliations=tuple(reconciliations(case, selection, period, settings)),
        population=selection.population,
        promotions=selection.promotions,
        undeployed=selection.undeployed,
        deployments=selection.deployments,
        chains=case.chains(packing.ordered(selection)),
        determinations=results.determinations,
        register=register,
        rulings=results.held.rulings,
        settings=intervals,
        events=events,
        captures=packing.captures(case.store, entries, size),
        filters=tuple(_filters(case, selection)),
        inclusion=BY_BRANCH if selection.by_branch else "",
        notes=tuple(_notes(selection)),
        custody=tuple(custody.handlings(case.store, at=size)),
        anchors=tuple(custody.anchors(case.store, at=size)),
        emergency_share_limit=case.policy.emergency_share_limit,
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


def _scope(settings: Settings) -> Iterator[ScopeItem]:
    for source in settings.source:
        detail = f"{source.kind} {without_password(source.url)}"
        yield ScopeItem(kind="source", id=source.id, detail=detail)
    for repository in settings.repository:
        branches = ", ".join(repository.production_branches)
        detail = f"{repository.name}; production branches {branches}; {repository.role}"
        if repository.retired:
            detail += "; taken out: nothing more is read of it, and what was recorded counts"
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
