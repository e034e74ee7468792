"""What an earlier environment ran before production did: the same digest or the same revision.

Applications of that environment are configured with `production = false`; their images are read
from their configuration, as those of production are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.chain.deployments import Operation, after_a_gap, select_application
from evidence.chain.hop import Hop
from evidence.chain.images import split_reference
from evidence.chain.parents import THROUGH
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft
from evidence.chain.sources import Locator
from evidence.in_scope import Application
from evidence.model.aftermath import Stage, Staged
from evidence.model.production import DeploymentKind, ImageChange
from evidence.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One operation that put something whole into the earlier environment."""

    done_at: int
    revisions: frozenset[tuple[str, str]]
    """(repository id, commit)."""
    images: frozenset[tuple[str, str]]
    """(image, reference)."""
    read: bool
    """Whether its images could be read."""
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    applications: int
    runs: tuple[_Run, ...]
    whole_since: int
    """Microseconds UTC from which no operation is known to be lost; 0: from the beginning."""
    lost: bool
    """Operations inside of what was observed are missing."""


def staged(
    policy: Policy,
    drafts: Iterable[Draft],
    operations: Sequence[Operation],
    locator: Locator,
    inputs: PopulationInputs,
    hop: Hop,
) -> dict[str, Staged]:
    """Operation id -> how its content stood in the required environment; empty where none is."""
    if not policy.required_environment:
        return {}
    environment = _environment(policy, operations, locator, inputs, hop)
    return {draft.operation.id: _judge(draft, environment, inputs) for draft in drafts}


def _environment(
    policy: Policy,
    operations: Sequence[Operation],
    locator: Locator,
    inputs: PopulationInputs,
    hop: Hop,
) -> _Environment:
    asked = policy.required_environment
    own: dict[str, list[Operation]] = {
        one.id: [] for one in policy.applications if not one.production and one.environment == asked
    }
    by_id = {one.id: one for one in policy.applications}
    for operation in operations:
        application = select_application(operation.deployment, policy.applications)
        if application is not None and application.id in own:
            own[application.id].append(operation)
    runs = [
        _run(by_id[name], operation, locator, inputs, hop)
        for name, found in own.items()
        for operation in found
        if operation.settles and not operation.deployment.dry_run
    ]
    return _Environment(
        applications=len(own),
        runs=tuple(sorted(runs, key=lambda one: one.done_at)),
        whole_since=max((_whole_since(found) for found in own.values()), default=0),
        lost=any(after_a_gap(found, inputs.gaps) for found in own.values()),
    )


def _whole_since(operations: Sequence[Operation]) -> int:
    """A history that does not begin at its first number was cut before it was seen."""
    first = next((one for one in operations if one.deployment.history_id >= 0), None)
    cut = first is not None and first.deployment.history_id > 0
    return first.deployment.started_at if first is not None and cut else 0


def _run(
    application: Application,
    operation: Operation,
    locator: Locator,
    inputs: PopulationInputs,
    hop: Hop,
) -> _Run:
    deployment = operation.deployment
    only = len(deployment.sources) == 1
    revisions: set[tuple[str, str]] = set()
    images = {_split(text) for text in deployment.images}
    read = not deployment.local_manifests
    for source in deployment.sources:
        located = locator.locate(source, application, only=only)
        if located.commit < 0:
            read = read and not located.problem
            continue
        sha = inputs.graphs[located.repository].shas[located.commit]
        revisions.add((located.repository, sha))
        if hop.follows(application, located.repository, located.path):
            found = hop.configuration(
                application, located.repository, sha, located.path, source.inline
            )
            images |= {(ref.image, ref.reference) for ref in found.images}
            read = read and not found.problems
    return _Run(
        done_at=deployment.finished_at or deployment.started_at,
        revisions=frozenset(revisions) if not deployment.local_manifests else frozenset(),
        images=frozenset(images),
        read=read,
        entries=operation.entries,
    )


def _split(text: str) -> tuple[str, str]:
    """(image, reference) of a running image as a deployer lists it."""
    name, at, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return head, f"{tag}{at if tag else ''}{digest}"


# --- one production deployment


def _judge(draft: Draft, there: _Environment, inputs: PopulationInputs) -> Staged:
    if not there.applications:
        return Staged(stage=Stage.NOT_CONFIGURED)
    start = draft.operation.deployment.started_at
    before = [one for one in there.runs if one.done_at <= start]
    if draft.without_commit:
        return Staged(stage=Stage.UNKNOWN, told="what it deployed stands in no commit")
    moved = [one for one in draft.images if one.new]
    unread = any(one.startswith("image_") or "unresolved" in one for one in draft.problems)
    if moved:
        found = [_image(one, before) for one in moved]
    elif draft.plain or unread:
        return Staged(stage=Stage.UNKNOWN, told="what it deployed is not resolved")
    else:
        found = _revisions(draft, before, inputs)
        if not found:
            return Staged(stage=Stage.NOTHING_NEW)
    return _worst(found, there, start)


_ORDER = (Stage.OTHER, Stage.MISSING, Stage.UNKNOWN, Stage.SAME)


def _worst(found: Sequence[Staged], there: _Environment, start: int) -> Staged:
    worst = min(found, key=lambda one: _ORDER.index(one.stage))
    entries = tuple(sorted({seq for one in found for seq in one.entries}))
    unread = any(not one.read for one in there.runs if one.done_at <= start)
    cut = there.lost or start < there.whole_since
    if worst.stage is Stage.MISSING and (unread or cut):
        why = "what ran there was not read whole" if unread else "its operations were lost"
        return Staged(stage=Stage.UNKNOWN, told=f"{worst.told}, and {why}", entries=entries)
    told = "; ".join(dict.fromkeys(one.told for one in found if one.stage is worst.stage))
    return Staged(stage=worst.stage, told=told, entries=entries)


def _image(one: ImageChange, before: Iterable[_Run]) -> Staged:
    """By digest where both name one; else by a tag that names one commit."""
    name = f"{one.image} at {one.new}"
    other: tuple[str, _Run] | None = None
    loose: _Run | None = None
    for run in before:
        for reference in sorted(ref for image, ref in run.images if image == one.image):
            same = _same(one.new, reference)
            if same is True:
                return Staged(stage=Stage.SAME, told=name, entries=run.entries)
            if same is None:
                loose = run
            elif split_reference(one.new)[0] == split_reference(reference)[0] != "":
                other = (reference, run)
    if loose is not None:
        stage = Stage.SAME if one.new_commit and not one.problem else Stage.UNKNOWN
        told = name if stage is Stage.SAME else f"{name} is known by a tag only, which can move"
        return Staged(stage=stage, told=told, entries=loose.entries)
    if other is not None:
        told = f"{name} ran there as {other[0]}"
        return Staged(stage=Stage.OTHER, told=told, entries=other[1].entries)
    return Staged(stage=Stage.MISSING, told=f"{name} did not run there")


def _same(new: str, there: str) -> bool | None:
    """Whether two references are one content; None where only their tags are the same."""
    (tag, digest), (old_tag, old_digest) = split_reference(new), split_reference(there)
    if digest and old_digest:
        return digest == old_digest
    return None if tag and tag == old_tag else False


def _revisions(draft: Draft, before: Iterable[_Run], inputs: PopulationInputs) -> list[Staged]:
    """Plain manifests: the same revision of the same repository."""
    found: list[Staged] = []
    for one in draft.ranges:
        first = not one.commits or one.lane.kind == DeploymentKind.FIRST
        if first or one.through.startswith(THROUGH):  # its parent's sync is judged by itself
            continue
        sha = inputs.graphs[one.repository].shas[one.revision]
        run = next((run for run in before if (one.repository, sha) in run.revisions), None)
        name = f"{one.repository} at {sha[:7]}"
        if run is None:
            found.append(Staged(stage=Stage.MISSING, told=f"{name} was not deployed there"))
        else:
            found.append(Staged(stage=Stage.SAME, told=name, entries=run.entries))
    return found
