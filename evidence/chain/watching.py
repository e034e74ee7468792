"""The tags that deployers were asked for: noted, and flagged where they were moved afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from evidence.chain.rows import Draft
from evidence.chain.sources import Located
from evidence.chain.tags import MOVED, PROBLEM, TAG_BASIS, Tags, moved_after
from evidence.model.change import Strength
from evidence.model.deployment import DeployedSource

_REF = "refs/tags/"


def watch_targets(drafts: Iterable[Draft], tags: Tags) -> None:
    """Names the tag of each source, and flags what was deployed by one that was moved later.

    The commit that the deployer recorded stands. Where it recorded the name alone, and that name
    was ever seen to mean two commits, nothing tells which one was deployed.
    """
    for draft in drafts:
        deployment = draft.operation.deployment
        ended = max(deployment.started_at, deployment.finished_at)
        for place, (located, source) in enumerate(
            zip(draft.located, deployment.sources, strict=True)
        ):
            draft.located[place] = _watched(draft, located, source, tags, ended)


def _watched(
    draft: Draft, located: Located, source: DeployedSource, tags: Tags, ended: int
) -> Located:
    by_name = located.basis == TAG_BASIS
    name = (source.revision if by_name else source.target_revision).strip().removeprefix(_REF)
    if located.commit < 0 or not name or name == located.revision:
        return located
    sights = tags.seen(located.repository, name)
    if all(one.commit != located.revision for one in sights):
        return located
    others = {one.commit for one in sights} - {located.revision}
    if by_name and others:
        return replace(
            located,
            revision=source.revision,
            commit=-1,
            strength=Strength.CANDIDATE,
            problem=PROBLEM,
            tag=name,
        )
    if moved_after(sights, located.revision, ended):
        draft.flags.add(MOVED)
    return replace(located, tag=name)
