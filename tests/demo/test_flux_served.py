"""The simulated Flux: Kubernetes lists, and a history that is bounded and rewritten."""

from __future__ import annotations

import pytest
import requests

APPLICATION = """
[[application]]
key = "shop-flux"
deployer = "flux"
namespace = "flux-system"
sources = [{ repository = "deploy", path = "apps/shop-prod"%s }]
%s
"""
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"


def world(source="", rest=""):
    return APPLICATION % (source, rest)


def deploys(*words):
    return "\n".join(
        f'[[deploy]]\napp = "shop-flux"\nat = "+{hour}h"\n{word}'
        for hour, word in enumerate(words, 1)
    )


def get(moment, path, token="", **query):
    headers = {"Authorization": f"Bearer {token or moment.flux_token}"}
    return requests.get(moment.flux_url + path, params=query, headers=headers, timeout=20)


@pytest.fixture
def objects(simulate):
    """The objects of a list at the end of a story."""
    return lambda delta, path=KUSTOMIZATIONS: get(simulate(delta).end(), path).json()["items"]


def test_what_rendered_alike_is_one_row_with_the_newest_times(objects):
    (found,) = objects(world() + deploys("", "", ""))
    (row,) = found["status"]["history"]
    assert row["totalReconciliations"] == 3
    assert row["firstReconciled"] < row["lastReconciled"]
    assert row["metadata"]["revision"] == found["status"]["lastAppliedRevision"]


def test_only_five_rows_are_kept(simulate):
    bumps = "\n".join(
        f'[[push]]\nkey = "p{n}"\nrepository = "deploy"\nby = "ada"\nat = "+{n}h"\n'
        f'files = {{ "apps/shop-prod/x.yaml" = "{n}" }}\n'
        f'[[deploy]]\napp = "shop-flux"\nrevision = "p{n}"\nat = "+{n}h30m"'
        for n in range(1, 8)
    )
    (found,) = get(simulate(world() + bumps).end(), KUSTOMIZATIONS).json()["items"]
    assert len(found["status"]["history"]) == 5
    assert found["status"]["history"][0]["metadata"] == {
        "revision": found["status"]["lastAppliedRevision"]
    }


def test_a_failed_application_leaves_the_applied_revision(objects):
    (found,) = objects(world() + deploys("", 'phase = "Failed"'))
    (ready,) = found["status"]["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "HealthCheckFailed")
    assert [row["lastReconciledStatus"] for row in found["status"]["history"]] == [
        "HealthCheckFailed",
        "ReconciliationSucceeded",
    ]


@pytest.mark.parametrize(("origin", "told"), [("true", True), ("false", False)])
def test_an_artifact_says_its_origin_or_not(objects, origin, told):
    oci = f', oci = "oci://registry.example/shop", origin = {origin}'
    (found,) = objects(world(oci) + deploys(""))
    assert found["status"]["lastAppliedRevision"].startswith("latest@sha256:")
    assert ("lastAppliedOriginRevision" in found["status"]) is told


def test_a_list_comes_in_chunks_and_an_old_token_has_expired(simulate):
    more = 'namespace = "flux-system"\ndeployer = "flux"\nsources = [{ repository = "deploy" }]'
    moment = simulate(world() + f'[[application]]\nkey = "second"\n{more}').end()
    first = get(moment, KUSTOMIZATIONS, limit=1).json()
    token = first["metadata"]["continue"]
    second = get(moment, KUSTOMIZATIONS, limit=1, **{"continue": token}).json()
    names = [one["items"][0]["metadata"]["name"] for one in (first, second)]
    assert sorted(names) == ["second", "shop-flux"]
    assert "continue" not in second["metadata"]
    assert get(moment, KUSTOMIZATIONS, **{"continue": "?"}).status_code == 410


def test_what_is_not_served_or_not_granted_is_refused(simulate):
    denied = '[access]\nflux_forbidden = ["kustomizations"]\n'
    moment = simulate(denied + world()).end()
    codes = [
        get(moment, path, token).status_code
        for path, token in [
            (KUSTOMIZATIONS, ""),
            (KUSTOMIZATIONS, "wrong"),
            ("/apis/helm.toolkit.fluxcd.io", ""),
            ("/apis/source.toolkit.fluxcd.io/v1/kustomizations", ""),
            ("/apis/source.toolkit.fluxcd.io", ""),
        ]
    ]
    assert codes == [403, 401, 404, 404, 200]


def test_argo_cd_does_not_list_what_flux_deploys(simulate, argocd):
    names = [item["metadata"]["name"] for item in argocd(simulate(world()).end())]
    assert names == ["shop-prod"]


def test_kubectl_prints_the_same_objects(simulate):
    simulation = simulate(world() + deploys(""))
    served = get(simulation.end(), KUSTOMIZATIONS).json()["items"]
    printed = simulation.flux.kubectl_list()["items"]
    assert [one for one in printed if one["kind"] == "Kustomization"] == served
