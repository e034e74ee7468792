"""An Application as deployments and present state."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.argocd import lost_between
from evidence.collectors.argocd.history import named
from evidence.model.actor import ActorType
from evidence.model.capture import Capture, Form, GapReason
from evidence.model.deployment import UNREAD_INLINE, ApplicationState, Deployment


def micros(text):
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def parse_payload(make, payload, kind="argocd.application"):
    return make().parse(
        Capture(
            source="cd",
            kind=kind,
            key="k",
            series="s",
            observed_at=1,
            form=Form.SLICE,
            payload=payload if isinstance(payload, bytes) else json.dumps(payload).encode(),
            collector="argocd",
            collector_version="1",
            context={"system": "cd.test"},
        )
    )


@pytest.fixture
def parse(make, build):
    """Parses one Application with the given status fields: deployments, state and gaps."""

    def parser(**status):
        parsed = parse_payload(make, build.application(**status))
        deployments = [fact for fact in parsed.facts if isinstance(fact, Deployment)]
        state = next(fact for fact in parsed.facts if isinstance(fact, ApplicationState))
        return deployments, state, parsed.gaps

    return parser


def test_each_history_row_is_a_deployment_that_succeeded(parse, build):
    deployments, _state, gaps = parse(operationState=None)
    assert [each.history_id for each in deployments] == [10, 11, 12]
    first = deployments[0]
    assert (first.application_uid, first.application) == ("uid-shop-prod", "argocd/shop-prod")
    assert (first.phase, first.origin) == ("Succeeded", "history")
    assert first.started_at == micros(build.stamp(10))
    assert first.finished_at == micros(build.stamp(11))
    assert first.sources[0].revision == f"{10:040x}"
    assert first.sources[0].repo_url == "https://github.test/acme/config.git"
    assert gaps == ()


def test_a_row_and_the_operation_with_one_start_are_one_deployment(parse):
    deployments, _state, _gaps = parse()
    last = deployments[-1]
    assert len(deployments) == 3
    assert (last.history_id, last.phase, last.message) == (12, "Succeeded", "done")
    assert last.origin == "history,operation_state"
    assert last.images == ("registry.test/shop:1",)
    assert last.resources == ()


def test_a_failed_operation_never_enters_the_history_and_is_still_told(parse, build):
    deployments, _state, _gaps = parse(operationState=build.operation(20, "Failed"))
    failed = deployments[-1]
    assert (failed.history_id, failed.phase, failed.origin) == (-1, "Failed", "operation_state")
    assert failed.resources == ("Deployment/shop: Synced",)


def test_a_running_operation_has_not_finished(parse, build):
    running = {**build.operation(20, "Running"), "finishedAt": None, "syncResult": None}
    deployments, _state, _gaps = parse(operationState=running)
    assert (deployments[-1].phase, deployments[-1].finished_at) == ("Running", 0)
    assert deployments[-1].sources[0].revision == f"{20:040x}"


@pytest.mark.parametrize(
    ("sync", "field"),
    [
        ({"dryRun": True}, "dry_run"),
        ({"resources": [{"kind": "Deployment", "name": "shop"}]}, "selective"),
        ({"manifests": ["kind: x"]}, "local_manifests"),
    ],
)
def test_an_operation_says_in_which_way_it_was_not_whole(parse, build, sync, field):
    deployments, _state, _gaps = parse(operationState=build.operation(20, **sync))
    said = {
        name: getattr(deployments[-1], name) for name in ("dry_run", "selective", "local_manifests")
    }
    assert said == {"dry_run": False, "selective": False, "local_manifests": False, field: True}


@pytest.mark.parametrize(
    "sync", [{"autoHealAttemptsCount": 2}, {"resources": [{"kind": "Deployment", "name": "shop"}]}]
)
def test_an_automated_partial_sync_is_a_self_heal(parse, build, sync):
    healing = build.operation(20, **sync)
    healing["operation"]["initiatedBy"] = {"automated": True}
    deployments, _state, _gaps = parse(operationState=healing)
    assert (deployments[-1].self_heal, deployments[-1].initiator) == (True, None)


@pytest.mark.parametrize(
    ("initiated", "who", "automated"),
    [
        ({"username": "robin"}, "robin", False),
        ({"automated": True}, None, True),
        ({}, None, None),
        (None, None, None),
        ({"username": "", "automated": False}, None, None),
    ],
)
def test_nothing_said_about_the_initiator_is_unknown_and_not_automated(
    parse, build, initiated, who, automated
):
    rows = [build.row(10, initiatedBy=initiated)]
    deployments, _state, _gaps = parse(history=rows, operationState=None)
    initiator = deployments[0].initiator
    assert (initiator.login if initiator else None, deployments[0].automated) == (who, automated)


def test_a_user_name_is_a_name_only(parse, build):
    rows = [build.row(10, initiatedBy={"username": "robin"})]
    initiator = parse(history=rows, operationState=None)[0][0].initiator
    assert (initiator.type, initiator.key) == (ActorType.NAME_ONLY, "cd.test:name_only:robin")


def test_several_sources_keep_their_revisions(parse, build):
    chart = {"repoURL": "https://charts.test", "chart": "shop", "targetRevision": "1.x"}
    image = {"repoURL": "oci://registry.test/shop", "targetRevision": "v1"}
    row = build.row(
        10, revisions=["a" * 40, "1.2.3", "sha256:ff"], sources=[build.source(), chart, image]
    )
    del row["revision"], row["source"]
    found = parse(history=[row], operationState=None)[0][0].sources
    assert [(each.kind, each.revision, each.chart) for each in found] == [
        ("git", "a" * 40, ""),
        ("helm", "1.2.3", "shop"),
        ("oci", "sha256:ff", ""),
    ]


def test_a_row_without_a_start_counts_from_its_end(parse, build):
    row = build.row(10)
    del row["deployStartedAt"]
    deployments, _state, _gaps = parse(history=[row], operationState=None)
    assert deployments[0].started_at == micros(build.stamp(11))


def test_the_present_state_is_told(parse, build):
    _deployments, state, _gaps = parse()
    assert (state.project, state.destination) == ("shop", "https://cluster.test/shop")
    assert (state.sync_status, state.health) == ("Synced", "Healthy")
    assert state.health_since == micros(build.stamp(13))
    assert (state.revisions, state.history_ids) == ((f"{12:040x}",), (10, 11, 12))
    assert (state.images, state.labels) == (("registry.test/shop:1",), ("env=production",))
    assert (state.auto_sync, state.deleted) == (True, False)


@pytest.mark.parametrize(
    ("policy", "auto"),
    [
        ({"automated": {}}, True),
        ({"automated": {"enabled": False}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_auto_sync_is_read_from_the_policy(make, build, policy, auto):
    app = build.application()
    app["spec"]["syncPolicy"] = policy
    assert parse_payload(make, app).facts[-1].auto_sync is auto


def test_a_hydrated_source_is_the_branch_that_is_synced(make, build):
    app = build.application()
    del app["spec"]["source"]
    app["spec"]["sourceHydrator"] = {
        "drySource": {"repoURL": "https://github.test/acme/config.git", "path": "dry"},
        "syncSource": {"targetBranch": "env/prod", "path": "out"},
    }
    source = parse_payload(make, app).facts[-1].sources[0]
    assert (source.path, source.target_revision) == ("out", "env/prod")


# --- gaps ----------------------------------------------------------------------------------


def test_a_jump_between_the_rows_is_a_gap_that_names_the_lost_ids(parse, build):
    rows = [build.row(number) for number in (10, 13, 20)]
    _deployments, _state, gaps = parse(history=rows, operationState=None)
    assert [(gap.reason, gap.detail) for gap in gaps] == [
        (GapReason.HISTORY_LOST, "argocd/shop-prod has no history rows 11-12, 14-19.")
    ]


def test_two_rows_with_one_start_are_a_contradiction(parse, build):
    rows = [build.row(10), build.row(11, deployStartedAt=build.stamp(10))]
    deployments, _state, gaps = parse(history=rows, operationState=None)
    assert len(deployments) == 1
    assert [gap.reason for gap in gaps] == [GapReason.CONTRADICTION]


def test_a_row_without_any_time_is_a_gap(parse, build):
    row = build.row(10, deployStartedAt=None, deployedAt="soon")
    deployments, _state, gaps = parse(history=[row], operationState=None)
    assert (deployments, [gap.reason for gap in gaps]) == ([], [GapReason.MALFORMED])


def test_an_application_without_a_uid_is_known_by_its_name(make, build):
    app = build.application()
    del app["metadata"]["uid"]
    parsed = parse_payload(make, app)
    assert {fact.application_uid for fact in parsed.facts} == {"argocd/shop-prod"}
    assert [gap.reason for gap in parsed.gaps] == [GapReason.MALFORMED]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"metadata":7}', b"\xff"])
def test_what_is_no_application_is_a_gap(make, payload):
    parsed = parse_payload(make, payload)
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])


@pytest.mark.parametrize(
    ("previous", "current", "lost"),
    [
        ((14, 15), (16, 17), ""),
        ((14, 15), (15, 16), ""),
        ((14, 15), (20, 21), "16-19"),
        ((14, 15), (17, 20), "16, 18-19"),
        ((), (3, 4), "0-2"),
        ((), (0, 1), ""),
        ((), (), ""),
        ((14,), (), ""),
        ((14, 15), (0, 1), ""),
        ((-1,), (5,), "0-4"),
    ],
)
def test_rows_that_nobody_saw_between_two_looks_are_named(previous, current, lost):
    assert named(lost_between(previous, current)) == lost


@given(
    first=st.sets(st.integers(0, 60), max_size=10), more=st.sets(st.integers(0, 60), max_size=10)
)
def test_lost_rows_are_exactly_those_in_neither_look(first, more):
    """Against the plain definition: all ids after the last one seen, less those seen now."""
    begin = max(first) + 1 if first else 0
    end = max(more, default=-1)
    expected = [n for n in range(begin, end) if n not in more] if end >= begin else []
    found = [n for each in lost_between(sorted(first), sorted(more)) for n in each]
    assert found == expected


def test_a_huge_jump_costs_nothing():
    assert lost_between((0,), (2**62,)) == (range(1, 2**62),)


# --- what the definition itself says of images


def inline(parse, build, **source):
    row = build.row(10, source=build.source(**source))
    return parse(history=[row], operationState=None)[0][0].sources[0].inline


def test_images_and_values_of_the_definition_are_told_with_each_operation(parse, build):
    told = {
        "kustomize": {"images": ["web:1"], "namePrefix": "a-"},
        "helm": {"parameters": [{"name": "image.tag", "value": "1"}], "valueFiles": ["v.yaml"]},
    }
    assert json.loads(inline(parse, build, **told)) == {
        "kustomize": {"images": ["web:1"]},
        "helm": {"parameters": [{"name": "image.tag", "value": "1"}]},
    }


def test_each_of_several_sources_has_its_own_values(parse, build):
    chart = {"repoURL": "https://charts.test", "chart": "shop", "targetRevision": "1.x"}
    row = build.row(
        10,
        revisions=["a" * 40, "1.2.3"],
        sources=[build.source(), {**chart, "helm": {"valuesObject": {"image": {"tag": "2"}}}}],
    )
    found = parse(history=[row], operationState=None)[0][0].sources
    assert [each.inline for each in found] == [
        "",
        '{"helm": {"valuesObject": {"image": {"tag": "2"}}}}',
    ]


@pytest.mark.parametrize(
    "source", [{}, {"kustomize": {}}, {"kustomize": "x", "helm": 7}, {"helm": {"values": ""}}]
)
def test_a_definition_that_sets_nothing_tells_nothing(parse, build, source):
    assert inline(parse, build, **source) == ""


def test_more_than_is_kept_is_said_to_be_unread(parse, build):
    assert inline(parse, build, helm={"values": "x" * 70_000}) == UNREAD_INLINE
