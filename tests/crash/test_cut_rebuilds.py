"""A rebuild that was cut: nobody reads the half of it, and the next sync ends it."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from shop_world import FIRST, bump, pull, shop, write_configuration

from evidence import lookup, rebuilding, sync
from evidence.errors import StoreError
from evidence.export import ReportRequest, report
from evidence.model.git import Commit, GitAnswer
from evidence.seal import keys
from evidence.store import queries, rebuild
from evidence.store.session import open_store

pytestmark = pytest.mark.long

SMALL = FIRST + pull("gift") + bump("to-gift", "gift")


class CutError(Exception):
    """The process dies here."""


def die(*_, **__):
    raise CutError


def from_mirrors(loaded):
    """How many commits and answers of Git the store has; whether a rebuild is not at its end."""
    with closing(open_store(loaded.store_url)) as store:
        counts = (len(queries.load(store, Commit)), len(queries.load(store, GitAnswer)))
        return *counts, rebuild.is_cut(store)


@pytest.mark.parametrize("place", ["derive_afresh", "decide_and_store"])
def test_a_cut_rebuild_is_refused_to_readers_and_ended_by_a_sync(tmp_path, monkeypatch, place):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "data"))
    with shop(tmp_path, SMALL) as rehearsal:
        keys.init(rehearsal.keys, name="Example Shop")
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        sync.sync(loaded)
        whole = from_mirrors(loaded)
        with monkeypatch.context() as patched:
            patched.setattr(rebuilding, place, die)
            with pytest.raises(CutError):
                rebuilding.rebuild(loaded)
        assert from_mirrors(loaded)[2]
        request = ReportRequest(
            start="2026-07-06", end="2026-07-31", destination=tmp_path / "packet"
        )
        with pytest.raises(StoreError, match="rebuild of this store was cut"):
            report(loaded, request)
        configuration = write_configuration(rehearsal, tmp_path / "evidence.toml")
        with pytest.raises(StoreError, match="rebuild of this store was cut"):
            lookup.trace("shop:pr:2", config=configuration)
        sync.sync(loaded)
        assert from_mirrors(loaded) == whole
        assert lookup.trace("shop:pr:2", config=configuration)
    assert not (tmp_path / "packet").exists()
    assert whole[2] is False
