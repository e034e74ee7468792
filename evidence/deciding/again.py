"""Which deployments new entries say something of, and what that does to changes that wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from evidence.model.change import Change
from evidence.model.production import ProductionDeployment

_BASELINES = frozenset({"baseline", "image_baseline"})


def seen_again(
    deployments: Iterable[ProductionDeployment],
    known: Collection[str],
    operations: Collection[tuple[str, str, int]],
    since: int,
    ran: Mapping[str, int],
) -> list[ProductionDeployment]:
    """New ones, those of which entries from `since` on tell, and those of an application after one.

    All of an application of which one is none any more: what was live and is explained by now.
    `deployments` in order of start; `operations` are (source, application uid, start) that were
    told of. `ran`: object of a deployer (`source:uid`) -> start of its first deployment of an image
    that is known otherwise now.
    """
    deployments = list(deployments)
    gone = {one.rpartition(":")[0] for one in {*known} - {one.deployment_id for one in deployments}}
    found: list[ProductionDeployment] = []
    dirty: set[str] = set()
    for one in deployments:
        source, uid, started = one.deployment_id.rsplit(":", 2)
        if (
            one.application in dirty
            or f"{source}:{uid}" in gone
            or one.deployment_id not in known
            or (source, uid, int(started)) in operations
            or one.started_at >= ran.get(f"{source}:{uid}", 2**63)
            or max(one.entries, default=-1) >= since
        ):
            dirty.add(one.application)
            found.append(one)
    return found


def beside_reverts(changes: Iterable[Change], again: Iterable[ProductionDeployment]) -> set[str]:
    """Ids of the deployments of every revert that one of these carries.

    What went out with it may have been superseded by it, and is no more where that ends.
    """
    carried = _carried(again)
    return {
        each
        for one in changes
        if one.change_type == "revert" and one.change_id in carried
        for each in one.deployments
    }


def stirred(changes: Iterable[Change], again: Iterable[ProductionDeployment]) -> set[str]:
    """Repositories of which changes that no deployment carries may be other than they were.

    A first deployment makes them a baseline; one that carries a revert without what it undid, or
    the other way round, ends that the one supersedes the other.
    """
    again = list(again)
    first = {
        span.repository
        for one in again
        if not _BASELINES.isdisjoint(one.flags)
        for span in one.ranges
    }
    carried = _carried(again)
    told = (one for one in changes if one.change_id in carried)
    return first | {one.repository for one in told if one.change_type == "revert"}


def _carried(deployments: Iterable[ProductionDeployment]) -> set[str]:
    return {change_id for one in deployments for change_id in one.changes}
