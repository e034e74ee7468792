"""As `test_steps`, of a forge that also tells its settings, who pushed, and which rules judged it.

What it tells comes late: activity, rule suites and looks at settings are read by syncs after those
that read what they are about, and pull requests are pushed over while they are open.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.deciding.decide import decide_and_store
from evidence.model import codec
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.capture import Gap, GapReason
from evidence.model.pull_request import PullRequestCommit, PullRequestEvent
from evidence.model.settings import BranchProtection, Observation, Subject
from evidence.model.ticket import Ticket, TicketEvent
from evidence.store import ledger, queries
from evidence.store.envelope import seal_body
from evidence.store.gaps import GAP, GAP_CLOSED, record_fetched
from evidence.store.session import open_store

sys.path.insert(0, str(Path(__file__).parent))

from steps_seen import decided_whole, differing, seen
from test_steps import MINUTE, POLICY, URL, Shop, empty, person

__all__ = ["empty"]
NONE = "0" * 40
MAIN = "refs/heads/main"
SECOND = 1_000_000


class Recorded(Shop):
    """A shop whose forge keeps records, which wait in `late` until they are read."""

    def __init__(self, store, randomness):
        super().__init__(store, 0)
        self.random = randomness
        self.late, self.looked, self.tickets = [], self.now, {}
        self.closed = set()
        self.look_at_settings()
        for subject in (Subject.ACTIVITY, Subject.RULE_SUITES):
            self.seen_again(subject, since=0, until=self.now)

    def land(self, sha):
        before = self.tip
        super().land(sha)
        self.moved(MAIN, before, sha)
        return sha

    def moved(self, ref, before, after, kind="push", **suite):
        actor, at = (
            person(self.random.randint(1, 4)),
            self.now + self.random.randint(-5, 5) * SECOND,
        )
        self.late.append(
            RepositoryActivity(
                repository="shop",
                activity_id=str(len(self.late) + self.now),
                kind=kind,
                ref=ref,
                before_sha=before,
                after_sha=after,
                at=at,
                actor=actor,
            )
        )
        if ref == MAIN:
            self.late.append(
                RuleSuite(
                    repository="shop",
                    suite_id=str(len(self.late) + self.now),
                    actor=actor,
                    ref=ref,
                    before_sha=before,
                    after_sha=after,
                    pushed_at=at,
                    **{"result": self.random.choice(["pass", "bypass"]), **suite},
                )
            )

    # --- steps

    def push_several(self):
        """Three commits by one push."""
        before, shas = self.tip, []
        for _ in range(3):
            self.tip = self.commit(self.tip)
            shas.append(self.tip)
        self.line += shas
        self.moved(MAIN, before, self.tip)

    def refused(self):
        """A push that a rule refused, whose commits come by a pull request later, or never."""
        one = self.commit(self.tip)
        two = self.commit(one)
        self.moved(MAIN, self.tip, two, result="fail")
        self.late = [each for each in self.late if not isinstance(each, RepositoryActivity)]
        if self.random.random() < 0.5:
            self.pull(self.land(self.commit(self.tip, one)), one)

    def pushed_over(self):
        """A pull request of three pushes, the first two of which a force-push took away."""
        first = self.commit(self.tip)
        second, last = self.commit(first), self.commit(self.tip)
        base = self.tip
        found = self.pull(self.land(self.commit(self.tip)), last)
        number = found.number
        topic = f"topic-{number}"
        self.facts = [one for one in self.facts if one is not found]
        found = self.pulls[number] = replace(found, head_ref=topic, base_sha=base)
        self.facts += [
            found,
            PullRequestCommit(
                repository="shop",
                number=number,
                sha=last,
                position=0,
                author=person(1),
                committer=person(1),
                author_email="one@people.example",
                committer_email="one@people.example",
                authored_at=self.now,
                committed_at=self.now,
                via_web=False,
                signature_valid=None,
                signed_by_source=None,
            ),
            PullRequestEvent(
                repository="shop",
                number=number,
                event_id=f"e{number}",
                kind="HeadRefForcePushed",
                position=0,
                actor=person(2),
                at=self.now - 1,
                before_sha=second,
                after_sha=last,
            ),
        ]
        for before, after in ((NONE, first), (first, second), (second, last)):
            self.moved(f"refs/heads/{topic}", before, after)

    def read_records(self):
        """Some of what waits is read, and the forge says that it is all until then."""
        self.random.shuffle(self.late)
        del self.late[: self.random.choice([0, 0, 0, 1])]  # which nobody ever tells
        count = self.random.randint(0, len(self.late))
        self.facts += self.late[:count]
        del self.late[:count]
        if self.random.random() < 0.5:
            for subject in (Subject.ACTIVITY, Subject.RULE_SUITES):
                self.seen_again(subject, since=self.looked, until=self.now)
            self.looked = self.now

    def look_at_settings(self):
        if self.random.random() < 0.5:
            self.facts.append(
                BranchProtection(
                    repository="shop",
                    branch="main",
                    protected=True,
                    pull_request_required=True,
                    approvals_required=self.random.randint(0, 2),
                )
            )
        self.seen_again(Subject.BRANCH_PROTECTION, "main")
        self.seen_again(Subject.RULESETS)

    def seen_again(self, subject, key="", **window):
        self.facts.append(
            Observation(
                repository="shop", subject=subject, key=key, at=self.now, outcome="read", **window
            )
        )

    def gap(self):
        """Something could not be read, or can be read again: of the forge or of the deployer."""
        known = [row for row in queries.gaps(self.store) if row.entry_seq not in self.closed]
        if known and self.random.random() < 0.5:
            one = self.random.choice(known)
            self.closed.add(one.entry_seq)
            body = {"gaps": [one.entry_seq], "source": one.gap.source}
            return self.entry(GAP_CLOSED, body)
        source, kind = self.random.choice(
            [
                ("forge", "github.activity"),
                ("argo", "argocd.list"),
                ("forge:security", "github.code_analysis"),
            ]
        )
        reasons = [GapReason.UNAVAILABLE, GapReason.SYNC_GAP, GapReason.RETENTION]
        found = Gap(
            source=source,
            kind=kind,
            key=self.random.choice(["*", "shop", "shop:1", "uid-web"]),
            reason=self.random.choice(reasons),
            detail="It could not be read.",
            window_from=self.now - 100 * MINUTE,
            window_to=self.random.choice([0, self.now]),
            repository=self.random.choice(["", "shop"]),
        )
        return self.entry(GAP, codec.encode(found))

    def entry(self, kind, body):
        body = {**body, "run_id": "r", "stream": "s", "observed_at": self.now}
        with self.store.write() as connection:
            seq = ledger.append(connection, [seal_body(kind, body)])
            record_fetched(connection, seq, kind, body)

    def ticket(self):
        """A pull request whose title names a ticket, told of then or later."""
        key = f"SHOP-{len(self.tickets) + 1}"
        head = self.commit(self.tip)
        self.pull(self.land(self.commit(self.tip)), head, title=f"{key} Change")
        self.tickets[key] = Ticket(
            tracker="jira",
            ticket_id=str(len(self.tickets) + 1),
            key=key,
            url=f"{URL}/{key}",
            title="Wanted",
            type="Story",
            project="SHOP",
            state="Open",
            state_reason="",
            author=person(7),
            created_at=self.now - MINUTE,
            updated_at=self.now,
            closed_at=0,
        )

    def tell_tickets(self):
        for key, one in self.tickets.items():
            if self.random.random() < 0.5:
                self.facts.append(replace(one, updated_at=self.now))
                self.facts.append(
                    TicketEvent(
                        tracker="jira",
                        ticket_id=one.ticket_id,
                        event_id=f"{key}-{self.now}",
                        kind="transition",
                        actor=person(7),
                        at=self.now - 1,
                        previous="Open",
                        current="Done",
                    )
                )

    def decide(self, store, **more):
        return decide_and_store(store, POLICY, "v", as_of=self.now, ask=self.answers, **more)


STEPS = [
    *[Recorded.squash, Recorded.deploy, Recorded.read_records] * 3,
    *[Recorded.push, Recorded.ticket] * 2,
    Recorded.look,
    Recorded.gap,
    Recorded.look_at_settings,
    Recorded.merge,
    Recorded.push_several,
    Recorded.pushed_over,
    Recorded.refused,
    Recorded.review_late,
    Recorded.tell_tickets,
]


def lives(randomness, syncs, empty, tmp_path, made=Recorded, steps=STEPS):
    """Lives by random steps; (why it was decided whole, what differs) after each sync."""
    path, copy = tmp_path / "steps.sqlite3", tmp_path / "whole.sqlite3"
    shutil.copyfile(empty, path)
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    with closing(open_store(f"sqlite:///{path}")) as store:
        shop = made(store, randomness)
        for _ in range(syncs):
            for _ in range(shop.random.randint(1, 3)):
                shop.now += 7 * MINUTE
                shop.random.choice(steps)(shop)
            shop.sync()
            shop.now += shop.random.choice([1, 90, 600, 3_000]) * MINUTE
            expected = decided_whole(shop.decide, path, copy)
            done = shop.decide(store)
            yield done.whole, differing(expected, seen(store))


def is_alike(randomness, syncs, empty, tmp_path, **more):
    for place, (_, differs) in enumerate(lives(randomness, syncs, empty, tmp_path, **more)):
        assert differs == [], f"sync {place}"


@pytest.mark.long
@settings(max_examples=3, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_records_told_late_come_to_what_they_come_to_at_once(empty, tmp_path, randomness):
    is_alike(randomness, 9, empty, tmp_path)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.randoms(use_true_random=True))
def test_records_told_late_come_to_the_same_in_many_shops(empty, tmp_path, randomness):
    is_alike(randomness, 14, empty, tmp_path)
