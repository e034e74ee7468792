"""Deliveries beside a real sync: nothing is decided by them, and the packet says when we listened."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from shop_world import FIRST, pull, synced

from evidence.config.load import load
from evidence.export import ReportRequest, report
from evidence.rebuilding import rebuild
from evidence.receiver.endpoints import SYSTEMS, Endpoint
from evidence.receiver.storing import Incoming, Storing
from evidence.receiver.tally import STORED, Tally, write_receipts
from evidence.status import status
from evidence.store import queries
from evidence.store.session import open_store


@pytest.mark.usefixtures("brief_pdf")
def test_a_packet_lists_when_the_receiver_was_up_and_nothing_is_decided_by_it(
    tmp_path, monkeypatch
):
    live = synced(tmp_path, FIRST + pull("gift"))
    monkeypatch.setenv("EVIDENCE_HOME", str(live.home))
    loaded = load(live.configuration)
    with closing(open_store(loaded.store_url)) as store:
        before = queries.determinations(store)
        incoming = Incoming(
            source="github",
            delivery_id="delivery-1",
            body=json.dumps({"repository": {"full_name": "acme/shop"}}).encode(),
            path="/webhooks/github",
            context={"system": "github", "event": "push", "secret": "1"},
            received_at=1_783_000_000_000_000,
        )
        Storing(store, ())([incoming])
        tally = Tally(since=1_783_000_000_000_000)
        tally.count("github", STORED)
        endpoint = Endpoint(
            source="github", system=SYSTEMS["github"], secrets=("s",), references=("env:S",)
        )
        write_receipts(store, tally, [endpoint], "p")

        assert queries.determinations(store) == before

    packet = report(
        loaded,
        ReportRequest(start="2026-07-01", end="2026-07-31", destination=tmp_path / "packet"),
    )
    listed = json.loads((packet.directory / "population.ipe.json").read_text(encoding="utf-8"))
    (told,) = [one for one in listed["sync_runs"] if one["source"] == "github:deliveries"]
    assert (told["collector"], told["versions_new"], told["credential"]) == ("receiver", 1, "env:S")
    assert "github" in [one.source for one in status(loaded).deliveries]
    assert "outcomes that differ: none" in rebuild(loaded)
