"""Counts made in two ways (R1 to R9): what each found, and how an auditor repeats it."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.assembly.heartbeat import heartbeats
from evidence.assembly.register import registers
from evidence.chain.deployments import HistoryNumbers
from evidence.chain.live_images import live_images
from evidence.chain.looks import Looks
from evidence.chain.records import BranchCount
from evidence.chain.records import Reconciliation as Numbers
from evidence.config.settings import Settings
from evidence.deciding.case import Case
from evidence.packing import Selection
from evidence.report.data import Period, Reconciliation
from evidence.store import queries

BRANCH_UNSEEN = (
    "This branch was not found in what was read, so what landed on it is in no population; compare "
    "production_branches in the configuration."
)


def reconciliations(
    case: Case, selection: Selection, period: Period, settings: Settings
) -> Iterator[Reconciliation]:
    """Each count made in two ways, with the command by which an auditor makes it again."""
    numbers = case.population.reconciliation
    yield _deployed_to_changes(numbers)
    yield _landed(numbers)
    yield from map(_branch, numbers.branches)
    yield from map(_history, numbers.history)
    yield _live(numbers)
    yield _images(case)
    yield from _source_totals(case)
    yield from heartbeats(case, period)
    yield from registers(case, settings)
    if selection.by_branch:
        yield Reconciliation(
            id="R9",
            what="Deployers in scope",
            command="evidence config show",
            note="Not performed: no deployer is configured, so the population is what landed on "
            "the production branches.",
        )


def _landed(numbers: Numbers) -> Reconciliation:
    return Reconciliation(
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


def _branch(branch: BranchCount) -> Reconciliation:
    return Reconciliation(
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


def _history(history: HistoryNumbers) -> Reconciliation:
    """The command is how an auditor reads the same numbers; Helm's are those of a HelmRelease."""
    helm = history.application.startswith("helmrelease/")
    kind, number = ("helmrelease", "version") if helm else ("application", "id")
    return Reconciliation(
        id="R5",
        what=f"History numbers of {history.application} without a hole",
        numbers=(
            ("first", history.first),
            ("last", history.last),
            ("observed", history.observed),
            ("missing", len(history.missing)),
        ),
        unexplained=len(history.missing),
        command=f"kubectl get {kind} NAME -o jsonpath='{{.status.history[*].{number}}}'",
    )


def _live(numbers: Numbers) -> Reconciliation:
    return Reconciliation(
        id="R6",
        what="What was live when observed is among the deployments",
        numbers=(("live and in no deployment", len(numbers.live_unexplained)),),
        unexplained=len(numbers.live_unexplained),
        command="argocd app get NAME, or flux get kustomizations NAME",
        note=", ".join(numbers.live_unexplained[:5]),
    )


def _images(case: Case) -> Reconciliation:
    """R6 for images; a deployer that lists none leaves it undone."""
    looks = Looks(case.inputs.states, case.inputs.runs)
    found = live_images(case.policy, looks, case.population.deployments)
    return Reconciliation(
        id="R6",
        what="Images that ran when observed are those that deployments brought",
        numbers=(
            ("images seen to run", found.seen),
            ("brought by a deployment", found.explained),
            ("of no deployment that names them", found.not_followed),
            ("brought by none", len(found.unexplained)),
        ),
        unexplained=len(found.unexplained) if found.seen else None,
        command="kubectl get pods -A -o jsonpath='{.items[*].status.containerStatuses[*].imageID}'",
        note=", ".join(found.unexplained[:5])
        or ("" if found.seen else "Not performed: no deployer listed any image that runs."),
    )


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
