"""Kustomizations and HelmReleases as deployments and present state."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from evidence.model.capture import Capture, Form, GapReason
from evidence.model.deployment import ApplicationState, Deployment

REPOSITORY = "https://github.test/acme/config.git"
KINDS = {"Kustomization": "flux.kustomization", "HelmRelease": "flux.helm_release"}
DIGEST = "latest@sha256:" + "b" * 64


def micros(text):
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.fixture
def parse(make):
    """Parses one object, whose source is known: deployments, state and gaps."""

    def parser(body, kind="", **context):
        known = {"source_url": REPOSITORY, "source_ref": "main", "origin_url": "", **context}
        capture = Capture(
            source="fx",
            kind=kind or KINDS[body["kind"]],
            key="k",
            series="s",
            observed_at=1,
            form=Form.SLICE,
            payload=body if isinstance(body, bytes) else json.dumps(body).encode(),
            collector="flux",
            collector_version="1",
            context=known,
        )
        parsed = make().parse(capture)
        deployments = [fact for fact in parsed.facts if isinstance(fact, Deployment)]
        states = [fact for fact in parsed.facts if isinstance(fact, ApplicationState)]
        return deployments, (states or [None])[0], parsed.gaps

    return parser


def test_each_row_is_an_observed_application(parse, build):
    deployments, _state, gaps = parse(build.kustomization())
    assert [one.sources[0].revision for one in deployments] == [build.sha(1), build.sha(2)]
    last = deployments[-1]
    assert (last.application, last.application_uid) == (
        "flux-system/shop",
        "uid-Kustomization-shop",
    )
    assert last.started_at == last.finished_at == micros(build.stamp(12))
    assert (last.phase, last.origin, last.history_id) == ("Succeeded", "status", -1)
    source = last.sources[0]
    assert (source.repo_url, source.path) == (REPOSITORY, "./apps/shop")
    assert (source.target_revision, source.kind) == ("main", "git")
    assert gaps == ()


def test_flux_never_says_who(parse, build):
    deployments, _state, _gaps = parse(build.kustomization())
    assert {(one.initiator, one.automated) for one in deployments} == {(None, True)}


@pytest.mark.parametrize(
    ("asked", "automated"),
    [
        ("2026-09-01T10:11:30.123456789Z", [True, None]),
        ("2026-09-01T10:40:00Z", [True, True]),
        ("by hand", [None, None]),
    ],
)
def test_what_somebody_asked_for_is_not_said_to_be_automatic(parse, build, asked, automated):
    rows = [build.row(2, 12), build.row(1, 1)]
    body = build.kustomization(lastHandledReconcileAt=asked, history=rows)
    assert [one.automated for one in parse(body)[0]] == automated


def test_the_starts_that_earlier_looks_fixed_go_before_the_rows(parse, build):
    fixed = json.dumps({f"Succeeded {build.revision(2)}": micros(build.stamp(40))})
    deployments, _state, _gaps = parse(build.kustomization(), starts=fixed)
    assert deployments[-1].started_at == micros(build.stamp(40))


@pytest.mark.parametrize("odd", ["", "{", "7", '{"Succeeded x": "y"}', '{"Succeeded x": -1}'])
def test_starts_that_cannot_be_read_leave_those_of_the_rows(parse, build, odd):
    started = [one.started_at for one in parse(build.kustomization(), starts=odd)[0]]
    assert started == [micros(build.stamp(10)), micros(build.stamp(12))]


def test_a_row_that_failed_is_a_failed_deployment(parse, build):
    failed = build.row(3, 14, lastReconciledStatus="HealthCheckFailed")
    body = build.kustomization(
        lastAttemptedRevision=build.revision(3),
        conditions=build.ready("False", "HealthCheckFailed"),
        history=[failed, build.row(2, 12)],
    )
    deployments, state, _gaps = parse(body)
    assert [(one.phase, one.message) for one in deployments] == [
        ("Succeeded", ""),
        ("Failed", "HealthCheckFailed"),
    ]
    assert (state.sync_status, state.revisions) == ("OutOfSync", (build.sha(2),))


def test_a_failed_attempt_is_told_where_there_is_no_history(parse, build):
    body = build.kustomization(
        lastAttemptedRevision=build.revision(3),
        conditions=build.ready("False", "BuildFailed"),
        history=[build.row(2, 12)],
    )
    failed = parse(body)[0][-1]
    assert (failed.phase, failed.started_at) == ("Failed", micros(build.stamp(50)))
    assert failed.message == "BuildFailed: "


def test_an_attempt_that_still_goes_on_is_no_deployment_yet(parse, build):
    body = build.kustomization(
        lastAttemptedRevision=build.revision(3), conditions=build.ready("Unknown", "Progressing")
    )
    deployments, state, _gaps = parse(body)
    assert [one.phase for one in deployments] == ["Succeeded", "Succeeded"]
    assert state.sync_status == "Unknown"


def test_the_state_is_what_was_seen(parse, build):
    _deployments, state, _gaps = parse(build.kustomization())
    assert (state.sync_status, state.health) == ("Synced", "ReconciliationSucceeded")
    assert (state.revisions, state.destination) == ((build.sha(2),), "/shop")
    assert state.auto_sync is True


def test_a_suspended_object_is_flagged(parse, build):
    body = build.kustomization()
    body["spec"]["suspend"] = True
    _deployments, state, _gaps = parse(body)
    assert (state.sync_status, state.auto_sync) == ("Suspended", False)


def artifact(build, **status):
    row = build.row(2, 12)
    row["metadata"] = {"revision": DIGEST, **status.pop("row", {})}
    body = build.kustomization(lastAppliedRevision=DIGEST, history=[row], **status)
    body["spec"]["sourceRef"]["kind"] = "OCIRepository"
    return body


def test_an_artifact_without_its_origin_leads_to_no_commit(parse, build):
    deployments, _state, _gaps = parse(artifact(build), source_url="oci://registry.test/bundle")
    source = deployments[0].sources[0]
    assert (source.kind, source.revision) == ("oci", DIGEST)
    assert source.repo_url == "oci://registry.test/bundle"


@pytest.mark.parametrize("form", ["main@sha1:{}", "6.1.8/{}", "sha1:{}"])
def test_the_origin_of_an_artifact_is_its_commit(parse, build, form):
    origin = form.format(build.sha(7))
    body = artifact(build, lastAppliedOriginRevision=origin, row={"originRevision": origin})
    source = parse(body, origin_url=REPOSITORY)[0][0].sources[0]
    assert (source.kind, source.revision) == ("git", build.sha(7))
    assert (source.repo_url, source.path, source.target_revision) == (REPOSITORY, "", DIGEST)


def test_a_bucket_leads_to_no_commit(parse, build):
    body = build.kustomization(lastAppliedRevision="sha256:" + "c" * 64, history=[])
    body["spec"]["sourceRef"]["kind"] = "Bucket"
    fixed = json.dumps({"Succeeded sha256:" + "c" * 64: 5})
    assert parse(body, starts=fixed)[0][0].sources[0].kind == "bucket"


# --- HelmReleases --------------------------------------------------------------------------


def test_each_release_is_a_deployment_of_a_chart(parse, build):
    deployments, state, gaps = parse(build.helm_release())
    assert [one.history_id for one in deployments] == [1, 2]
    assert [one.sources[0].revision for one in deployments] == ["1.1.0", "1.2.0"]
    last = deployments[-1]
    assert (last.application, last.phase) == ("helmrelease/flux-system/shop", "Succeeded")
    assert last.started_at == micros(build.stamp(20))
    assert (last.sources[0].chart, last.sources[0].kind) == ("shop", "helm")
    assert (state.revisions, gaps) == (("1.2.0",), ())


@pytest.mark.parametrize(
    ("status", "phase"),
    [("failed", "Failed"), ("pending-upgrade", "Running"), ("odd", "odd"), (None, "Unknown")],
)
def test_a_release_ended_as_helm_says(parse, build, status, phase):
    body = build.helm_release(history=[build.release(1, 15, status=status)])
    assert [one.phase for one in parse(body)[0]] == [phase]


@pytest.mark.parametrize(("version", "commit"), [("1.0.0+0cc9a8446c95", "0cc9a8446c95"), ("1.0.0", "")])  # fmt: skip
def test_a_chart_in_git_leads_to_a_commit_only_by_its_version(parse, build, version, commit):
    body = build.helm_release(history=[build.release(1, 15, chartVersion=version)])
    body["spec"]["chart"]["spec"] |= {
        "chart": "./charts/shop",
        "sourceRef": {"kind": "GitRepository"},
    }
    source = parse(body)[0][0].sources[0]
    assert (source.kind, source.path, source.revision) == ("git", "./charts/shop", commit)
    assert (source.repo_url, source.target_revision) == (REPOSITORY, version)


def test_a_chart_by_reference_to_an_artifact_is_one_of_a_registry(parse, build):
    body = build.helm_release()
    body["spec"] = {"chartRef": {"kind": "OCIRepository", "name": "bundle"}}
    source = parse(body)[0][0].sources[0]
    assert (source.kind, source.chart) == ("oci", "shop")


def test_a_release_without_a_time_and_two_of_one_time_are_gaps(parse, build):
    rows = [build.release(3, 20), build.release(2, 20), build.release(1, 1, lastDeployed=None)]
    deployments, _state, gaps = parse(build.helm_release(history=rows))
    assert [one.history_id for one in deployments] == [3]
    assert [gap.reason for gap in gaps] == [GapReason.CONTRADICTION, GapReason.MALFORMED]


# --- gaps ----------------------------------------------------------------------------------


def test_an_application_without_any_time_is_a_gap(parse, build):
    deployments, _state, gaps = parse(build.kustomization(history=[]))
    assert (deployments, [gap.reason for gap in gaps]) == ([], [GapReason.MALFORMED])


def test_an_object_without_a_uid_is_known_by_its_name(parse, build):
    body = build.kustomization()
    del body["metadata"]["uid"]
    deployments, _state, gaps = parse(body)
    assert {one.application_uid for one in deployments} == {"flux-system/shop"}
    assert [gap.reason for gap in gaps] == [GapReason.MALFORMED]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"metadata":7}', b"\xff"])
def test_what_is_no_object_is_a_gap(parse, payload):
    deployments, state, gaps = parse(payload, "flux.kustomization")
    assert (deployments, state) == ([], None)
    assert [gap.reason for gap in gaps] == [GapReason.MALFORMED]


def test_a_source_is_evidence_and_says_nothing_by_itself(parse, build):
    assert parse(build.git_repository(), "flux.git_repository") == ([], None, ())
