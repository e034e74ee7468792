"""`evidence ingest KIND FILE`: takes over evidence that somebody has as a file.

The bytes are captured as they are and parsed by the same pure parse as ever; the receipt says who
handed them over. Nothing is decided here: the next sync links and evaluates it.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence import sources
from evidence.collecting import now
from evidence.collectors.github import hosts, supplied
from evidence.collectors.http import SIZE_LIMIT
from evidence.collectors.ingested import attachment, audit_log, deployment, provenance, scan
from evidence.collectors.ingested.given import COLLECTOR, VERSION, Given, documents
from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy
from evidence.deciding.yardstick import record_yardstick
from evidence.discovered import in_force, with_discovered
from evidence.errors import ConfigError, MalformedError
from evidence.model.capture import Capture, Page, Receipt
from evidence.model.codec import encode
from evidence.redaction import redact_capture
from evidence.store import queries, writer
from evidence.store.session import Store
from evidence.sync import opened

Handler = Callable[[Given], tuple[Capture, ...]]
_BATCH = 100


def _settings(given: Given) -> tuple[Capture, ...]:
    """Rulesets with their bypass lists, as an administrator downloaded them."""
    taken = tuple(
        capture
        for document in documents(given)
        for capture in supplied.captures(
            document.value,
            document.payload,
            form=document.form,
            place=f"{given.name}, {document.place}",
            file=given.name,
            source=given.source,
            observed_at=given.observed_at,
            repositories=given.repositories,
        )
    )
    if not taken:
        raise MalformedError(f"{given.name} holds no ruleset.")
    return taken


HANDLERS: Mapping[str, Handler] = {
    "deployment": deployment.captures,
    "audit-log": audit_log.captures,
    "settings": _settings,
    "provenance": provenance.captures,
    "scan": scan.captures,
    "attachment": attachment.captures,
}
"""ADD A KIND HERE: what turns a file into captures, or refuses it with MalformedError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest stored."""

    kind: str
    source: str
    objects: int
    new: int
    unchanged: int
    gaps: int
    ledger_size: int

    def summary(self) -> str:
        """One sentence for the reader."""
        return (
            f"{self.objects} {self.kind} records handed over as source {self.source}: {self.new} "
            f"new, {self.unchanged} known already, {self.gaps} gaps; the next sync decides on them"
        )

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/ingest.schema.json."""
        return {"schema_version": 1, **encode(self)}


def ingest(
    loaded: Loaded,
    kind: str,
    path: str,
    *,
    source: str = "",
    told: Mapping[str, str] | None = None,
) -> Ingested:
    """Stores a file (`-`: standard input) of a kind under a source id (default: `ingest`).

    `told` is what is known of the file beside what it says (`collectors.ingested.scan.TOLD`).

    Needs no run lock: a page is one transaction, and a sync may run beside it.

    Raises:
        ConfigError: there is no such kind or no such repository, or the file cannot be read.
        MalformedError: the file is not what the kind asks for; nothing of it is stored.
    """
    if kind not in HANDLERS:
        raise ConfigError(
            f"Nothing can be ingested as `{kind}`.", next_step=f"Known: {', '.join(HANDLERS)}."
        )
    started, own = now(), source or COLLECTOR
    known = in_force(loaded)
    _check_repository(known, (told or {}).get("repository", ""))
    given = Given(
        name=Path(path).name if path != "-" else "stdin",
        data=_read(path),
        source=own,
        observed_at=started,
        system=_system(loaded, own),
        repositories=_repositories(known),
        told=told or {},
    )
    taken = HANDLERS[kind](given)
    secrets = sources.secrets(loaded)
    taken = tuple(redact_capture(capture, secrets) for capture in taken)
    with opened(loaded) as store:
        _refuse_moved(store, own, taken)
        policy = record_yardstick(store, build_policy(with_discovered(loaded, store).settings))
        return _store(store, taken, kind, own, started, policy)


def _store(
    store: Store, taken: tuple[Capture, ...], kind: str, source: str, started: int, policy: str
) -> Ingested:
    run_id, new, gaps = f"ingest-{started}", 0, 0
    for batch in _batches(taken):
        parsed = [sources.replay(capture) for capture in batch]
        result = writer.write_page(
            store, source, f"ingest {kind}", Page(captures=batch), parsed, run_id=run_id
        )
        new += result.new
        gaps += result.gaps_opened
    receipt = Receipt(
        run_id=run_id,
        source=source,
        collector=COLLECTOR,
        collector_version=VERSION,
        started_at=started,
        finished_at=now(),
        window_from=0,
        window_to=started,
        pages=-(-len(taken) // _BATCH),
        calls=0,
        retries=0,
        objects_read=len(taken),
        versions_new=new,
        objects_unchanged=len(taken) - new,
        gaps=gaps,
        totals=(),
        credential=f"handed over by {getpass.getuser()}",
        policy_digest=policy,
        complete=True,
    )
    writer.append_entry(store, "receipt", {**encode(receipt), "observed_at": receipt.finished_at})
    return Ingested(
        kind=kind,
        source=source,
        objects=len(taken),
        new=new,
        unchanged=len(taken) - new,
        gaps=gaps,
        ledger_size=queries.size(store),
    )


def _batches(taken: tuple[Capture, ...]) -> Iterator[tuple[Capture, ...]]:
    for begin in range(0, len(taken), _BATCH):
        yield taken[begin : begin + _BATCH]


def _refuse_moved(store: Store, source: str, taken: tuple[Capture, ...]) -> None:
    """An operation keeps its application and its start: by them it is known.

    Raises:
        MalformedError: a deployment with this id was handed over with another start.
    """
    from evidence.model.deployment import Deployment

    known = {one.operation_id: one for one in queries.load(store, Deployment, source=source)}
    for capture in taken if known else ():
        for fact in sources.replay(capture).facts:
            before = known.get(fact.operation_id) if isinstance(fact, Deployment) else None
            if before is not None and isinstance(fact, Deployment):
                place = (fact.application, fact.started_at)
                if place != (before.application, before.started_at):
                    raise MalformedError(
                        f"Deployment `{fact.operation_id}` is known with another application or "
                        "start.",
                        next_step="Give another operation another id.",
                    )


def _check_repository(loaded: Loaded, repository: str) -> None:
    known = sorted(one.id for one in loaded.settings.repository)
    if repository and repository not in known:
        raise ConfigError(
            f"No repository has the id `{repository}`.", next_step=f"Known: {', '.join(known)}."
        )


def _repositories(loaded: Loaded) -> dict[str, tuple[str, str]]:
    """Configured repositories of a forge by their names."""
    forges = {one.id: one for one in loaded.settings.source if one.kind == "github"}
    return {
        one.name.lower(): (one.id, forge.system or hosts.system_of(hosts.api_url(forge.url)))
        for one in loaded.settings.repository
        if one.name and (forge := forges.get(one.source)) is not None
    }


def _system(loaded: Loaded, source: str) -> str:
    return next((one.system for one in loaded.settings.source if one.id == source), "")


def _read(path: str) -> bytes:
    """The whole file, or standard input."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
        else:
            with Path(path).open("rb") as opened_file:
                data = opened_file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.",
            next_step="Check the path and its permissions.",
        ) from error
    if len(data) > SIZE_LIMIT:
        raise MalformedError(f"{path} is larger than {SIZE_LIMIT} bytes: split it.")
    return data
