"""How many calls and points a first and a second run of the GitHub collector take. SIMULATED data.

Run: python bench/github_calls.py [CHANGES ...]. The bound of a first run is
ceil(N/25) + ceil(branch commits/100) + the tails that exist + 5 for N merged pull requests; the
checks of mainline commits that no pull request brings (direct pushes) are such tails, 100 a call.
"""

from __future__ import annotations

import sys
import tempfile
import time
from math import ceil
from pathlib import Path

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.demo.load import load_world
from evidence.demo.simulation import Simulation
from evidence.model.capture import Window


def measure(changes: int) -> str:
    """One line of figures for a world of so many changes, its application repository only."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulation(load_world(changes), Path(folder)) as simulation,
    ):
        moment = simulation.end()
        key = next(iter(moment.repositories))
        collector = GitHubCollector(
            source="forge",
            url=moment.github_api_url,
            token=moment.github_token,
            repositories=(
                GitHubRepository(id=key, name=moment.repositories[key], branches=("main",)),
            ),
        )
        before, started, cpu = simulation.points, time.perf_counter(), time.process_time()
        pages = list(collector.fetch(Window(since=0, until=0), ""))
        took, used = time.perf_counter() - started, time.process_time() - cpu
        points = simulation.points - before
        again = list(collector.fetch(Window(since=0, until=0), pages[-1].cursor))
    kinds = [capture.kind for page in pages for capture in page.captures]
    pulls, commits = kinds.count("github.pull_request"), kinds.count("github.branch_commit")
    bound = ceil(pulls / 25) + ceil(commits / 100) + 5
    calls = sum(page.calls for page in pages)
    return (
        f"{pulls} pull requests, {commits} commits: {calls} calls (bound {bound} + tails), "
        f"{points} points, {took:.1f} s wall, {used:.1f} s CPU with the server; "
        f"second run {sum(page.calls for page in again)} calls"
    )


if __name__ == "__main__":
    for argument in sys.argv[1:] or ("100", "1000"):
        print(measure(int(argument)))  # noqa: T201 - a command that prints
