"""Cases of CM-11: what ran is what was approved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chain_builder import AS_OF, P0, Direct, Pull, minute

from evidence.controls.attributes import cm_11
from evidence.controls.landed import Brought, Landed, Landing, landed_of
from evidence.model.change import PROMOTION, Strength
from evidence.model.check import CheckRun
from evidence.model.git import QuestionKind
from evidence.model.production import (
    DeploymentKind,
    ImageChange,
    ProductionDeployment,
    RevisionRange,
    RunningImage,
    Standing,
)

SPAN = RevisionRange(
    repository="config",
    path="apps/shop",
    previous="a" * 40,
    revision="b" * 40,
    kind=DeploymentKind.FORWARD,
    commits=("b" * 40,),
    standing=Standing.RESULT,
    landed_by="config:pr:3",
)
IMAGE = RunningImage(
    image="ghcr.io/acme/shop",
    reference="1.4@sha256:00",
    repository="app",
    commit="c" * 40,
    basis="tag_is_git_tag",
    strength=Strength.STRONG,
    standing=Standing.RESULT,
    landed_by="app:pr:7",
    digests=("sha256:00",),
    build="build",
)
BUILD = CheckRun(
    repository="app",
    sha="c" * 40,
    kind="check_run",
    check_id="1",
    name="build",
    app="github-actions",
    app_id="1",
    status="COMPLETED",
    conclusion="SUCCESS",
    started_at=minute(20),
    completed_at=minute(25),
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
    running=(IMAGE,),
    changes=("config:pr:3", "app:pr:7"),
    entries=(9,),
)
REVIEWED = Landed(landing=Landing.REVIEWED, merged_at=minute(30), entries=(5,))
LANDED = {"config:pr:3": REVIEWED, "app:pr:7": REVIEWED}


def judged(policy=P0, landed=None, checks=(BUILD,), image=None, span=None, **more):
    row = replace(DEPLOYMENT, **more)
    if image is not None:
        row = replace(row, running=(replace(IMAGE, **image),))
    if span is not None:
        row = replace(row, ranges=(replace(SPAN, **span),))
    brought = Brought(landed={**LANDED, **(landed or {})}, checks={("app", "c" * 40): checks})
    return cm_11.determine(row, policy, AS_OF, (), brought)


def outcome(**more):
    found = judged(**more)
    return found.outcome, found.reason


def test_one_digest_and_a_build_of_the_merged_commit_are_strong():
    found = judged()

    assert (found.outcome, found.reason) == ("pass", "origin-strong")
    assert found.entries == (5, 9)


def test_verified_provenance_is_proof_and_needs_no_build():
    verified = {"provenance": "verified", "digests": (), "build": ""}

    assert outcome(image=verified, checks=()) == ("pass", "origin-proved")
    assert outcome(policy=replace(P0, origin_level="proved"), image=verified) == (
        "pass",
        "origin-proved",
    )


def test_a_policy_that_asks_for_proof_does_not_take_a_strong_link():
    assert outcome(policy=replace(P0, origin_level="proved")) == ("unknown", "origin-not-proved")


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ({"digests": ()}, "digest-unknown"),
        ({"digests": ("sha256:00", "sha256:01")}, "several-digests"),
        ({"build": ""}, "build-not-declared"),
        ({"build": "other"}, "build-not-shown"),
        ({"build_app": "another-app"}, "build-not-shown"),
        ({"commit": "", "problem": "no_such_tag"}, "image-unresolved"),
        ({"strength": Strength.CANDIDATE}, "image-unresolved"),
        ({"basis": "bump_message"}, "origin-told"),
        ({"basis": "config_pull_request"}, "origin-told"),
        ({"standing": Standing.UNSEEN}, "branch-not-read"),
        ({"standing": None}, "branch-not-read"),
        ({"landed_by": "app:pr:8"}, "not-collected"),
    ],
)
def test_what_does_not_tie_an_image_to_its_commit_leaves_it_open(image, reason):
    assert outcome(image=image) == ("unknown", reason)


@pytest.mark.parametrize(
    "build",
    [
        {"conclusion": "FAILURE"},
        {"conclusion": "", "completed_at": 0},
        {"completed_at": minute(90)},
        {"kind": "status", "app": ""},
    ],
)
def test_a_build_counts_only_as_a_success_of_the_named_app_before_the_deployment(build):
    runs = (replace(BUILD, **build),)

    assert outcome(image={"build_app": "github-actions"}, checks=runs) == (
        "unknown",
        "build-not-shown",
    )


def test_a_success_before_a_failed_repetition_still_made_the_image():
    again = replace(BUILD, check_id="2", conclusion="FAILURE", completed_at=minute(40))

    assert outcome(checks=(BUILD, again)) == ("pass", "origin-strong")


@pytest.mark.parametrize("standing", [Standing.PART, Standing.OUTSIDE])
@pytest.mark.parametrize("what", ["image", "span"])
def test_a_part_of_a_change_or_another_branch_is_a_deviation(what, standing):
    reasons = {Standing.PART: "part-of-change", Standing.OUTSIDE: "revision-off-branch"}

    assert outcome(**{what: {"standing": standing}}) == ("fail", reasons[standing])


def test_a_deviation_is_not_softened_by_what_is_open():
    found = judged(span={"standing": Standing.OUTSIDE}, image={"digests": ()})

    assert (found.outcome, found.reason) == ("fail", "revision-off-branch")


def test_provenance_that_contradicts_is_a_deviation():
    image = {"provenance": "contradicts", "told": "it was built by somebody else"}
    found = judged(image=image)

    assert (found.outcome, found.reason) == ("fail", "provenance-contradicts")
    assert "built by somebody else" in found.sentence


def test_claimed_provenance_is_shown_and_decides_nothing():
    found = judged(image={"provenance": "claimed"})

    assert (found.outcome, found.flags) == ("pass", ("provenance-claimed",))


def test_what_was_merged_after_it_was_deployed_was_not_approved_then():
    late = replace(REVIEWED, merged_at=minute(120))

    assert outcome(landed={"app:pr:7": late}) == ("fail", "deployed-before-merge")
    assert outcome(landed={"app:pr:7": replace(REVIEWED, merged_at=minute(61))})[0] == "pass"


@pytest.mark.parametrize(
    ("landing", "reason", "wanted"),
    [
        (Landing.FAILED, "content-added-at-merge", "fail"),
        (Landing.FAILED, "no-pull-request", "fail"),
        (Landing.OPEN, "merge-not-reproducible", "unknown"),
        (Landing.OPEN, "merge-content-not-read", "unknown"),
    ],
)
@pytest.mark.parametrize("tip", ["config:pr:3", "app:pr:7"])
def test_the_change_behind_each_revision_and_image_counts(landing, reason, wanted, tip):
    bad = Landed(landing=landing, reason=reason, words="so it was")

    assert outcome(landed={tip: bad}) == (wanted, reason)


BAD = Landed(landing=Landing.FAILED, reason="no-pull-request", words="so it was")


def test_a_change_below_the_tip_is_judged_by_itself():
    changes = ("config:pr:3", "app:pr:6", "app:pr:7")

    assert outcome(changes=changes, landed={"app:pr:6": BAD})[0] == "pass"


def test_of_a_revision_that_concerns_others_the_last_own_change_counts():
    elsewhere = {"landed_by": "config:commit:e", "last_by": "config:pr:3"}

    assert outcome(span=elsewhere, landed={"config:commit:e": BAD})[0] == "pass"
    assert outcome(span=elsewhere, landed={"config:pr:3": BAD}) == ("fail", "no-pull-request")
    outside = {**elsewhere, "standing": Standing.OUTSIDE}
    assert outcome(span=outside) == ("fail", "revision-off-branch")


OTHER = replace(IMAGE, image="ghcr.io/acme/worker", landed_by="app:commit:d")
MOVED = ImageChange(image=IMAGE.image, file="k.yaml", field="image", old="1.3", new=IMAGE.reference)


def test_images_that_it_did_not_set_were_judged_when_they_were_set():
    landed = {"app:commit:d": BAD}

    assert outcome(running=(IMAGE, OTHER), images=(MOVED,), landed=landed)[0] == "pass"


@pytest.mark.parametrize(
    "more",
    [{}, {"images": (MOVED,), "problems": ("previous_image_unresolved",)}],
)
def test_where_it_moved_nothing_or_that_is_unknown_all_that_runs_counts(more):
    landed = {"app:commit:d": BAD}

    assert outcome(running=(IMAGE, OTHER), landed=landed, **more) == ("fail", "no-pull-request")


@pytest.mark.parametrize("landing", [Landing.STANDARD, Landing.PROMOTION])
def test_a_bump_under_a_rule_needs_no_merge(landing):
    assert outcome(landed={"config:pr:3": Landed(landing=landing)})[0] == "pass"


def test_local_manifests_are_a_deviation_whatever_revision_is_shown():
    assert outcome(flags=("local_manifests",)) == ("fail", "no-commit")


def test_a_revision_that_was_not_found_leaves_it_open():
    span = {"kind": DeploymentKind.UNRESOLVED, "standing": None, "strength": Strength.CANDIDATE}

    assert outcome(span=span) == ("unknown", "revision-unresolved")


def test_a_chart_is_known_by_its_digest_alone():
    chart = RevisionRange(
        repository="", path="proxy", previous="1.0", revision="1.1", kind=DeploymentKind.FORWARD
    )
    ranges = (SPAN, chart)

    assert outcome(ranges=ranges, flags=("acquired",)) == ("unknown", "acquired-not-pinned")
    assert outcome(ranges=ranges, flags=("acquired", "acquired_pinned"))[0] == "pass"


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("contradictory_revision", "contradiction"),
        ("configuration_remote_base", "image-unresolved"),
    ],
)
def test_what_was_read_twice_differently_or_not_whole_is_open(problem, reason):
    assert outcome(problems=(problem,)) == ("unknown", reason)


def test_what_was_there_when_observation_began_is_not_tested():
    before = Landed(landing=Landing.BASELINE)
    landed = {"config:pr:3": before, "app:pr:7": before}

    assert outcome(landed=landed, changes=()) == ("not_applicable", "baseline")
    assert outcome(
        kind=DeploymentKind.FIRST, changes=(), span={"commits": ()}, image={"digests": ()}
    ) == ("not_applicable", "baseline")


def test_without_anything_read_beside_it_nothing_passes():
    assert cm_11.determine(DEPLOYMENT, P0, AS_OF).outcome == "unknown"


# --- how a change landed


def test_a_pull_request_whose_merge_adds_nothing_is_reviewed():
    chain = Pull().push("h1").merge_equal().chain()

    assert landed_of(chain, P0, AS_OF).landing is Landing.REVIEWED


def test_content_added_while_merging_fails():
    pull = Pull().push("h1")
    pull.answer(
        QuestionKind.MERGE_TREE,
        "b0",
        "h1",
        value={"trees": ["t1"], "conflicted": [], "both_changed": []},
    )
    pull.answer(QuestionKind.TREE, "m1", value="t2")
    pull.answer(
        QuestionKind.RANGE_DIFF, "t1", "t2", value={"digest": "d", "paths": ["src/added.py"]}
    )

    found = landed_of(pull.chain(), P0, AS_OF)

    assert (found.landing, found.reason) == (Landing.FAILED, "content-added-at-merge")


def test_a_merge_that_was_not_compared_is_open():
    found = landed_of(Pull().push("h1").chain(), P0, AS_OF)

    assert (found.landing, found.reason) == (Landing.OPEN, "merge-content-not-read")


def test_a_direct_commit_fails_unless_it_only_moves_images():
    chain = Direct().chain()
    change = replace(chain.change, change_type=PROMOTION)
    moved = replace(chain, evidence=replace(chain.evidence, change=change))

    assert landed_of(chain, P0, AS_OF).reason == "no-pull-request"
    assert landed_of(moved, P0, AS_OF).landing is Landing.PROMOTION


def test_what_the_first_deployment_held_is_the_baseline():
    chain = Direct().chain()
    change = replace(chain.change, flags=("baseline",), deployments=())
    old = replace(chain, evidence=replace(chain.evidence, change=change))

    assert landed_of(old, P0, AS_OF).landing is Landing.BASELINE
