"""R6 for images: what ran is held against what deployments brought, by digest where both say one."""

from __future__ import annotations

import pytest

from evidence.chain.live_images import LiveImages, live_images
from evidence.chain.looks import Looks
from evidence.in_scope import Application
from evidence.model.deployment import ApplicationState
from evidence.model.production import DeploymentKind, ProductionDeployment, RunningImage
from evidence.policy import Policy

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
POLICY = Policy(applications=(Application(id="shop", deployer="argocd", selector="argocd/shop"),))


def compared(live, brought):
    state = ApplicationState(
        source="argocd",
        application_uid="uid",
        application="argocd/shop",
        destination="",
        project="default",
        sync_status="Synced",
        health="Healthy",
        health_since=1,
        revisions=(),
        sources=(),
        images=(f"registry.example/web{live}", "docker.io/library/redis:7"),
        history_ids=(),
        auto_sync=True,
        observed_at=5,
    )
    row = ProductionDeployment(
        deployment_id="argocd:uid:1",
        application="shop",
        environment="production",
        kind=DeploymentKind.FORWARD,
        started_at=1,
        finished_at=2,
        phase="Succeeded",
        initiator=None,
        automated=True,
        running=(RunningImage(image="registry.example/web", reference=brought, repository="app"),),
    )
    return live_images(POLICY, Looks([state, state], {}), [row])


@pytest.mark.parametrize(
    ("live", "brought", "explained"),
    [
        (":1", "1", True),
        (f":1@{A}", f"1@{A}", True),
        (f"@{A}", f"1@{A}", True),
        (f":1@{A}", "1", True),
        (f":1@{B}", f"1@{A}", False),
        (":2", "1", False),
        (f"@{A}", "1", False),
    ],
)
def test_an_image_that_ran_is_explained_by_a_deployment_that_brought_it(
    live, brought, explained
) -> None:
    found = compared(live, brought)
    assert found == LiveImages(
        seen=2,
        explained=int(explained),
        not_followed=1,
        unexplained=() if explained else (f"shop: registry.example/web at {_ref(live)}",),
    )


def _ref(live: str) -> str:
    return live.removeprefix(":").removeprefix("@")
