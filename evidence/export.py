"""Auditor report export: the packet of a period, decided as of its end, rendered and sealed.

The same arguments on the same ledger give the same rendered bytes: nothing is decided from the
clock, and the export's own ledger entry comes after the size that is reported on. That entry is
written before the packet gets its name: an export that cannot be recorded leaves nothing behind.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from evidence import __version__, packing, single
from evidence.actor import actor
from evidence.assembly import assemble
from evidence.canonical import canonical_json, sha256_hex
from evidence.collecting import now
from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy, log_origin, zone
from evidence.deciding.case import Case
from evidence.deciding.yardstick import is_simulated, yardstick_text
from evidence.discovered import with_discovered
from evidence.errors import ConfigError
from evidence.manifest import Predicate
from evidence.manifest.paths import CAPTURES
from evidence.model.change import Change
from evidence.notes import note_text, sign_note
from evidence.report.data import PacketData, Period
from evidence.report.render import write_packet
from evidence.report.text import utc
from evidence.reported import ReportResult, result_of
from evidence.request import ReportRequest, as_of, asked_period, asked_zone, read_period
from evidence.seal.held import load_keys, load_stamping
from evidence.seal.keys import KeySet
from evidence.seal.packet import SealResult, seal_folder, zip_folder
from evidence.staging import stage
from evidence.store import ledger, queries, writer
from evidence.store.rebuild import check_whole
from evidence.store.session import Store, open_store

__all__ = ["ReportRequest", "ReportResult", "read_period", "report"]


def report(
    loaded: Loaded, request: ReportRequest, progress: Progress = no_progress
) -> ReportResult:
    """Decides, renders, seals and records the packet of a period, or of one change.

    Raises:
        ConfigError: a date, zone or destination cannot be used, or there are no keys.
        StoreError: the store cannot be read, or the export not be recorded.
        RenderError: the packet could not be rendered.
    """
    asked = asked_period(request, zone(loaded.settings))
    destination = _destination(loaded, request, asked)
    archive = _archive(destination) if request.zipped else None
    held = load_keys(loaded)
    stamping = load_stamping(loaded, held, lta=request.lta)
    with closing(open_store(loaded.store_url)) as store:
        check_whole(store)
        size = _size(store, request.at)
        loaded = with_discovered(loaded, store, at=size)
        case = Case(store=store, policy=build_policy(loaded.settings), at=size, as_of=0)
        change = single.find_change(case, request.change) if request.change else None
        period = asked or single.period_of(case, change, asked_zone(request, zone(loaded.settings)))
        case.as_of = as_of(request, period)
        selection = single.narrow(packing.select(case, period), change)
        results = packing.judge(case, selection, progress)
        data = assemble(
            case,
            period,
            selection,
            results,
            settings=loaded.settings,
            checkpoint=_checkpoint(store, loaded, held, size),
            exporter=actor(),
            simulated=is_simulated(store, case.policy),
            held=held,
            alone=change is not None,
        )
        if change:
            data = replace(data, inclusion=ONE_CHANGE, notes=(single.note_on(change), *data.notes))
        with stage(destination.parent) as staged:
            folder = staged / "packet"
            write_packet(data, folder, progress)
            sealed = seal_folder(
                folder,
                held,
                _predicate(data, case, change),
                stamping=stamping,
                cosigner=loaded.settings.seal.cosigner,
            )
            zipped = zip_folder(folder, staged / "packet.zip") if archive else None
            check_whole(store)
            _record(store, data, sealed, folder, scope=_scope(change))
            folder.rename(destination)
            if archive and zipped:
                zipped.rename(archive)
        return result_of(destination, archive, sealed, data, results)


ONE_CHANGE = "This packet was exported for one change and holds no other."


def _size(store: Store, asked: int | None) -> int:
    size = queries.size(store)
    if asked is not None and not 0 <= asked <= size:
        raise ConfigError(
            f"--at {asked}: the ledger has {size} entries.",
            next_step="Name a size that an earlier report or checkpoint states.",
        )
    return size if asked is None else asked


def _destination(loaded: Loaded, request: ReportRequest, period: Period | None) -> Path:
    name = f"packet-{period.first_day}-{period.last_day}" if period else "packet"
    if request.change:
        name += "-" + re.sub(r"[^A-Za-z0-9]+", "-", request.change).strip("-")
    path = request.destination or Path(loaded.settings.report.directory) / name
    if path.exists():
        raise ConfigError(f"{path} exists already.", next_step="Name another with --output.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The folder {path.parent} cannot be made: {error.strerror}.",
            next_step="Name a folder that you may write with --output.",
        ) from error
    return path


def _archive(destination: Path) -> Path:
    """Where the ZIP of a packet goes: the name of its folder and `.zip`."""
    path = destination.parent / f"{destination.name}.zip"
    if path.exists():
        raise ConfigError(f"{path} exists already.", next_step="Name another with --output.")
    return path


def _checkpoint(store: Store, loaded: Loaded, held: KeySet, size: int) -> str:
    """The signed head at the size reported on; the newest one is kept in the store too."""
    origin = log_origin(loaded.settings)
    if size == queries.size(store):
        note = ledger.write_checkpoint(
            store,
            held.notes.sign,
            origin,
            name=origin,
            public_key=held.notes.public_key.raw,
            actor=actor(),
        )
        # A sync may have gone on meanwhile: then that checkpoint is of a larger ledger.
        if note.startswith(f"{origin}\n{size}\n"):
            return note
    text = note_text(origin, size, ledger.root(store, size))
    return sign_note(text, origin, held.notes.public_key.raw, held.notes.sign)


def _predicate(data: PacketData, case: Case, change: Change | None) -> Predicate:
    return Predicate(
        entity=data.entity,
        period_from=utc(data.period.from_us),
        period_to=utc(data.period.to_us),
        zone=data.period.zone,
        checkpoint=data.checkpoint,
        counts={
            "changes": len(data.population),
            "deployments": len(data.deployments),
            "promotions": len(data.promotions),
            "undeployed": len(data.undeployed),
            "gaps": len(data.gaps),
        },
        tool_version=__version__,
        yardstick={"policy": sha256_hex(yardstick_text(case.policy))},
        scope=_scope(change),
        simulated=data.simulated,
    )


def _scope(change: Change | None) -> str:
    """What a packet is of, as its statement and the ledger's entry on it say."""
    return f"change:{change.change_id}" if change else "period"


def _record(
    store: Store, data: PacketData, sealed: SealResult, folder: Path, *, scope: str
) -> None:
    """Appends the export as an entry: who packed what, when, under which digest.

    Its payload lists the ledger entries in the packet, so that each has its chain of custody.
    """
    packed = sorted(int(path.stem) for path in (folder / CAPTURES).glob("*.json"))
    writer.append_entry(
        store,
        "export",
        {
            "actor": data.exporter,
            "scope": scope,
            "period": [data.period.from_us, data.period.to_us],
            "as_of": data.as_of,
            "ledger_size": data.ledger_size,
            "digest": sealed.digest,
            "files": sealed.files,
            "observed_at": now(),
        },
        canonical_json(packed),
    )
