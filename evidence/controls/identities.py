"""Which accounts are one person, and whose an address is, as organisations of a forge say it.

Against a pass counts whatever was said up to the look after it: two accounts that had one SAML name
or one confirmed address, an address that an account had at any time. For a pass counts only what
held at that time: what the look before it and the look after it both saw, of one account alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from evidence.model.identity import AccountIdentity, IdentityHistory
from evidence.model.settings import Observation

_Key = tuple[str, str, str]
"""Source, organisation, kind."""


class Identities:
    """The identities of organisations, indexed. Build one per history: it reads all of it."""

    def __init__(self, history: IdentityHistory) -> None:
        self._versions: dict[tuple[_Key, str], list[AccountIdentity]] = defaultdict(list)
        self._by_email: dict[str, list[AccountIdentity]] = defaultdict(list)
        self._emails_of: dict[str, set[str]] = defaultdict(set)
        self._looks: dict[str, list[Observation]] = defaultdict(list)
        for one in history.identities:
            self._versions[_key(one), one.account].append(one)
            self._emails_of[one.account] |= set(one.emails)
            for email in one.emails:
                self._by_email[email].append(one)
        for look in history.observations:
            if look.outcome == "read":
                self._looks[look.key].append(look)
        self._groups = _groups(history.identities)
        self._read = {
            (f"{organisation}/{kind}", one.account.rpartition(":")[2])
            for ((_, organisation, kind), _), versions in self._versions.items()
            for one in versions
        }
        self._unread = {
            account
            for key, looks in self._looks.items()
            for look in looks
            for account in look.listed
            if (key, account) not in self._read
        }

    def same_person(self, account: str) -> tuple[str, ...]:
        """Keys of all accounts that are one person with this one, itself among them."""
        return self._groups.get(account, (account,))

    def emails(self, account: str) -> frozenset[str]:
        """Every address that one of its person's accounts ever had."""
        own = (self._emails_of.get(one, set()) for one in self.same_person(account))
        return frozenset(email for emails in own for email in emails)

    @property
    def whole(self) -> bool:
        """Whether it is known who stands behind every account that a list names."""
        return not self._unread

    def bound(self, email: str) -> tuple[AccountIdentity, ...]:
        """Everything that was ever said to bind an address to an account."""
        return tuple(self._by_email.get(email.strip().lower(), ()))

    def held(self, one: AccountIdentity, email: str, moment: int) -> bool:
        """Whether an account had an address at a moment: before and after, and in between."""
        key = _key(one)
        looks = self._looks.get(f"{one.organisation}/{one.kind}", [])
        before = [look for look in looks if look.at <= moment][-1:]
        after = [look for look in looks if look.at > moment][:1]
        listed = one.account.rpartition(":")[2]
        if not before or not after or any(listed not in look.listed for look in (*before, *after)):
            return False
        versions = self._versions[key, one.account]
        known = [each for each in versions if each.observed_at <= before[0].at][-1:]
        between = [each for each in versions if before[0].at < each.observed_at <= after[0].at]
        return bool(known) and all(email in each.emails for each in (*known, *between))


def _key(one: AccountIdentity) -> _Key:
    return one.source, one.organisation, one.kind


def _groups(identities: Iterable[AccountIdentity]) -> dict[str, tuple[str, ...]]:
    """Account -> all accounts that share a name or an address with it, through others too."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for one in identities:
        marks = [f"address {email}" for email in one.emails]
        marks += [f"subject {one.organisation} {one.subject}"] if one.subject else []
        for mark in marks:
            parent[root(mark)] = root(one.account)
    found: dict[str, set[str]] = defaultdict(set)
    for one in identities:
        found[root(one.account)].add(one.account)
    return {account: tuple(sorted(group)) for group in found.values() for account in sorted(group)}
