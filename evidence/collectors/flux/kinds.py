"""The objects of Flux that are read, and what of them moves without saying anything."""

from __future__ import annotations

from evidence.collectors.kubernetes import Resource

_SOURCE = "source.toolkit.fluxcd.io"
GIT_REPOSITORY = Resource(group=_SOURCE, plural="gitrepositories", kind="GitRepository")
OCI_REPOSITORY = Resource(group=_SOURCE, plural="ocirepositories", kind="OCIRepository")
HELM_REPOSITORY = Resource(group=_SOURCE, plural="helmrepositories", kind="HelmRepository")
HELM_CHART = Resource(group=_SOURCE, plural="helmcharts", kind="HelmChart")
BUCKET = Resource(group=_SOURCE, plural="buckets", kind="Bucket")
_IMAGE = "image.toolkit.fluxcd.io"
IMAGE_REPOSITORY = Resource(group=_IMAGE, plural="imagerepositories", kind="ImageRepository")
IMAGE_POLICY = Resource(group=_IMAGE, plural="imagepolicies", kind="ImagePolicy")
IMAGE_UPDATE = Resource(group=_IMAGE, plural="imageupdateautomations", kind="ImageUpdateAutomation")
KUSTOMIZATION = Resource(
    group="kustomize.toolkit.fluxcd.io", plural="kustomizations", kind="Kustomization"
)
HELM_RELEASE = Resource(group="helm.toolkit.fluxcd.io", plural="helmreleases", kind="HelmRelease")

CAPTURED = {
    GIT_REPOSITORY: "flux.git_repository",
    OCI_REPOSITORY: "flux.oci_repository",
    HELM_REPOSITORY: "flux.helm_repository",
    HELM_CHART: "flux.helm_chart",
    BUCKET: "flux.bucket",
    IMAGE_REPOSITORY: "flux.image_repository",
    IMAGE_POLICY: "flux.image_policy",
    IMAGE_UPDATE: "flux.image_update_automation",
    KUSTOMIZATION: "flux.kustomization",
    HELM_RELEASE: "flux.helm_release",
}
"""Resource -> capture kind, sources first: what is deployed is told with where it came from."""
OBJECT_LIST = "flux.object_list"
SOURCES = (GIT_REPOSITORY, OCI_REPOSITORY, HELM_REPOSITORY, HELM_CHART, BUCKET)
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
    "/status/lastAutomationRunTime",
    "/status/lastScanResult/scanTime",
)
"""What moves with every reconciliation and says nothing about a deployment."""
