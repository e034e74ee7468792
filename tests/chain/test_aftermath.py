"""What came after a deployment is found without a walk, and is what a walk would find."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.chain.aftermath import aftermaths
from evidence.chain.deployments import Operation
from evidence.chain.looks import Looks
from evidence.model.deployment import ApplicationState, DeployedSource, Deployment
from evidence.model.production import DeploymentKind, ProductionDeployment, RevisionRange
from evidence.policy import Policy

LIMIT = 5
POLICY = Policy(health_limit=LIMIT)

told = st.lists(
    st.tuples(
        st.sampled_from(["shop", "till"]),
        st.sampled_from(["a", "b", "c", ""]),
        st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
        st.sampled_from([DeploymentKind.ROLLBACK, DeploymentKind.FORWARD]),
        st.booleans(),
    ),
    max_size=12,
)


def row(place, application, revision, removed, kind):
    span = RevisionRange(
        repository="shop",
        path="",
        previous="",
        revision=revision,
        kind=kind,
        removed=tuple(removed),
    )
    return ProductionDeployment(
        deployment_id=f"argocd:{application}:{place}",
        application=application,
        environment="production",
        kind=kind,
        started_at=place,
        finished_at=place,
        phase="",
        initiator=None,
        automated=True,
        ranges=(span,),
        entries=(place,),
    )


def operation(place, application, revision, *, done):
    source = DeployedSource(repo_url="", path="", target_revision="main", revision=revision)
    return Operation(
        deployment=Deployment(
            source="argocd",
            application_uid=application,
            application=application,
            started_at=place,
            finished_at=place,
            phase="Succeeded" if done else "Failed",
            sources=(source,),
            initiator=None,
            automated=True,
        ),
        origins=(),
        entries=(place,),
    )


def after(stories):
    """(rows, operations by id, aftermaths) of deployments told in order of start."""
    rows = [row(place, *story[:4]) for place, story in enumerate(stories)]
    operations = {
        one.deployment_id: operation(place, story[0], story[1], done=story[4])
        for place, (one, story) in enumerate(zip(rows, stories, strict=True))
    }
    return rows, operations, aftermaths(POLICY, rows, operations, Looks((), {}), {})


@given(told)
@settings(max_examples=300)
def test_the_rollback_that_is_found_is_the_first_one_after_it_that_took_its_revision_away(stories):
    rows, _, found = after(stories)
    for place, one in enumerate(rows):
        (span,) = one.ranges
        walked = [
            each.deployment_id
            for each in rows[place + 1 :]
            if each.application == one.application
            and each.kind == DeploymentKind.ROLLBACK
            and span.revision in each.ranges[0].removed
        ]
        assert found[one.deployment_id].undone_by == (walked or [""])[0]


@given(told)
@settings(max_examples=300)
def test_the_retry_that_is_found_is_the_first_success_of_the_same_revisions_in_time(stories):
    rows, operations, found = after(stories)
    for place, one in enumerate(rows):
        own = operations[one.deployment_id]
        walked = [
            each.deployment_id
            for each in rows[place + 1 :]
            if each.application == one.application
            and operations[each.deployment_id].succeeded
            and operations[each.deployment_id].revisions == own.revisions
            and each.started_at <= one.finished_at + LIMIT
        ]
        expected = (walked or [""])[0] if any(own.revisions) and not own.succeeded else ""
        assert found[one.deployment_id].retried_by == expected


def state(entry, at):
    return ApplicationState(
        entry_seq=entry,
        observed_at=at,
        source="argocd",
        application_uid="u",
        application="shop",
        destination="",
        project="",
        sync_status="Synced",
        health="Healthy",
        health_since=0,
        revisions=("a",),
        sources=(),
        images=(),
        history_ids=(),
        auto_sync=None,
    )


@given(
    st.lists(st.integers(0, 20), max_size=8),
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 25)), max_size=6),
    st.integers(0, 26),
)
@settings(max_examples=300)
def test_looks_after_a_moment_are_all_that_ended_then_or_later(moments, runs, moment):
    states = [state(entry, at) for entry, at in enumerate(moments)]
    looks = Looks(states, {"argocd": sorted(runs)})
    expected = [one for one in looks.of(("argocd", "u")) if one.end >= moment]
    assert list(looks.after(("argocd", "u"), moment)) == expected
