"""What is decided by itself, and what makes a decision read everything: each with its reason."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.deciding.decide import decide_and_store
from evidence.model import codec
from evidence.model.activity import RepositoryActivity
from evidence.model.capture import Gap, GapReason
from evidence.model.pull_request import (
    PullRequest,
    PullRequestCommit,
    PullRequestEvent,
    Review,
)
from evidence.model.rollout import RolloutStep, Verdict
from evidence.store import handover, ledger, queries
from evidence.store.envelope import seal_body
from evidence.store.gaps import GAP as GAP_ENTRY
from evidence.store.gaps import record_fetched
from evidence.store.session import connect, open_store
from evidence.store.upgrade import upgrade

sys.path.insert(0, str(Path(__file__).parent))

from steps_seen import decided_whole, differing, seen
from test_steps import MINUTE, POLICY, Shop

HOUR = 60 * MINUTE


class Plain(Shop):
    """Deploys one application, each time hours after the last one was healthy."""

    def sync(self):
        super().sync()
        self.now += 10 * HOUR

    def deploy(self, phase="Succeeded", sha="", name="web"):
        self.random.choice = lambda _names: name
        super().deploy(phase, sha)

    def state(self, name, one, health):
        return super().state(name, one, "Healthy")

    def release(self):
        self.squash()
        self.deploy()
        self.now += MINUTE
        self.look()


def one_more_deployment(shop):
    shop.release()


def one_more_pull_request(shop):
    shop.squash()


def one_more_check(shop):
    shop.random.choice = lambda line: line[-2]
    shop.check()


def a_scan(shop):
    shop.random.choice = lambda some: some[-1]
    shop.scan()


def a_scan_of_before(shop):
    shop.random.choice = lambda some: some[1]
    shop.scan()


def a_late_review(shop):
    shop.facts.append(shop.review(2))


def a_new_title(shop):
    shop.random.choice = lambda _numbers: 2
    shop.relabel()


def a_rollback(shop):
    shop.deploy(sha=shop.line[-2])


def a_failure(shop):
    shop.squash()
    shop.deploy("Failed")


def an_operation_of_before(shop):
    now, shop.now = shop.now, shop.now - 15 * HOUR
    shop.deploy(sha=shop.line[-2])
    shop.now = now


def a_look(shop):
    shop.look()


def nothing(_shop):
    pass


def an_operation_before_all(shop):
    shop.now = shop.now - 10_000 * HOUR
    shop.deploy(sha=shop.line[1])
    shop.now = shop.now + 10_000 * HOUR


def a_new_application(shop):
    shop.deploy(name="till")


def a_revert(shop):
    shop.random.choice = lambda line: line[-1]
    shop.revert()


def an_emergency_becomes_a_revert(shop):
    shop.random.choice = lambda _numbers: 2
    pull = shop.pulls[2]
    shop.relabel()
    shop.facts[-1] = type(pull)(**{**fields(pull), "title": 'Revert "Change"'})


def an_emergency(shop):
    """A labelled pull request that nobody approved, deployed at once."""
    shop.squash()
    number, pull = max(shop.pulls.items())
    shop.facts = [one for one in shop.facts if not isinstance(one, (Review, PullRequest))]
    body = "SHOP-1: nobody can pay, so it cannot wait."
    shop.pulls[number] = replace(pull, labels=("emergency",), body=body, reviews_total=0)
    shop.facts.append(shop.pulls[number])
    for place, kind in enumerate(("Labeled", "Merged")):
        shop.facts.append(
            PullRequestEvent(
                repository="shop",
                number=number,
                event_id=f"{number}-{kind}",
                kind=kind,
                position=place,
                actor=pull.author,
                at=pull.merged_at - MINUTE * (1 - place),
                subject="emergency" if kind == "Labeled" else "",
                after_sha="" if kind == "Labeled" else pull.merge_sha,
            )
        )
    shop.deploy()


def another_merge_commit(shop):
    pull = shop.pulls[2]
    shop.facts.append(type(pull)(**{**fields(pull), "merge_sha": shop.line[-1]}))


def fields(fact):
    return {name: getattr(fact, name) for name in fact.__dataclass_fields__}


def an_older_commit_is_listed_otherwise(shop):
    shop.facts.append(shop.listing(shop.line[2], 1, 2))


def a_force_push(shop):
    shop.tip = shop.commit(shop.line[-3])
    shop.line.append(shop.tip)


def something_else_runs(shop):
    one = shop.deployed["web"]
    source = type(one.sources[0])(**{**fields(one.sources[0]), "revision": shop.line[0]})
    shop.facts.append(shop.state("web", type(one)(**{**fields(one), "sources": (source,)}), ""))


def a_recorded_push(shop):
    shop.facts.append(
        RepositoryActivity(
            repository="shop",
            activity_id="1",
            kind="push",
            ref="refs/heads/main",
            before_sha=shop.line[-2],
            after_sha=shop.line[-1],
            at=shop.now,
            actor=None,
        )
    )


def a_rollout(shop):
    shop.facts.append(
        RolloutStep(
            source="rollouts",
            tool="argo-rollouts",
            uid="uid",
            name="shop/web",
            revision="1",
            stable="0",
            verdict=Verdict.PROGRESSING,
            phase="Progressing",
        )
    )


def what_could_not_be_read(shop):
    opened(shop, Gap(**GAP, reason=GapReason.RETENTION, window_from=1, window_to=shop.now))


def a_lost_history(shop):
    opened(shop, Gap(**GAP, reason=GapReason.HISTORY_LOST, window_from=shop.now))


GAP = {"source": "argo", "kind": "argocd.application", "key": "uid-web", "detail": "Ten rows."}


def opened(shop, gap):
    body = {**codec.encode(gap), "run_id": "r", "stream": "s", "observed_at": shop.now}
    with shop.store.write() as connection:
        record_fetched(
            connection, ledger.append(connection, [seal_body(GAP_ENTRY, body)]), GAP_ENTRY, body
        )


BY_ITSELF = [
    nothing,
    one_more_deployment,
    one_more_pull_request,
    one_more_check,
    a_scan,
    a_scan_of_before,
    a_late_review,
    a_new_title,
    a_rollback,
    a_failure,
    a_recorded_push,
    what_could_not_be_read,
    an_operation_of_before,
    a_look,
    an_emergency,
]
WHOLE = [
    (an_operation_before_all, "what is told reaches beyond the operations that were handed over"),
    (
        a_new_application,
        "an application that is new, or not one single object of its deployer",
    ),
    (a_revert, "a revert: what it undoes may be any of those before it"),
    (an_emergency_becomes_a_revert, "a change became a revert, or is one no more"),
    (another_merge_commit, "a decided pull request differs"),
    (
        an_older_commit_is_listed_otherwise,
        "the forge lists other pull requests of an older commit",
    ),
    (a_force_push, "a commit does not stand on the branch's own line, or far back"),
    (something_else_runs, "something else runs than what was deployed last"),
    (a_rollout, "facts of other kinds came"),
    (a_lost_history, "part of a history is lost, or is found"),
]


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A store of twelve releases, decided one by one, and its shop."""
    path = tmp_path_factory.mktemp("increment") / "decided.sqlite3"
    with closing(connect(f"sqlite:///{path}")) as store:
        upgrade(store)
        shop = Plain(store, 0)
        for _ in range(12):
            shop.release()
            shop.sync()
            shop.decide(store)
    return path, shop


@pytest.fixture
def world(decided, tmp_path):
    path, shop = tmp_path / "steps.sqlite3", copy(decided[1])
    shutil.copyfile(decided[0], path)
    shop.line, shop.deployed, shop.pulls = list(shop.line), dict(shop.deployed), dict(shop.pulls)
    shop.facts, shop.parents = [], {}
    with closing(open_store(f"sqlite:///{path}")) as shop.store:
        yield shop, path


def lived_on(shop, path, step):
    """Takes a step; what deciding it came to, and what differs from deciding everything."""
    step(shop)
    shop.sync()
    expected = decided_whole(shop.decide, path, path.with_name("whole.sqlite3"))
    done = shop.decide(shop.store)
    return done, differing(expected, seen(shop.store))


@pytest.mark.parametrize("step", BY_ITSELF)
def test_it_is_decided_without_the_rest(step, world):
    done, differs = lived_on(*world, step)
    assert (done.whole, differs) == ("", [])


@pytest.mark.parametrize(("step", "reason"), WHOLE)
def test_everything_is_read_where_older_things_may_differ(step, reason, world):
    done, differs = lived_on(*world, step)
    assert (done.whole, differs) == (reason, [])


def test_what_is_counted_goes_on(world):
    shop, _ = world
    before = shop.decide(shop.store)
    shop.release()
    shop.sync()
    after = shop.decide(shop.store)
    counted = (after.changes - before.changes, after.deployments - before.deployments)
    assert (after.whole, counted) == ("", (1, 1))


def test_little_is_looked_at_again(world):
    shop, _ = world
    shop.decide(shop.store)
    shop.release()
    shop.sync()
    what_is_beside_it = 6
    assert shop.decide(shop.store).evaluated <= what_is_beside_it


def test_another_yardstick_has_everything_read(world):
    shop, _ = world
    done = decide_and_store(shop.store, POLICY, "w", as_of=shop.now, ask=shop.answers)
    assert done.whole == "everything is decided anew"


def test_everything_is_read_where_nothing_was_handed_over(world):
    shop, _ = world
    shop.release()
    shop.sync()
    with shop.store.write() as connection:
        handover.drop(connection)
    assert shop.decide(shop.store).whole == "the decision before left nothing"
    shop.release()
    shop.sync()
    assert shop.decide(shop.store).whole == ""


def procedure_of(shop):
    """What the newest decision says of the emergency procedure of the newest pull request."""
    rows = queries.determinations(shop.store, f"shop:pr:{max(shop.pulls)}")
    return next(row.determination.reason for row in rows if row.determination.control == "CM-12")


def test_a_deadline_that_passed_is_decided_although_no_source_said_anything(world):
    shop, path = world
    lived_on(shop, path, an_emergency)
    before = procedure_of(shop)
    shop.now += 3 * 24 * HOUR
    done, differs = lived_on(shop, path, nothing)
    shop.now += 30 * 24 * HOUR
    at_last, no_more = lived_on(shop, path, nothing)

    assert (before, procedure_of(shop)) == ("open", "emergency-not-read")
    assert (done.whole, at_last.whole, differs, no_more) == ("", "", [], [])


def an_unjustified_emergency(shop):
    """One that fails already, while other conditions of it are not due yet."""
    an_emergency(shop)
    number = max(shop.pulls)
    shop.facts.append(replace(shop.pulls[number], body="SHOP-1"))


def test_what_failed_already_is_told_anew_when_more_of_it_is_over(world):
    shop, path = world
    lived_on(shop, path, an_unjustified_emergency)
    before = procedure_of(shop)
    shop.now += 3 * 24 * HOUR
    done, differs = lived_on(shop, path, nothing)

    assert (before, done.whole, differs) == ("emergency-unjustified", "", [])


def a_later_pull_request_that_holds(shop, sha):
    """It is merged, lists the commit, and is approved."""
    shop.squash()
    number = max(shop.pulls)
    shop.facts.append(
        PullRequestCommit(
            repository="shop",
            number=number,
            sha=sha,
            position=0,
            author=shop.pulls[number].author,
            committer=None,
            author_email="",
            committer_email="",
            authored_at=0,
            committed_at=0,
            via_web=False,
            signature_valid=None,
            signed_by_source=None,
        )
    )


def test_a_later_pull_request_that_holds_a_commit_of_an_emergency_has_it_decided_again(world):
    shop, path = world
    lived_on(shop, path, an_emergency)
    sha, number = shop.tip, max(shop.pulls)
    done, differs = lived_on(shop, path, lambda one: a_later_pull_request_that_holds(one, sha))
    again, still = lived_on(shop, path, lambda one: one.facts.append(one.review(number + 1)))

    assert (done.whole, again.whole, differs, still) == ("", "", [], [])
