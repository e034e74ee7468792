"""Reads one source into the store: fetch, parse, write page by page, then the receipt.

A page is one transaction. A source that fails keeps what it gave before, and its receipt says why
it stopped; the next run goes on from its last cursor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from evidence import retention
from evidence.collectors.argocd import history
from evidence.collectors.git import GitCollector
from evidence.collectors.git.commits import PathedRow
from evidence.collectors.http import date_micros
from evidence.collectors.interface import Collector, Parsed, Progress
from evidence.errors import AuthError, EvidenceError, IntegrityError, StoreError
from evidence.model.capture import Gap, GapReason, Page, Receipt, Total, Window
from evidence.model.codec import encode
from evidence.model.deployment import ApplicationState
from evidence.model.git import RefTip
from evidence.redaction import redact_capture, redact_text, suspect
from evidence.store import queries, writer
from evidence.store.session import Store

_SECOND: Final = 1_000_000


def now() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What all sources of one run share."""

    store: Store
    window: Window
    version: str
    id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The program's own credentials: taken out of whatever a source sends back."""


def read_source(run: Run, collector: Collector, progress: Progress) -> Tally:
    """Reads one source to its end or its first error, and appends its receipt.

    Raises:
        StoreError: the store refused. That is no failure of the source: nothing can be kept.
        IntegrityError: the store is not what was recorded.
    """
    tally = Tally(started_at=now())
    try:
        left = _left_by_a_cut_run(run.store, collector)
        _read_pages(run, collector, progress, tally)
        if isinstance(collector, GitCollector):
            moved = left not in (-1, _refs_seq(run.store, collector.repository))
            derive_commits(run.store, collector, progress, place=moved)
    except (StoreError, IntegrityError):
        raise
    except EvidenceError as error:
        tally.complete = False
        tally.error = redact_text(error.message, run.secrets)
        tally.auth_failed = isinstance(error, AuthError)
    tally.receipt = tally.as_receipt(run, collector)
    writer.append_entry(
        run.store,
        "receipt",
        {**encode(tally.receipt), "observed_at": tally.receipt.finished_at},
    )
    return tally


def _read_pages(run: Run, collector: Collector, progress: Progress, tally: Tally) -> None:
    cursor = queries.cursor(run.store, collector.source, collector.name)
    forgotten = retention.lost(run.store, collector.source, collector.name, now())
    for sent in collector.fetch(run.window, cursor, progress):
        fetched = _redacted(sent, run.secrets)
        parsed = [collector.parse(capture) for capture in fetched.captures]
        lost = _lost_history(run.store, parsed)
        page = replace(fetched, gaps=(*fetched.gaps, *lost, *forgotten))
        forgotten = ()
        result = writer.write_page(
            run.store,
            collector.source,
            collector.name,
            page,
            parsed,
            run_id=run.id,
            window=run.window,
        )
        tally.add(page, parsed, result)
    tally.complete = tally.complete or not tally.pages


def _redacted(page: Page, own: Sequence[str]) -> Page:
    """The page as it may be stored: secrets are gone before anything is parsed or hashed."""
    return replace(
        page,
        captures=tuple(redact_capture(capture, own) for capture in page.captures),
        gaps=tuple(replace(gap, detail=redact_text(gap.detail, own)) for gap in page.gaps),
    )


def _lost_history(store: Store, parsed: Sequence[Parsed]) -> Iterator[Gap]:
    """Operations that fell out of a bounded history between two looks, one gap each."""
    states = [fact for one in parsed for fact in one.facts if isinstance(fact, ApplicationState)]
    for state in states:
        before = queries.load(
            store,
            ApplicationState,
            source=state.source,
            application_uid=state.application_uid,
        )
        known = before[0].history_ids if before else ()
        lost = history.lost_between(known, state.history_ids)
        if lost:
            yield Gap(
                source=state.source,
                kind="argocd.application",
                key=state.application_uid,
                reason=GapReason.HISTORY_LOST,
                detail=f"Operations {history.named(lost)} of {state.application} were no longer "
                "listed when it was read; sync more often than ten operations take.",
            )


_MESSAGE: Final = 10
"""Where a `PathedRow` holds the message. The mirror keeps it as it is: its hash covers it."""
COMMITS = "commits"
"""The stream whose cursor says up to which observation of the refs commits are derived."""


def derive_commits(
    store: Store,
    collector: GitCollector,
    progress: Progress,
    *,
    afresh: bool = False,
    place: bool = False,
) -> None:
    """Streams commits that no derived tip reaches into the store, each with its paths.

    The cursor moves when all rows are stored, so a run that was cut derives them again; `afresh`
    derives every commit that the mirror has. `place` gives each derived commit to the observation
    that first reached it, where there was more than one since the last derivation.
    """
    observed = _refs_seq(store, collector.repository)
    cursor = "" if afresh else queries.cursor(store, collector.source, COMMITS)
    if cursor == str(observed):
        return
    known = _derived_tips(store, collector.repository, cursor)
    progress(f"{collector.repository}: commits", 0, None)
    done = writer.write_commits(store, without_secrets(collector.new_commits(known)), observed)
    progress(f"{collector.repository}: commits", done, done)
    if place:
        writer.place_commits(store, collector.repository, int(cursor) + 1 if cursor else 0)
    page = Page(cursor=str(observed), complete=True)
    writer.write_page(store, collector.source, COMMITS, page, [], run_id=f"derive-{observed}")


def derive_afresh(store: Store, mirrors: Mapping[str, GitCollector], progress: Progress) -> None:
    """Brings back what a rebuild emptied and the mirrors have."""
    for collector in mirrors.values():
        derive_commits(store, collector, progress, afresh=True, place=True)


def _left_by_a_cut_run(store: Store, collector: Collector) -> int:
    """The observation of refs whose commits a run that was cut did not derive; -1 for none."""
    if not isinstance(collector, GitCollector):
        return -1
    observed = _refs_seq(store, collector.repository)
    derived = queries.cursor(store, collector.source, COMMITS)
    return -1 if derived == str(observed) else observed


def without_secrets(rows: Iterator[PathedRow]) -> Iterator[PathedRow]:
    """Rows of commits, with what looks like a secret taken out of their messages."""
    for row in rows:
        if not suspect(row[_MESSAGE]):
            yield row
            continue
        told = redact_text(row[_MESSAGE])
        yield cast("PathedRow", (*row[:_MESSAGE], told, *row[_MESSAGE + 1 :]))


def _refs_seq(store: Store, repository: str) -> int:
    rows = queries.stream(store, RefTip, ("entry_seq",), repository=repository)
    return max((seq for (seq,) in rows), default=-1)


def _derived_tips(store: Store, repository: str, cursor: str) -> set[str]:
    """Every object that a ref was seen to name up to the derived observation."""
    if not cursor:
        return set()
    rows = queries.stream(
        store, RefTip, ("sha",), at=int(cursor) + 1, versions=True, repository=repository
    )
    return {sha for (sha,) in rows}


def soonest(known: int | None, page: Page, at: int) -> int | None:
    """How far our clock is ahead of the source's, by the least of what its answers say.

    An answer is a little older than `at`, the moment at which it is looked at, and never younger:
    the least difference is the nearest. Judged is by the source's own times alone.
    """
    told = {one.date for capture in page.captures for one in capture.exchanges if one.date}
    dates = [date for date in map(date_micros, told) if date]
    if not dates:
        return known
    found = (at - max(dates)) // _SECOND * _SECOND
    return found if known is None else min(known, found)


@dataclass(slots=True)
class Tally:
    """Counts of one source while it is read."""

    started_at: int = 0
    pages: int = 0
    calls: int = 0
    retries: int = 0
    read: int = 0
    new: int = 0
    unchanged: int = 0
    gaps: list[Gap] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    complete: bool = False
    error: str = ""
    auth_failed: bool = False
    read_to: int = 0
    skew: int | None = None
    receipt: Receipt | None = None

    def add(self, page: Page, parsed: list[Parsed], result: writer.PageResult) -> None:
        """Counts one stored page; gaps of unchanged captures were told when they were new."""
        self.pages += 1
        self.calls += page.calls
        self.retries += page.retries
        self.read += len(page.captures) + page.unchanged
        self.new += result.new
        self.unchanged += result.unchanged
        self.totals.extend(page.totals)
        self.complete = page.complete
        self.read_to = page.read_to
        self.skew = soonest(self.skew, page, now())
        self.gaps.extend(page.gaps)
        for seq, one in zip(result.seqs, parsed, strict=True):
            if seq >= result.first_seq:
                self.gaps.extend(one.gaps)

    def as_receipt(self, run: Run, collector: Collector) -> Receipt:
        """What the run did with this source, for the ledger."""
        return Receipt(
            run_id=run.id,
            source=collector.source,
            collector=collector.name,
            collector_version=collector.version,
            started_at=self.started_at,
            finished_at=now(),
            window_from=run.window.since,
            window_to=run.window.until,
            pages=self.pages,
            calls=self.calls,
            retries=self.retries,
            objects_read=self.read,
            versions_new=self.new,
            objects_unchanged=self.unchanged,
            gaps=len(self.gaps),
            totals=tuple(self.totals),
            credential=collector.credential,
            policy_digest=run.version,
            complete=self.complete and not self.error,
            error=self.error,
            read_to=self.read_to if self.complete and not self.error else 0,
            skew=self.skew,
        )
