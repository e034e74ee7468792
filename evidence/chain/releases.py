"""What manifests deploy beside containers: HelmReleases with values, and charts by version.

A chart is acquired software: it is listed as `chart:<where>/<name>` at its version, so that a bump
of it is seen as what it is. A version that may stand for several is floating: what it came to is
not in Git. Sources: https://fluxcd.io/flux/components/helm/helmreleases/,
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/helmcharts/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from evidence.chain.images import ImageRef, join_reference, split_reference, value_images
from evidence.chain.yaml_text import list_of, mapping_of, text_of

FLOATING = "floating_version"
_EXACT = re.compile(r"^v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$")
_DEPTH = 12


def chart_ref(name: str, where: str, version: str, file: str, field: str) -> ImageRef:
    """A chart as a reference; without a version it is whatever is newest."""
    image = "chart:" + "/".join(part for part in (where.rstrip("/"), name) if part)
    return ImageRef(image=image, reference=version or "latest", file=file, field=field)


def is_floating(version: str) -> bool:
    """Whether a chart's version may stand for several: a range, a wildcard, or nothing at all."""
    return not _EXACT.match(version) and not split_reference(version)[1]


def release_images(
    documents: Sequence[Any], file: str, keys: Sequence[str], only: str
) -> Iterator[ImageRef]:
    """Images in `spec.values` of HelmReleases, at the keys and wherever a repository has a tag."""
    for document in documents:
        body = mapping_of(document)
        if text_of(body.get("kind")) != "HelmRelease":
            continue
        values = mapping_of(mapping_of(body.get("spec")).get("values"))
        owner = f"HelmRelease/{text_of(mapping_of(body.get('metadata')).get('name'))}"
        places = tuple(dict.fromkeys((*keys, *image_places(values))))
        for ref in value_images([(file, values)], places, only):
            yield ImageRef(
                image=ref.image,
                reference=ref.reference,
                file=file,
                field=f"{owner} values.{ref.field}",
            )


def image_places(values: Any, depth: int = 0) -> Iterator[str]:
    """Dotted keys of every mapping that names a repository with a tag or digest."""
    body = mapping_of(values)
    if depth > _DEPTH:
        return
    at = text_of(body.get("tag")) or text_of(body.get("digest"))
    if text_of(body.get("repository")) and at:
        yield ""
    for name, inner in body.items():
        if isinstance(inner, dict) and isinstance(name, str) and "." not in name:
            for place in image_places(inner, depth + 1):
                yield f"{name}.{place}" if place else name


def charts(documents: Sequence[Any], file: str) -> Iterator[ImageRef]:
    """Charts that HelmReleases, OCIRepositories and Applications of Argo CD take over."""
    for document in documents:
        body = mapping_of(document)
        spec, kind = mapping_of(body.get("spec")), text_of(body.get("kind"))
        owner = f"{kind}/{text_of(mapping_of(body.get('metadata')).get('name'))}"
        if kind == "OCIRepository":
            yield from _artifact(spec, file, owner)
        elif kind == "HelmRelease":
            yield from _release(mapping_of(mapping_of(spec.get("chart")).get("spec")), file, owner)
        elif kind == "Application":
            for source in (spec.get("source"), *list_of(spec.get("sources"))):
                own = mapping_of(source)
                if text_of(own.get("chart")):
                    yield chart_ref(
                        text_of(own["chart"]),
                        text_of(own.get("repoURL")),
                        text_of(own.get("targetRevision")),
                        file,
                        f"{owner} targetRevision",
                    )


def _artifact(spec: dict[Any, Any], file: str, owner: str) -> Iterator[ImageRef]:
    """A chart, or manifests, that Flux takes from a registry; a digest goes before all else."""
    ref = mapping_of(spec.get("ref"))
    tag = text_of(ref.get("semver")) or text_of(ref.get("tag"))
    where = text_of(spec.get("url")).removeprefix("oci://")
    if where:
        version = join_reference(tag, text_of(ref.get("digest")))
        yield chart_ref("", where, version, file, f"{owner} spec.ref")


def _release(chart: dict[Any, Any], file: str, owner: str) -> Iterator[ImageRef]:
    name = text_of(chart.get("chart"))
    source = mapping_of(chart.get("sourceRef"))
    if not name or text_of(source.get("kind")) in {"GitRepository", "Bucket"}:
        return  # a chart of a repository or bucket of ours has no version to speak of
    where = "/".join(filter(None, (text_of(source.get("namespace")), text_of(source.get("name")))))
    version = text_of(chart.get("version"))
    yield chart_ref(name, where, version, file, f"{owner} chart.spec.version")


def kustomize_charts(document: dict[Any, Any], file: str) -> Iterator[ImageRef]:
    """Charts that a kustomization inflates, with the images of their inline values."""
    for list_name in ("helmCharts", "helmChartInflationGenerator"):
        for position, one in enumerate(list_of(document.get(list_name))):
            own = mapping_of(one)
            name = text_of(own.get("name")) or text_of(own.get("chartName"))
            if not name:
                continue
            where = text_of(own.get("repo")) or text_of(own.get("chartRepoUrl"))
            version = text_of(own.get("version")) or text_of(own.get("chartVersion"))
            field = f"{list_name}[{position}]"
            yield chart_ref(name, where, version, file, f"{field}.version")
            values = mapping_of(own.get("valuesInline"))
            for ref in value_images([(file, values)], tuple(image_places(values)), ""):
                yield ImageRef(
                    image=ref.image,
                    reference=ref.reference,
                    file=file,
                    field=f"{field}.valuesInline.{ref.field}",
                )


def dependencies(chart: Any, lock: Any, file: str) -> Iterator[ImageRef]:
    """Charts that a Chart.yaml depends on, at the versions that its lock file pins."""
    locked = {
        text_of(mapping_of(one).get("name")): text_of(mapping_of(one).get("version"))
        for one in list_of(mapping_of(lock).get("dependencies"))
    }
    for position, one in enumerate(list_of(mapping_of(chart).get("dependencies"))):
        own = mapping_of(one)
        name, where = text_of(own.get("name")), text_of(own.get("repository"))
        if name and not where.startswith("file:"):
            version = locked.get(name) or text_of(own.get("version"))
            yield chart_ref(name, where, version, file, f"dependencies[{position}].version")
