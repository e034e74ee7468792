"""By what decided changes and deployments are found: words, each with what it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.controls.attributes import cm_12
from evidence.deciding.brought import changes_in
from evidence.deciding.rescanned import examined_words
from evidence.model.chain import Chain
from evidence.model.change import LinkKind
from evidence.model.determination import Determination
from evidence.model.production import ProductionDeployment
from evidence.store import writer
from evidence.store.since import DOUBTFUL, JUDGED, URGENT


def change_words(chain: Chain) -> Iterator[writer.IndexRow]:
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


def urgent_words(outcomes: Iterable[Determination]) -> Iterator[writer.IndexRow]:
    """A word for each emergency: a later decision may have to look at it without a new fact."""
    for one in outcomes:
        if one.control != cm_12.CONTROL:
            continue
        urgent = not {cm_12.DECLARED, cm_12.DUE}.isdisjoint(one.flags)
        if urgent or one.reason == "declaration-unknown":
            word = URGENT if urgent else DOUBTFUL
            repository = one.subject.partition(":")[0]
            yield writer.IndexRow(
                term=word, kind=word, repository=repository, change_id=one.subject
            )


def deployment_words(deployments: Iterable[ProductionDeployment]) -> Iterator[writer.IndexRow]:
    for one in deployments:
        for change_id in one.changes:
            yield writer.IndexRow(
                term=one.deployment_id,
                kind="deployment",
                repository=change_id.partition(":")[0],
                change_id=change_id,
            )


def judged_words(
    deployments: Iterable[ProductionDeployment], *, scans: bool
) -> Iterator[writer.IndexRow]:
    """What a deployment is judged on beside what it carried: words that nobody looks for.

    `scans` says whether results on its revisions and digests are asked for.
    """
    for one in deployments:
        words = {word: word.partition(":")[0] for word in changes_in(one) - set(one.changes)}
        words |= dict.fromkeys(examined_words(one) if scans else (), "")
        built = (image for image in one.running if image.build and image.commit)
        words |= {f"{image.repository} {image.commit}": image.repository for image in built}
        for word, repository in sorted(words.items()):
            yield writer.IndexRow(
                term=f"{JUDGED} {word}",
                kind=JUDGED,
                repository=repository,
                change_id=one.deployment_id,
            )
