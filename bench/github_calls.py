"""What a first and a later run of the GitHub collector cost in calls, points and time. SIMULATED.

    python bench/github_calls.py [--changes 1000] [--latency 100] [--repositories 500] [--plain]

The server is the simulated GitHub with answers of real size (twelve checks on each commit, bodies
of some lines). Its own work is done in a run that is not timed and answered from memory
afterwards, each answer delayed by `--latency` milliseconds, so that the wall time is ours and the
network's. Side by side, on the same server: ordinary PyGithub iteration for the same facts, and the
public collector perceval where it is installed.

Targets: calls <= ceil(N/25) + ceil(branch commits/100) + tails + ceil(commits whose attempts are
all read/10) + 5 for N merged pull requests, 150 points, wall <= 1.3 x calls x latency; one
repository where nothing changed 3 calls; 500 repositories of which 20 changed 150 calls.
"""

# ruff: noqa: T201 - a bench prints
from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from math import ceil
from pathlib import Path

from common.figures import figure
from common.forge import Forest, remember

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.demo.load import load_world
from evidence.demo.simulation import Moment, Simulation
from evidence.demo.steps import CheckStep
from evidence.demo.world import World
from evidence.model.capture import Page, Window

CHECKS = ("ci/test", "scan/trivy", *(f"ci/part-{number}" for number in range(1, 11)))
TEXT = "What was asked for, how it was done and how it was tried. " * 12
ALL = Window(since=0, until=0)


def realistic(world: World) -> World:
    """The world with twelve checks on each head and a description on each pull request."""
    changes = []
    for change in world.change:
        steps = [
            replace(step, names=CHECKS)
            if isinstance(step, CheckStep) and len(step.names) > 1
            else step
            for step in change.steps
        ]
        changes.append(replace(change, steps=tuple(steps), body=TEXT))
    return replace(world, change=tuple(changes))


def collector(moment: Moment) -> GitHubCollector:
    """The application repository of the simulated organisation."""
    key = next(iter(moment.repositories))
    repository = GitHubRepository(id=key, name=moment.repositories[key], branches=("main",))
    return GitHubCollector(
        source="forge",
        url=moment.github_api_url,
        token=moment.github_token,
        repositories=(repository,),
    )


def read(moment: Moment, cursor: str = "") -> list[Page]:
    """All pages of a run, each capture parsed: what a sync does before it writes."""
    reader = collector(moment)
    pages = list(reader.fetch(ALL, cursor))
    for page in pages:
        for capture in page.captures:
            reader.parse(capture)
    return pages


def calls(pages: list[Page]) -> int:
    """Requests, tries that failed among them."""
    return sum(page.calls for page in pages)


def backfill(simulation: Simulation, latency: float) -> None:
    """The first run, the run right after it, and the run of a day later."""
    moment = simulation.end()
    stored = remember(simulation)
    before = simulation.points
    pages = read(moment)
    points = simulation.points - before
    server = simulation.server("github")
    server.latency = latency
    started, cpu = time.perf_counter(), time.process_time()
    timed = read(moment)
    wall, used = time.perf_counter() - started, time.process_time() - cpu
    server.latency = 0.0
    kinds = [capture.kind for page in pages for capture in page.captures]
    pulls, commits = kinds.count("github.pull_request"), kinds.count("github.branch_commit")
    attempts, direct = kinds.count("github.check_attempts"), kinds.count("github.commit_checks")
    bound = ceil(pulls / 25) + ceil(commits / 100) + ceil(direct / 100) + ceil(attempts / 10) + 5
    ideal = calls(timed) * latency
    print(f"first run: {pulls} pull requests, {commits} commits, all attempts of {attempts}")
    figure(f"first run, {pulls} pull requests", calls(pages), "calls", most=bound)
    figure(f"first run, {pulls} pull requests", points, "points", most=round(150 * pulls / 1000))
    print(
        f"  {sum(stored.sizes) / 1e6:.1f} MB in answers of up to {max(stored.sizes) / 1e3:.0f} kB; "
        f"{wall:.2f} s wall, {used:.2f} s CPU with the server: {1 + used / ideal:.2f} x where "
        "nothing else runs"
    )
    figure("first run, wall", wall / ideal, f"x calls x {latency * 1000:.0f} ms", most=1.3)
    figure("same moment again", calls(read(moment, pages[-1].cursor)), "calls", most=3)
    moment = simulation.at(moment.at + 86_400_000_000)
    figure("a day later, nothing changed", calls(read(moment, pages[-1].cursor)), "calls", most=3)


def many(repositories: int, changed: int) -> None:
    """An organisation of many repositories, few of which changed."""
    forest = Forest(repositories)
    try:
        first = forest.run("")
        forest.change(changed)
        later = forest.run(first[-1].cursor)
    finally:
        forest.close()
    seen = len({c.context["repository"] for page in later for c in page.captures})
    print(f"{repositories} repositories: first run {calls(first)} calls; captures of {seen} later")
    figure(f"{repositories} repositories, {changed} changed", calls(later), "calls", most=150)


def main() -> None:
    """Prints every figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--latency", type=int, default=100, help="milliseconds")
    parser.add_argument("--repositories", type=int, default=500)
    parser.add_argument("--plain", type=int, default=100, help="pull requests read by PyGithub")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulation(realistic(load_world(given.changes)), Path(folder)) as simulation,
    ):
        backfill(simulation, given.latency / 1000)
        if given.plain:
            from common.plain_pygithub import iterate

            moment = simulation.end()
            print(iterate(moment, simulation.server("github"), given.plain))
            from common.perceval_run import collect

            print(collect(simulation))
    many(given.repositories, min(20, given.repositories))


if __name__ == "__main__":
    main()
