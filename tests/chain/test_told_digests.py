"""Records of a digest at a place: listed at the deployment that brought it, deciding nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evidence.in_scope import Witness
from evidence.model.change import Strength
from evidence.model.deployment import RECORD

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
MINUTE = 60_000_000
HOUR = 60 * MINUTE


@pytest.fixture
def shop(world: Any) -> Any:
    """An application that ran one digest, then another, then the first again, a day apart."""
    world.branch("main", world.app.chain("a", "b", "c"))
    witness = Witness(source="github:records", selector="production/eu-1/shop")
    world.application = replace(world.application, environment="production", witnesses=(witness,))
    for revision, digest in (("a", ONE), ("b", TWO), ("c", ONE)):
        world.deploy(revision, images=(f"registry.example/shop@{digest}",))
        world.now += 24 * HOUR
    return world


def tell(world: Any, digest: str = ONE, **fields: Any) -> Any:
    """The population with a record of a digest, written a minute after the first deployment."""
    written = world.deployments[0].started_at + MINUTE
    given = {
        "source": "github:records",
        "application": "production/eu-1/shop",
        "application_uid": f"880001@{digest.partition(':')[2]}",
        "started_at": written,
        "finished_at": written,
        "sources": (),
        "automated": None,
        "images": (f"@{digest}",),
        "origin": RECORD,
        "operation_id": "880001",
        "environment": "production",
        "entry_seq": 77,
        **fields,
    }
    return _with(world, given)


def _with(world: Any, given: dict[str, Any]) -> Any:
    world.deploy("a", **given)
    return world.build()


def witnessed(built: Any) -> list[int]:
    return [place for place, row in enumerate(built.deployments) if "witnessed" in row.flags]


def test_a_record_is_listed_at_the_deployment_that_brought_its_digest(shop: Any) -> None:
    built = tell(shop)
    assert witnessed(built) == [0]
    (link,) = [one for one in built.deployments[0].links if one.basis == "recorded_digest"]
    assert link.strength is Strength.STRONG
    assert link.entries == (77,)
    assert link.detail == (
        f"github:records tells of it: Succeeded, {ONE} at production/eu-1/shop (record 880001)"
    )
    assert built.deployments[0].told == (link.detail,)
    assert built.reconciliation.live_unexplained == ()


def test_one_that_was_written_again_belongs_to_the_last_deployment_that_brought_it(
    shop: Any,
) -> None:
    assert witnessed(tell(shop, finished_at=shop.now)) == [2]


def test_one_that_is_no_row_is_no_deployment_either(shop: Any) -> None:
    assert len(tell(shop).deployments) == 3


def test_a_digest_that_no_deployment_brought_is_unexplained(shop: Any) -> None:
    other = f"sha256:{'3' * 64}"
    built = tell(shop, other)
    assert witnessed(built) == []
    assert built.reconciliation.live_unexplained == (f"shop:{other} (told by github:records)",)


def test_one_that_was_written_long_before_the_deployment_is_unexplained(shop: Any) -> None:
    built = tell(shop, TWO)
    assert witnessed(built) == []
    assert len(built.reconciliation.live_unexplained) == 1


def test_an_attempt_that_failed_is_not_the_one_that_is_meant(shop: Any) -> None:
    first = replace(
        shop.deployments[0], phase="Failed", started_at=shop.deployments[0].started_at - 1
    )
    shop.deployments.insert(0, first)
    assert witnessed(tell(shop)) == [1]


def test_that_it_is_gone_later_goes_against_nothing(shop: Any) -> None:
    built = tell(shop, phase="Decommissioned", finished_at=shop.deployments[1].started_at)
    assert witnessed(built) == [0]
    assert built.reconciliation.live_unexplained == ()


def test_that_it_is_gone_while_it_is_deployed_on_is_flagged_and_decides_nothing(shop: Any) -> None:
    shop.deploy("b", images=(f"registry.example/shop@{ONE}",))
    ended = shop.deployments[2].finished_at + HOUR
    built = tell(shop, phase="Decommissioned", started_at=ended - HOUR, finished_at=ended)
    row = built.deployments[2]
    assert {"contradiction", "witnessed"} <= set(row.flags)
    assert row.problems == ()
    (said,) = built.reconciliation.live_unexplained
    assert said.endswith("it tells that it is gone, and it was deployed after that")


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("shop", ["it tells of staging, not of production"]),
        ("staging/shop", []),
    ],
)
def test_one_of_another_environment_contradicts_unless_its_whole_place_is_configured(
    shop: Any, selector: str, told: list[str]
) -> None:
    witness = Witness(source="github:records", selector=selector)
    shop.application = replace(shop.application, witnesses=(witness,))
    built = tell(shop, application="staging/shop", environment="staging")
    said = [one.partition("): ")[2] for one in built.reconciliation.live_unexplained]
    assert said == told
    assert built.deployments[0].problems == ()


def test_that_a_failed_deployment_is_told_as_done_is_flagged(shop: Any) -> None:
    shop.deployments[0] = replace(shop.deployments[0], phase="Failed")
    built = tell(shop)
    assert "contradiction" in built.deployments[0].flags
    assert built.reconciliation.live_unexplained[0].endswith("that ended as Failed")
