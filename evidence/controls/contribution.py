"""Who contributed to a change, as a record: known parties, and identities left open."""

from __future__ import annotations

from dataclasses import dataclass, field

from evidence.controls.people import Party
from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An identity that evidence leaves open, and the reason code it gives."""

    reason: str
    words: str
    fix: str = ""
    """What would settle it, where that is more exact than the reason's own fix."""


@dataclass(slots=True, kw_only=True)
class Contributors:
    """Who contributed to a change. `parties` by key; `authors` is the part that wrote it."""

    parties: dict[str, Party] = field(default_factory=dict)
    authors: set[str] = field(default_factory=set)
    open: list[Open] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def add(self, party: Party, *, author: bool = False) -> None:
        """Counts a party in."""
        self.parties.setdefault(party.key, party)
        if author:
            self.authors.add(party.key)

    def leave_open(self, reason: str, words: str, fix: str = "") -> None:
        """Notes an identity that could be anyone."""
        entry = Open(reason=reason, words=words, fix=fix)
        if entry not in self.open:
            self.open.append(entry)

    @property
    def humans(self) -> dict[str, Party]:
        """The contributors who are known to be people."""
        return {key: party for key, party in self.parties.items() if party.human}

    def labels(self) -> list[str]:
        """The contributors by name, for a sentence."""
        return [party.label for party in self.parties.values()]

    def fix(self, reason: str) -> str:
        """What would settle the first identity left open for a reason; empty where none says."""
        return next((entry.fix for entry in self.open if entry.reason == reason), "")
