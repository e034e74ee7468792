"""Who an account is: the person map, registered automation, and what nobody can be sure of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from evidence.controls.identities import Identities
from evidence.controls.words import clip, who
from evidence.model.actor import Actor, ActorType
from evidence.model.identity import AccountIdentity, IdentityHistory
from evidence.policy import Automation, Person, Policy

_NOTHING = IdentityHistory()


class PartyKind(StrEnum):
    """What stands behind an account, as far as evidence and the person map say."""

    HUMAN = "human"
    AUTOMATION = "automation"
    """Registered by account id: it contributes for its operator, or for nobody."""
    UNREGISTERED = "unregistered"
    """A bot or app that the policy does not know: who steers it is open."""
    UNKNOWN = "unknown"
    """A deleted account, a placeholder or a bare name: it could be anyone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One account as a party to a change. Equal keys are the same person or automation."""

    key: str
    kind: PartyKind
    label: str
    mapped: bool = False
    """Bound by the person map or the list of automation."""
    left_at: int = 0
    """Microseconds UTC from which the person may not approve; 0 where they have not left."""
    system: str = ""

    @property
    def human(self) -> bool:
        """Whether it is known to be a person."""
        return self.kind == PartyKind.HUMAN


_NOREPLY = re.compile(r"(\d{1,19})\+[^@\s]{1,100}@users\.noreply\.[a-z0-9.-]{1,200}")


class People:
    """The person map, registered automation and what organisations say. Build with `people_of`."""

    def __init__(
        self,
        persons: Iterable[Person],
        automations: Iterable[Automation],
        identities: IdentityHistory = _NOTHING,
    ) -> None:
        self.identities = Identities(identities)
        self._accounts: dict[str, Person] = {}
        self._emails: dict[str, Person] = {}
        self._robots: dict[str, Automation] = {}
        self._robot_emails: dict[str, Automation] = {}
        for person in persons:
            self._accounts.update(dict.fromkeys(person.accounts, person))
            self._emails.update(dict.fromkeys((e.lower() for e in person.emails), person))
        for robot in automations:
            self._robots.update(dict.fromkeys(robot.accounts, robot))
            self._robot_emails.update(dict.fromkeys((e.lower() for e in robot.emails), robot))

    def party(self, actor: Actor | None) -> Party:
        """Who an account is. Never raises; what is not known is of kind `unknown`."""
        if actor is None:
            return Party(key="ghost", kind=PartyKind.UNKNOWN, label=who(None))
        robot = self.automation(actor)
        if robot is not None:
            return _robot_party(robot, actor)
        person = self._person(actor)
        if person is not None:
            return _person_party(person, actor)
        return self._by_identity(actor)

    def _by_identity(self, actor: Actor) -> Party:
        """An account that the person map does not name, by what its organisation says of it."""
        accounts = self.identities.same_person(actor.key)
        emails = self.identities.emails(actor.key)
        found = [self._accounts.get(one) for one in accounts]
        found += [self._emails.get(one) for one in emails]
        names = {one.name: one for one in found if one is not None}
        if len(names) == 1:
            return replace(_person_party(next(iter(names.values())), actor), mapped=False)
        kind = _kind(actor.type)
        if kind == PartyKind.HUMAN and (names or not self.identities.whole):
            kind = PartyKind.UNKNOWN  # it could be any of them, or whoever is not known
        key = min(accounts) if kind == PartyKind.HUMAN else actor.key
        return Party(key=key, kind=kind, label=who(actor), system=actor.system)

    def bound(self, email: str) -> list[tuple[Party, AccountIdentity]]:
        """Whose an address was ever said to be, with what says so."""
        return [(self.party(_account(one)), one) for one in self.identities.bound(email)]

    def automation(self, actor: Actor | None) -> Automation | None:
        """The registered automation that an account or a bound e-mail belongs to."""
        if actor is None:
            return None
        if actor.type == ActorType.NAME_ONLY:
            return self.automation_of_email(actor.id)
        return self._robots.get(actor.key)

    def automation_of_email(self, email: str, system: str = "") -> Automation | None:
        """The automation that is registered with this e-mail, or with the id in it."""
        robot = self._robot_emails.get(email.lower())
        account = noreply_id(email)
        if robot is not None or not account:
            return robot
        keys = (f"{system}:{kind}:{account}" for kind in ("bot", "app", "user"))
        return next((self._robots[key] for key in keys if key in self._robots), None)

    def person_of_email(self, email: str) -> Party | None:
        """The person whom the person map binds to an e-mail."""
        person = self._emails.get(email.lower())
        return _person_party(person, None) if person else None

    def _person(self, actor: Actor) -> Person | None:
        if actor.type == ActorType.NAME_ONLY:
            return self._emails.get(actor.id.lower()) or self._accounts.get(actor.key)
        return self._accounts.get(actor.key)

    def operator(self, robot: Automation) -> Party | None:
        """The human who steers an automation, where one is registered."""
        if not robot.operator:
            return None
        system, _, rest = robot.operator.partition(":")
        _, _, identifier = rest.partition(":")
        return self.party(
            Actor(system=system, id=identifier, type=ActorType.USER, login=identifier)
        )


def _account(one: AccountIdentity) -> Actor:
    """The account that an identity is of; its key is written `system:type:id`."""
    rest, _, number = one.account.rpartition(":")
    system, _, kind = rest.rpartition(":")
    return Actor(system=system, id=number, type=ActorType(kind), login=one.login)


def noreply_id(email: str) -> str:
    """The account id in an address of the form `ID+login@users.noreply.HOST`, else empty."""
    found = _NOREPLY.fullmatch(email.strip().lower())
    return found.group(1) if found else ""


def _kind(kind: ActorType) -> PartyKind:
    if kind == ActorType.USER:
        return PartyKind.HUMAN
    if kind in {ActorType.BOT, ActorType.APP, ActorType.ORGANISATION}:
        return PartyKind.UNREGISTERED
    return PartyKind.UNKNOWN


def _robot_party(robot: Automation, actor: Actor) -> Party:
    return Party(
        key=f"automation:{robot.id}",
        kind=PartyKind.AUTOMATION,
        label=f"{who(actor)}, registered as automation {clip(robot.id)}",
        mapped=True,
        system=actor.system,
    )


def _person_party(person: Person, actor: Actor | None) -> Party:
    label = f"{who(actor)}, who is {clip(person.name)}" if actor else clip(person.name)
    return Party(
        key=f"person:{person.name}",
        kind=PartyKind.HUMAN,
        label=label,
        mapped=True,
        left_at=person.left_at,
        system=actor.system if actor else "",
    )


_KEPT = 64
"""Pairs of which the index is kept: between two looks at identities lie changes of one record."""
_BUILT: dict[tuple[int, int], tuple[Policy, IdentityHistory, People]] = {}


def people_of(policy: Policy, identities: IdentityHistory | None = None) -> People:
    """The index of a policy's people, and of what organisations say of accounts.

    Built once per pair of objects: hashing them costs more.
    """
    given = identities if identities and identities.identities else _NOTHING
    known = _BUILT.get((id(policy), id(given)))
    if known is not None and known[0] is policy and known[1] is given:
        return known[2]
    if len(_BUILT) >= _KEPT:
        _BUILT.clear()
    people = People(policy.persons, policy.automations, given)
    _BUILT[id(policy), id(given)] = (policy, given, people)
    return people
