"""Builds chains for the tests of controls: a pull request on its happy path, then what differs.

Everyone and everything here is invented. Times are minutes after `START`. Facts of one reading
share a ledger entry, as facts of one capture do.
"""

from __future__ import annotations

import json
from dataclasses import replace

from evidence.chain.chains import build_chain
from evidence.controls.evaluate import evaluate_change
from evidence.in_scope import Application, Repository
from evidence.model.activity import RuleSuite
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import Change, ChangeKind, MergeMethod
from evidence.model.check import CheckCoverage, CheckRun
from evidence.model.git import Commit, GitAnswer, GitQuestion, QuestionKind
from evidence.model.production import DeploymentKind, ProductionDeployment, RevisionRange
from evidence.model.protection import LandingRecords
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.texts import TEXTS_READ, texts_digest
from evidence.model.ticket import Ticket, TicketEvent
from evidence.policy import Automation, Person, Policy, RequiredCheck

MINUTE = 60_000_000
START = 1_772_445_600_000_000  # 2026-03-02T10:00:00Z
READ = START + 24 * 60 * MINUTE
AS_OF = START + 30 * 24 * 60 * MINUTE
FORGE = "forge.test"
SHOP = "acme/shop"
ENTRY = 10

TEST = RequiredCheck(name="ci/test", app="github-actions")
SCAN = RequiredCheck(name="scan/trivy")

P0 = Policy(
    required_checks=(TEST, SCAN),
    repositories=(Repository(id="app", name=SHOP, forge="forge"),),
    applications=(Application(id="shop-prod", repository="app"),),
)


def minute(number: float) -> int:
    """Microseconds UTC, so many minutes after the start."""
    return START + int(number * MINUTE)


def user(login: str, number: int) -> Actor:
    return Actor(system=FORGE, id=str(number), type=ActorType.USER, login=login)


ALICE, BERT, CORA, DORA = user("alice", 1), user("bert", 77), user("cora", 3), user("dora", 4)
ALICE_TWO = user("alice-too", 101)
SERVICE = user("ci-bot", 900)
DEPENDABOT = Actor(system=FORGE, id="49", type=ActorType.BOT, login="dependabot")
ACTIONS = Actor(system=FORGE, id="41", type=ActorType.BOT, login="github-actions")
AGENT = Actor(system=FORGE, id="66", type=ActorType.BOT, login="code-agent")
GHOST = Actor(system=FORGE, id="ghost", type=ActorType.GHOST, login="ghost")
WEB_FLOW = user("web-flow", 5)
SYNC = Actor(system="argocd.test", id="admin", type=ActorType.NAME_ONLY, login="admin")

ROBOT = Automation(id="dependabot", accounts=(DEPENDABOT.key,), paths=("**/*.lock",))


def email(actor: Actor) -> str:
    return f"{actor.login}@people.test"


def name_only(address: str) -> Actor:
    return Actor(system="git", id=address, type=ActorType.NAME_ONLY, login=address.split("@")[0])


def suite(result: str = "pass", after: str = "m1", **more) -> RuleSuite:
    """The forge's record of a landing on main, half an hour in, by alice."""
    fields = {
        "repository": "app",
        "suite_id": f"{result}-{after}",
        "actor": ALICE,
        "ref": "refs/heads/main",
        "before_sha": "b0",
        "after_sha": after,
        "pushed_at": minute(30),
        "result": result,
        "entry_seq": 30,
        "observed_at": READ,
    }
    return RuleSuite(**{**fields, **more})


class Pull:
    """A pull request by alice, approved by bert on its head, green, squashed by alice."""

    def __init__(self, *, author: Actor | None = ALICE, bare: bool = False) -> None:
        self.author = author
        self.title = "Show the basket"
        self.labels: tuple[str, ...] = ()
        self.rows: list[PullRequestCommit] = []
        self.commits: list[Commit] = []
        self.reviews: list[Review] = []
        self.events: list[PullRequestEvent] = []
        self.checks: list[CheckRun] = []
        self.coverage: list[CheckCoverage] = []
        self.tickets: list[Ticket] = []
        self.ticket_events: list[TicketEvent] = []
        self.deployments: list[ProductionDeployment] = []
        self.answers: dict[GitQuestion, GitAnswer] = {}
        self.closing: tuple[str, ...] = ()
        self.versions: list[PullRequest] = []
        self.changes: dict[str, object] = {}
        self.record: dict[str, object] = {}
        self.evidence: dict[str, object] = {}
        self.head = ""
        self.numbered = 0
        self.merged_by: Actor | None = ALICE
        self.edited: float = 0
        """Minute of the last edit of the description, as the reading says."""
        self.landed = ("m1",)
        if not bare:
            self.push("c1").approve(BERT).green().ticket().merge_equal().deploy("m1")

    # --- commits

    def push(
        self,
        sha: str,
        by: Actor | None = ALICE,
        *,
        parents: tuple[str, ...] | None = None,
        message: str = "Change",
        address: str = "",
        committer: Actor | None = None,
        web: bool = False,
        signed: bool | None = None,
        listed: bool = True,
        in_git: bool = True,
    ) -> Pull:
        """A commit on top of the head. `web`: made and signed by the forge itself."""
        above = parents if parents is not None else ((self.head or "b0"),)
        address = address or (email(by) if by else "nobody@elsewhere.test")
        second = WEB_FLOW if web else (committer or by)
        second_address = "noreply@github.com" if web else (email(second) if second else address)
        if listed:
            self.rows.append(
                PullRequestCommit(
                    repository="app",
                    number=7,
                    sha=sha,
                    position=len(self.rows),
                    author=by or name_only(address),
                    committer=second or name_only(address),
                    author_email=address,
                    committer_email=second_address,
                    authored_at=0,
                    committed_at=0,
                    via_web=web,
                    signature_valid=True if web else signed,
                    signed_by_source=True if web else signed,
                    entry_seq=ENTRY,
                    observed_at=READ,
                )
            )
        if in_git:
            self.commits.append(
                Commit(
                    repository="app",
                    sha=sha,
                    tree=f"tree-{sha}",
                    parents=above,
                    author_name=by.login if by else "Somebody",
                    author_email=address,
                    author_time=0,
                    committer_name=second.login if second else "Somebody",
                    committer_email=second_address,
                    committer_time=0,
                    message=message,
                    entry_seq=4,
                    observed_at=READ,
                )
            )
        self.head = sha
        return self

    def pushed_away(self, sha: str) -> Pull:
        """The forge no longer lists a commit."""
        self.rows = [
            replace(row, position=place)
            for place, row in enumerate(one for one in self.rows if one.sha != sha)
        ]
        return self

    # --- reviews and events

    def review(
        self,
        by: Actor | None,
        state: str,
        at: float = 20,
        *,
        sha: str | None = None,
        review_id: str = "",
        can_push: bool | None = True,
        body: str = "",
        edited: float = 0,
        entry: int = ENTRY,
        read: int = READ,
    ) -> Pull:
        self.reviews.append(
            Review(
                repository="app",
                number=7,
                review_id=review_id or f"r{len(self.reviews) + 1}",
                author=by,
                state=state,
                submitted_at=minute(at) if at else 0,
                commit_sha=self.head if sha is None else sha,
                can_push=can_push,
                association="MEMBER",
                body=body,
                last_edited_at=minute(edited) if edited else 0,
                entry_seq=entry,
                observed_at=read,
            )
        )
        return self

    def approve(self, by: Actor | None, at: float = 20, **more) -> Pull:
        return self.review(by, "APPROVED", at, **more)

    def event(self, kind: str, at: float, by: Actor | None = ALICE, **more) -> Pull:
        self.events.append(
            PullRequestEvent(
                repository="app",
                number=7,
                event_id=f"e{len(self.events) + 1}",
                kind=kind,
                position=-1,
                actor=by,
                at=minute(at),
                entry_seq=ENTRY,
                observed_at=READ,
                **more,
            )
        )
        return self

    def force_push(self, before: str, after: str, at: float, by: Actor | None = ALICE) -> Pull:
        return self.event("HeadRefForcePushed", at, by, before_sha=before, after_sha=after)

    def pushed(self, sha: str, at: float, by: Actor | None, before: str = "b0") -> Pull:
        """A push whose account the source tells."""
        return self.event("Pushed", at, by, before_sha=before, after_sha=sha)

    def dismiss(self, review_id: str, at: float, by: Actor = ALICE, was: str = "APPROVED") -> Pull:
        self.reviews = [
            replace(one, state="DISMISSED") if one.review_id == review_id else one
            for one in self.reviews
        ]
        return self.event("ReviewDismissed", at, by, subject=review_id, previous=was)

    # --- checks

    def check(
        self,
        name: str = "ci/test",
        *,
        sha: str | None = None,
        started: float = 10,
        ended: float = 15,
        conclusion: str = "SUCCESS",
        app: str = "github-actions",
        kind: str = "check_run",
        creator: Actor | None = None,
        read: int = READ,
        entry: int = ENTRY,
    ) -> Pull:
        self.numbered += 1
        self.checks.append(
            CheckRun(
                repository="app",
                sha=self.head if sha is None else sha,
                kind=kind,
                check_id=f"k{self.numbered}",
                name=name,
                app="" if kind == "status" else app,
                app_id="",
                status="COMPLETED" if conclusion else "IN_PROGRESS",
                conclusion=conclusion,
                started_at=minute(started),
                completed_at=minute(ended) if ended else 0,
                creator=creator,
                entry_seq=entry,
                observed_at=read,
            )
        )
        return self

    def green(self, sha: str | None = None) -> Pull:
        sha = self.head if sha is None else sha
        self.check("ci/test", sha=sha).check("scan/trivy", sha=sha, app="scanner")
        return self.covered(sha)

    def covered(
        self, sha: str | None = None, *, complete: bool = True, all_attempts: bool = False
    ) -> Pull:
        """All checks of a commit were read; counts follow when the chain is built."""
        self.coverage.append(
            CheckCoverage(
                repository="app",
                sha=self.head if sha is None else sha,
                complete=complete,
                all_attempts=all_attempts,
                reported=-1,
                read=-1,
                entry_seq=ENTRY,
                observed_at=READ,
            )
        )
        return self

    def without_checks(self) -> Pull:
        self.checks, self.coverage = [], []
        return self

    # --- requests

    def ticket(self, key: str = "acme/shop#12", at: float = -600, **more) -> Pull:
        fields = {
            "tracker": "forge",
            "ticket_id": f"t-{key}",
            "key": key,
            "url": "",
            "title": "A basket, please",
            "type": "issue",
            "project": SHOP,
            "state": "OPEN",
            "state_reason": "",
            "author": DORA,
            "created_at": minute(at) if at is not None else 0,
            "updated_at": READ,
            "closed_at": 0,
            "entry_seq": ENTRY,
            "observed_at": READ,
        }
        self.tickets.append(Ticket(**{**fields, **more}))
        self.closing = (*self.closing, key)
        return self

    def ticket_event(self, kind: str, at: float, by: Actor | None = DORA, **more) -> Pull:
        self.ticket_events.append(
            TicketEvent(
                tracker="forge",
                ticket_id=self.tickets[-1].ticket_id,
                event_id=f"te{len(self.ticket_events) + 1}",
                kind=kind,
                actor=by,
                at=minute(at),
                entry_seq=ENTRY,
                observed_at=READ,
                **more,
            )
        )
        return self

    # --- Git's answers

    def answer(self, kind: QuestionKind, *args: str, value: object) -> Pull:
        question = GitQuestion(repository="app", kind=kind, args=args)
        self.answers[question] = GitAnswer(
            repository="app",
            kind=kind,
            args=args,
            value=json.dumps(value),
            entry_seq=5,
            observed_at=READ,
        )
        return self

    def merge_equal(self, *, paths: tuple[str, ...] = ("src/basket.py",)) -> Pull:
        """The landed tree is the clean merge of base and head."""
        merged = {"trees": ["t1"], "conflicted": [], "both_changed": []}
        self.answer(QuestionKind.MERGE_TREE, "b0", self.head, value=merged)
        self.answer(QuestionKind.TREE, self.landed[-1], value="t1")
        self.owned_by("* @bert\n")
        return self.answer(QuestionKind.CHANGED_PATHS, self.landed[-1], value=list(paths))

    def owned_by(self, text: str) -> Pull:
        """The base held this CODEOWNERS."""
        place = {"path": ".github/CODEOWNERS", "oid": "f0"}
        self.answer(QuestionKind.CODEOWNERS, "b0", value=place)
        return self.answer(QuestionKind.BLOB, "f0", value={"text": text})

    def net_diff(
        self, sha: str, digest: str, *, base: str = "b0", paths=("src/basket.py",)
    ) -> Pull:
        value = {"merge_base": base, "digest": digest, "paths": list(paths)}
        return self.answer(QuestionKind.NET_DIFF, "b0", sha, value=value)

    # --- deployment

    def deploy(
        self, revision: str, at: float = 60, *, by: Actor | None = None, automated: bool = True
    ) -> Pull:
        span = RevisionRange(
            repository="app",
            path="",
            previous="b0",
            revision=revision,
            kind=DeploymentKind.FORWARD,
            commits=self.landed,
        )
        self.deployments.append(
            ProductionDeployment(
                deployment_id=f"argocd:uid:{minute(at)}",
                application="shop-prod",
                environment="production",
                kind=DeploymentKind.FORWARD,
                started_at=minute(at),
                finished_at=minute(at + 1),
                phase="Succeeded",
                initiator=by,
                automated=automated,
                ranges=(span,),
                entries=(20,),
            )
        )
        return self

    # --- the chain

    def chain(self, policy: Policy = P0) -> Chain:
        return build_chain(self.gathered(), policy)

    def gathered(self) -> ChangeEvidence:
        pull = self._record()
        values = {
            "change": self._change(),
            "pull_request": pull,
            "pull_request_versions": (*self.versions, pull),
            "reviews": tuple(self.reviews),
            "pull_request_commits": tuple(self.rows),
            "events": self._placed(),
            "commits": tuple(self.commits),
            "checks": tuple(self.checks),
            "coverage": self._counted(),
            "tickets": tuple(self.tickets),
            "ticket_events": tuple(self.ticket_events),
            "deployments": tuple(self.deployments),
            "answers": self.answers,
            "landing": LandingRecords(suites=(suite(after=self.landed[-1]),)),
        }
        return ChangeEvidence(**{**values, **self.evidence})

    def _change(self) -> Change:
        first = min((one.started_at for one in self.deployments), default=0)
        fields = {
            "change_id": "app:pr:7",
            "kind": ChangeKind.PULL_REQUEST,
            "repository": "app",
            "number": 7,
            "commits": self.landed,
            "branch": "main",
            "landing_sha": self.landed[-1],
            "base_sha": "b0",
            "head_sha": self.head,
            "merge_method": MergeMethod.SQUASH,
            "title": self.title,
            "author": self.author,
            "merged_at": minute(30),
            "merged_by": self.merged_by,
            "deployments": tuple(one.deployment_id for one in self.deployments),
            "first_deployed_at": first,
        }
        return Change(**{**fields, **self.changes})

    def _record(self) -> PullRequest:
        fields = {
            "repository": "app",
            "number": 7,
            "node_id": "N7",
            "url": f"https://{FORGE}/{SHOP}/pull/7",
            "title": self.title,
            "body": "",
            "state": "MERGED",
            "author": self.author,
            "created_at": minute(0),
            "updated_at": minute(30),
            "merged_at": minute(30),
            "closed_at": minute(30),
            "merged_by": self.merged_by,
            "base_ref": "main",
            "base_sha": "b0",
            "head_ref": "basket",
            "head_sha": self.head,
            "head_repository": SHOP,
            "merge_sha": self.landed[-1],
            "labels": self.labels,
            "closing_issues": self.closing,
            "commits_total": len({row.sha for row in self.rows if row.entry_seq == ENTRY}),
            "reviews_total": len({one.review_id for one in self.reviews}),
            "entry_seq": ENTRY,
            "observed_at": READ,
        }
        return PullRequest(**{**fields, **self.record})

    def _placed(self) -> tuple[PullRequestEvent, ...]:
        """Events in order of time with their positions, the merge among them."""
        merged = PullRequestEvent(
            repository="app",
            number=7,
            event_id="merged",
            kind="Merged",
            position=-1,
            actor=self.merged_by,
            at=minute(30),
            after_sha=self.landed[-1],
            entry_seq=ENTRY,
            observed_at=READ,
        )
        ordered = sorted((*self.events, merged), key=lambda one: one.at)
        placed = [replace(one, position=place) for place, one in enumerate(ordered)]
        marks = [self._mark(one, len(placed)) for one in (*self.versions, self._record())]
        return (*placed, *dict.fromkeys(marks))

    def _mark(self, version: PullRequest, items: int) -> PullRequestEvent:
        """What a reading leaves: when the texts that it read were edited last."""
        at = minute(self.edited) if version.observed_at == READ else version.created_at
        digest = texts_digest(version.body, version.closing_issues)
        return PullRequestEvent(
            repository="app",
            number=7,
            event_id=f"texts:{digest}:{at}",
            kind=TEXTS_READ,
            position=items if version.observed_at == READ else 0,
            actor=None,
            at=at,
            subject=digest,
            entry_seq=version.entry_seq,
            observed_at=version.observed_at,
        )

    def _counted(self) -> tuple[CheckCoverage, ...]:
        found = []
        for one in self.coverage:
            number = len([run for run in self.checks if run.sha == one.sha])
            found.append(replace(one, reported=number, read=number) if one.read < 0 else one)
        return tuple(found)

    # --- asking

    def determinations(self, policy: Policy = P0, as_of: int = AS_OF):
        """Determinations by control."""
        found = evaluate_change(self.chain(policy), policy, as_of)
        return {one.control: one for one in found}

    def outcome(self, control: str, policy: Policy = P0) -> tuple[str, str]:
        """(outcome, reason) of one control."""
        one = self.determinations(policy)[control]
        return one.outcome.value, one.reason


class Direct(Pull):
    """A commit that alice pushed to the production branch without a pull request."""

    def __init__(self, message: str = "Change") -> None:
        super().__init__(bare=True)
        self.push("d1", message=message, listed=False)
        self.landed = ("d1",)
        self.changes = {
            "change_id": "app:commit:d1",
            "kind": ChangeKind.DIRECT,
            "number": 0,
            "merge_method": MergeMethod.DIRECT,
            "merged_at": 0,
            "merged_by": None,
            "author": None,
            "title": "",
        }
        self.evidence = {"pull_request": None, "pull_request_versions": (), "events": ()}


def person(name: str, *actors: Actor, **more) -> Person:
    return Person(name=name, accounts=tuple(one.key for one in actors), **more)


def replace_check(pull: Pull, name: str, **more) -> Pull:
    """The happy path with another attempt in place of one check."""
    pull.checks = [one for one in pull.checks if one.name != name]
    return pull.check(name, **more)
