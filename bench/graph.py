"""Which deployment first carried each commit: all deployments over the graph at once.

    python bench/graph.py [--commits 82000] [--deployments 20000]

The graph is invented (a branch with merges, `common.history.shape`), each deployment rolls the
branch forward. CPU milliseconds, the median of five rounds. Target: about 20 ms for 82,000 commits
and 20,000 deployments, where one `git rev-list` per range takes more than half a minute.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from collections.abc import Callable

from common.figures import figure
from common.history import shape

from evidence.chain.graph import NEVER, CommitGraph, first_parent_line, first_reached
from evidence.chain.lanes import Step, lane_ranges


def median(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        work()
        rounds.append((time.process_time() - began) * 1e3)
    return statistics.median(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=82_000)
    parser.add_argument("--deployments", type=int, default=20_000)
    options = parser.parse_args()
    parents = shape(options.commits)
    shas = [
        hashlib.sha1(b"%d" % one, usedforsecurity=False).hexdigest() for one in range(len(parents))
    ]
    graph = CommitGraph(shas, parents)
    line = first_parent_line(graph, len(parents) - 1)[::-1]
    count = options.deployments
    deployed = [line[(place + 1) * (len(line) - 1) // count] for place in range(count)]
    began = time.process_time()
    _ = graph.order, graph.oldest_first
    ordered = (time.process_time() - began) * 1e3
    reached = median(lambda: first_reached(graph, deployed))
    ranges = median(lambda: lane_ranges(graph, [Step(revision=one) for one in deployed]))
    carried = sum(rank != NEVER for rank in first_reached(graph, deployed))
    sys.stdout.write(
        f"{len(graph)} commits, {count} deployments, {carried} commits carried; the graph's "
        f"order, once, {ordered:.0f} ms; the ranges of all deployments {ranges:.0f} ms\n"
    )
    figure(f"first deployment of {len(graph):,} commits", reached, "ms CPU", most=20)


if __name__ == "__main__":
    main()
