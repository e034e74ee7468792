"""One organisation collected into SQLite and into PostgreSQL at the same moments comes out the same.

The two read the same servers one after the other while time stands still, with the same keys and
salts, and each is told the same request numbers: whatever differs then is the database's doing.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest
import time_machine

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import CONFIGURATION, STORY, world

from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.demo.configured import demo_configuration
from evidence.demo.organisation import demo_polls, demo_world
from evidence.demo.run import rehearse
from evidence.demo.simulation import Moment
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.store import envelope, queries
from evidence.store.entries import entries_in
from evidence.store.session import open_store
from evidence.sync import sync

pytestmark = pytest.mark.long

SIGNED = {"packet.pdf", "SHA256SUMS", "SHA256SUMS.sig", "manifest.json", "packet.dsse.json"}
"""The PDF, whose signature is drawn anew each time, and what lists its digest."""


@dataclass(slots=True, kw_only=True)
class Side:
    """One database, the folder of its mirrors, and what it draws instead of chance."""

    url: str
    home: Path
    drawn: count = field(default_factory=count)

    def urandom(self, size: int) -> bytes:
        """As many bytes as wanted, the same in the same order."""
        return hashlib.sha256(str(next(self.drawn)).encode()).digest()[:size]

    def loaded(self, loaded: Loaded) -> Loaded:
        """The configuration with this store."""
        store = loaded.settings.store.model_copy(update={"url": self.url})
        settings = loaded.settings.model_copy(update={"store": store})
        return replace(loaded, settings=settings, home=self.home)


@contextmanager
def still(monkeypatch, side: Side, moment: Moment):
    """Time stands at a moment, and salts are this side's."""
    with monkeypatch.context() as patch:
        patch.setattr(envelope.os, "urandom", side.urandom)
        with time_machine.travel(moment.at / 1e6, tick=False):
            yield


def collected(rehearsal, sides, polls, monkeypatch) -> Moment:
    """Both sides sync at each poll; what each is told of its requests is numbered alike."""
    served = rehearsal.simulation.server("github")
    for when in polls:
        moment = rehearsal.simulation.at(when)
        before = served.calls
        for side in sides:
            served.calls = before
            with still(monkeypatch, side, moment):
                sync(side.loaded(rehearsal.loaded(moment)))
    return moment


def kept(side: Side, loaded: Loaded, moment: Moment) -> dict[str, object]:
    """Ledger, population and determinations of one side."""
    with closing(open_store(side.url)) as store:
        entries = list(entries_in(store, range(queries.size(store))))
        case = Case(store=store, policy=build_policy(loaded.settings), as_of=moment.at)
        return {
            "envelopes": [each.envelope for each in entries],
            "payloads": [(each.salt, each.payload) for each in entries],
            "changes": case.population.changes,
            "deployments": case.population.deployments,
            "determinations": queries.determinations(store),
        }


def rendered(packet: Path) -> dict[str, str]:
    """Digest of every file but the signed ones, and of the PDF before its signature."""
    found = {
        str(path.relative_to(packet)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in packet.rglob("*")
        if path.is_file() and path.name not in SIGNED
    }
    listing = json.loads((packet / "manifest.json").read_text())
    return found | {"unsigned PDF": listing["unsigned"]["packet.pdf"]["sha256"]}


def the_same(rehearsal, polls, period, folder, url, monkeypatch):
    """Collects, decides and reports on both; whatever is compared is not empty."""
    keys.init(rehearsal.keys, name="Example Shop")
    sides = [
        Side(url=f"sqlite:///{folder / 'own.sqlite3'}", home=folder / "sqlite"),
        Side(url=url, home=folder / "postgresql"),
    ]
    for side in sides:
        side.home.mkdir()
    moment = collected(rehearsal, sides, polls, monkeypatch)
    loaded = rehearsal.loaded(moment)
    lite, other = (kept(side, loaded, moment) for side in sides)
    for what, found in lite.items():
        assert found, what
        assert found == other[what], what
    packets = []
    for side in sides:
        packets.append(side.home / "packet")
        request = ReportRequest(start=period[0], end=period[1], destination=packets[-1])
        with still(monkeypatch, side, moment):
            report(side.loaded(loaded), request)
    assert rendered(packets[0]) == rendered(packets[1])


POSTGRES = pytest.mark.parametrize("store_url", ["postgres"], indirect=True)


@pytest.mark.postgres
@POSTGRES
def test_a_shop_comes_out_the_same_on_both(tmp_path, store_url, monkeypatch, brief_pdf):
    with rehearse(world(STORY), tmp_path / "shop", CONFIGURATION) as rehearsal:
        polls = ("+1d", "+4d", rehearsal.simulation.history.ends_at)
        the_same(rehearsal, polls, ("2026-07-01", "2026-07-31"), tmp_path, store_url, monkeypatch)


@pytest.mark.slow
@pytest.mark.postgres
@POSTGRES
def test_the_whole_demo_comes_out_the_same_on_both(tmp_path, store_url, monkeypatch):
    with rehearse(demo_world(), tmp_path / "demo", demo_configuration()) as rehearsal:
        period = ("2026-07-06", "2026-09-14")
        the_same(rehearsal, demo_polls(), period, tmp_path, store_url, monkeypatch)
