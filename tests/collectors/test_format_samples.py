"""Files as people export them: every one is parsed, or refused with a reason that can be acted on.

Shapes re-typed from the projects' API references; all names are invented.
"""

from __future__ import annotations

import json

import pytest

from evidence.collectors.argo_rollouts import ArgoRolloutsCollector
from evidence.collectors.argocd import ArgoCdCollector
from evidence.collectors.flagger import FlaggerCollector
from evidence.collectors.flux import FluxCollector
from evidence.collectors.kubernetes_events import KubernetesEventsCollector
from evidence.errors import MalformedError
from evidence.model.capture import Window

SHA = "ab" * 20


def thing(kind, version, spec=None, status=None, **metadata):
    named = {"name": "web", "namespace": "shop", "uid": "u-1", **metadata}
    body = {"apiVersion": version, "kind": kind, "metadata": named}
    return {**body, "spec": spec or {}, "status": status or {}}


APPLICATION = thing(
    "Application",
    "argoproj.io/v1alpha1",
    {"source": {"repoURL": "https://git.test/c.git", "path": ".", "targetRevision": "main"}},
    {
        "history": [{"id": 0, "revision": SHA, "deployedAt": "2026-07-08T10:00:00Z"}],
        "sync": {"status": "Synced", "revision": SHA},
    },
)
MULTI = thing(
    "Application",
    "argoproj.io/v1alpha1",
    {"sources": [{"repoURL": "oci://registry.test/m"}, {"repoURL": "x", "chart": "web"}]},
    {
        "history": [
            {"id": 0, "revisions": ["sha256:1", "1.2.3"], "deployedAt": "2026-07-08T10:00:00Z"}
        ]
    },
)
KUSTOMIZATION = thing(
    "Kustomization",
    "kustomize.toolkit.fluxcd.io/v1",
    {"path": "./a", "sourceRef": {"kind": "GitRepository", "name": "c"}},
    {
        "lastAppliedRevision": f"main@sha1:{SHA}",
        "history": [
            {
                "digest": "sha256:1",
                "firstReconciled": "2026-07-08T10:00:00Z",
                "lastReconciled": "2026-07-08T10:00:00Z",
                "lastReconciledStatus": "ReconciliationSucceeded",
                "metadata": {"revision": f"main@sha1:{SHA}"},
            }
        ],
    },
)
RELEASE = thing(
    "HelmRelease",
    "helm.toolkit.fluxcd.io/v2",
    {},
    {"history": [{"version": 1, "status": "deployed", "lastDeployed": "2026-07-08T10:00:00Z"}]},
)
ROLLOUT = thing("Rollout", "argoproj.io/v1alpha1", {}, {"currentPodHash": "a", "stableRS": "a"})
RUN = thing("AnalysisRun", "argoproj.io/v1alpha1", {}, {"phase": "Inconclusive"})
CANARY = thing("Canary", "flagger.app/v1beta1", {}, {"phase": "Finalising"})
EVENT = {
    **thing("Event", "v1"),
    "involvedObject": {"kind": "Application", "namespace": "shop", "name": "web"},
    "eventTime": "2026-07-08T10:00:00.000001Z",
}
REPLICA_SET = thing("ReplicaSet", "apps/v1")
DEFINITION = thing("CustomResourceDefinition", "apiextensions.k8s.io/v1")

PARSED = [
    (ArgoCdCollector, [APPLICATION], ["Deployment", "ApplicationState"]),
    (ArgoCdCollector, [MULTI], ["Deployment", "ApplicationState"]),
    (ArgoCdCollector, [ROLLOUT, APPLICATION], ["Deployment", "ApplicationState"]),
    (FluxCollector, [KUSTOMIZATION], ["Deployment", "ApplicationState"]),
    (FluxCollector, [RELEASE, DEFINITION], ["Deployment", "ApplicationState"]),
    (ArgoRolloutsCollector, [ROLLOUT, RUN], ["RolloutStep", "Analysis"]),
    (FlaggerCollector, [CANARY], ["RolloutStep"]),
    (KubernetesEventsCollector, [EVENT], ["RuntimeEvent"]),
]
COLLECTORS = sorted({one for one, _, _ in PARSED}, key=lambda one: one.__name__)


def read(collector, path):
    own = collector(source="s", file=path)
    return [
        type(fact).__name__
        for page in own.fetch(Window(since=0, until=2**62), "")
        for capture in page.captures
        for fact in own.parse(capture).facts
    ]


@pytest.mark.parametrize(("collector", "objects", "facts"), PARSED)
@pytest.mark.parametrize("form", ["list", "bytes with a mark"])
def test_a_list_is_parsed(tmp_path, collector, objects, facts, form):
    path = tmp_path / "list.json"
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    path.write_bytes((b"\xef\xbb\xbf" if form != "list" else b"") + text.encode())
    assert read(collector, path) == facts


@pytest.mark.parametrize(("collector", "objects", "facts"), PARSED)
def test_one_object_alone_is_parsed(tmp_path, collector, objects, facts):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(objects[-1] if collector is ArgoCdCollector else objects[0]))
    found = read(collector, path)
    assert found == facts[: len(found)]
    assert found


@pytest.mark.parametrize("collector", COLLECTORS)
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(REPLICA_SET),
        json.dumps(DEFINITION),
        json.dumps({"kind": "List", "items": [REPLICA_SET]}),
        json.dumps({"commands": ["helm template"], "drySha": SHA}),
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n",
        "LAST SEEN   TYPE     REASON\n",
        "",
        '{"items": [',
    ],
)
def test_any_other_file_is_refused_with_a_reason(tmp_path, collector, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(MalformedError) as refused:
        read(collector, path)
    assert refused.value.message
    assert refused.value.next_step


def test_yaml_is_refused_with_the_way_to_json(tmp_path):
    path = tmp_path / "rollouts.yaml"
    path.write_text("kind: Rollout\n")
    with pytest.raises(MalformedError) as refused:
        read(ArgoRolloutsCollector, path)
    assert refused.value.next_step == "Write it with `kubectl get ... -o json`."
