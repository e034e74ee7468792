"""What an Application says about its sources and their revisions, read leniently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from evidence.collectors.lenient import at, items, text, texts
from evidence.model.deployment import UNREAD_INLINE, DeployedSource

_INLINE_LIMIT = 65_536
"""Characters of what a definition says itself that are kept for one source."""


def revisions(value: Mapping[str, Any]) -> tuple[str, ...]:
    """`revisions` of a multi-source object, else its one `revision`."""
    many = texts(value.get("revisions"))
    one = text(value.get("revision"))
    return many or ((one,) if one else ())


def sources(holder: Mapping[str, Any], resolved: tuple[str, ...]) -> tuple[DeployedSource, ...]:
    """`sources` or the one `source` (or the hydrator's synced branch), with their revisions."""
    found = [each for each in items(holder.get("sources")) if isinstance(each, dict)]
    if not found and isinstance(holder.get("source"), dict):
        found = [holder["source"]]
    if not found and isinstance(holder.get("sourceHydrator"), dict):
        found = [_hydrated(holder["sourceHydrator"])]
    return tuple(
        _source(each, resolved[index] if index < len(resolved) else "", values_home(each, found))
        for index, each in enumerate(found)
    )


def values_home(source: Mapping[str, Any], every: Sequence[Mapping[str, Any]]) -> str:
    """Directory of the value files that others take from a source that has a `ref` and no path.

    Such a source brings nothing but these files: `$values/envs/prod/web.yaml`. Empty where it is
    not one, or where the files have no directory in common.
    """
    name = text(source.get("ref"))
    if not name or text(source.get("path")) or text(source.get("chart")):
        return ""
    head = f"${name}/"
    files = [
        file.removeprefix(head).split("/")[:-1]
        for each in every
        for file in texts(at(each, "helm", "valueFiles"))
        if file.startswith(head)
    ]
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*files, strict=False))
    return "/".join(parts[0] for parts in common)


def _hydrated(hydrator: Mapping[str, Any]) -> dict[str, Any]:
    """What the source hydrator makes Argo CD deploy: the hydrated branch of the same repository."""
    return {
        "repoURL": at(hydrator, "drySource", "repoURL"),
        "path": at(hydrator, "syncSource", "path"),
        "targetRevision": at(hydrator, "syncSource", "targetBranch"),
    }


def rendered_from(body: Mapping[str, Any]) -> tuple[str, str]:
    """(hydrated commit, dry commit it was rendered from) of the source hydrator's last success."""
    done = at(body, "status", "sourceHydrator", "lastSuccessfulOperation")
    return text(at(done, "hydratedSHA")), text(at(done, "drySHA"))


def _inline(source: Mapping[str, Any]) -> str:
    """What the definition says of images itself, as JSON; a mark where that is too much to keep."""
    wanted = {"kustomize": ("images",), "helm": ("parameters", "values", "valuesObject")}
    found = {
        holder: told
        for holder, names in wanted.items()
        if (told := {name: at(source, holder, name) for name in names if at(source, holder, name)})
    }
    try:
        written = json.dumps(found, sort_keys=True, default=str) if found else ""
    except (ValueError, RecursionError):
        return UNREAD_INLINE
    return written if len(written) <= _INLINE_LIMIT else UNREAD_INLINE


def _source(source: Mapping[str, Any], revision: str, home: str = "") -> DeployedSource:
    url, chart = text(source.get("repoURL")), text(source.get("chart"))
    kind = "git"
    if chart:
        kind = "helm"
    elif url.startswith("oci://"):
        kind = "oci"
    return DeployedSource(
        repo_url=url,
        path=text(source.get("path")) or home,
        target_revision=text(source.get("targetRevision")),
        revision=revision,
        chart=chart,
        kind=kind,
        inline=_inline(source),
    )
