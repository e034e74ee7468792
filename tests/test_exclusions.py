"""R9: what the configuration leaves out with a reason is explained, and nothing else is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evidence.assembly.register import exclusions, registers
from evidence.config.settings import Settings
from evidence.config.yardstick import build_policy
from evidence.deciding.case import Case
from evidence.model.deployment import ApplicationState
from evidence.model.scope import ScopeEntry

sys.path.insert(0, str(Path(__file__).parent / "deciding"))

from steps_seen import sync

SEEN = ("acme/shop", "acme/legacy", "acme/unknown")


def left_out(kind, name):
    return {
        "kind": kind,
        "name": name,
        "owner": "Dora Example",
        "reason": "Retired",
        "date": "2026-07-01",
    }


REASON = "left out by Dora Example since 2026-07-01: Retired"


def line(number, name):
    inside = name == "acme/shop"
    return ScopeEntry(
        source="github",
        owner="acme",
        object_id=str(number),
        name=name,
        repository="shop" if inside else "",
        in_scope=inside,
        reason="configured" if inside else "not-configured",
    )


STATE = ApplicationState(
    source="argo",
    application_uid="u",
    application="argocd/old",
    destination="",
    project="",
    sync_status="",
    health="",
    health_since=0,
    revisions=(),
    sources=(),
    images=(),
    history_ids=(),
    auto_sync=None,
)


@pytest.fixture
def told(store):
    """What the register says of three listed repositories and one application, by exclusions."""
    sync(store, [*(line(*one) for one in enumerate(SEEN)), STATE], [], 1)

    def of(*exclusion):
        settings = Settings.model_validate(
            {
                "source": [{"id": "github", "kind": "github", "organisations": ["acme"]}],
                "repository": [{"id": "shop", "name": "acme/shop", "source": "github"}],
                "exclusion": list(exclusion),
            }
        )
        case = Case(store=store, policy=build_policy(settings), at=None, as_of=0)
        reasons = {one.id: one.reason for one in exclusions(case)}
        return reasons, {one.what: one for one in registers(case, settings)}

    return of


def test_what_nobody_explains_is_unexplained(told):
    reasons, counts = told()

    assert set(reasons) == {"acme/legacy", "acme/unknown", "argocd/old"}
    assert all("nobody said why" in one for one in reasons.values())
    assert [one.unexplained for one in counts.values()] == [2, 1]


def test_a_repository_that_is_left_out_with_a_reason_is_explained(told):
    reasons, counts = told(left_out("repository", "Acme/Legacy"))

    assert reasons["acme/legacy"] == REASON
    assert "nobody said why" in reasons["acme/unknown"]
    (owner,) = [one for what, one in counts.items() if "repositories" in what]
    assert owner.unexplained == 1
    assert dict(owner.numbers)["left out with owner, reason and date"] == 1


def test_an_application_that_is_left_out_with_a_reason_is_explained(told):
    reasons, counts = told(left_out("application", "argocd/old"))

    assert reasons["argocd/old"] == REASON
    (deployer,) = [one for what, one in counts.items() if "applications" in what]
    assert deployer.unexplained == 0


def test_what_no_source_lists_is_printed_with_its_reason_and_never_called_covered(told):
    reasons, counts = told(left_out("system", "flags.example"))

    assert reasons["flags.example"] == REASON
    (unseen,) = [one for what, one in counts.items() if "no source lists" in what]
    assert unseen.id == "R9"
    assert (
        unseen.note == "Nothing of it was collected, and no change in it is judged: flags.example"
    )


def test_a_like_name_of_another_kind_explains_nothing(told):
    reasons, counts = told(left_out("system", "acme/legacy"), left_out("application", "old"))

    (owner,) = [one for what, one in counts.items() if "repositories" in what]
    assert owner.unexplained == 2
    assert reasons["old"] == REASON
