"""Every image reference of all applications of a real configuration repository of Flux, classed.

    python bench/real_estate.py --config DIR [--ours PATTERN ...] [--sample 200] [--newest N]

The applications are the paths of the Flux Kustomizations at every so-many-th commit; each is read
at every first-parent commit that touches its path, as for a deployment. An image that no `--ours`
names (`ghcr.io/acme/{name}`) is third-party: its bump is a change of the configuration, and no
source is looked for. Without a configuration it does nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from common.kept import KEPT
from real_bumps import git, mirror, read_all, settled

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.chain.images import ImageRef, split_reference
from evidence.chain.mapping import ImageMaps
from evidence.chain.sources import clean_path
from evidence.chain.yaml_text import load_documents, mapping_of, text_of
from evidence.collectors.git import GitCollector
from evidence.in_scope import Application, ImageMap, Repository
from evidence.model.git import GitAnswer, GitQuestion
from evidence.policy import Policy

_AT_ONCE = 200
"""Revisions whose answers are held together."""
_GROUP = "kustomize.toolkit.fluxcd.io"


def applications(own: str, every: int) -> set[str]:
    """Paths of the Kustomizations that stand at every so-many-th commit."""
    line = git(own, "rev-list", "--first-parent", "HEAD").split()
    found: set[str] = set()
    seen: set[str] = set()
    for sha in line[::every]:
        listed = git(own, "ls-tree", "-r", sha).splitlines()
        blobs = {row.split("\t")[1]: row.split()[2] for row in listed}
        for file in _naming(own, sha):
            if blobs.get(file) and blobs[file] not in seen:
                seen.add(blobs[file])
                found |= set(_paths(git(own, "cat-file", "blob", blobs[file])))
    return found


def _naming(own: str, sha: str) -> list[str]:
    """Files at a commit that speak of Kustomizations of Flux."""
    try:
        told = git(own, "grep", "-l", "-F", _GROUP, sha, "--", "*.yaml", "*.yml")
    except Exception:  # noqa: BLE001 - git grep fails where it finds nothing
        return []
    return [row.partition(":")[2] for row in told.splitlines()]


def _paths(text: str) -> Iterator[str]:
    for document in load_documents(text)[0]:
        body = mapping_of(document)
        ours = text_of(body.get("apiVersion")).startswith(_GROUP)
        path = text_of(mapping_of(body.get("spec")).get("path"))
        if ours and text_of(body.get("kind")) == "Kustomization" and clean_path(path):
            yield clean_path(path)


def references(
    collectors: dict[str, GitCollector], path: str, revisions: Sequence[str]
) -> Iterator[tuple[ImageRef, ...]]:
    """Images of one application at each revision; what was not read goes to the table as such."""
    application = Application(id=path, deployer="flux", repository="config", path=path)
    for start in range(0, len(revisions), _AT_ONCE):
        some = revisions[start : start + _AT_ONCE]
        answers: dict[GitQuestion, GitAnswer] = {}
        found = settled(
            collectors,
            answers,
            lambda inquiry, some=some: read_all(inquiry, some, path, application),
        )
        for one in found:
            problems = tuple(
                ImageRef(image="problem", reference=code.partition(":")[0], file="", field="")
                for code in one.problems
            )
            yield (*one.images, *problems)


def kind_of(maps: ImageMaps, ref: ImageRef) -> str:
    """`chart`, `ours` or `third-party`."""
    if ref.image.startswith("chart:"):
        return "chart"
    built = maps.built_from(Application(id="", deployer="flux"), ref.image)
    return "ours" if built.repository else "third-party"


def report(maps: ImageMaps, found: Iterable[ImageRef]) -> None:
    """Figures on stdout."""
    images: dict[str, set[str]] = defaultdict(set)
    distinct: Counter[str] = Counter()
    pinned: Counter[str] = Counter()
    for ref in set(found):
        kind = kind_of(maps, ref)
        images[kind].add(ref.image)
        distinct[kind] += 1
        pinned[kind] += bool(split_reference(ref.reference)[1])
    for kind in sorted(images):
        told = f"{distinct[kind]} distinct references of {len(images[kind])}"
        sys.stdout.write(f"{kind}: {told}, {pinned[kind]} of them by digest\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="")
    parser.add_argument("--ours", action="append", default=[])
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--newest", type=int, default=0)
    options = parser.parse_args()
    if not options.config:
        sys.stdout.write("Name a configuration repository with --config.\n")
        return
    began = time.monotonic()
    policy = Policy(
        repositories=(Repository(id="source"),),
        image_maps=tuple(ImageMap(image=one, repository="source") for one in options.ours),
    )
    maps, every, unread = ImageMaps(policy), set[ImageRef](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as name:
        collectors = {"config": mirror(Path(name), "config", options.config)}
        own = str(Path(name) / "config.git")
        paths = sorted(applications(own, options.sample))
        read = 0
        for path in paths:
            most = [f"-{options.newest}"] if options.newest else []
            told = git(own, "log", "--format=%H", "--first-parent", *most, "--", path)
            revisions = told.split()[::-1]
            read += len(revisions)
            for refs in references(collectors, path, revisions):
                unread.update(ref.reference for ref in refs if ref.image == "problem")
                every |= {
                    ImageRef(image=ref.image, reference=ref.reference, file="", field="")
                    for ref in refs
                    if ref.image != "problem"
                }
    sys.stdout.write(f"{len(paths)} applications, {read} revisions of them\n")
    report(maps, every)
    sys.stdout.write(f"not read: {dict(unread)}\n")
    cpu = f"{time.process_time():.1f} s CPU of this process"
    sys.stdout.write(f"{time.monotonic() - began:.1f} s; {cpu}\n")


if __name__ == "__main__":
    main()
