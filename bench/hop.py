"""What the hop costs: a configuration repository with many image bumps, each deployed.

    python bench/hop.py [--commits 250000] [--bumps 50000]

Invented histories are made with `git fast-import`: a source repository with a commit per bump, and
a configuration repository in which every so many commits one of 50 applications gets a new tag (40
digits) by a commit that is deployed. From a store with commits, tips and deployments the population
is derived, all questions to Git asked and their answers stored; then everything is decided; then
one more bump is. Wall seconds of this process with Git, and its peak memory; SIMULATED data.
Targets at 250,000 commits and 50,000 bumps on two cores: 300 s and 1 GB for the derivation, 2 s for
the sync after it.
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

from common.kept import KEPT

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.collectors.git import GitCollector
from evidence.collectors.git.mirror import SEEN
from evidence.deciding.case import Case
from evidence.deciding.decide import decide_and_store
from evidence.model.deployment import DeployedSource, Deployment
from evidence.model.fact import Fact
from evidence.model.git import GitAnswer, GitQuestion, RefTip
from evidence.policy import Application, ImageMap, Policy, Repository
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


def say(title: str, began: float) -> None:
    """One line of figures on stdout, with the peak so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = time.process_time()
    took = time.monotonic() - began
    sys.stdout.write(f"{title}: {took:.1f} s; {cpu:.1f} s CPU so far; peak {peak:.0f} MB\n")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=250_000)
    parser.add_argument("--bumps", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as name:
        folder = Path(name)
        began = time.monotonic()
        source, bumps = made(folder, options.commits, options.bumps)
        say("histories made", began)
        url = f"sqlite:///{folder / 'evidence.sqlite3'}"
        store = connect(url)
        upgrade(store)
        collectors = {
            one: GitCollector(
                source=one, repository=one, url=str(folder), directory=folder / f"{one}.git"
            )
            for one in ("source", "config")
        }
        began = time.monotonic()
        append(store, [tip(folder, one) for one in collectors])
        for one in collectors.values():
            writer.write_commits(store, one.new_commits(), 0)
        for start in range(0, len(bumps), 1000):
            some = enumerate(bumps[start : start + 1000], start)
            append(store, [deployment(number, app, sha) for number, (app, sha) in some])
        say("commits and deployments stored", began)
        ask = asking(collectors)
        began = time.monotonic()
        population = Case(store=store, policy=POLICY, as_of=AS_OF, ask=ask).population
        resolved = sum(1 for row in population.deployments for one in row.images if one.new_commit)
        count = len(population.deployments)
        say(f"derived: {count} deployments, {resolved} images resolved (target 300 s, 1 GB)", began)
        began = time.monotonic()
        done = decide_and_store(store, POLICY, "bench", as_of=AS_OF, ask=ask)
        say(f"everything decided: {done.evaluated} evaluated", began)
        known = tip(folder, "config").sha
        text = kustomization(0, source[-1])
        one_more = commit(options.commits, "apps/app-0/kustomization.yaml", text, known)
        imported(folder / "config.git", iter([one_more]))
        now = tip(folder, "config")
        writer.write_commits(store, collectors["config"].new_commits([known]), 0)
        append(store, [now, deployment(len(bumps), 0, now.sha)])
        began = time.monotonic()
        done = decide_and_store(store, POLICY, "bench", as_of=AS_OF, ask=ask)
        how = done.whole or "by itself"
        say(f"one more bump: {done.evaluated} evaluated, {how} (target 2 s)", began)
        store.close()


if __name__ == "__main__":
    main()
