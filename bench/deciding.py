"""What the end of a sync costs on a large store: population, chains, determinations, stored.

    python bench/deciding.py [--changes 100000]

The store holds so many changes with about 1.5 reviews and 3 checks each and a deployment for every
fifth change (`common.filled`). First the population and the chains of all changes are only read,
then everything is decided and stored, then two syncs bring five more changes and their deployment
each and decide what they touch. CPU seconds of this process and peak memory; SIMULATED data.
Targets: 500 MB; 0.5 s for the sync after it, which costs what is new and not the population; why it
read everything is printed where it did.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from common.figures import figure
from common.filled import AS_OF, POLICY, copied, filled, grow, keep
from common.kept import KEPT

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.deciding.case import Case
from evidence.deciding.decide import decide_and_store
from evidence.demo.load import DEPLOY_EVERY
from evidence.store.session import Store


def peak() -> float:
    """Peak memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """One line of figures on stdout, with the peak so far."""
    sys.stdout.write(f"{line}; peak {peak():.0f} MB\n")
    sys.stdout.flush()


def read_only(store: Store) -> None:
    """Population and chains, as a report reads them."""
    began = time.process_time()
    case = Case(store=store, policy=POLICY, as_of=AS_OF)
    population = case.population
    built = time.process_time() - began
    say(
        f"population of {len(population.changes)} changes and {len(population.deployments)} "
        f"deployments from the store: {built:.1f} s CPU"
    )
    links = sum(len(chain.links) for chain in case.chains(population.changes))
    say(f"{links} links of all chains: {time.process_time() - began - built:.1f} s CPU")


def decide(store: Store, title: str, most: float | None = None) -> None:
    began = time.process_time()
    done = decide_and_store(store, POLICY, "bench", as_of=AS_OF, ask=lambda _questions: [])
    took = time.process_time() - began
    how = f" ({done.whole})" if done.whole else ""
    say(f"{title}{how}: {done.evaluated} evaluated, {done.changed} determinations")
    figure(title, took, "s CPU", most=most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    changes = parser.parse_args().changes
    filled(changes)
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as folder:
        store = copied(changes, Path(folder))
        read_only(store)
        decide(store, f"{changes:,} changes decided and stored")
        for more in range(0, 2 * DEPLOY_EVERY, DEPLOY_EVERY):
            grow(store, changes + more)
            decide(store, f"the end of a sync after {changes:,} changes", most=0.5)
        figure(f"peak of deciding {changes:,} changes", peak(), "MB", most=500)
        keep(store, changes)


if __name__ == "__main__":
    main()
