"""When a disposition holds for a deviation, and that it never makes a pass of one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.controls.contribution import Contributors
from evidence.controls.dispositions import Event, accepted, concerns, dispose, rule
from evidence.controls.evaluate import count
from evidence.controls.people import Party, PartyKind
from evidence.controls.register import answers, ending
from evidence.controls.rulings import RULINGS
from evidence.model.determination import Determination, Outcome, SubjectKind
from evidence.model.disposition import (
    Act,
    Attachment,
    Disposition,
    DispositionClass,
    Register,
    Response,
    ResponseTerms,
    Terms,
)
from evidence.policy import Person, Policy

DAY = 86_400_000_000
MERGED = 1_783_328_400_000_000
AS_OF = MERGED + 100 * DAY
PEOPLE = tuple(
    Person(name=f"{name.title()} Example", accounts=(f"os:user:{name}", f"forge.test:user:{name}"))
    for name in ("ada", "bert", "dora")
)
POLICY = Policy(persons=PEOPLE)
WAIVER = DispositionClass.WAIVER
MINUTES = Attachment(entry=7, name="minutes.txt", sha256="0" * 64, statement="", at=MERGED + DAY)


def act(by: str, at: int = MERGED - DAY, entry: int = 10) -> Act:
    return Act(entry=entry, at=at, by=by)


def disposition(kind: DispositionClass = WAIVER, **more) -> Disposition:
    """Asked for by ada and approved by dora, the day before the merge, for the whole month."""
    acts = {name: more.pop(name) for name in ("requested", "approvals", "revoked") if name in more}
    terms = {
        "control": "CM-03",
        "rule_version": "1",
        "kind": kind,
        "subjects": ("shop:pr:7",),
        "valid_from": MERGED - 2 * DAY,
        "valid_to": MERGED + 28 * DAY,
    }
    held = {"requested": act("ada"), "approvals": (act("dora"),), **acts}
    return Disposition(terms=Terms(**{**terms, **more}), **held)


def event(**more) -> Event:
    return Event(**{"names": frozenset({"shop:pr:7"}), "begin": MERGED, "end": MERGED, **more})


def deviation(outcome: Outcome = Outcome.FAIL, control: str = "CM-03") -> Determination:
    return Determination(
        control=control,
        subject_kind=SubjectKind.CHANGE,
        subject="shop:pr:7",
        outcome=outcome,
        reason="no-approval",
        sentence="Nobody approved it.",
    )


def ruled(one: Disposition, told: Event | None = None, policy: Policy = POLICY) -> str:
    """The code of the ruling."""
    return rule(one, deviation(), told or event(), policy, AS_OF).reason


def took_part(*names: str) -> Contributors:
    found = Contributors()
    for name in names:
        found.add(Party(key=f"person:{name.title()} Example", kind=PartyKind.HUMAN, label=name))
    return found


def test_a_waiver_that_somebody_independent_approved_before_the_event_holds():
    ruling = rule(disposition(), deviation(), event(), POLICY, AS_OF)
    assert (ruling.holds, ruling.reason) == (True, "accepted")
    assert "Dora Example" in ruling.sentence


AFTER = MERGED + DAY
LATE = (act("dora", AFTER, 12),)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (disposition(approvals=()), "not-approved"),
        (disposition(requested=act("ada", AS_OF + 1)), "approved-later"),
        (disposition(approvals=(act("dora", AS_OF + 1),)), "approved-later"),
        (disposition(approvals=(act("ada"),)), "self-approved"),
        (disposition(approvals=(act("nobody"),)), "approver-unmapped"),
        (disposition(requested=act("nobody")), "requester-unmapped"),
        (disposition(reason="stale-approval"), "other-deviation"),
        (disposition(scope={"repository": "deploy"}), "out-of-scope"),
        (disposition(valid_to=MERGED), "not-in-force"),
        (disposition(valid_from=MERGED + 1), "not-in-force"),
        (disposition(valid_to=MERGED + 89 * DAY), "too-long"),
        (disposition(approvals=LATE), "approved-late"),
        (disposition(approvals=(act("dora", MERGED),)), "approved-late"),
        (disposition(DispositionClass.STANDARD_CHANGE, approvals=LATE), "approved-late"),
        (disposition(DispositionClass.ACCEPTED_DEVIATION, approvals=LATE), "accepted"),
        (disposition(DispositionClass.EMERGENCY, approvals=LATE), "emergency-not-followed"),
        (disposition(revoked=act("dora", MERGED - 1)), "revoked"),
        (disposition(revoked=act("dora", AFTER)), "accepted"),
        (disposition(revoked=act("dora", AS_OF + 1)), "accepted"),
    ],
)
def test_what_keeps_a_disposition_from_holding_is_told(one, code):
    assert ruled(one) == code


def test_the_same_person_under_two_accounts_is_not_independent():
    two = replace(PEOPLE[0], accounts=(*PEOPLE[0].accounts, "os:user:ada-admin"))
    policy = replace(POLICY, persons=(two, *PEOPLE[1:]))
    assert ruled(disposition(approvals=(act("ada-admin"),)), policy=policy) == "self-approved"


def test_a_second_approval_by_somebody_independent_counts_from_its_own_time():
    both = (act("ada"), act("dora", AFTER, 12))
    assert ruled(disposition(approvals=both)) == "approved-late"
    assert ruled(disposition(approvals=(act("ada"), act("dora", entry=12)))) == "accepted"


def test_whoever_took_part_cannot_approve():
    assert ruled(disposition(), event(contributors=took_part("dora"))) == "approver-contributed"
    assert ruled(disposition(), event(contributors=took_part("ada", "bert"))) == "accepted"


def test_where_a_contributor_is_unknown_independence_is_not_shown():
    unsure = took_part("ada")
    unsure.leave_open("contributor-unmapped", "an address maps to nobody")
    assert ruled(disposition(), event(contributors=unsure)) == "independence-open"


def test_an_approver_who_had_left_does_not_count():
    left = replace(PEOPLE[2], left_at=MERGED - 2 * DAY)
    policy = replace(POLICY, persons=(*PEOPLE[:2], left))
    assert ruled(disposition(), policy=policy) == "approver-left"


def test_an_account_of_an_automation_does_not_approve():
    from evidence.policy import Automation

    robot = Automation(id="robot", accounts=("os:user:robot",))
    policy = replace(POLICY, automations=(robot,))
    assert ruled(disposition(approvals=(act("robot"),)), policy=policy) == "approver-unmapped"


def test_an_event_without_a_server_time_is_covered_only_after_it():
    unknown = event(begin=0, end=MERGED + DAY)
    assert ruled(disposition(), unknown) == "event-time-unknown"
    assert ruled(disposition(DispositionClass.ACCEPTED_DEVIATION), unknown) == "accepted"
    nothing = event(begin=0, end=0)
    assert ruled(disposition(DispositionClass.ACCEPTED_DEVIATION), nothing) == "event-time-unknown"


def test_a_span_must_lie_within_the_validity():
    assert ruled(disposition(), event(end=MERGED + 28 * DAY)) == "accepted"
    assert ruled(disposition(), event(end=MERGED + 29 * DAY)) == "not-in-force"


class TestAFalsePositive:
    KIND = DispositionClass.FALSE_POSITIVE

    def test_needs_evidence_and_a_link(self):
        assert ruled(disposition(self.KIND, evidence=(MINUTES,))) == "evidence-missing"
        assert ruled(disposition(self.KIND, link="ISSUE-1")) == "evidence-missing"
        assert ruled(disposition(self.KIND, link="ISSUE-1", evidence=(MINUTES,))) == "accepted"

    def test_is_none_any_more_once_its_evidence_was_purged(self):
        gone = replace(MINUTES, held=False)
        assert ruled(disposition(self.KIND, link="ISSUE-1", evidence=(gone,))) == "evidence-missing"


class TestACompensatingControl:
    KIND = DispositionClass.COMPENSATING_CONTROL

    def test_is_named_and_shown_to_have_operated(self):
        assert ruled(disposition(self.KIND, evidence=(MINUTES,))) == "evidence-missing"
        assert ruled(disposition(self.KIND, compensating="R-1")) == "evidence-missing"
        shown = disposition(self.KIND, compensating="R-1", evidence=(MINUTES,))
        assert ruled(shown) == "accepted"

    def test_is_not_shown_by_evidence_from_before_the_event(self):
        early = replace(MINUTES, at=MERGED - 1)
        shown = disposition(self.KIND, compensating="R-1", evidence=(early,))
        assert ruled(shown) == "evidence-early"


def test_an_emergency_is_accepted_where_its_procedure_passed():
    followed = event(passed=frozenset({"CM-12"}))
    assert ruled(disposition(DispositionClass.EMERGENCY), followed) == "accepted"


def test_an_emergency_without_tests_is_accepted_where_they_passed_in_time_afterwards():
    followed = event(passed=frozenset({"CM-12"}))
    untested = replace(deviation(control="CM-06"), reason="check-missing")
    one = disposition(DispositionClass.EMERGENCY, control="CM-06")
    assert rule(one, untested, followed, POLICY, AS_OF).reason == "emergency-not-tested"
    tested = replace(untested, flags=("tested-after",))
    assert rule(one, tested, followed, POLICY, AS_OF).reason == "accepted"


class TestAScope:
    FACTS = event(facts={"repository": ("shop",), "path": ("docs/a.md", "docs/b.md")})

    def test_describes_the_subjects_of_a_disposition_that_names_none(self):
        one = disposition(subjects=(), scope={"repository": "shop"})
        assert concerns(one, self.FACTS)
        assert not concerns(one, event(facts={"repository": ("deploy",)}))

    def test_must_fit_in_every_term(self):
        one = disposition(subjects=(), scope={"repository": "shop", "author": "forge:user:1"})
        assert not concerns(one, self.FACTS)

    def test_asks_of_every_file_to_match(self):
        docs = disposition(subjects=(), scope={"path": "docs/**"})
        assert concerns(docs, self.FACTS)
        assert not concerns(docs, event(facts={"path": ("docs/a.md", "shop/a.py")}))
        assert not concerns(docs, event(facts={"path": ()}))

    def test_of_nothing_describes_nothing(self):
        assert not concerns(disposition(subjects=()), self.FACTS)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.FAIL])
def test_nothing_but_a_deviation_is_disposed_of(outcome):
    held = Register(dispositions=(disposition(),))
    assert dispose([deviation(outcome)], held, lambda _: event(), POLICY, AS_OF) == {}


def test_a_disposition_covers_exactly_its_control():
    held = Register(dispositions=(disposition(),))
    both = [deviation(), deviation(control="CM-05")]
    found = dispose(both, held, lambda _: event(), POLICY, AS_OF)
    assert accepted(found) == {("CM-03", "shop:pr:7")}


def test_a_response_stands_beside_its_deviation_and_accepts_nothing():
    told = Response(
        terms=ResponseTerms(control="CM-03", subject="shop:pr:7", text="", owner="", role=""),
        said=act("ada"),
    )
    held = Register(responses=(told,))
    assert answers(held, deviation()) == (told,)
    assert answers(held, deviation(control="CM-05")) == ()
    assert dispose([deviation()], held, lambda _: event(), POLICY, AS_OF) == {}


# --- a disposition never turns a deviation into a pass

ACCOUNTS = st.sampled_from(["ada", "bert", "dora", "nobody"])
MOMENTS = st.integers(MERGED - 3 * DAY, MERGED + 3 * DAY)
ACTS = st.builds(Act, entry=st.integers(0, 99), at=MOMENTS, by=ACCOUNTS)
DISPOSITIONS = st.builds(
    disposition,
    st.sampled_from(DispositionClass),
    requested=ACTS,
    approvals=st.lists(ACTS, max_size=2).map(tuple),
    revoked=st.none() | ACTS,
    control=st.sampled_from(["CM-03", "CM-05"]),
    subjects=st.sampled_from([("shop:pr:7",), ("shop:pr:8",), ()]),
    scope=st.sampled_from([{}, {"repository": "shop"}]),
    evidence=st.sampled_from([(), (MINUTES,)]),
    compensating=st.sampled_from(["", "R-1"]),
    link=st.sampled_from(["", "ISSUE-1"]),
)
DETERMINATIONS = st.lists(
    st.builds(deviation, st.sampled_from(Outcome), st.sampled_from(["CM-03", "CM-05"])),
    max_size=4,
    unique_by=lambda one: one.control,
)
REGISTERS = st.lists(DISPOSITIONS, max_size=4).map(lambda all_: Register(dispositions=tuple(all_)))


def counted(found, held: Register):
    """Per control: what passed, what deviates, and of that what is accepted."""
    told = event(facts={"repository": ("shop",)})
    rulings = dispose(found, held, lambda _: told, POLICY, AS_OF)
    assert {one.reason for group in rulings.values() for one in group} <= set(RULINGS)
    return count(found, accepted(rulings))


@given(DETERMINATIONS, REGISTERS)
def test_no_disposition_turns_a_deviation_into_a_pass_or_out_of_the_rate(found, held):
    plain, disposed = counted(found, Register()), counted(found, held)
    assert [(one.passed, one.rate) for one in plain] == [(o.passed, o.rate) for o in disposed]


@given(DETERMINATIONS, REGISTERS)
def test_taking_one_away_turns_nothing_into_a_pass_and_accepts_nothing_more(found, held):
    whole = counted(found, held)
    for place in range(len(held.dispositions)):
        rest = held.dispositions[:place] + held.dispositions[place + 1 :]
        less = counted(found, Register(dispositions=rest))
        for before, after in zip(whole, less, strict=True):
            assert after.passed == before.passed
            assert after.accepted <= before.accepted


def test_who_answers_is_told_of_an_end_two_weeks_ahead_and_two_weeks_long():
    end = MERGED + 28 * DAY
    held = Register(dispositions=(disposition(),))
    told = {days: [left for _, left in ending(held, end - days * DAY)] for days in (15, 14, 0, -14)}
    assert told == {15: [], 14: [14], 0: [0], -14: [-14]}
    assert ending(held, end + 15 * DAY) == ()


def test_an_end_that_was_seen_to_is_told_no_more():
    end = MERGED + 28 * DAY
    renewal = disposition(requested=act("ada", entry=20), renews="D-10")
    asked = replace(renewal, approvals=())
    for other, told in ((renewal, ["D-20"]), (asked, ["D-10"])):
        held = Register(dispositions=(disposition(), other))
        assert [one.id for one, _ in ending(held, end)] == told
    gone = Register(dispositions=(disposition(revoked=act("dora")),))
    assert ending(gone, end) == ()
