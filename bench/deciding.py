"""What the end of a sync costs on a large store: population, chains, determinations, stored.

    python bench/deciding.py [--changes 100000] [--recorded]

The store holds so many changes with about 1.5 reviews and 3 checks each and a deployment for every
fifth change (`common.filled`). First the population and the chains of all changes are only read,
then everything is decided and stored, then two syncs bring five more changes and their deployment
each and decide what they touch. With `--recorded` the forge's records, daily looks at them and the
digests that run stand beside, and nothing is only read. Git says that no submodule moved.
CPU seconds of this process and peak memory; SIMULATED data.
Targets: 500 MB; 0.5 s for the sync after it, which costs what is new and not the population; why it
read everything is printed where it did.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.figures import figure
from common.filled import AS_OF, POLICY, copied, filled, grow, keep
from common.kept import KEPT

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.deciding.case import Case
from evidence.deciding.decide import decide_and_store
from evidence.demo.load import DEPLOY_EVERY
from evidence.demo.load_rows import load_rows
from evidence.model import codec
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.deployment import ApplicationState, Deployment
from evidence.model.fact import Fact
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.settings import Observation, Subject
from evidence.store import ledger, rows
from evidence.store.envelope import seal_body
from evidence.store.facts import row_of
from evidence.store.session import Store

DAY = 86_400_000_000
CHANGES_A_DAY = 288
"""A change begins every five minutes (`load_rows`)."""


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


def answers(questions: Sequence[GitQuestion]) -> list[GitAnswer]:
    """What Git says: no submodule moved."""
    return [
        GitAnswer(repository=one.repository, kind=one.kind, args=one.args, value="[]")
        for one in questions
        if one.kind is QuestionKind.SUBMODULES
    ]


def decide(store: Store, title: str, most: float | None = None) -> None:
    began = time.process_time()
    done = decide_and_store(store, POLICY, "bench", as_of=AS_OF, ask=answers)
    took = time.process_time() - began
    how = f" ({done.whole})" if done.whole else ""
    say(f"{title}{how}: {done.evaluated} evaluated, {done.changed} determinations")
    figure(title, took, "s CPU", most=most)


def record(store: Store, first: int, last: int) -> None:
    """What a forge and a deployer tell besides of the changes `first`..`last`.

    Per change who moved the branch and how its rules came out; once a day a look at the settings;
    with each deployment the digest that runs.
    """
    found: list[Fact] = []
    number, before = 0, ""
    for name, row in load_rows(last):
        if name == "Deployment" and number > first:
            found.append(look(row))
        if name != "Commit":
            continue
        sha, at = row["sha"], row["author_time"]
        if before and row["parents"] == [before]:
            number += 1
            if number > first:
                found += told(number, before, sha, at)
        before = sha
    for start in range(0, len(found), 5_000):
        some = found[start : start + 5_000]
        with store.write() as connection:
            seq = ledger.append(connection, [seal_body("bench", {}) for _ in some])
            placed = (
                (place, 1, {type(one): [(0, *row_of(one))]}) for place, one in enumerate(some, seq)
            )
            rows.insert(connection, placed)


def told(number: int, before: str, after: str, at: int) -> list[Fact]:
    """The records of one movement of the branch, and each day's look at the record."""
    found: list[Fact] = [
        RepositoryActivity(
            repository="shop",
            activity_id=f"{number:08}",
            kind="pr_merge",
            ref="refs/heads/main",
            before_sha=before,
            after_sha=after,
            at=at,
            actor=None,
        ),
        RuleSuite(
            repository="shop",
            suite_id=f"{number:08}",
            actor=None,
            ref="refs/heads/main",
            before_sha=before,
            after_sha=after,
            pushed_at=at,
            result="pass",
        ),
    ]
    if number % CHANGES_A_DAY == 0:
        found += [
            Observation(
                repository="shop",
                subject=subject,
                key="",
                at=at,
                outcome="read",
                since=at - DAY,
                until=at,
            )
            for subject in (Subject.ACTIVITY, Subject.RULE_SUITES, Subject.RULESETS)
        ]
    return found


def look(row: dict[str, Any]) -> ApplicationState:
    """What the deployer shows after an operation: its revision, and the digest that runs."""
    own = codec.decode(Deployment, row)
    revision = own.sources[0].revision
    return ApplicationState(
        source=own.source,
        application_uid=own.application_uid,
        application=own.application,
        destination="",
        project="",
        sync_status="Synced",
        health="Healthy",
        health_since=own.finished_at,
        revisions=(revision,),
        sources=own.sources,
        images=(f"registry.example/shop:{revision}@sha256:{revision:0>64}",),
        history_ids=(),
        auto_sync=None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument(
        "--recorded", action="store_true", help="with activity, rule suites, looks and digests"
    )
    options = parser.parse_args()
    changes = options.changes
    filled(changes)
    with tempfile.TemporaryDirectory(prefix="evidence-bench-", dir=KEPT) as folder:
        store = copied(changes, Path(folder))
        if options.recorded:
            record(store, 0, changes)
        else:
            read_only(store)
        decide(store, f"{changes:,} changes decided and stored")
        for more in range(0, 2 * DEPLOY_EVERY, DEPLOY_EVERY):
            grow(store, changes + more)
            if options.recorded:
                record(store, changes + more, changes + more + DEPLOY_EVERY)
            decide(store, f"the end of a sync after {changes:,} changes", most=0.5)
        figure(f"peak of deciding {changes:,} changes", peak(), "MB", most=500)
        if options.recorded:
            store.close()
        else:
            keep(store, changes)


if __name__ == "__main__":
    main()
