"""A source that is no Git repository: acquired software, or a commit that nobody named."""

from __future__ import annotations

import pytest

from evidence.chain.inquiry import Inquiry
from evidence.chain.sources import Locator
from evidence.in_scope import Application, Repository
from evidence.model.deployment import DeployedSource
from evidence.policy import Policy


@pytest.fixture
def locate():
    """One source of an application whose configuration names a repository in scope."""
    policy = Policy(repositories=(Repository(id="config", urls=("oci://registry.test/shop",)),))
    application = Application(id="shop", repository="config")
    locator = Locator(policy, {}, Inquiry({}))

    def found(kind, chart=""):
        source = DeployedSource(
            repo_url="oci://registry.test/shop",
            path="deploy",
            target_revision="latest",
            revision="latest@sha256:" + "b" * 64,
            chart=chart,
            kind=kind,
        )
        return locator.locate(source, application, only=True)

    return found


@pytest.mark.parametrize("kind", ["oci", "bucket"])
def test_an_artifact_that_names_no_commit_is_unresolved_whatever_is_configured(locate, kind):
    found = locate(kind)
    assert (found.repository, found.commit, found.problem) == ("", -1, "no_origin_revision")
    assert found.revision == "latest@sha256:" + "b" * 64


@pytest.mark.parametrize("kind", ["oci", "helm"])
def test_a_chart_is_acquired_wherever_it_lies(locate, kind):
    found = locate(kind, chart="shop")
    assert (found.problem, found.flags) == ("", ("acquired",))
