"""As `test_steps_of_records`, of an organisation whose audit log is read, too.

Its entries are told by syncs after those that read what they are about: after the merge that went
past the rules, and after both looks at a setting between which it was changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.model.audit import OVERRIDE, AuditEvent
from evidence.model.settings import Subject

sys.path.insert(0, str(Path(__file__).parent))

from test_steps import MINUTE, empty, person
from test_steps_of_records import MAIN, STEPS, Recorded, is_alike

__all__ = ["empty"]
HOUR = 60 * MINUTE
ACTIONS = [
    "protected_branch.destroy",
    "protected_branch.create",
    "protected_branch.create",
    "repository_ruleset.update",
    "team.add_member",
    OVERRIDE,
    OVERRIDE,
]


class Audited(Recorded):
    """A shop with a log, whose entries wait in `untold` until they are read."""

    def __init__(self, store, randomness):
        super().__init__(store, randomness)
        self.untold, self.logged, self.entries = [], self.now - 30 * HOUR, 0
        self.read_log()

    def done(self):
        """Something that the log tells, now or some hours ago."""
        action, self.entries = self.random.choice(ACTIONS), self.entries + 1
        landed = action == OVERRIDE
        self.untold.append(
            AuditEvent(
                source="forge:audit",
                organisation="acme",
                event_id=f"d{self.entries}",
                repository="" if action.startswith("team") else "shop",
                action=action,
                at=self.now - self.random.randint(0, 300) * MINUTE,
                actor=person(3),
                ref=MAIN if landed else "",
                after_sha=self.random.choice(self.line) if landed else "",
            )
        )

    def read_log(self):
        """Some of what waits is told, and the log is said to be whole until a while ago."""
        self.random.shuffle(self.untold)
        count = self.random.randint(0, len(self.untold))
        told = self.untold[:count]
        del self.untold[:count]
        named = [one.event_id for one in told]
        self.facts += told[: self.random.choice([count, count, count, max(0, count - 1)])]
        if self.random.random() < 0.7:
            begin, until = self.logged - HOUR, self.now - HOUR
            window = {"since": begin, "until": until, "listed": tuple(named)}
            self.seen_again(Subject.AUDIT_LOG, "acme", **window)
            self.logged = max(self.logged, until)


ALL = [*STEPS, *[Audited.done, Audited.read_log, Audited.look_at_settings] * 3]
ODD = {"made": Audited, "steps": ALL}


@pytest.mark.long
@settings(max_examples=3, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_a_log_told_late_comes_to_what_it_comes_to_at_once(empty, tmp_path, randomness):
    is_alike(randomness, 9, empty, tmp_path, **ODD)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.randoms(use_true_random=True))
def test_a_log_told_late_comes_to_the_same_in_many_shops(empty, tmp_path, randomness):
    is_alike(randomness, 14, empty, tmp_path, **ODD)
