"""Records of a digest at a place, as a witness of an application told them: which row is meant.

A record names no revision, so it belongs to the operation that brought its digest: the last one
that had begun by the time the record was last written. That a place no longer runs it
(`Decommissioned`) goes against nothing that was deployed before, unless the deployer went on to
deploy it. Anybody with the permission writes records: one lets nothing pass and makes nothing
unknown; what it says against the deployer is flagged at the row and left unexplained (R6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.chain.deployments import Operation
from evidence.chain.digests import Digests
from evidence.chain.images import parse_image, split_reference
from evidence.chain.rows import Draft
from evidence.model.deployment import RECORD

GONE = "decommissioned"


def is_record(operation: Operation) -> bool:
    """Whether it is no deployer's word but a record of a digest."""
    return operation.deployment.origin == RECORD


def digest_of(operation: Operation) -> str:
    """The digest that a record is of."""
    listed = operation.deployment.images
    return split_reference(parse_image(listed[0])[1])[1] if listed else ""


class ToldDigests:
    """What each operation of some applications ran, by digest."""

    def __init__(self, drafts: Iterable[Draft], digests: Digests, margin: int) -> None:
        """`margin`: microseconds by which a record may be older than the operation it tells of."""
        self._digests, self._margin = digests, margin
        self._ran = {id(draft): self._running(draft) for draft in drafts}

    def row(self, own: Sequence[Draft], operation: Operation) -> Draft | None:
        """The operation of `own`, in order of start, that brought the digest of a record."""
        digest = self._digests.content(digest_of(operation))
        until = self._until(operation)
        found: list[Draft] = []
        before: frozenset[str] = frozenset()
        for draft in own:
            runs = self._ran[id(draft)]
            if digest in runs - before and draft.operation.deployment.started_at <= until:
                found.append(draft)
            if draft.operation.settles:
                before = runs
        good = [draft for draft in found if draft.operation.succeeded]
        return next(reversed(good or found), None)

    def contradictions(
        self, own: Sequence[Draft], draft: Draft, operation: Operation, *, exact: bool
    ) -> list[str]:
        """In what a record goes against the deployer, in words; its row is flagged.

        `exact`: the configuration names its whole place; else its environment must be the
        application's.
        """
        told, ended, wanted = operation.deployment, draft.operation, draft.application.environment
        other = not exact and told.environment.casefold() != wanted.casefold()
        failed = operation.succeeded and not (ended.running or ended.succeeded)
        gone = told.phase.casefold() == GONE and self._goes_on(own, operation)
        said = [
            (other, f"it tells of {told.environment}, not of {wanted}"),
            (failed, f"it tells of a deployment that ended as {ended.deployment.phase}"),
            (gone, "it tells that it is gone, and it was deployed after that"),
        ]
        found = [words for holds, words in said if holds]
        if found:
            draft.flags.add("contradiction")
        return found

    def _goes_on(self, own: Sequence[Draft], operation: Operation) -> bool:
        """Whether what is said to be gone was deployed still, before and after it was said."""
        digest = self._digests.content(digest_of(operation))
        until = self._until(operation)
        settled = [one for one in own if one.operation.settles]
        before = [one for one in settled if one.operation.deployment.started_at <= until]
        after = [one for one in settled if one.operation.deployment.started_at > until]
        return all(bool(near) and digest in self._ran[id(near[0])] for near in (before[-1:], after))

    def _until(self, operation: Operation) -> int:
        told = operation.deployment
        return max(told.finished_at, told.started_at) + self._margin

    def _running(self, draft: Draft) -> frozenset[str]:
        named = [(one.image, one.reference) for one in draft.running]
        named += [parse_image(one) for one in draft.operation.deployment.images]
        found = {each for one in named for each in self._digests.of(*one)}
        return frozenset(found)
