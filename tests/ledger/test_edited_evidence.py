"""Evidence that is edited by hand in the database: no packet with it verifies (case J10)."""

from __future__ import annotations

import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.run import rehearse
from evidence.errors import VerificationError
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.store.session import open_store
from evidence.verify import read_trust, verify_packet

sys.path.insert(0, str(Path(__file__).parent))

from tampering import disarm

PUSH = '[[push]]\nkey = "fix"\nby = "dora"\nat = "+1d"\nfiles = { "shop/a.py" = "A = 1\\n" }\n'


def edited(store):
    """Another person pushed, says the database from now on; how many payloads say so."""
    changed = 0
    with store.write() as connection:
        disarm(store, connection)
        rows = connection.execute(text("SELECT seq, data FROM payload")).all()
        for seq, data in rows:
            plain = zlib.decompress(data)
            if b'"dora"' in plain:
                told = zlib.compress(plain.replace(b'"dora"', b'"bert"'))
                change = text("UPDATE payload SET data = :data WHERE seq = :seq")
                connection.execute(change, {"data": told, "seq": seq})
                changed += 1
    return changed


@pytest.mark.long
def test_evidence_that_was_edited_in_the_database_gives_no_packet_that_verifies(tmp_path):
    with rehearse(extended(base_world(), read_world(PUSH)), tmp_path) as rehearsal:
        held = keys.init(rehearsal.keys, name="Simulated organisation")
        trust = tmp_path / "trust"
        trust.write_text(keys.trust_file(held), encoding="utf-8")
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        with closing(open_store(loaded.store_url)) as store:
            assert edited(store) > 0
        request = ReportRequest(start="2026-07-01", end="2026-07-31", destination=tmp_path / "p")
        with pytest.raises(VerificationError, match="another payload than its ledger entry"):
            verify_packet(report(loaded, request).directory, read_trust(trust))
