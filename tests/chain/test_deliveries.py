"""Rollouts and canaries joined to operations: which one, how it ended, and what it settles."""

from __future__ import annotations

import pytest

from evidence.chain.deliveries import delivery_links
from evidence.chain.deployments import unite
from evidence.model.change import Strength
from evidence.model.deployment import DeployedSource, Deployment
from evidence.model.rollout import RolloutStep, Verdict

HOUR = 3_600_000_000


def operation(hour, revision="a", source="cd", application="argocd/shop", **fields):
    deployed = DeployedSource(
        repo_url="https://git.test/c.git", path="", target_revision="main", revision=revision
    )
    return Deployment(
        source=source,
        application_uid=f"uid-{application}",
        application=application,
        started_at=hour * HOUR,
        finished_at=hour * HOUR + 1,
        phase="Succeeded",
        sources=(deployed,),
        initiator=None,
        automated=True,
        **fields,
    )


def look(hour, revision="new", verdict=Verdict.PAUSED, **fields):
    return RolloutStep(
        source="ro",
        tool="argo-rollouts",
        uid="uid-web",
        name="shop/web",
        revision=revision,
        stable=fields.pop("stable", "old"),
        verdict=verdict,
        phase="",
        application=fields.pop("application", "shop"),
        observed_at=hour * HOUR,
        entry_seq=hour,
        **fields,
    )


def joined(operations, looks):
    return {
        one.deployment.started_at // HOUR: [each.verdict for each in one.deliveries]
        for one in unite(operations, looks)
    }


def test_a_delivery_belongs_to_the_last_operation_begun_before_it_ended():
    looks = [look(9, verdict=Verdict.ABORTED, aborted_at=5 * HOUR + 9, weight=20)]
    assert joined([operation(1), operation(5, "b"), operation(8, "c")], looks) == {
        1: [],
        5: [Verdict.ABORTED],
        8: [],
    }


def test_without_a_time_of_its_own_the_look_decides():
    assert joined([operation(1), operation(5, "b")], [look(3)]) == {1: [Verdict.PAUSED], 5: []}


def test_a_stopped_delivery_settles_nothing_and_stays_for_syncs_of_the_same_revision():
    looks = [look(6, verdict=Verdict.ABORTED, aborted_at=5 * HOUR + 9)]
    one, two, three = unite([operation(5), operation(7), operation(9, "b")], looks)
    assert [each.settles for each in (one, two, three)] == [False, False, True]
    assert [each.stopped for each in (one, two, three)] == [True, True, False]


def test_the_last_look_speaks_and_the_highest_weight_is_kept():
    looks = [
        look(5, weight=20),
        look(6, weight=60),
        look(7, verdict=Verdict.ABORTED, weight=0, message="analysis failed"),
    ]
    (only,) = unite([operation(4)], looks)
    (delivery,) = only.deliveries
    assert (delivery.verdict, delivery.weight, delivery.entries) == (Verdict.ABORTED, 60, (5, 6, 7))
    (link,) = delivery_links(only)
    assert link.detail == "argo-rollouts shop/web aborted at 60 %: analysis failed"
    assert only.all_entries == (5, 6, 7)


def test_a_delivery_that_a_later_one_names_as_stable_was_promoted():
    looks = [look(5), look(9, "newer", stable="new")]
    found = unite([operation(4), operation(8, "b")], looks)
    assert [[each.verdict for each in one.deliveries] for one in found] == [
        [Verdict.PROMOTED],
        [Verdict.PAUSED],
    ]
    assert [one.settles for one in found] == [True, False]


def test_what_was_stopped_and_goes_on_is_tried_again():
    looks = [
        look(6, verdict=Verdict.ABORTED, aborted_at=5 * HOUR + 9, weight=20),
        look(8, verdict=Verdict.PROMOTED, ended_at=7 * HOUR + 9),
    ]
    one, two = unite([operation(5), operation(7)], looks)
    assert [each.verdict for each in one.deliveries] == [Verdict.ABORTED]
    assert [each.verdict for each in two.deliveries] == [Verdict.PROMOTED]
    assert (one.settles, two.settles) == (False, True)


@pytest.mark.parametrize("application", ["", "elsewhere", "default/shop"])
def test_a_delivery_of_no_known_application_is_joined_to_nothing(application):
    assert joined([operation(1)], [look(3, application=application)]) == {1: []}


def test_a_name_that_two_deployers_have_is_no_match():
    two = [operation(1), operation(2, source="other", application="prod/shop")]
    assert joined(two, [look(3)]) == {1: [], 2: []}
    assert joined(two, [look(3, application="prod/shop")]) == {1: [], 2: [Verdict.PAUSED]}


def test_an_image_that_both_name_makes_the_join_strong():
    image = "registry.test/web:2"
    (with_image,) = unite([operation(1, images=(image,))], [look(3, images=(image,))])
    (without,) = unite([operation(1)], [look(3, images=(image,))])
    assert with_image.deliveries[0].strength is Strength.STRONG
    assert without.deliveries[0].strength is Strength.INFERRED


def test_a_dry_run_and_a_self_heal_carry_nothing_out():
    heal = operation(2, self_heal=True, selective=True)
    assert joined([operation(1), heal, operation(3, dry_run=True)], [look(4)]) == {
        1: [Verdict.PAUSED],
        2: [],
        3: [],
    }


def test_two_operations_that_a_pipeline_tells_of_one_moment_contradict_each_other():
    one, two = operation(5, operation_id="17"), operation(5, operation_id="18")
    assert [each.contradictions for each in unite([one, two])] == [("identity",)]
    assert [each.contradictions for each in unite([one, operation(5)])] == [()]
