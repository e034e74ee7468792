"""What a batch of deliveries becomes: captures without secrets, each stored once, and their places.

A delivery is known by its sender's id and by its content: GitHub signs the body and not the id, so
that what is replayed under another id is the same delivery, and is answered as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evidence.canonical import sha256_hex
from evidence.collecting import now
from evidence.collectors.received.parse import COLLECTOR, KIND, capture, parse
from evidence.model.capture import Capture, Page
from evidence.redaction import redact_capture
from evidence.store import deliveries, writer
from evidence.store.session import Store

STREAM = "deliveries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A delivery whose sender is known, as it came."""

    source: str
    delivery_id: str
    """The sender's id, or empty: then its content is what it is known by."""
    body: bytes
    path: str
    context: Mapping[str, str]
    received_at: int
    """Microseconds UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Where a delivery stands in the ledger, and whether it stood there before."""

    entry: int
    duplicate: bool


class Storing:
    """Stores batches of deliveries; used by one thread, beside other writers of the store."""

    def __init__(self, store: Store, secrets: Sequence[str]) -> None:
        self._store = store
        self._secrets = tuple(secrets)
        self._run_id = f"receiver-{now()}"

    def __call__(self, batch: Sequence[Incoming]) -> list[Taken]:
        """Stores what is new in one transaction; where each stands, in their order.

        Raises:
            StoreError: the database refused; none is stored.
        """
        captures = [self._capture(one) for one in batch]
        contents = [sha256_hex(each.payload) for each in captures]
        stored = self._stored(captures, contents)
        new: list[Capture] = []
        places: list[int] = []  # the entry that it is known by, or -1 - n for the n-th new one
        for each, content in zip(captures, contents, strict=True):
            names = ((each.source, each.key), (each.source, content))
            place = next((stored[name] for name in names if name in stored), None)
            if place is None:
                place = -1 - len(new)
                new.append(each)
                stored |= dict.fromkeys(names, place)
            places.append(place)
        return self._places(places, new)

    def _places(self, places: Sequence[int], new: Sequence[Capture]) -> list[Taken]:
        """Writes the new ones; the first that names a new one brought it, others repeat it."""
        if not new:
            return [Taken(entry=place, duplicate=True) for place in places]
        page = Page(captures=tuple(new))
        parsed = [parse(each) for each in new]
        done = writer.write_page(self._store, COLLECTOR, STREAM, page, parsed, run_id=self._run_id)
        taken: list[Taken] = []
        brought: set[int] = set()
        for place in places:
            entry = place if place >= 0 else done.seqs[-1 - place]
            repeated = entry < done.first_seq or entry in brought
            brought.add(entry)
            taken.append(Taken(entry=entry, duplicate=repeated))
        return taken

    def _capture(self, one: Incoming) -> Capture:
        made = capture(
            source=one.source,
            key=one.delivery_id,
            body=one.body,
            received_at=one.received_at,
            path=one.path,
            context=one.context,
        )
        made = redact_capture(made, self._secrets)
        # Of what is stored, not of what came: from a digest a short secret could be guessed.
        return made if made.key else replace(made, key=sha256_hex(made.payload))

    def _stored(
        self, captures: Sequence[Capture], contents: Sequence[str]
    ) -> dict[tuple[str, str], int]:
        """(source, id or content) -> entry of what the ledger has already."""
        found: dict[tuple[str, str], int] = {}
        for source in dict.fromkeys(each.source for each in captures):
            mine = [at for at, each in enumerate(captures) if each.source == source]
            names = deliveries.known(
                self._store,
                source,
                KIND,
                {captures[at].key for at in mine},
                {contents[at] for at in mine},
            )
            found |= {(source, name): seq for name, seq in names.items()}
        return found
