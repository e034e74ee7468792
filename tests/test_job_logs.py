"""Logs of required checks from end to end: read once, replayed by a rebuild, printed in a dossier."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import CONFIGURATION, FIRST, pull, shop

from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.rebuilding import rebuild
from evidence.store import queries
from evidence.store.jobs import unread_jobs
from evidence.store.session import open_store
from evidence.sync import sync

READING = CONFIGURATION | {"source": [{"id": "github", "settings": False, "job_logs": True}]}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Two syncs of one pull request with two checks, of which one is required."""
    with shop(tmp_path_factory.mktemp("logs"), FIRST + pull("gift"), **READING) as rehearsal:
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        yield loaded, sync(loaded), sync(loaded)


def logs(outcome):
    return next(one for one in outcome.receipts if one.source == "github:logs")


def test_the_log_of_a_required_check_is_read_once(ran):
    _, first, second = ran
    assert (logs(first).versions_new, logs(first).calls) == (1, 2)
    assert (logs(second).objects_read, logs(second).calls) == (0, 0)
    assert first.complete


def test_its_digest_stands_beside_the_check(ran):
    loaded, _, _ = ran
    with closing(open_store(loaded.store_url)) as store:
        case = Case(store=store, policy=build_policy(loaded.settings), at=None, as_of=0)
        changes = [one for one in case.population.changes if one.number]
        (evidence,) = [chain.evidence for chain in case.chains(changes)]
        (log,) = evidence.logs
        (entry,) = queries.entries_in(store, [log.entry])
    required = {one.check_id for one in evidence.checks if one.name == "ci/test"}
    assert ({log.check_id}, log.soft_fail) == (required, False)
    assert log.digest.removeprefix("sha256:") in (entry.payload or b"").decode()
    assert {one.kind for one in evidence.checks} == {"check_run"}


def test_a_check_that_a_branch_requires_counts_as_required(ran):
    loaded, _, _ = ran
    with closing(open_store(loaded.store_url)) as store:
        found = unread_jobs(store, (), {"shop": {"scan/trivy", "ci/test"}}, 10**15)
        other = unread_jobs(store, (), {"deploy": {"scan/trivy"}}, 10**15)
        late = unread_jobs(store, ("scan/trivy",), {}, 1)
    assert ([one.name for one in found], other, late) == (["scan/trivy"], [], [])


def test_a_rebuild_replays_the_logs(ran):
    loaded, _, _ = ran
    assert "outcomes that differ: none" in rebuild(loaded)
