"""What the hop costs: a configuration repository with many image bumps, each deployed.

    python bench/hop.py [--commits 250000] [--bumps 50000] [--decided 5000]

Invented histories are made with `git fast-import`: a source repository with a commit per bump, and
a configuration repository in which every so many commits one of 50 applications gets a new tag (40
digits) by a commit that is deployed. From a store with commits, tips and deployments the population
is derived, all questions to Git asked and their answers stored. Then, in an organisation of
`--decided` bumps and as many commits for each, everything is decided, and one more bump is: every
commit and every bump is a change or a deployment that is evaluated, about a millisecond each, so
that deciding takes several minutes at full size. Wall seconds of this process with Git, and its
peak memory; SIMULATED data. Targets at 250,000 commits and 50,000 bumps on two cores: 300 s and
1 GB for the derivation, 2 s for the sync after it (`--decided 50000`).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from common.figures import figure
from common.kept import KEPT

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.collectors.git import GitCollector
from evidence.collectors.git.mirror import SEEN
from evidence.deciding.case import Case
from evidence.deciding.decide import decide_and_store
from evidence.in_scope import Application, ImageMap, Repository
from evidence.model.deployment import DeployedSource, Deployment
from evidence.model.fact import Fact
from evidence.model.git import GitAnswer, GitQuestion, RefTip
from evidence.policy import Policy
from evidence.store import facts, ledger, rows, writer
from evidence.store.envelope import seal_body
from evidence.store.session import Store, connect
from evidence.store.upgrade import upgrade

APPS = 50
START = 1_700_000_000
POLICY = Policy(
    repositories=(
        Repository(id="source", urls=("https://git.example/acme/source.git",)),
        Repository(
            id="config", urls=("https://git.example/acme/config.git",), role="configuration"
        ),
    ),
    applications=tuple(
        Application(
            id=f"app-{number}",
            deployer="argocd",
            selector=f"argocd/app-{number}",
            repository="config",
            path=f"apps/app-{number}",
        )
        for number in range(APPS)
    ),
    image_maps=(ImageMap(image="registry.example/app-{name}", repository="source"),),
)
AS_OF = 1_900_000_000_000_000


def peak() -> float:
    """Peak memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(title: str, began: float) -> None:
    """One line of figures on stdout, with the peak so far."""
    cpu = time.process_time()
    took = time.monotonic() - began
    sys.stdout.write(f"{title}: {took:.1f} s; {cpu:.1f} s CPU so far; peak {peak():.0f} MB\n")
    sys.stdout.flush()


def imported(directory: Path, stream: Iterator[bytes]) -> list[str]:
    """Writes commits into a bare repository and gives their names, oldest first."""
    if not directory.exists():
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
        git = ["git", "-C", str(directory), "config", "evidence.mirror", "1"]
        subprocess.run(git, check=True)
    marks = directory / "marks"
    command = ["git", "-C", str(directory), "fast-import", "--quiet", f"--export-marks={marks}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker
        for part in stream:
            process.stdin.write(part)
        process.stdin.close()
    found = (line.split() for line in marks.read_text().splitlines())
    return [sha for _, sha in sorted((int(mark[1:]), sha) for mark, sha in found)]


def commit(number: int, path: str, text: str, parent: str = "") -> bytes:
    """One commit of one file for `git fast-import`; `parent` only for the first of a later run."""
    who = f"Example Bot <bot@example.test> {START + number} +0000"
    data = text.encode()
    head = (
        f"commit refs/heads/main\nmark :{number + 1}\ncommitter {who}\ndata 6\nBump {number % 10}"
    )
    above = f"\nfrom {parent}" if parent else ""
    return f"{head}{above}\nM 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


def kustomization(app: int, tag: str) -> str:
    """What runs of one application."""
    return f"images:\n- name: registry.example/app-{app}\n  newTag: '{tag}'\n"


def made(folder: Path, commits: int, bumps: int) -> tuple[list[str], list[tuple[int, str]]]:
    """Both repositories; the source commits, and (application, configuration commit) of bumps."""
    every = max(1, commits // bumps)
    source = imported(
        folder / "source.git",
        (commit(number, f"src/{number % 97}.py", f"{number}\n") for number in range(bumps)),
    )

    def stream() -> Iterator[bytes]:
        for number in range(commits):
            bump, rest = divmod(number, every)
            if rest == 0 and bump < bumps:
                app = bump % APPS
                path = f"apps/app-{app}/kustomization.yaml"
                yield commit(number, path, kustomization(app, source[bump]))
            else:
                yield commit(number, f"notes/{number % 89}.md", f"{number}\n")

    config = imported(folder / "config.git", stream())
    return source, [(bump % APPS, config[bump * every]) for bump in range(bumps)]


def deployment(number: int, app: int, revision: str) -> Deployment:
    """One sync, as Argo CD tells it."""
    at = (START + number * 60) * 1_000_000
    return Deployment(
        source="argocd",
        application_uid=f"uid-{app}",
        application=f"argocd/app-{app}",
        started_at=at,
        finished_at=at + 1_000_000,
        phase="Succeeded",
        sources=(
            DeployedSource(
                repo_url="https://git.example/acme/config.git",
                path=f"apps/app-{app}",
                target_revision="main",
                revision=revision,
            ),
        ),
        initiator=None,
        automated=True,
        origin="history",
    )


def append(store: Store, found: Sequence[Fact]) -> None:
    """Stores facts, an entry each."""
    with store.write() as connection:
        first = ledger.append(connection, [seal_body("bench", {}) for _ in found])
        placed = (
            (seq, 1, {type(one): [(0, *facts.row_of(one))]}) for seq, one in enumerate(found, first)
        )
        rows.insert(connection, placed)


def tip(folder: Path, name: str) -> RefTip:
    """Where a branch stands, which the mirror remembers from now on."""
    git = ["git", "-C", str(folder / f"{name}.git")]
    asked = subprocess.run([*git, "rev-parse", "refs/heads/main"], check=True, capture_output=True)
    sha = asked.stdout.decode().strip()
    subprocess.run([*git, "update-ref", f"{SEEN}{sha}", sha], check=True)
    return RefTip(repository=name, name="refs/heads/main", sha=sha)


def asking(collectors: dict[str, GitCollector]) -> Callable[..., list[GitAnswer]]:
    """Has each mirror answer its own questions."""

    def ask(questions: Sequence[GitQuestion]) -> list[GitAnswer]:
        found: list[GitAnswer] = []
        for name, one in collectors.items():
            found += one.answer([each for each in questions if each.repository == name])
        return found

    return ask


class Organisation:
    """A store with the commits, tips and deployments of both repositories, nothing derived yet."""

    def __init__(self, folder: Path, commits: int, bumps: int) -> None:
        began = time.monotonic()
        self.folder, self.commits = folder, commits
        self.source, self.bumps = made(folder, commits, bumps)
        say(f"{commits} commits and {bumps} bumps made", began)
        self.store = connect(f"sqlite:///{folder / 'evidence.sqlite3'}")
        upgrade(self.store)
        self.collectors = {
            one: GitCollector(
                source=one, repository=one, url=str(folder), directory=folder / f"{one}.git"
            )
            for one in ("source", "config")
        }
        self.ask = asking(self.collectors)
        began = time.monotonic()
        append(self.store, [tip(folder, one) for one in self.collectors])
        for one in self.collectors.values():
            writer.write_commits(self.store, one.new_commits(), 0)
        for start in range(0, bumps, 1000):
            some = enumerate(self.bumps[start : start + 1000], start)
            append(self.store, [deployment(number, app, sha) for number, (app, sha) in some])
        say("commits and deployments stored", began)

    def derive(self) -> None:
        """The population, with every question to Git; its figures."""
        began = time.monotonic()
        population = Case(store=self.store, policy=POLICY, as_of=AS_OF, ask=self.ask).population
        took = time.monotonic() - began
        resolved = sum(1 for row in population.deployments for one in row.images if one.new_commit)
        say(f"{len(population.deployments)} deployments, {resolved} images resolved", began)
        figure(f"derivation of {len(self.bumps):,} bumps", took, "s wall", most=300)
        figure(f"peak of deriving {len(self.bumps):,} bumps", peak(), "MB", most=1000)

    def decide(self, title: str, most: float | None = None) -> None:
        """What the end of a sync takes."""
        began = time.monotonic()
        done = decide_and_store(self.store, POLICY, "bench", as_of=AS_OF, ask=self.ask)
        took = time.monotonic() - began
        say(f"{done.evaluated} evaluated, {done.whole or 'by itself'}", began)
        figure(title, took, "s wall", most=most)

    def grow(self) -> None:
        """One more bump, deployed."""
        known = tip(self.folder, "config").sha
        text = kustomization(0, self.source[-1])
        one_more = commit(self.commits, "apps/app-0/kustomization.yaml", text, known)
        imported(self.folder / "config.git", iter([one_more]))
        now = tip(self.folder, "config")
        writer.write_commits(self.store, self.collectors["config"].new_commits([known]), 0)
        append(self.store, [now, deployment(len(self.bumps), 0, now.sha)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=250_000)
    parser.add_argument("--bumps", type=int, default=50_000)
    parser.add_argument("--decided", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as name:
        whole = Organisation(Path(name), options.commits, options.bumps)
        whole.derive()
        whole.store.close()
    count = options.decided
    if not count:
        return
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as name:
        part = Organisation(Path(name), options.commits * count // options.bumps, count)
        part.decide(f"{count:,} bumps derived and decided")
        part.grow()
        part.decide(f"one more bump after {count:,}", most=2)
        part.store.close()


if __name__ == "__main__":
    main()
