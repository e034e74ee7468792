"""What syncs decide one after the other is what one decision on everything comes to.

An invented shop lives on by random steps. After each one what is new is decided, and on a copy of
the store everything: changes, deployments, determinations and what they are found by are equal.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.deciding.decide import decide_and_store
from evidence.in_scope import Application, Repository
from evidence.model.actor import Actor, ActorType
from evidence.model.check import CheckRun
from evidence.model.deployment import RUN, ApplicationState, DeployedSource, Deployment
from evidence.model.git import GitAnswer, QuestionKind, RefTip
from evidence.model.policy_result import Binding, Finding, PolicyResult, Severity, Subject
from evidence.model.pull_request import CommitPullRequests, PullRequest, Review
from evidence.policy import Policy, RequiredScan
from evidence.store.session import connect, open_store
from evidence.store.upgrade import upgrade

sys.path.insert(0, str(Path(__file__).parent))

from steps_seen import decided_whole, differing, seen, sync

URL = "https://git.example.test/acme/shop"
MINUTE = 60_000_000
START = 1_780_000_000_000_000
POLICY = Policy(
    repositories=(Repository(id="shop", name="acme/shop", urls=(URL,), forge="forge"),),
    applications=(
        Application(id="web", deployer="argo", selector="argocd/web"),
        Application(id="till", deployer="argo", selector="argocd/till"),
    ),
    required_scans=(RequiredScan(tool="gitleaks", complete_from=1),),
)


def person(number):
    return Actor(system="git.example.test", id=str(number), type=ActorType.USER)


class Shop:
    """Lives on: each step adds commits and facts that the next sync brings."""

    def __init__(self, store, seed):
        self.store, self.random = store, random.Random(seed)
        self.now, self.count = START, 0
        self.parents = {}
        self.tip = self.commit()
        self.pulls = {}
        self.facts, self.deployed = [], {}
        self.line = [self.tip]
        self.undone = {}
        """Landed revert -> the commit that it turns back."""

    def commit(self, *parents):
        sha = hashlib.sha1(f"{self.count}".encode(), usedforsecurity=False).hexdigest()
        self.count += 1
        self.parents[sha] = parents
        return sha

    def land(self, sha):
        self.tip = sha
        self.line.append(sha)
        return sha

    def pull(self, merge, head, *, title="Change", listed=True, told=True):
        number = len(self.pulls) + 1
        found = PullRequest(
            repository="shop",
            number=number,
            node_id=f"PR_{number}",
            url=f"{URL}/pull/{number}",
            title=title,
            body="",
            state="MERGED",
            author=person(number % 3),
            created_at=self.now - MINUTE,
            updated_at=self.now,
            merged_at=self.now,
            closed_at=self.now,
            merged_by=person(4),
            base_ref="main",
            base_sha="",
            head_ref="topic",
            head_sha=head,
            head_repository="acme/shop",
            merge_sha=merge,
            commits_total=1,
        )
        self.pulls[number] = found
        if told:
            self.facts += [found, self.review(number)]
        if listed:
            self.facts.append(self.listing(merge, number))
        return found

    def review(self, number):
        return Review(
            repository="shop",
            number=number,
            review_id=f"{number}-{self.now}",
            author=person(5 + number % 2),
            state="APPROVED",
            submitted_at=self.now - 1,
            commit_sha=self.pulls[number].head_sha,
            can_push=True,
            association="MEMBER",
            body="",
        )

    def listing(self, sha, *numbers):
        return CommitPullRequests(
            repository="shop", branch="main", sha=sha, numbers=numbers, merged_numbers=numbers
        )

    # --- steps

    def squash(self):
        head = self.commit(self.tip)
        self.pull(self.land(self.commit(self.tip)), head)

    def merge(self):
        head = self.commit(self.commit(self.random.choice(self.line[-4:])))
        self.pull(self.land(self.commit(self.tip, head)), head)

    def push(self):
        sha = self.land(self.commit(self.tip))
        if self.random.random() < 0.7:
            self.facts.append(self.listing(sha))

    def told_late(self):
        """A commit lands, and its pull request is told by a later sync."""
        self.pull(self.land(self.commit(self.tip)), "", told=False, listed=False)

    def tell(self):
        for number, pull in self.pulls.items():
            self.facts += [pull, self.listing(pull.merge_sha, number)]

    def revert(self):
        head, undone = self.commit(self.tip), self.random.choice(self.line[-3:])
        self.undone[self.land(self.commit(self.tip))] = undone
        self.pull(self.tip, head, title='Revert "Change"')

    def relabel(self):
        if self.pulls:
            number = self.random.choice(list(self.pulls))
            self.pulls[number] = replace(self.pulls[number], labels=("emergency",))
            self.facts.append(self.pulls[number])

    def review_late(self):
        if self.pulls:
            self.facts.append(self.review(self.random.choice(list(self.pulls))))

    def check(self):
        sha = self.random.choice(self.line)
        self.facts.append(
            CheckRun(
                repository="shop",
                sha=sha,
                kind="check_run",
                check_id=str(self.now),
                name="ci/test",
                app="ci",
                app_id="1",
                status="COMPLETED",
                conclusion="SUCCESS",
                started_at=self.now - 2,
                completed_at=self.now - 1,
            )
        )

    def scan(self):
        leak = Finding(rule="generic-key", severity=Severity.UNRATED, kind="secret")
        heads = [one.head_sha for one in self.pulls.values() if one.head_sha]
        self.facts.append(
            PolicyResult(
                source="ci",
                scan_id=str(self.count),
                tool="gitleaks",
                subject_kind=Subject.COMMIT,
                subject=self.random.choice([*self.line, *heads]),
                binding=Binding.ASSERTED,
                tool_version="8",
                scanned_at=self.now - self.random.choice([1, 400]) * MINUTE,
                findings=self.random.choice([(), (leak,)]),
            )
        )
        self.count += 1

    def deploy(self, phase="Succeeded", sha=""):
        name = self.random.choice(["web", "web", "till"])
        source = DeployedSource(
            repo_url=URL, path="", target_revision="main", revision=sha or self.tip
        )
        found = Deployment(
            source="argo",
            application_uid=f"uid-{name}",
            application=f"argocd/{name}",
            started_at=self.now,
            finished_at=0 if phase == "Running" else self.now + 1,
            phase=phase,
            sources=(source,),
            initiator=None,
            automated=True,
            origin="operation_state",
            url=f"{URL}/actions/runs/{self.count}" if name == "till" else "",
        )
        self.deployed[name] = found
        self.facts.append(found)

    def fail(self):
        self.deploy("Failed")

    def start(self):
        self.deploy("Running")

    def end(self):
        for name, one in self.deployed.items():
            if one.phase == "Running":
                self.deployed[name] = replace(one, phase="Succeeded", finished_at=self.now)
                self.facts.append(self.deployed[name])

    def back(self):
        self.deploy(sha=self.random.choice(self.line))

    def tell_history(self):
        """A deployer tells again what it told before."""
        self.facts += [replace(one, origin="history") for one in self.deployed.values()]

    def tell_gates(self):
        """Who let deployments pass is read only now."""
        for one in self.deployed.values():
            gate = {"origin": RUN, "approvers": (person(8),), "started_by": person(8)}
            self.facts.append(replace(one, **gate))

    def look(self):
        for name, one in self.deployed.items():
            self.facts.append(self.state(name, one, self.random.choice(["Healthy", "Degraded"])))

    def state(self, name, one, health):
        return ApplicationState(
            source="argo",
            application_uid=f"uid-{name}",
            application=f"argocd/{name}",
            destination="",
            project="",
            sync_status="Synced",
            health=health,
            health_since=self.now,
            revisions=tuple(source.revision for source in one.sources),
            sources=one.sources,
            images=(),
            history_ids=(),
            auto_sync=None,
        )

    def answers(self, questions):
        """What Git says: a revert turns back what one commit did; nothing has submodules."""
        told = {QuestionKind.SUBMODULES: lambda _: []}
        told[QuestionKind.RANGE_DIFF] = lambda one: {
            "digest": self.undone.get(one.args[0], one.args[-1])
        }
        return [
            GitAnswer(
                repository=one.repository,
                kind=one.kind,
                args=one.args,
                value=json.dumps(told[one.kind](one)),
            )
            for one in questions
            if one.kind in told
        ]

    def live_on(self):
        """One to three steps, and the sync that brings them."""
        for _ in range(self.random.randint(1, 3)):
            self.now += 7 * MINUTE
            self.random.choice(STEPS)(self)
        self.sync()
        self.now += self.random.choice([1, 90, 600]) * MINUTE

    def sync(self):
        tip = RefTip(repository="shop", name="refs/heads/main", sha=self.tip)
        commits = [("shop", sha, parents) for sha, parents in self.parents.items()]
        sync(self.store, [tip, *self.facts], commits, self.now)
        self.facts, self.parents = [], {}

    def decide(self, store, **more):
        return decide_and_store(store, POLICY, "v", as_of=self.now, ask=self.answers, **more)


STEPS = [
    *[Shop.squash, Shop.deploy] * 4,
    *[Shop.merge, Shop.push, Shop.back, Shop.look] * 2,
    Shop.check,
    Shop.end,
    Shop.fail,
    Shop.relabel,
    Shop.revert,
    Shop.review_late,
    Shop.scan,
    Shop.start,
    Shop.tell,
    Shop.tell_gates,
    Shop.tell_history,
    Shop.told_late,
]


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("steps") / "empty.sqlite3"
    with closing(connect(f"sqlite:///{path}")) as store:
        upgrade(store)
    return path


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 13])
def test_deciding_step_by_step_comes_to_what_deciding_everything_comes_to(seed, empty, tmp_path):
    path, copy = tmp_path / "steps.sqlite3", tmp_path / "whole.sqlite3"
    shutil.copyfile(empty, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        shop = Shop(store, seed)
        for step in range(14):
            shop.live_on()
            expected = decided_whole(shop.decide, path, copy)
            shop.decide(store)
            assert differing(expected, seen(store)) == [], f"step {step}"
