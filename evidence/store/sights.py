"""Digests seen for tags, and the deployments that first ran an image: words that nobody looks for.

Each decision adds what it met. What is found names its kind, so that no word of a person meets it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from evidence.store import bulk
from evidence.store.derived import IndexRow
from evidence.store.escaped import from_text, to_text
from evidence.store.generations import current_generation
from evidence.store.session import Store
from evidence.store.tables import chain_index

LISTED, PINNED = "listed", "pinned"
"""Kinds of the words of a tag: what deployers and registries list, what configurations pin."""
RAN = "ran"
"""Kind of the words of an image that runs from a deployment on: its tag, its digests."""
Sight = tuple[str, str, str]
"""(image, tag, digest)."""


def sight_row(kind: str, sight: Sight) -> IndexRow:
    """The word of a digest that was seen for a tag."""
    image, tag, digest = sight
    return IndexRow(term=_term(kind, f"{image}:{tag}"), kind=kind, repository="", change_id=digest)


def ran_row(word: str, deployment_id: str) -> IndexRow:
    """The word of a tag (`image:tag`) or digest that runs from a deployment on."""
    return IndexRow(term=_term(RAN, word), kind=RAN, repository="", change_id=deployment_id)


def digests_of(store: Store, kind: str, image: str, tag: str) -> set[str]:
    """The digests that were seen for a tag."""
    return {digest for _, digest in _found(store, kind, [f"{image}:{tag}"])}


def unknown(store: Store, kind: str, sights: Iterable[Sight]) -> set[Sight]:
    """Those of them that no decision met yet."""
    every = set(sights)
    known = _found(store, kind, {f"{image}:{tag}" for image, tag, _ in every})
    return {one for one in every if (f"{one[0]}:{one[1]}", one[2]) not in known}


def ran_first(store: Store, words: Iterable[str]) -> set[str]:
    """Ids of the deployments from which on one of these tags or digests ran."""
    return {deployment_id for _, deployment_id in _found(store, RAN, words)}


def _term(kind: str, word: str) -> str:
    return f"{kind} {word}"


def _found(store: Store, kind: str, words: Iterable[str]) -> set[tuple[str, str]]:
    """(word, what it leads to)."""
    found: set[tuple[str, str]] = set()
    columns = select(chain_index.c.term, chain_index.c.change_id)
    with store.read() as connection:
        shown = chain_index.c.generation <= current_generation(connection)
        terms = sorted({to_text(_term(kind, one)) for one in words})
        for some in bulk.batches(terms, 500):
            query = columns.where(chain_index.c.kind == kind, chain_index.c.term.in_(some), shown)
            for term, value in connection.execute(query):
                found.add((from_text(term).removeprefix(f"{kind} "), from_text(value)))
    return found
