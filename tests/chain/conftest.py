"""Small invented histories: commits by name, pull requests, deployments of one application."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.chain.changes import PullRequestHead
from evidence.chain.graph import CommitGraph
from evidence.chain.population import Population, PopulationInputs, build_population
from evidence.in_scope import Application, Repository
from evidence.model.actor import Actor, ActorType
from evidence.model.change import Change
from evidence.model.deployment import DeployedSource, Deployment
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

sys.path.insert(0, str(Path(__file__).parent))

from invented import sha

MINUTE = 60_000_000
START = 1_780_000_000_000_000


class History:
    """One repository: commits by name, its production branch, and what Git would answer of it."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self.parents: dict[str, tuple[str, ...]] = {}
        self.files: dict[str, dict[str, str]] = {}
        self.tags: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.submodules: dict[str, dict[str, str]] = {}
        """Commit -> path -> commit that the submodule there points to."""

    def commit(self, name: str, *parents: str, **files: str) -> str:
        self.parents[name] = parents
        before = self.files.get(parents[0], {}) if parents else {}
        self.files[name] = {**before, **files}
        return name

    def write(self, name: str, parent: str, files: Mapping[str, str]) -> str:
        self.parents[name] = (parent,) if parent else ()
        self.files[name] = {**self.files.get(parent, {}), **files}
        return name

    def chain(self, *names: str, after: str = "") -> str:
        for name in names:
            self.commit(name, *((after,) if after else ()))
            after = name
        return after

    def graph(self) -> CommitGraph:
        names = list(self.parents)
        place = {name: position for position, name in enumerate(names)}
        return CommitGraph(
            [sha(name) for name in names],
            [tuple(place[parent] for parent in self.parents[name]) for name in names],
        )

    def answer(self, question: GitQuestion) -> str:
        """What Git would say, as canonical JSON text."""
        names = {sha(name): name for name in self.parents}
        match question.kind:
            case QuestionKind.ENTRIES:
                files = self.files[names[question.args[0]]]
                below = question.args[1]
                rows = [
                    ["100644", sha("blob" + text), path]
                    for path, text in sorted(files.items())
                    if not below or path == below or path.startswith(below + "/")
                ]
                return json.dumps(rows)
            case QuestionKind.BLOB:
                texts = {
                    sha("blob" + t): t for files in self.files.values() for t in files.values()
                }
                return json.dumps({"text": texts[question.args[0]]})
            case QuestionKind.RESOLVE:
                text = question.args[0]
                hexadecimal = all(letter in "0123456789abcdef" for letter in text)
                found = [one for one in names if hexadecimal and one.startswith(text)]
                tags = {f"refs/tags/{text}": self.tags[text]} if text in self.tags else {}
                return json.dumps({"commits": found, "tags": tags})
            case QuestionKind.MESSAGE:
                name = names[question.args[0]]
                return json.dumps({"text": self.messages.get(name, f"{name}\n")})
            case QuestionKind.CHANGED_PATHS:
                name = names[question.args[0]]
                parents = self.parents[name]
                before = self.files[parents[0]] if parents else {}
                after = self.files[name]
                return json.dumps(
                    sorted(
                        path for path in {*before, *after} if before.get(path) != after.get(path)
                    )
                )
            case QuestionKind.RANGE_DIFF:
                old, new = (self.files[names[one]] for one in question.args)
                moved = [
                    [path, old.get(path), new.get(path)]
                    for path in sorted({*old, *new})
                    if old.get(path) != new.get(path)
                ]
                return json.dumps({"digest": sha(json.dumps(moved)), "paths": []})
            case QuestionKind.SUBMODULES:
                return json.dumps(self.pointers(*(names[one] for one in question.args)))
            case _:
                raise AssertionError(question)

    def pointers(self, old: str, new: str) -> list[list[str]]:
        """What differs between two commits in `self.submodules`: path, URL, old and new commit."""
        before, after = self.submodules.get(old, {}), self.submodules.get(new, {})
        return [
            [path, f"../{path}.git", before.get(path, ""), after.get(path, "")]
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        ]


class World:
    """One application in production, its repositories, pull requests and operations."""

    def __init__(self) -> None:
        self.app = History("app")
        self.config = History("config")
        self.heads: list[PullRequestHead] = []
        self.associations: dict[str, tuple[int, ...]] = {}
        self.deployments: list[Deployment] = []
        self.tips: dict[str, dict[str, tuple[str, ...]]] = {}
        self.application = Application(
            id="shop", deployer="argo", selector="argocd/shop", repository="app"
        )
        self.repositories = [
            Repository(
                id="app",
                name="acme/shop",
                urls=("https://git.example.test/acme/shop.git",),
                forge="github",
            ),
            Repository(
                id="config",
                name="acme/config",
                urls=("https://git.example.test/acme/config.git",),
                forge="github",
                role="configuration",
            ),
        ]
        self.policy_extra: dict[str, object] = {}
        self.inputs_extra: dict[str, object] = {}
        self.now = START

    def tick(self) -> int:
        self.now += MINUTE
        return self.now

    def branch(self, name: str, tip: str, repository: str = "app") -> None:
        self.tips.setdefault(repository, {})[name] = (sha(tip),)

    def merge(
        self, number: int, merge: str, head: str = "", *, base: str = "main", **fields: object
    ) -> None:
        at = self.tick()
        values: dict[str, object] = {
            "repository": "app",
            "number": number,
            "merge_sha": sha(merge) if merge else "",
            "base_ref": base,
            "head_sha": sha(head or f"head of {number}"),
            "title": f"Change {number}",
            "author": Actor(system="forge.test", id=str(number), type=ActorType.USER),
            "created_at": at - MINUTE // 2,
            "merged_at": at,
        }
        self.heads.append(PullRequestHead(**{**values, **fields}))  # type: ignore[arg-type]

    def deploy(
        self, revision: str, *, repository: str = "app", path: str = "", **fields: object
    ) -> str:
        at = self.tick()
        revision_sha = (
            sha(revision) if revision in (self.app.parents | self.config.parents) else revision
        )
        name = "shop" if repository == "app" else "config"
        values: dict[str, object] = {
            "source": "argo",
            "application_uid": "uid-1",
            "application": "argocd/shop",
            "started_at": at,
            "finished_at": at + 1,
            "phase": "Succeeded",
            "sources": (
                DeployedSource(
                    repo_url=f"git@git.example.test:acme/{name}",
                    path=path,
                    target_revision="main",
                    revision=revision_sha,
                ),
            ),
            "initiator": None,
            "automated": True,
            "origin": "history",
        }
        deployment = Deployment(**{**values, **fields})  # type: ignore[arg-type]
        self.deployments.append(deployment)
        return f"argo:{deployment.application_uid}:{deployment.started_at}"

    def policy(self) -> Policy:
        return Policy(
            repositories=tuple(self.repositories),
            applications=(self.application,),
            **self.policy_extra,  # type: ignore[arg-type]
        )

    def inputs(self) -> PopulationInputs:
        values: dict[str, object] = {
            "deployments": tuple(self.deployments),
            "graphs": {"app": self.app.graph(), "config": self.config.graph()},
            "tips": self.tips,
            "heads": tuple(self.heads),
            "associations": {"app": self.associations},
        }
        return PopulationInputs(**{**values, **self.inputs_extra})  # type: ignore[arg-type]

    def build(self, *, ask: bool = True) -> Population:
        """Builds, answers the questions as Git would, and builds again until none is new."""
        inputs = self.inputs()
        population = build_population(self.policy(), inputs)
        rounds = 0
        while ask and population.questions:
            rounds += 1
            assert rounds < 10, population.questions
            inputs = replace(inputs, answers={**inputs.answers, **self.answers(population)})
            population = build_population(self.policy(), inputs)
        return population

    def answers(self, population: Population) -> dict[GitQuestion, GitAnswer]:
        histories = {"app": self.app, "config": self.config}
        return {
            question: GitAnswer(
                repository=question.repository,
                kind=question.kind,
                args=question.args,
                value=histories[question.repository].answer(question),
            )
            for question in population.questions
        }

    def changes(self) -> dict[str, Change]:
        return {change.change_id: change for change in self.build().changes}

    def rows(self) -> tuple[ProductionDeployment, ...]:
        return self.build().deployments


@pytest.fixture
def world() -> World:
    return World()
