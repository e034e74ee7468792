"""Digests that were seen for tags, and from which deployments on images ran, on both databases."""

from __future__ import annotations

from evidence.store import ids, sights, writer


def met(store, *rows):
    writer.write_derived(store, index=rows, ledger_size=0)


def test_digests_are_found_by_tag_as_they_were_seen(store):
    met(
        store,
        sights.sight_row(sights.LISTED, ("shop", "v1", "sha256:a")),
        sights.sight_row(sights.PINNED, ("shop", "v1", "sha256:b")),
        sights.sight_row(sights.LISTED, ("shop", "v2", "sha256:c")),
    )
    assert sights.digests_of(store, sights.LISTED, "shop", "v1") == {"sha256:a"}
    assert sights.digests_of(store, sights.PINNED, "shop", "v1") == {"sha256:b"}


def test_what_no_decision_met_is_told(store):
    known, other = ("shop", "v1", "sha256:a"), ("shop", "v1", "sha256:b")
    met(store, sights.sight_row(sights.LISTED, known))
    assert sights.unknown(store, sights.LISTED, [known, other]) == {other}
    assert sights.unknown(store, sights.PINNED, [known]) == {known}


def test_deployments_are_found_by_what_ran_from_them_on(store):
    met(store, sights.ran_row("shop:v1", "argo:uid:5"), sights.ran_row("sha256:a", "argo:uid:7"))
    assert sights.ran_first(store, ["shop:v1", "sha256:b"]) == {"argo:uid:5"}


def test_changes_are_found_by_the_deployments_that_carried_them(store):
    row = writer.IndexRow(
        term="argo:uid:5", kind="deployment", repository="shop", change_id="shop:pr:1"
    )
    met(store, row)
    assert ids.carried_by(store, ["argo:uid:5", "argo:uid:6"]) == {"shop:pr:1"}
