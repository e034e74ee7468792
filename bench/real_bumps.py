"""Image bumps of a real configuration repository: how many name exactly one source commit.

    python bench/real_bumps.py --config DIR --source DIR --image NAME \
        [--values FILE ... --key KEY ...] [--path DIR] [--newest N]

`--config` and `--source` are Git directories (bare or not) that are only read. Every first-parent
commit that touches the values files or the path is a revision; at each the images are read as for a
deployment, and every distinct reference of the image is resolved in the source repository. Without
a configuration it does nothing. What is printed says nothing of what an image contains.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from common.kept import KEPT

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.chain.configuration import Configuration, Configurations
from evidence.chain.images import split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.matches import Reference, Resolution
from evidence.chain.strategies import resolve_reference
from evidence.collectors.git import GitCollector
from evidence.in_scope import Application, ImageMap
from evidence.model.git import GitAnswer, GitQuestion

T = TypeVar("T")


def git(directory: str, *arguments: str) -> str:
    """Output of a Git command."""
    done = subprocess.run(
        ["git", "-C", directory, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def mirror(folder: Path, name: str, directory: str) -> GitCollector:
    """Borrows the objects of a repository; its references are read, nothing is copied."""
    own = folder / f"{name}.git"
    clone = ["git", "clone", "-q", "--mirror", "--shared", directory, str(own)]
    subprocess.run(clone, check=True, stderr=subprocess.DEVNULL)
    objects = Path(git(directory, "rev-parse", "--git-path", "objects").strip())
    whole = objects if objects.is_absolute() else Path(directory) / objects
    (own / "objects" / "info" / "alternates").write_text(f"{whole}\n")
    subprocess.run(["git", "-C", str(own), "config", "evidence.mirror", "1"], check=True)
    return GitCollector(source=name, repository=name, url=directory, directory=own)


def settled(
    collectors: dict[str, GitCollector],
    answers: dict[GitQuestion, GitAnswer],
    ask: Callable[[Inquiry], T],
) -> T:
    """Asks again until no question is new."""
    while True:
        inquiry = Inquiry(answers)
        found = ask(inquiry)
        missing = sorted(
            inquiry.questions - answers.keys(), key=lambda one: (one.repository, one.args)
        )
        if not missing:
            return found
        for name, collector in collectors.items():
            own = [one for one in missing if one.repository == name]
            answers.update(zip(own, collector.answer(own), strict=True))


def read_all(
    inquiry: Inquiry, revisions: Sequence[str], path: str, application: Application
) -> list[Configuration]:
    """What the configuration says at each revision."""
    reader = Configurations(inquiry, "config")
    return [reader.read(revision, path, application) for revision in revisions]


def report(
    references: Sequence[str], found: Sequence[Resolution], configurations: Sequence[Configuration]
) -> None:
    """Figures on stdout."""
    bases = Counter(one.basis for one in found if one.commit)
    problems = Counter(one.problem for one in found if not one.commit)
    unread = Counter(one.split(":")[0] for each in configurations for one in each.problems)
    resolved = sum(bases.values())
    sys.stdout.write(f"{len(configurations)} revisions, {len(references)} distinct references\n")
    sys.stdout.write(f"{resolved} name exactly one commit: {dict(bases)}\n")
    sys.stdout.write(f"the others: {dict(problems)}; not read: {dict(unread)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="")
    parser.add_argument("--source", default="")
    parser.add_argument("--image", default="image")
    parser.add_argument("--values", action="append", default=[])
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--path", default="")
    parser.add_argument("--newest", type=int, default=0)
    options = parser.parse_args()
    if not options.config:
        sys.stdout.write("Name a configuration repository with --config.\n")
        return
    began = time.monotonic()
    application = Application(
        id="app",
        deployer="argocd",
        selector="argocd/app",
        repository="config",
        path=options.path,
        images=(ImageMap(image=options.image, repository="source"),),
        values_files=tuple(options.values),
        values_keys=tuple(options.key) or ("image",),
    )
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as name:
        folder = Path(name)
        collectors = {"config": mirror(folder, "config", options.config)}
        if options.source:
            collectors["source"] = mirror(folder, "source", options.source)
        places = [*options.values, *([options.path] if options.path else [])]
        own = str(folder / "config.git")
        most = [f"-{options.newest}"] if options.newest else []
        told = git(own, "log", "--format=%H", "--first-parent", *most, "--", *places)
        revisions = told.split()[::-1]
        answers: dict[GitQuestion, GitAnswer] = {}
        configurations = settled(
            collectors,
            answers,
            lambda inquiry: read_all(inquiry, revisions, options.path, application),
        )
        read = time.monotonic()
        references = list(
            dict.fromkeys(
                ref.reference
                for one in configurations
                for ref in one.images
                if ref.image == options.image
            )
        )
        found: list[Resolution] = []
        if options.source:
            parts = [split_reference(one) for one in references]
            asked = [Reference(tag=tag, digest=digest) for tag, digest in parts]
            found = settled(
                collectors,
                answers,
                lambda inquiry: [resolve_reference(inquiry, "source", one) for one in asked],
            )
        report(references, found, configurations)
        done = time.monotonic()
        seconds = f"{read - began:.1f} s to read, {done - read:.1f} s to resolve"
        cpu = f"{time.process_time():.1f} s CPU of this process"
        sys.stdout.write(f"{seconds}; {cpu}\n")


if __name__ == "__main__":
    main()
