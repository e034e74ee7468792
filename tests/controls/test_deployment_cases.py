"""Cases of CM-01 and CM-14: deployments trace to changes, changes to deployments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import AS_OF, MINUTE, P0, Direct, Pull, minute

from evidence.controls.evaluate import evaluate_deployment
from evidence.in_scope import Application, ImageMap, Repository
from evidence.model.capture import Gap, GapReason
from evidence.model.change import Strength
from evidence.model.git import QuestionKind
from evidence.model.production import (
    DeploymentKind,
    ImageChange,
    ProductionDeployment,
    RevisionRange,
)
from evidence.policy import ControlScope

SPAN = RevisionRange(
    repository="app",
    path="",
    previous="aaaaaaaaaa",
    revision="bbbbbbbbbb",
    kind=DeploymentKind.FORWARD,
    commits=("b1", "b2"),
)

DEPLOYMENT = ProductionDeployment(
    deployment_id="argocd:uid:1",
    application="shop-prod",
    environment="production",
    kind=DeploymentKind.FORWARD,
    started_at=minute(60),
    finished_at=minute(61),
    phase="Succeeded",
    initiator=None,
    automated=True,
    ranges=(SPAN,),
    changes=("app:pr:7",),
    entries=(9, 3),
)

GAP = Gap(
    source="argocd",
    kind="argocd.application",
    key="uid",
    reason=GapReason.HISTORY_LOST,
    detail="Rows 4 to 6 were never seen.",
    window_from=minute(0),
    window_to=minute(120),
)


def traced(gaps: tuple[Gap, ...] = (), **more):
    found = evaluate_deployment(replace(DEPLOYMENT, **more), P0, AS_OF, gaps)
    return found[0]


def outcome(gaps: tuple[Gap, ...] = (), **more) -> tuple[str, str]:
    one = traced(gaps, **more)
    return one.outcome.value, one.reason


def test_a_deployment_whose_commits_map_to_changes_is_traced():
    one = traced()

    assert (one.outcome.value, one.reason) == ("pass", "traced")
    assert "app aaaaaaa..bbbbbbb brought 2 commits of app:pr:7" in one.sentence
    assert one.entries == (3, 9)


def test_h10_local_manifests_stand_in_no_commit():
    assert outcome(kind=DeploymentKind.NO_COMMIT, flags=("local_manifests",)) == (
        "fail",
        "no-commit",
    )


def test_h04_a_chart_of_another_version_leaves_open_which_commit_asked_for_it():
    chart = RevisionRange(
        repository="",
        path="redis",
        previous="1.2.3",
        revision="1.3.0",
        kind=DeploymentKind.FORWARD,
        basis="helm_version",
    )
    one = traced(ranges=(SPAN, chart), problems=("acquired_version_changed",))

    assert (one.outcome.value, one.reason) == ("unknown", "revision-unresolved")
    assert "redis went from 1.2.3 to 1.3.0" in one.sentence


def test_a_revision_outside_the_production_branches_is_flagged():
    assert traced(flags=("off_branch",)).flags == ("off-branch",)


@pytest.mark.parametrize("kind", [DeploymentKind.UNRESOLVED, DeploymentKind.NO_COMMIT])
def test_a_revision_that_is_no_commit_leaves_it_open(kind):
    assert outcome(kind=kind) == ("unknown", "revision-unresolved")


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("history_gap", "history-gap"),
        ("contradictory_revision", "contradiction"),
        ("unmapped_repository", "revision-unresolved"),
    ],
)
def test_a_problem_of_the_chain_leaves_it_open(problem, reason):
    assert outcome(problems=(problem,)) == ("unknown", reason)


def test_a_gap_around_it_leaves_it_open():
    assert outcome((GAP,)) == ("unknown", "history-gap")


@pytest.mark.parametrize(
    "other",
    [
        {"source": "other"},
        {"window_to": minute(50)},
        {"reason": GapReason.MALFORMED},
    ],
)
def test_a_gap_elsewhere_does_not(other):
    assert outcome((replace(GAP, **other),)) == ("pass", "traced")


def test_g10_a_shallow_history_of_its_repository_leaves_it_open():
    shallow = replace(GAP, source="git", kind="git.refs", repository="app", window_to=0)

    assert outcome((shallow,)) == ("unknown", "history-gap")


def test_nothing_computed_leaves_it_open():
    assert outcome(ranges=()) == ("unknown", "range-unknown")


@pytest.mark.parametrize(
    "other", [{"strength": Strength.CANDIDATE}, {"kind": DeploymentKind.UNRESOLVED}]
)
def test_a_range_that_is_not_resolved_leaves_it_open(other):
    assert outcome(ranges=(replace(SPAN, **other),)) == ("unknown", "revision-unresolved")


def test_a_commit_that_maps_to_no_change_leaves_it_open():
    assert outcome(unmapped=("app:b2",)) == ("unknown", "commit-unmapped")


IMAGE = ImageChange(
    image="registry.test/shop",
    file="kustomization.yaml",
    field="images[0].newTag",
    old="1.3",
    new="1.4",
    repository="app",
)


def test_an_image_that_is_not_tied_to_its_source_leaves_it_open():
    assert outcome(images=(replace(IMAGE, problem="no_such_tag"),)) == (
        "unknown",
        "image-unresolved",
    )
    assert outcome(images=(replace(IMAGE, problem="unmapped", repository=""),)) == (
        "unknown",
        "image-unresolved",
    )


def test_an_image_that_is_not_tied_to_its_source_is_not_called_a_revision():
    lost = replace(IMAGE, problem="no_such_tag")

    one = traced(images=(lost,), problems=("image_no_such_tag",))

    assert (one.outcome.value, one.reason) == ("unknown", "image-unresolved")
    assert "image registry.test/shop at 1.4 (no such tag)" in one.sentence
    assert outcome(problems=("previous_image_unresolved",)) == ("unknown", "image-unresolved")


def test_a_third_party_image_is_acquired_and_flagged():
    one = traced(images=(replace(IMAGE, problem="third_party", repository=""),))

    assert (one.outcome.value, one.flags) == ("pass", ("third-party-image",))


def test_a_resolved_image_and_one_that_went_away_change_nothing():
    images = (IMAGE, replace(IMAGE, new="", problem="no_such_tag"))

    assert outcome(images=images) == ("pass", "traced")


def test_h16_a_redeploy_brings_nothing_new():
    span = replace(SPAN, kind=DeploymentKind.REDEPLOY, commits=())

    assert outcome(kind=DeploymentKind.REDEPLOY, ranges=(span,), changes=()) == (
        "pass",
        "redeployed",
    )


def test_h18_f09_a_rollback_passes_with_a_flag():
    span = replace(SPAN, kind=DeploymentKind.ROLLBACK, commits=(), removed=("b2",))
    one = traced(kind=DeploymentKind.ROLLBACK, ranges=(span,))

    assert (one.outcome.value, one.flags) == ("pass", ("rolled-back",))


def test_h19_the_first_deployment_without_a_baseline_is_not_tested():
    span = replace(SPAN, kind=DeploymentKind.FIRST, previous="", commits=())

    assert outcome(kind=DeploymentKind.FIRST, ranges=(span,), flags=("baseline",)) == (
        "not_applicable",
        "baseline",
    )


def test_a_first_deployment_with_a_baseline_is_tested():
    assert outcome(kind=DeploymentKind.FIRST) == ("pass", "traced")


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"kind": DeploymentKind.DIVERGED}, "diverged"),
        ({"kind": DeploymentKind.FAILED}, "failed-operation"),
        ({"flags": ("selective",)}, "selective"),
        ({"flags": ("self_heal",)}, "self-heal"),
        ({"ranges": (replace(SPAN, strength=Strength.INFERRED),)}, "inferred"),
    ],
)
def test_what_is_unusual_about_a_traced_deployment_is_flagged(more, flag):
    assert traced(**more).flags == (flag,)


def test_a_control_out_of_scope_is_not_tested():
    out = ("CM-01", "CM-11")
    policy = replace(P0, controls=tuple(ControlScope(id=one, in_scope=False) for one in out))

    assert evaluate_deployment(DEPLOYMENT, policy, AS_OF) == ()


# --- CM-14


def waiting() -> Pull:
    pull = Pull()
    pull.deployments = []
    return pull


def test_a_deployed_change_is_accounted_for():
    one = Pull().determinations()["CM-14"]

    assert (one.outcome.value, one.reason) == ("pass", "deployed")
    assert one.entries == (20,)


def test_a_change_whose_first_deployment_is_only_known_by_its_time_is_accounted_for():
    pull = waiting()
    pull.changes = {"first_deployed_at": minute(60)}

    assert pull.outcome("CM-14") == ("pass", "deployed")


def test_a_deployment_after_the_time_of_evaluation_is_still_pending():
    one = Pull().determinations(as_of=minute(45))["CM-14"]

    assert (one.outcome.value, one.reason) == ("pass", "pending")


def test_h21_a_change_reverted_before_any_deployment_is_superseded():
    pull = waiting()
    pull.changes = {"flags": ("superseded",)}

    assert pull.outcome("CM-14") == ("pass", "superseded")


def test_a_change_that_waits_longer_than_the_limit_is_an_orphan():
    limited = replace(P0, pending_limit=24 * 60 * MINUTE)

    assert waiting().outcome("CM-14", limited) == ("fail", "orphan")
    assert waiting().outcome("CM-14") == ("pass", "pending")


def test_a_direct_commit_whose_arrival_was_not_observed_has_an_unknown_wait():
    limited = replace(P0, pending_limit=MINUTE)

    assert Direct().outcome("CM-14", limited) == ("unknown", "merge-time-unknown")


def test_a_change_of_non_deployable_files_needs_no_deployment():
    policy = replace(P0, non_deployable_paths=("docs/**", "*.md"))

    docs = waiting().merge_equal(paths=("docs/a/b.txt", "README.md"))
    assert docs.outcome("CM-14", policy) == ("not_applicable", "non-deployable")
    assert waiting().outcome("CM-14", policy) == ("pass", "pending")
    unread = waiting()
    unread.answers = {q: a for q, a in unread.answers.items() if q.kind == QuestionKind.TREE}
    assert unread.outcome("CM-14", policy) == ("unknown", "paths-not-read")


def test_a_merge_into_another_branch_is_not_deployed():
    pull = waiting()
    pull.record = {"base_ref": "develop"}

    assert pull.outcome("CM-14") == ("not_applicable", "other-branch")


def test_a_merged_change_that_the_branch_does_not_hold_is_open():
    pull = waiting()
    pull.changes = {"commits": ()}

    assert pull.outcome("CM-14") == ("unknown", "not-landed")


def test_a_repository_that_no_application_deploys_is_open():
    nothing = replace(P0, applications=())
    staging = replace(P0, applications=(Application(id="s", repository="app", production=False),))

    assert waiting().outcome("CM-14", nothing) == ("unknown", "no-application")
    assert waiting().outcome("CM-14", staging) == ("unknown", "no-application")
    assert waiting().outcome("CM-14", replace(P0, repositories=())) == (
        "unknown",
        "no-application",
    )


@pytest.mark.parametrize("target", ["app", "acme/shop", "acme/{name}"])
def test_a_repository_may_reach_an_application_by_an_image(target):
    policy = replace(
        P0,
        applications=(Application(id="shop-prod", repository="config"),),
        image_maps=(ImageMap(image="registry.test/{name}", repository=target),),
    )

    assert waiting().outcome("CM-14", policy) == ("pass", "pending")


def test_a_nameless_repository_is_reached_by_no_pattern():
    policy = replace(
        P0,
        repositories=(Repository(id="app"),),
        applications=(Application(id="shop-prod", repository="config"),),
        image_maps=(ImageMap(image="registry.test/{name}", repository="acme/{name}"),),
    )

    assert waiting().outcome("CM-14", policy) == ("unknown", "no-application")


def test_deployments_that_were_lost_leave_it_open():
    pull = waiting()
    pull.evidence = {"gaps": (GAP,)}

    assert pull.outcome("CM-14") == ("unknown", "deployments-incomplete")
    pull.evidence = {"gaps": (replace(GAP, window_to=minute(10)),)}
    assert pull.outcome("CM-14") == ("pass", "pending")
    pull.evidence = {"gaps": (replace(GAP, kind="github.pull_request"),)}
    assert pull.outcome("CM-14") == ("pass", "pending")


def test_a_pull_request_that_was_not_collected_is_judged_by_its_deployments():
    pull = Pull()
    pull.evidence = {"pull_request": None, "pull_request_versions": ()}

    assert pull.outcome("CM-14") == ("pass", "deployed")


def test_an_image_that_the_definition_of_the_application_sets_is_traced_by_its_parent_alone():
    above = replace(SPAN, basis="parent_application", through="application:root")

    assert outcome(flags=("inline_image",)) == ("unknown", "definition-not-traced")
    assert outcome(flags=("inline_image",), ranges=(SPAN, above)) == ("pass", "traced")
    assert "inline-image" in traced(flags=("inline_image",), ranges=(SPAN, above)).flags


def test_a_tag_that_moved_afterwards_is_flagged():
    one = traced(flags=("tag_moved",))

    assert (one.reason, "tag-moved" in one.flags) == ("traced", True)
