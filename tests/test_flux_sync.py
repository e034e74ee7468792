"""Flux through the whole program: collected look by look, replayed, examined."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import shop

from evidence.doctor import examine
from evidence.model.capture import GapReason
from evidence.model.deployment import ApplicationState, Deployment
from evidence.rebuilding import rebuild
from evidence.status import status
from evidence.store import queries
from evidence.store.session import open_store

APPLICATION = """
[[application]]
key = "flux-shop"
deployer = "flux"
namespace = "flux-system"
sources = [{ repository = "deploy", path = "apps/shop-prod" }]
"""


def push(number: int, content: str) -> str:
    """A direct push on day `number` that Flux applies half an hour later."""
    return (
        f'[[push]]\nkey = "p{number}"\nrepository = "deploy"\nby = "ada"\nat = "+{number}d"\n'
        f'files = {{ "apps/shop-prod/extra.yaml" = "{content}" }}\n'
        f'[[deploy]]\napp = "flux-shop"\nrevision = "p{number}"\nat = "+{number}d30m"\n'
    )


STORY = APPLICATION + push(1, "a") + push(2, "b") + push(3, "a")
"""The third one renders like the first: Flux keeps two rows."""


def deployments(loaded) -> list[tuple[str, int]]:
    """(revision, start) of everything that Flux was seen to apply."""
    with closing(open_store(loaded.store_url)) as store:
        found = queries.load_versions(store, Deployment, source="flux")
    return sorted({(one.sources[0].revision, one.started_at) for one in found})


def applied(rehearsal) -> list[tuple[str, int]]:
    """The same as it happened, in order. Flux tells when it was done; of what took over an older
    row, only that it was after its source had the revision."""
    operations = rehearsal.simulation.history.applications["flux-shop"].operations
    found = [(one.revisions[0], one.finished_at) for one in operations]
    log = rehearsal.simulation.history.repositories["deploy"].ref_log
    pushed = next(at for at, _, sha in log if sha == found[2][0])
    return [*found[:2], (found[2][0], pushed)]


def at_the_end(rehearsal):
    return rehearsal.loaded(rehearsal.simulation.end())


@pytest.mark.long
def test_daily_looks_find_each_application_once_also_where_rows_are_shared(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        for when in ("+1d12h", "+2d12h", "+3d12h", "+3d18h"):
            assert rehearsal.sync_at(when).complete
        assert deployments(at_the_end(rehearsal)) == sorted(applied(rehearsal))


def test_one_late_look_finds_what_the_rows_still_tell(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        assert rehearsal.sync_at(rehearsal.simulation.history.ends_at).complete
        assert deployments(at_the_end(rehearsal)) == sorted(applied(rehearsal)[1:])


def test_a_second_look_at_the_same_state_adds_no_version(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        ends = rehearsal.simulation.history.ends_at
        rehearsal.sync_at(ends, ("flux",))
        again = rehearsal.sync_at(ends + 3_600_000_000, ("flux",))
        assert [(one.versions_new, one.objects_unchanged) for one in again.receipts] == [(0, 5)]


@pytest.mark.long
def test_replaying_the_captures_gives_the_same_deployments(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        for when in ("+1d12h", "+2d12h", "+3d12h"):
            rehearsal.sync_at(when)
        before = deployments(at_the_end(rehearsal))
        rebuild(at_the_end(rehearsal))
        assert deployments(at_the_end(rehearsal)) == before


def test_a_suspended_application_is_seen_as_such(tmp_path):
    suspended = APPLICATION.replace('key = "flux-shop"', 'key = "flux-shop"\nsuspended = true')
    with shop(tmp_path, suspended + push(1, "a")) as rehearsal:
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        with closing(open_store(at_the_end(rehearsal).store_url)) as store:
            (state,) = queries.load(store, ApplicationState, source="flux")
    assert (state.sync_status, state.auto_sync) == ("Suspended", False)


def test_sources_that_may_not_be_listed_are_an_open_gap_and_an_error_of_doctor(tmp_path):
    denied = '[access]\nflux_forbidden = ["gitrepositories"]\n'
    with shop(tmp_path, denied + STORY) as rehearsal:
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        loaded = at_the_end(rehearsal)
        with closing(open_store(loaded.store_url)) as store:
            reasons = [row.gap.reason for row in queries.gaps(store) if row.gap.source == "flux"]
        findings = [one for one in examine(loaded) if one.check == "source flux"]
    assert reasons == [GapReason.FORBIDDEN]
    assert [(one.state, one.detail.split()[0]) for one in findings] == [
        ("error", "gitrepositories.source.toolkit.fluxcd.io"),
        ("ok", "ocirepositories.source.toolkit.fluxcd.io"),
        ("ok", "kustomizations.kustomize.toolkit.fluxcd.io"),
    ]


def test_status_says_by_when_to_look_again(tmp_path):
    with shop(tmp_path, STORY) as rehearsal:
        rehearsal.sync_at(rehearsal.simulation.history.ends_at)
        found = {one.source: one for one in status(at_the_end(rehearsal)).sources}
    assert found["flux"].safe_until == found["argocd"].safe_until
