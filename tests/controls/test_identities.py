"""Whose an address is and which accounts are one person, by what organisations said when."""

from __future__ import annotations

import pytest
from chain_builder import ALICE, BERT

from evidence.controls.identities import Identities
from evidence.controls.people import PartyKind, People
from evidence.model.actor import Actor, ActorType
from evidence.model.identity import AccountIdentity, IdentityHistory
from evidence.model.settings import Observation, Subject
from evidence.policy import Person

OTHER = Actor(system=ALICE.system, id="909", type=ActorType.USER, login="other")


def said(who: Actor, *emails: str, subject: str = "", at: int = 10, kind: str = "saml"):
    return AccountIdentity(
        source="forge:identities",
        organisation="4001",
        kind=kind,
        account=who.key,
        login=who.login,
        subject=subject,
        emails=emails,
        observed_at=at,
    )


def look(at: int, *who: Actor, kind: str = "saml", outcome: str = "read") -> Observation:
    return Observation(
        repository="",
        subject=Subject.IDENTITIES,
        key=f"4001/{kind}",
        at=at,
        outcome=outcome,
        listed=tuple(one.id for one in who),
    )


def history(*identities, looks=()):
    return IdentityHistory(identities=identities, observations=tuple(looks))


def people(*identities, persons=(), looks=()):
    return People(persons, (), history(*identities, looks=looks))


# --- which accounts are one person


def test_accounts_with_one_name_at_the_identity_provider_are_one_person():
    known = people(said(ALICE, subject="a"), said(OTHER, subject="a"), said(BERT, subject="b"))
    assert known.party(ALICE).key == known.party(OTHER).key
    assert known.party(BERT).key != known.party(OTHER).key


def test_accounts_with_one_address_are_one_person_through_others_too():
    known = people(
        said(ALICE, "x@corp.example"),
        said(BERT, "x@corp.example", "y@corp.example"),
        said(OTHER, "y@corp.example", kind="verified"),
    )
    assert len({known.party(one).key for one in (ALICE, BERT, OTHER)}) == 1


def test_they_stay_one_person_after_the_organisation_says_otherwise():
    known = people(
        said(ALICE, subject="a"), said(OTHER, subject="a"), said(OTHER, subject="o", at=20)
    )
    assert known.party(ALICE).key == known.party(OTHER).key


def test_the_person_map_stands_above_what_an_organisation_says():
    ada = Person(name="Ada", accounts=(ALICE.key,), emails=())
    bea = Person(name="Bea", accounts=(OTHER.key,), emails=())
    known = people(said(ALICE, subject="a"), said(OTHER, subject="a"), persons=(ada, bea))
    assert (known.party(ALICE).key, known.party(OTHER).key) == ("person:Ada", "person:Bea")


def test_an_account_that_the_map_does_not_name_is_who_its_other_account_is():
    ada = Person(name="Ada", accounts=(ALICE.key,), emails=())
    known = people(said(ALICE, subject="a"), said(OTHER, subject="a"), persons=(ada,))
    assert known.party(OTHER).key == "person:Ada"
    assert not known.party(OTHER).mapped


def test_an_account_is_who_has_its_address_in_the_person_map():
    ada = Person(name="Ada", accounts=(ALICE.key,), emails=("a@corp.example",))
    assert people(said(OTHER, "a@corp.example"), persons=(ada,)).party(OTHER).key == "person:Ada"


def test_an_account_that_could_be_two_people_is_not_known_to_be_either():
    ada = Person(name="Ada", accounts=(ALICE.key,), emails=())
    bea = Person(name="Bea", accounts=(BERT.key,), emails=())
    both = (said(ALICE, subject="a"), said(BERT, subject="a"), said(OTHER, subject="a"))
    assert people(*both, persons=(ada, bea)).party(OTHER).kind is PartyKind.UNKNOWN


def test_nobody_is_known_while_somebody_of_a_list_was_not_read():
    known = people(said(OTHER, subject="a"), looks=[look(10, ALICE, OTHER)])
    assert known.party(OTHER).kind is PartyKind.UNKNOWN
    assert people(said(OTHER, subject="a"), looks=[look(10, OTHER)]).party(OTHER).human


# --- whose an address was


def held(moment, *identities, looks, email="a@corp.example"):
    known = Identities(history(*identities, looks=looks))
    return known.held(identities[0], email, moment)


BETWEEN = [look(10, ALICE), look(20, ALICE)]


@pytest.mark.parametrize(("moment", "expected"), [(9, False), (10, True), (15, True), (20, False)])
def test_an_address_is_known_to_hold_only_between_two_looks(moment, expected):
    assert held(moment, said(ALICE, "a@corp.example"), looks=BETWEEN) is expected


def test_an_address_that_was_taken_away_before_the_later_look_is_not_known_to_have_held():
    lost = said(ALICE, at=20)
    assert not held(15, said(ALICE, "a@corp.example"), lost, looks=BETWEEN)


def test_an_account_that_is_in_no_later_list_is_not_known_to_have_had_it():
    assert not held(15, said(ALICE, "a@corp.example"), looks=[look(10, ALICE), look(20)])


def test_a_look_that_saw_nothing_is_no_look():
    blind = [look(10, ALICE), look(20, ALICE, outcome="not_visible")]
    assert not held(15, said(ALICE, "a@corp.example"), looks=blind)


def test_everything_that_was_ever_said_of_an_address_is_told():
    known = people(said(ALICE, "a@corp.example"), said(BERT, "a@corp.example", at=30))
    assert {party.label for party, _ in known.bound("A@corp.example ")} == {
        known.party(ALICE).label,
        known.party(BERT).label,
    }


def test_what_was_only_said_after_the_look_after_a_moment_is_left_out():
    told = history(
        said(ALICE, "a@corp.example"),
        said(BERT, "a@corp.example", at=30),
        looks=[*BETWEEN, look(30)],
    )
    then = told.until(told.ends(15))
    assert [one.account for one in then.identities] == [ALICE.key]
    assert [one.at for one in then.observations] == [10, 20]
    assert told.until(told.ends(40)) == told
