"""Scheduled evidence sync: read every source, store what is new, link and evaluate what it touches.

Sources are read one after the other and Git comes last, so that the mirrors hold whatever the
other sources named. A source that fails leaves a receipt and a gap; the others are still read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from evidence import anchoring, hints, wanted
from evidence import sources as known_sources
from evidence.actor import actor
from evidence.collecting import Run, derive_afresh, now, read_source
from evidence.collectors.git import GitCollector
from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.moments import micros
from evidence.config.yardstick import build_policy, log_origin, zone
from evidence.deciding.answers import Ask
from evidence.deciding.decide import Summary, decide_and_store
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import with_discovered
from evidence.errors import AuthError, EvidenceError, IncompleteError
from evidence.model.capture import Gap, Receipt, Window
from evidence.model.codec import encode
from evidence.model.git import GitAnswer, GitQuestion
from evidence.runlock import run_lock
from evidence.seal.held import note_signer
from evidence.store import ledger, queries
from evidence.store import rebuild as replaying
from evidence.store.session import Store, connect, version
from evidence.store.tables import SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a sync did: one receipt per source, the gaps it met, what it decided."""

    receipts: tuple[Receipt, ...]
    gaps: tuple[Gap, ...]
    decided: Summary
    ledger_size: int
    auth_failed: bool = False
    anchored: str = ""
    """Where the checkpoint was put; empty where nothing is configured."""
    unanchored: EvidenceError | None = None
    """Why a configured anchor was not reached: what was synced is stored all the same."""

    def summary(self) -> str:
        """Sentences for the reader on stderr."""
        lines = [
            (
                f"ledger {self.ledger_size} entries; {self.decided.changes} changes, "
                f"{self.decided.deployments} deployments; "
                f"{self.decided.evaluated} changes and deployments evaluated"
            ),
        ]
        lines.extend([self.anchored] if self.anchored else [])
        lines.extend(f"gap: {gap.source} {gap.kind}: {gap.detail}" for gap in self.gaps[:20])
        if len(self.gaps) > 20:
            lines.append(f"... and {len(self.gaps) - 20} more gaps: `evidence status`")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/sync.schema.json."""
        return {
            "schema_version": 1,
            "ledger_size": self.ledger_size,
            "complete": self.complete,
            "receipts": [encode(receipt) for receipt in self.receipts],
            "gaps": [encode(gap) for gap in self.gaps],
            "decided": encode(self.decided),
        }

    @property
    def complete(self) -> bool:
        """True where every source was read to its end and no gap was met."""
        return not self.gaps and all(receipt.complete for receipt in self.receipts)

    def raise_if_incomplete(self) -> None:
        """Incomplete never looks like clean.

        Raises:
            AuthError: a source refused its credential.
            IncompleteError: a source was not read to its end, or gaps were met.
            UnavailableError: all was read, but the configured anchor was not reached.
        """
        failed = [receipt for receipt in self.receipts if not receipt.complete]
        if self.auth_failed:
            raise AuthError(" ".join(_sentence(one.source, one.error) for one in failed))
        if not self.complete:
            named = [_sentence(one.source, one.error or "not read to its end") for one in failed]
            named += [_sentence(gap.source, gap.detail) for gap in self.gaps[:3]]
            raise IncompleteError(" ".join(["The collection is incomplete.", *named]))
        if self.unanchored:
            raise self.unanchored


def _sentence(source: str, what: str) -> str:
    return f"{source}: {what.rstrip('.')}."


def sync(
    loaded: Loaded,
    *,
    sources: tuple[str, ...] = (),
    since: str = "",
    progress: Progress = no_progress,
) -> Outcome:
    """Runs one sync of all configured sources, or of the named ones.

    `since` is an RFC 3339 date or time; a date is the organisation's midnight.

    Raises:
        LockedError: another run is active.
        ConfigError: nothing is configured, a named source is not, or `since` is no time.
        StoreError: the store cannot be used. Failures of single sources are in the outcome.
    """
    known_sources.check(loaded, sources)
    window = Window(since=_moment(since, loaded), until=now())
    note_signer(loaded)  # keys that cannot be used are told before anything is read
    with run_lock(loaded.home), opened(loaded) as store:
        run = Run(
            store=store,
            window=window,
            version=_record(store, loaded),
            id=f"run-{window.until}",
            secrets=known_sources.secrets(loaded),
        )
        together = known_sources.Together()
        tallies = [
            read_source(run, one, progress)
            for one in together.quiet(known_sources.registers(loaded, store, sources))
        ]
        loaded = known_sources.with_known(with_discovered(loaded, store), store)
        policy, version = build_policy(loaded.settings), _record(store, loaded)
        run = replace(run, version=version)
        collectors = together.quiet(known_sources.build(loaded, sources))
        mirrors = known_sources.git_collectors(loaded)
        cut = replaying.is_cut(store)
        if cut:
            derive_afresh(store, mirrors, progress)
        hints.heed(store, collectors)
        wanted.tell(store, collectors)
        in_turn = known_sources.following(collectors, loaded, store)
        tallies += [read_source(run, collector, progress) for collector in in_turn]
        loaded = known_sources.with_known(loaded, store)
        later = known_sources.line_comments(loaded, store, sources)
        later += known_sources.job_logs(loaded, store, policy, sources)
        tallies += [read_source(run, one, progress) for one in together.quiet(later)]
        decided = decide_and_store(
            store,
            policy,
            version,
            as_of=now(),
            ask=asker(mirrors),
            progress=progress,
            afresh=cut,
        )
        if cut:
            replaying.finish(store)
        anchored, unanchored = _anchor(store, loaded, write_checkpoint(store, loaded))
        return Outcome(
            receipts=tuple(tally.receipt for tally in tallies if tally.receipt),
            gaps=tuple(gap for tally in tallies for gap in tally.gaps),
            decided=decided,
            ledger_size=queries.size(store),
            auth_failed=any(tally.auth_failed for tally in tallies),
            anchored=anchored,
            unanchored=unanchored,
        )


def _record(store: Store, loaded: Loaded) -> str:
    """Appends the yardstick in force where it is another one by now; returns its version."""
    return record_yardstick(store, build_policy(with_discovered(loaded, store).settings))


def _anchor(store: Store, loaded: Loaded, note: str) -> tuple[str, EvidenceError | None]:
    """Where the checkpoint was put, and why it was not put where it should be."""
    wanted = anchoring.is_configured(loaded) and loaded.settings.anchor.after_sync
    if not (note and wanted):
        return "", None
    try:
        return anchoring.place(store, loaded, note).summary(), None
    except EvidenceError as error:
        return f"not anchored: {error.message}", error


@contextmanager
def opened(loaded: Loaded) -> Iterator[Store]:
    """The configured store, brought to this program's schema where it is empty or older."""
    with closing(connect(loaded.store_url)) as store:
        if version(store) != SCHEMA:
            from evidence.store import upgrade

            upgrade.upgrade(store)
        yield store


def asker(collectors: Mapping[str, GitCollector]) -> Ask:
    """Has each repository's mirror answer its questions, in batches."""

    def ask(questions: Sequence[GitQuestion]) -> list[GitAnswer]:
        answers: list[GitAnswer] = []
        for repository, collector in collectors.items():
            mine = [question for question in questions if question.repository == repository]
            if mine:
                answers.extend(collector.answer(mine))
        return answers

    return ask


def write_checkpoint(store: Store, loaded: Loaded) -> str:
    """Signs the ledger's head where keys exist; "" where there are none yet."""
    signer = note_signer(loaded)
    if signer is None:
        return ""
    return ledger.write_checkpoint(
        store,
        signer.sign,
        log_origin(loaded.settings),
        name=log_origin(loaded.settings),
        public_key=signer.public_key.raw,
        actor=actor(),
    )


def _moment(text: str, loaded: Loaded) -> int:
    return micros(text, "--since", zone(loaded.settings)) if text else 0
