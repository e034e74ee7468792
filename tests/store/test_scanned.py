"""Results are found by commit and digest, through the index of an image, on both databases."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from evidence.model.capture import Capture, Form, Page
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change, ChangeKind
from evidence.model.policy_result import Binding, Finding, PolicyResult, Severity, Subject
from evidence.model.production import DeploymentKind, ProductionDeployment, RunningImage
from evidence.model.provenance import MEMBER, TAG, Provenance
from evidence.store import writer
from evidence.store.scanned import indexes_of, scanned_since, with_scans

SHA, OTHER = "a" * 40, "b" * 40
INDEX, PLATFORM = "sha256:" + "c" * 64, "sha256:" + "d" * 64
FOUND = Finding(rule="CVE-2026-0001\x00", severity=Severity.HIGH, message="\ud800 é")


def result(subject, scan_id="1", **more):
    kind = Subject.IMAGE if subject.startswith("sha256:") else Subject.COMMIT
    return PolicyResult(
        source="ci",
        scan_id=f"{scan_id}:{subject}",
        tool="trivy",
        subject_kind=kind,
        subject=subject,
        binding=Binding.IN_FILE,
        findings=(FOUND,),
        **more,
    )


def listed(digest, index, kind=MEMBER):
    return Provenance(
        source="registry",
        statement="1" * 64,
        subject_name="registry.test/shop",
        subject_digest=digest,
        predicate_type=kind,
        builder="",
        repository_url="",
        ref=index,
        commit="",
        invocation="",
        payload_type="",
        payload="",
        signatures=(),
    )


def evidence(repository="app"):
    image = RunningImage(
        image="registry.test/shop", reference="1.4", repository="app", digests=(INDEX,)
    )
    deployment = ProductionDeployment(
        deployment_id="argo:uid:5",
        application="shop",
        environment="production",
        kind=DeploymentKind.FORWARD,
        started_at=5,
        finished_at=6,
        phase="Succeeded",
        initiator=None,
        automated=True,
        running=(image,),
    )
    change = Change(
        change_id=f"{repository}:pr:1",
        kind=ChangeKind.PULL_REQUEST,
        repository=repository,
        landing_sha=SHA,
    )
    return ChangeEvidence(change=change, deployments=(deployment,))


@pytest.fixture
def write(store):
    """Stores facts, all of one capture."""

    def run(*facts, key="1"):
        capture = Capture(
            source="ci",
            kind="ingest.scan",
            key=key,
            series="s",
            observed_at=1_000,
            form=Form.EXACT,
            payload=key.encode(),
            collector="ingest",
            collector_version="1",
        )
        said = SimpleNamespace(facts=facts, gaps=())
        writer.write_page(store, "ci", "s", Page(captures=(capture,)), [said], run_id="r")

    return run


def found(store, one=None):
    one = one or evidence()
    return with_scans(store, {one.change.change_id: one}, None)[one.change.change_id]


def test_results_on_its_commits_and_its_images_are_its_own(store, write):
    write(result(SHA), result(INDEX), result(OTHER))
    assert {SHA, INDEX} == {one.subject for one in found(store).scans}


def test_what_was_stored_comes_back_whole(store, write):
    write(result(SHA))
    (one,) = found(store).scans
    assert (FOUND,) == one.findings
    assert (0, 1_000) == (one.entry_seq, one.observed_at)


def test_a_result_on_one_platform_is_found_by_the_index_that_lists_it(store, write):
    write(result(PLATFORM), listed(PLATFORM, INDEX))
    one = found(store)
    assert [PLATFORM] == [each.subject for each in one.scans]
    assert {PLATFORM: INDEX} == one.platforms


def test_a_tag_that_names_a_digest_lists_nothing(store, write):
    write(result(PLATFORM), listed(PLATFORM, INDEX, TAG))
    assert () == found(store).scans


def test_images_of_another_repository_are_not_its_own(store, write):
    write(result(INDEX))
    assert () == found(store, evidence("library")).scans


def test_without_a_result_nothing_is_looked_for(store):
    one = evidence()
    assert one == found(store, one)


def test_what_new_results_are_about_is_told_with_the_indexes_of_their_images(store, write):
    write(result(SHA), key="1")
    write(result(PLATFORM, "2"), listed(PLATFORM, INDEX), key="2")
    assert {SHA, PLATFORM} == scanned_since(store, 0)
    assert {PLATFORM} == scanned_since(store, 1)
    assert {INDEX} == indexes_of(store, [SHA, PLATFORM])
