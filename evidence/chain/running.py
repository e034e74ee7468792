"""What runs after a deployment: each image of ours, with what ties it to a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evidence.chain.book import ChangeBook
from evidence.chain.digests import Digests
from evidence.chain.graph import CommitGraph
from evidence.chain.images import ImageRef
from evidence.chain.mapping import Built
from evidence.chain.matches import Resolution
from evidence.chain.provenance import Statement
from evidence.model.change import Strength
from evidence.model.production import RunningImage, Standing

VERIFIED, CLAIMED, CONTRADICTS = "verified", "claimed", "contradicts"


def running_image(
    ref: ImageRef,
    built: Built,
    found: Resolution,
    stated: Sequence[Statement],
) -> RunningImage:
    """One running image as far as its reference tells; its standing is filled in later."""
    provenance, told = _stated(stated, found)
    return RunningImage(
        image=ref.image,
        reference=ref.reference,
        repository=built.repository,
        commit=found.commit,
        basis=found.basis,
        strength=found.strength,
        problem=found.problem,
        build=built.build,
        build_app=built.build_app,
        provenance=provenance,
        told=told,
        entries=tuple(sorted({one.provenance.entry_seq for one in stated} - {0})),
    )


def _stated(stated: Sequence[Statement], found: Resolution) -> tuple[str, str]:
    """What the statements come to; a claim is never more than a claim.

    A verified one that cannot be true contradicts; so does one about another commit than the
    reference names.
    """
    for one in stated:
        named = {
            match.commit
            for match in found.matches
            if match.basis != "claimed_provenance" and match.strength is not Strength.CANDIDATE
        }
        other = one.provenance.commit and named - {one.provenance.commit}
        if one.by and one.against:
            return CONTRADICTS, f"{one.told}: {one.against}"
        if one.by and other:
            return CONTRADICTS, f"{one.told}; its reference names {', '.join(sorted(named))}"
    best = next((one for one in stated if one.provenance.commit == found.commit), None)
    if best is None:
        return (CLAIMED, stated[0].told) if stated else ("", "")
    return (VERIFIED if best.by else CLAIMED), best.told


def settled(
    one: RunningImage,
    books: Mapping[str, ChangeBook],
    graphs: Mapping[str, CommitGraph],
    digests: Digests,
) -> RunningImage:
    """With the digests of the whole run, and how its commit stands to its branches."""
    seen = digests.of(one.image, one.reference)
    graph, book = graphs.get(one.repository), books.get(one.repository)
    if graph is None or book is None or one.commit not in graph.index:
        return replace(one, digests=seen)
    standing, change_id = standing_of(book, graph.index[one.commit])
    return replace(one, digests=seen, standing=standing, landed_by=change_id)


def standing_of(book: ChangeBook, commit: int) -> tuple[Standing, str]:
    """How a commit stands to the production branches, and the change that it belongs to.

    The result of a change on any production branch is a result, whatever others hold it, too.
    """
    found: tuple[Standing, str] | None = None
    seen = {part.branch for part in book.maps if part.branch}
    for part, change_id, group in book.groups_of(commit):
        if part.branch and group.landing == commit:
            return Standing.RESULT, change_id
        inside = (Standing.PART if part.branch else Standing.OUTSIDE, change_id)
        found = inside if found is None or part.branch else found
    missing = set(book.repository.production_branches) - seen
    if found is None or found[0] is Standing.OUTSIDE:
        change_id = found[1] if found else ""
        return (Standing.UNSEEN if missing else Standing.OUTSIDE), change_id
    return found
