"""How long it takes to find the population and to draw the links of a large organisation.

    python bench/linking.py [--changes 100000] [--deployments 20000]

Everything is made in memory; making it is not timed. Prints CPU seconds and peak memory, and the
cost of one more deployment. Target: 100,000 changes with 150,000 reviews, 300,000 checks and
20,000 deployments in 10 s of CPU and 500 MB.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from dataclasses import replace

from common.figures import figure

import evidence.cli  # noqa: F401 - as the program sets itself up
from evidence.chain.chains import build_chain, chain_questions
from evidence.chain.changes import PullRequestHead
from evidence.chain.graph import CommitGraph
from evidence.chain.lanes import Step, lane_ranges
from evidence.chain.population import Population, PopulationInputs, build_population
from evidence.in_scope import Application, Repository
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change
from evidence.model.check import CheckRun
from evidence.model.deployment import DeployedSource, Deployment
from evidence.model.pull_request import PullRequest, Review
from evidence.policy import Policy

START = 1_780_000_000_000_000
MINUTE = 60_000_000
URL = "https://git.example.test/acme/shop"


def sha(number: int) -> str:
    """An invented commit id."""
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def organisation(changes: int, deployments: int) -> tuple[Policy, PopulationInputs]:
    """One repository: seven squashes and three merges of two commits in every ten changes."""
    people = [Actor(system="forge.test", id=str(n), type=ActorType.USER) for n in range(200)]
    shas: list[str] = [sha(0)]
    parents: list[tuple[int, ...]] = [()]
    line, heads = [0], []

    def commit(*above: int) -> int:
        shas.append(sha(len(shas)))
        parents.append(above)
        return len(shas) - 1

    for number in range(1, changes + 1):
        below = line[-1]
        merged = number % 10 < 3
        head = commit(commit(line[max(0, len(line) - 20)])) if merged else -1
        line.append(commit(below, head) if merged else commit(below))
        at = START + number * MINUTE
        heads.append(
            PullRequestHead(
                repository="shop",
                number=number,
                merge_sha=shas[line[-1]],
                base_ref="main",
                head_sha=shas[head] if merged else sha(-number),
                created_at=at - MINUTE,
                merged_at=at,
                title=f"SHOP-{number} change",
                author=people[number % 200],
                merged_by=people[number % 199],
                commits_total=2,
            )
        )
    every = max(1, changes // deployments)
    facts = tuple(
        deployment(START + (number * every + 1) * MINUTE, shas[line[number * every]])
        for number in range(min(deployments, changes // every))
    )
    policy = Policy(
        repositories=(Repository(id="shop", urls=(URL,), forge="forge"),),
        applications=(Application(id="shop", deployer="argo", selector="argocd/shop"),),
    )
    inputs = PopulationInputs(
        deployments=facts,
        graphs={"shop": CommitGraph(shas, parents)},
        tips={"shop": {"main": (shas[line[-1]],)}},
        heads=tuple(heads),
        associations={"shop": {head.merge_sha: (head.number,) for head in heads}},
    )
    return policy, inputs


def deployment(at: int, revision: str) -> Deployment:
    """One settled operation."""
    return Deployment(
        source="argo",
        application_uid="uid",
        application="argocd/shop",
        started_at=at,
        finished_at=at + MINUTE,
        phase="Succeeded",
        sources=(DeployedSource(repo_url=URL, path="", target_revision="main", revision=revision),),
        initiator=None,
        automated=True,
    )


def evidence_of(change: Change, population: Population, rows: dict[str, int]) -> ChangeEvidence:
    """A pull request, three reviews for every two changes, three checks."""
    number, head = change.number, change.head_sha
    reviews = tuple(
        Review(
            repository="shop",
            number=number,
            review_id=f"{number}-{one}",
            author=change.author,
            state="APPROVED",
            submitted_at=change.merged_at - 1,
            commit_sha=head,
            can_push=True,
            association="MEMBER",
            body="",
        )
        for one in range(1 + number % 2)
    )
    checks = tuple(
        CheckRun(
            repository="shop",
            sha=head,
            kind="check_run",
            check_id=f"{number}-{one}",
            name=f"ci/{one}",
            app="ci",
            app_id="1",
            status="COMPLETED",
            conclusion="SUCCESS",
            started_at=1,
            completed_at=2,
        )
        for one in range(3)
    )
    return ChangeEvidence(
        change=change,
        pull_request=pull_request(change),
        reviews=reviews,
        checks=checks,
        deployments=tuple(population.deployments[rows[one]] for one in change.deployments),
    )


def pull_request(change: Change) -> PullRequest:
    """The pull request of a change."""
    return PullRequest(
        repository="shop",
        number=change.number,
        node_id="",
        url=f"{URL}/pull/{change.number}",
        title=change.title,
        body="What and why. " * 20,
        state="MERGED",
        author=change.author,
        created_at=change.created_at,
        updated_at=change.merged_at,
        merged_at=change.merged_at,
        closed_at=change.merged_at,
        merged_by=change.merged_by,
        base_ref="main",
        base_sha=change.base_sha,
        head_ref="topic",
        head_sha=change.head_sha,
        head_repository="acme/shop",
        merge_sha=change.landing_sha,
    )


def peak() -> float:
    """Peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """One line of figures on stdout."""
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--deployments", type=int, default=20_000)
    arguments = parser.parse_args()
    policy, inputs = organisation(arguments.changes, arguments.deployments)
    made = peak()
    clock = time.process_time
    began = clock()
    population = build_population(policy, inputs)
    built = clock() - began
    rows = {row.deployment_id: place for place, row in enumerate(population.deployments)}
    linked, links, questions, reviews, checks = 0.0, 0, 0, 0, 0
    for change in population.changes:
        if not change.number:
            continue
        evidence = evidence_of(change, population, rows)
        reviews += len(evidence.reviews)
        checks += len(evidence.checks)
        began = clock()
        questions += len(chain_questions(evidence, policy))
        links += len(build_chain(evidence, policy).links)
        linked += clock() - began
    say(
        f"{len(population.changes)} changes, {reviews} reviews, {checks} checks, "
        f"{len(population.deployments)} deployments, {len(inputs.graphs['shop'])} commits"
    )
    say(f"population {built:.2f} s CPU, links {linked:.2f} s CPU")
    say(f"{links} links, {questions} questions")
    say(f"{made:.0f} MB of the peak are inputs")
    figure(f"linking {arguments.changes:,} changes", built + linked, "s CPU", most=10)
    figure(f"peak of linking {arguments.changes:,} changes", peak(), "MB", most=500)
    one_more(policy, inputs, population)


def one_more(policy: Policy, inputs: PopulationInputs, population: Population) -> None:
    """The cost of one deployment that arrives after all others.

    The range itself and the chains of the changes it carries cost in proportion to what is new, and
    so does the population where a store is at hand (`deciding.py` measures that, whole); here it is
    built anew from slim inputs, as where everything has to be read.
    """
    newest = inputs.heads[-1]
    facts = (*inputs.deployments, deployment(newest.merged_at + MINUTE, newest.merge_sha))
    began = time.process_time()
    more = build_population(policy, replace(inputs, deployments=facts))
    anew = time.process_time() - began
    graph = inputs.graphs["shop"]
    last = population.deployments[-1].ranges[0].revision
    steps = [Step(revision=graph.index[sha]) for sha in (last, newest.merge_sha)]
    began = time.process_time()
    (_, span) = lane_ranges(graph, steps)
    ranged = time.process_time() - began
    rows = {row.deployment_id: place for place, row in enumerate(more.deployments)}
    carried = set(more.deployments[-1].changes)
    evidence = [
        evidence_of(change, more, rows) for change in more.changes if change.change_id in carried
    ]
    began = time.process_time()
    for one in evidence:
        build_chain(one, policy)
    linked = time.process_time() - began
    say(
        f"one more deployment: population anew {anew:.2f} s CPU; its range of {len(span.commits)} "
        f"commits {ranged * 1e3:.2f} ms, the chains of its {len(evidence)} changes "
        f"{linked * 1e3:.2f} ms"
    )


if __name__ == "__main__":
    main()
