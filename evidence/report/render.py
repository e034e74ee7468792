"""`write_packet`: the files of an unsigned packet, all of them or none.

`evidence.seal` then signs packet.pdf and writes the manifest, the digests, the checkpoint and the
envelope.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment

from evidence.canonical import canonical_json
from evidence.errors import RenderError
from evidence.manifest.paths import CAPTURES
from evidence.report import html
from evidence.report.chapters import WORK, Chapters, write_chapters
from evidence.report.data import PacketData, Progress, no_progress
from evidence.report.digests import file_digest
from evidence.report.ipe import ipe_header, write_ipe
from evidence.report.listing import DEPLOYMENT_COLUMNS, Listing, deployment_row
from evidence.report.pdf import write_pdf
from evidence.report.results import write_results
from evidence.report.summary import Summary, summarise
from evidence.report.text import zone_info
from evidence.report.view import Medium, View

_STAGE = ".unfinished"
ANCHOR, ANCHOR_STAMP = "anchor.note", "anchor.tst"
"""The newest checkpoint that was put elsewhere, and its time stamp's token."""


def write_packet(data: PacketData, directory: Path, progress: Progress = no_progress) -> list[Path]:
    """Writes the files into `directory` (made with mode 0700) and returns them, sorted by path.

    Equal data gives equal bytes. On an error nothing is left behind; `RenderError` names what to
    do. `data.chains` and `data.captures` are read once.
    """
    zone_info(data.period.zone)
    stage = directory / _STAGE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(mode=0o700)
        _write_all(data, stage, progress)
        return _publish(stage, directory)
    except OSError as error:
        raise RenderError(
            f"the packet could not be written: {error}",
            next_step="Check free space and permissions of the output folder.",
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _write_all(data: PacketData, stage: Path, progress: Progress) -> None:
    summary = summarise(data)
    env = html.environment(data.period.zone)
    chapters = write_chapters(data, summary, env, stage, progress)
    deployments = _deployments(data, summary, stage)
    header = ipe_header(data, {**chapters.rows, "deployments": deployments}, stage)
    write_ipe(header, stage / "population.ipe.json")
    write_results(data, summary, stage / "results.json")
    _captures(data, stage, progress)
    _newest_anchor(data, stage)
    progress("packet.html", 0, None)
    _html(env, _view(data, summary, chapters, header, Medium.HTML), stage / "packet.html")
    progress("packet.pdf", 0, None)
    _pdf(env, _view(data, summary, chapters, header, Medium.PDF), stage)
    (stage / WORK).unlink()


def _deployments(data: PacketData, summary: Summary, stage: Path) -> int:
    with Listing(stage, "deployments", DEPLOYMENT_COLUMNS) as listing:
        for row in summary.deployments:
            listing.write(deployment_row(row, data.period.zone, summary.promotion_ids))
        return listing.rows


def _captures(data: PacketData, stage: Path, progress: Progress) -> None:
    folder = stage / CAPTURES
    folder.mkdir()
    last = -1
    for capture in data.captures:
        if capture.seq <= last:
            raise RenderError(f"capture {capture.seq} came after capture {last}")
        last = capture.seq
        (stage / capture.path).write_bytes(capture.to_bytes())
        progress("captures", last, data.ledger_size)


def _newest_anchor(data: PacketData, stage: Path) -> None:
    newest = data.anchors[-1] if data.anchors else None
    if newest and newest.note:
        (stage / ANCHOR).write_text(newest.note, encoding="utf-8", newline="\n")
        if newest.stamp:
            (stage / ANCHOR_STAMP).write_bytes(newest.stamp)


def _view(
    data: PacketData,
    summary: Summary,
    chapters: Chapters,
    header: Mapping[str, Any],
    medium: Medium,
) -> View:
    everything = medium is Medium.HTML
    return View(
        data=data,
        summary=summary,
        medium=medium,
        lines=chapters.lines,
        ipe=header,
        fragments=chapters.all() if everything else chapters.chosen(),
        linked=chapters.all_ids if everything else chapters.chosen_ids,
    )


def _html(env: Environment, view: View, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for piece in html.page(env, view):
            out.write(piece)


def _pdf(env: Environment, view: View, stage: Path) -> None:
    results = stage / "results.json"
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=view.data.as_of // 1_000_000)
    if results.stat().st_size <= view.data.limits.embedded_bytes:
        attachment = ("results.json", "Every determination of this packet", results.read_bytes())
    else:
        digest = canonical_json({"path": "results.json", "sha256": file_digest(results)})
        attachment = ("results.sha256.json", "The digest of results.json", digest)
    write_pdf("".join(html.page(env, view)), stage / "packet.pdf", attachment, at)


def _publish(stage: Path, directory: Path) -> list[Path]:
    return sorted(_moved(stage, directory))


def _moved(stage: Path, directory: Path) -> Iterator[Path]:
    for path in sorted(stage.rglob("*")):
        target = directory / path.relative_to(stage)
        if path.is_dir():
            target.mkdir(mode=0o700, exist_ok=True)
            continue
        path.chmod(0o600)
        path.replace(target)
        yield target
