"""The objects of Flux that are read, and what of them moves without saying anything."""

from __future__ import annotations

from evidence.collectors.kubernetes import Resource

_SOURCE = "source.toolkit.fluxcd.io"
GIT_REPOSITORY = Resource(group=_SOURCE, plural="gitrepositories", kind="GitRepository")
OCI_REPOSITORY = Resource(group=_SOURCE, plural="ocirepositories", kind="OCIRepository")
KUSTOMIZATION = Resource(
    group="kustomize.toolkit.fluxcd.io", plural="kustomizations", kind="Kustomization"
)
HELM_RELEASE = Resource(group="helm.toolkit.fluxcd.io", plural="helmreleases", kind="HelmRelease")

CAPTURED = {
    GIT_REPOSITORY: "flux.git_repository",
    OCI_REPOSITORY: "flux.oci_repository",
    KUSTOMIZATION: "flux.kustomization",
    HELM_RELEASE: "flux.helm_release",
}
"""Resource -> capture kind, sources first: what is deployed is told with where it came from."""
OBJECT_LIST = "flux.object_list"
DEPLOYERS = (KUSTOMIZATION, HELM_RELEASE)

VOLATILE = (
    "/metadata/resourceVersion",
    "/metadata/managedFields",
    "/metadata/generation",
    "/status/observedGeneration",
    "/status/conditions/*/lastTransitionTime",
    "/status/conditions/*/observedGeneration",
    "/status/history/*/lastReconciled",
    "/status/history/*/lastReconciledDuration",
    "/status/history/*/totalReconciliations",
)
"""What moves with every reconciliation and says nothing about a deployment."""
