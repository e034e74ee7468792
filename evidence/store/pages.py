"""One page, one transaction: entries, nodes, facts, gaps and cursor commit together or not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from evidence.canonical import comparison_digest
from evidence.model.capture import Capture, Gap, Page, Window
from evidence.store import bulk, gaps, ledger, rows
from evidence.store.envelope import Sealed, seal_capture
from evidence.store.escaped import to_text
from evidence.store.rows import FactRows, ParsedLike
from evidence.store.session import Store
from evidence.store.tables import cursor, entry_index

Identity = tuple[str, str, str]
Head = tuple[int, str, str]
"""seq, series and comparison digest of a version."""
HEAD = "\x00"
"""The place of the newest version of all series (no stored series has this name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What a page changed."""

    new: int
    """Captures that are new versions."""
    unchanged: int
    """Captures equal to the version before, and objects the source called unchanged."""
    first_seq: int
    """Ledger entry of the first new version; the ledger's size where there was none."""
    size: int
    """The ledger's size after the page."""
    gaps_opened: int = 0
    gaps_closed: int = 0
    seqs: tuple[int, ...] = ()
    """Per capture of the page: the entry that holds it, the one of before where unchanged."""


def write_page(
    store: Store,
    source: str,
    stream: str,
    page: Page,
    parsed: Sequence[ParsedLike],
    *,
    run_id: str,
    window: Window | None = None,
    now: int | None = None,
) -> PageResult:
    """Commits a page: entries, payloads, nodes, facts, gaps and cursor in one transaction.

    `parsed[i]` is what `page.captures[i]` says. Only a capture that differs from the version
    before gets an entry. A page with an empty cursor that is not the last keeps the cursor as it
    is. `window` is what the run asked for (it lets windowed gaps close); `now` is in microseconds
    UTC, by default the clock.

    Raises:
        StoreError: the database refused; nothing of the page is stored then.
        ValueError: not one `parsed` per capture.
    """
    if len(parsed) != len(page.captures):
        raise ValueError(f"{len(page.captures)} captures but {len(parsed)} parsed")
    at = time.time_ns() // 1000 if now is None else now
    reading = gaps.Reading(
        source=source, stream=stream, run_id=run_id, page=page, window=window, now=at
    )
    digests = [comparison_digest(each.payload, each.volatile) for each in page.captures]
    while True:
        with store.read() as connection:
            heads = _heads(connection, page.captures)
        prepared = _prepare(page.captures, digests, heads, parsed)
        with store.write() as connection:
            # Decided outside, checked inside: another writer may have been there in between.
            if _heads(connection, page.captures) == heads:
                return _commit(connection, reading, prepared, heads)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A capture that becomes an entry."""

    capture: Capture
    sealed: Sealed
    facts: FactRows
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """All that can be made before the transaction."""

    versions: tuple[_Version, ...]
    places: tuple[int, ...]
    """Per capture of the page: the entry it equals, or -1 - n for the n-th new version."""


def _prepare(
    captures: Sequence[Capture],
    digests: Sequence[str],
    heads: Mapping[Identity, Mapping[str, Head]],
    parsed: Sequence[ParsedLike],
) -> _Prepared:
    versions: list[_Version] = []
    places: list[int] = []
    latest: dict[tuple[Identity, str], tuple[str, int]] = {}
    for capture, digest, said in zip(captures, digests, parsed, strict=True):
        identity, series = _identity(capture), to_text(capture.series)
        known = heads.get(identity, {}).get(series)
        before = latest.get((identity, series)) or (known and (known[2], known[0]))
        if before is not None and before[0] == digest:
            places.append(before[1])
            continue
        places.append(-1 - len(versions))
        latest[identity, series] = (digest, places[-1])
        facts, found = rows.fact_rows(capture, said)
        sealed = seal_capture(capture, digest)
        versions.append(_Version(capture=capture, sealed=sealed, facts=facts, gaps=found))
    return _Prepared(versions=tuple(versions), places=tuple(places))


def _commit(
    connection: Connection,
    reading: gaps.Reading,
    prepared: _Prepared,
    heads: Mapping[Identity, Mapping[str, Head]],
) -> PageResult:
    versions = prepared.versions
    planned = gaps.plan(connection, reading)
    sealed = gaps.entries(planned, reading)
    first = ledger.append(connection, [*(each.sealed for each in versions), *sealed])
    placed = list(enumerate(versions, start=first))
    rows.insert(connection, [(seq, at.capture.observed_at, at.facts) for seq, at in placed])
    gaps.record_revealed(
        connection,
        [(seq, at.capture.observed_at, at.gaps) for seq, at in placed],
        _superseded(placed, heads),
    )
    for seq, each in enumerate(sealed, start=first + len(versions)):
        gaps.record_fetched(connection, seq, each.index.type, gaps.body_of(each))
    gaps.mark_met(connection, planned.met_again, reading.run_id)
    _move_cursor(connection, reading)
    return PageResult(
        new=len(versions),
        unchanged=len(prepared.places) - len(versions) + reading.page.unchanged,
        first_seq=first,
        size=first + len(versions) + len(sealed),
        gaps_opened=len(planned.opened) + sum(len(each.gaps) for each in versions),
        gaps_closed=len(planned.closed),
        seqs=tuple(at if at >= 0 else first - 1 - at for at in prepared.places),
    )


def _superseded(
    placed: Sequence[tuple[int, _Version]], heads: Mapping[Identity, Mapping[str, Head]]
) -> dict[int, tuple[int, int]]:
    """Entry of each version that a new one ends -> entry and observed_at of the new one."""
    newest = {identity: known[HEAD][0] for identity, known in heads.items()}
    found: dict[int, tuple[int, int]] = {}
    for seq, version in placed:
        identity = _identity(version.capture)
        if identity in newest:
            found[newest[identity]] = (seq, version.capture.observed_at)
        newest[identity] = seq
    return found


def _move_cursor(connection: Connection, reading: gaps.Reading) -> None:
    page = reading.page
    if not page.cursor and not page.complete:
        return
    row = (reading.source, reading.stream, to_text(page.cursor), page.complete, reading.now)
    bulk.insert(
        connection,
        cursor,
        ("source", "stream", "value", "complete", "updated_at"),
        [row],
        conflict="(source, stream) DO UPDATE SET value = excluded.value, "
        "complete = excluded.complete, updated_at = excluded.updated_at",
    )


def _heads(connection: Connection, captures: Sequence[Capture]) -> dict[Identity, dict[str, Head]]:
    """Per object: the head, and the newest version of each other series that the page has."""
    groups: dict[tuple[str, str], set[str]] = {}
    for each in captures:
        groups.setdefault((to_text(each.source), to_text(each.kind)), set()).add(to_text(each.key))
    found: dict[Identity, dict[str, Head]] = {}
    for (source, kind), keys in groups.items():
        for some in bulk.batches(sorted(keys), 500):
            rows = connection.execute(
                select(entry_index).where(
                    entry_index.c.source == source,
                    entry_index.c.kind == kind,
                    entry_index.c.key.in_(some),
                    entry_index.c.superseded.is_(None),
                )
            )
            for row in rows:
                head = (row.seq, row.series, row.digest)
                found[source, kind, row.key] = {HEAD: head, row.series: head}
    for each in captures:
        known = found.get(_identity(each))
        if known is not None and to_text(each.series) not in known:
            before = _newest_of_series(connection, each)
            if before is not None:
                known[before[1]] = before
    return found


def _newest_of_series(connection: Connection, capture: Capture) -> Head | None:
    source, kind, key = _identity(capture)
    row = connection.execute(
        select(entry_index.c.seq, entry_index.c.series, entry_index.c.digest)
        .where(
            entry_index.c.source == source,
            entry_index.c.kind == kind,
            entry_index.c.key == key,
            entry_index.c.series == to_text(capture.series),
        )
        .order_by(entry_index.c.seq.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def _identity(capture: Capture) -> Identity:
    return to_text(capture.source), to_text(capture.kind), to_text(capture.key)
