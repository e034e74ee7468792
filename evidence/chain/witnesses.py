"""Other systems' word for a deployment: united with the operation that they tell of.

A pipeline, a GitHub Deployment or a second way to read the same deployer sees what the deployer
did. Where the configuration names it as a witness of an application, its operations are no rows:
they are listed at the row they belong to. One that belongs to none is unexplained (R6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.chain.deployments import Operation
from evidence.chain.digests import Digests
from evidence.chain.graph import CommitGraph
from evidence.chain.rows import Draft
from evidence.chain.told_digests import ToldDigests, digest_of, is_record
from evidence.in_scope import Application, Witness
from evidence.model.change import Link, LinkKind, Strength
from evidence.policy import Policy

WINDOW = 2 * 3_600_000_000
"""Microseconds that a witness may be before or after the operation that it tells of."""


def with_witnesses(policy: Policy) -> list[Application]:
    """The production applications that others tell of."""
    return [one for one in policy.applications if one.production and one.witnesses]


def witness_of(operation: Operation, witnessed: Iterable[Application]) -> Application | None:
    """The one of these applications for which an operation is a witness's word."""
    for application in witnessed:
        if any(_is(operation, each) for each in application.witnesses):
            return application
    return None


def attach(
    drafts: Sequence[Draft],
    operations: Iterable[Operation],
    policy: Policy,
    graphs: Mapping[str, CommitGraph],
    digests: Digests,
) -> tuple[str, ...]:
    """Adds each witness to its draft; what none of them explains comes back, for R6.

    A witness belongs to the operation at the same start of the same object, else to the nearest
    one within the window that deployed the revision it names, directly or through an image. A
    record of a digest belongs to the operation that brought it (`evidence.chain.told_digests`).
    """
    witnessed = with_witnesses(policy)
    if not witnessed:
        return ()
    unexplained: set[str] = set()
    brought = {id(draft): _revisions(draft, graphs) for draft in drafts}
    told = ToldDigests(drafts, digests, WINDOW)
    for operation in operations:
        application = witness_of(operation, witnessed)
        if application is None or operation.deployment.dry_run:
            continue
        own = [draft for draft in drafts if draft.application is application]
        by = f"told by {operation.deployment.source}"
        if is_record(operation):
            found = told.row(own, operation)
            exact = _is_exact(operation, application)
            for said in told.contradictions(own, found, operation, exact=exact) if found else ():
                unexplained.add(f"{application.id}:{digest_of(operation)} ({by}): {said}")
        else:
            found = _same(own, operation) or _nearest(own, operation, brought)
        if found is not None:
            _add(found, operation)
        elif operation.succeeded:
            named = ", ".join(one for one in operation.revisions if one) or digest_of(operation)
            unexplained.add(f"{application.id}:{named or 'no revision'} ({by})")
    return tuple(sorted(unexplained))


def witness_links(draft: Draft) -> Iterator[Link]:
    """Who else tells of the operation, and how it was recognised."""
    for one in draft.witnesses:
        same = one.key[1:] == draft.operation.key[1:]
        basis = "recorded_digest" if is_record(one) else "witnessed_revision"
        yield Link(
            kind=LinkKind.DEPLOYMENT,
            source=f"deployment:{draft.operation.id}",
            target=f"deployment:{one.id}",
            basis="same_operation" if same else basis,
            strength=Strength.PROVED if same else Strength.STRONG,
            detail=_said(one),
            entries=one.entries,
        )


def _said(operation: Operation) -> str:
    """What a witness says, in words; a record names its place and its digest."""
    told = operation.deployment
    said = f"{told.source} tells of it: {told.phase}"
    if not is_record(operation):
        return said
    record = "; ".join(one for one in (f"record {told.operation_id}", told.message) if one)
    return f"{said}, {digest_of(operation)} at {told.application} ({record})"


def _is_exact(operation: Operation, application: Application) -> bool:
    """Whether the configuration names a witness by its whole name, not by the end of it."""
    whole = (operation.deployment.source, operation.deployment.application)
    return any((one.source, one.selector) == whole for one in application.witnesses)


def _is(operation: Operation, witness: Witness) -> bool:
    """By uid, full name or bare name, as an application's own selector."""
    deployment = operation.deployment
    if deployment.source != witness.source:
        return False
    name = deployment.application
    return witness.selector in {deployment.application_uid, name, name.rpartition("/")[2]} - {""}


def _revisions(draft: Draft, graphs: Mapping[str, CommitGraph]) -> set[str]:
    """What a draft deployed: the deployer's revisions, and the commits behind its images."""
    found = {graphs[one.repository].shas[one.revision] for one in draft.ranges}
    return {*found, *draft.operation.revisions} - {""}


def _same(own: Iterable[Draft], operation: Operation) -> Draft | None:
    """The same object of the deployer, read another way."""
    return next((draft for draft in own if draft.operation.key[1:] == operation.key[1:]), None)


def _nearest(
    own: Iterable[Draft], operation: Operation, brought: Mapping[int, set[str]]
) -> Draft | None:
    named = {one for one in operation.revisions if one}
    start = operation.deployment.started_at
    near = [
        (abs(draft.operation.deployment.started_at - start), place, draft)
        for place, draft in enumerate(own)
        if named & brought[id(draft)]
    ]
    near = [row for row in near if row[0] <= WINDOW]
    return min(near, key=lambda row: row[:2])[2] if near else None


def _add(draft: Draft, operation: Operation) -> None:
    """Lists the witness; a deployer's word of another outcome contradicts the deployer."""
    draft.witnesses.append(operation)
    draft.flags.add("witnessed")
    ended = not (draft.operation.running or operation.running)
    if ended and draft.operation.succeeded != operation.succeeded and not is_record(operation):
        draft.flags.add("contradiction")
        draft.problems.add("contradictory_phase")
