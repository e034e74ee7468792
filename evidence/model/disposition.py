"""What management says of deviations: dispositions and responses, as the ledger records them.

A disposition stands beside a determination and never changes it. It is known by the ledger entry
that holds its request: `D-1742`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from evidence.model.actor import Actor, ActorType

ALTERNATIVE = "alternative-evidence"
"""What a ruling on alternative evidence has for a class."""
SYSTEM = "os"
"""The system instance of whoever runs this program: `os:user:ada` in the person map."""


class DispositionClass(StrEnum):
    """Why a deviation is accepted."""

    EMERGENCY = "emergency"
    STANDARD_CHANGE = "standard-change"
    WAIVER = "waiver"
    COMPENSATING_CONTROL = "compensating-control"
    FALSE_POSITIVE = "false-positive"
    ACCEPTED_DEVIATION = "accepted-deviation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that somebody did in the register, by the ledger."""

    entry: int
    at: int
    """Microseconds UTC by our own clock when it was recorded; never a date that somebody typed."""
    by: str
    """The account that the operating system knew."""

    @property
    def actor(self) -> Actor:
        """Who did it, as the person map knows accounts."""
        return Actor(system=SYSTEM, id=self.by, type=ActorType.USER, login=self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that was handed over for a record, stored as a capture."""

    entry: int
    """The ledger entry of the capture."""
    name: str
    sha256: str
    """Hex, of the bytes stored."""
    statement: str
    """What it shows, in the words of whoever attached it."""
    at: int = 0
    """Microseconds UTC at which it was stored."""
    held: bool = True
    """False once its payload is purged: then it shows nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a disposition was asked for: the body of its request. Times microseconds UTC."""

    control: str
    """Exactly one control: `CM-03`."""
    rule_version: str
    """The version of the control's rule when it was asked for."""
    kind: DispositionClass
    subjects: tuple[str, ...] = ()
    """Ids of changes, deployments, intervals or events. Empty: all that `scope` describes."""
    scope: Mapping[str, str] = field(default_factory=dict)
    """Name of a fact -> the value that it must have; every one of them must fit."""
    reason: str = ""
    """Reason code of the deviation that was seen; empty where it had not happened yet."""
    cause: str = ""
    """Root cause."""
    impact: str = ""
    """What it meant, and whether looking back it happened before."""
    response: str = ""
    """Management's answer."""
    owner: str = ""
    role: str = ""
    compensating: str = ""
    """The control that stood in: the entity's own id or ours."""
    link: str = ""
    """Ticket, rule or issue."""
    remediation: str = ""
    due: int = 0
    """When remediation is due; 0: not said."""
    valid_from: int
    valid_to: int
    """Half-open; by the event, not by today."""
    renews: str = ""
    """Id of the disposition that this one follows."""
    evidence: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """One disposition with everything that was recorded about it."""

    terms: Terms
    requested: Act
    approvals: tuple[Act, ...] = ()
    """Oldest first; the first by somebody independent counts."""
    revoked: Act | None = None
    revocation: str = ""
    """Why it was revoked."""

    @property
    def id(self) -> str:
        """`D-` and the number of the ledger entry that asks for it."""
        return disposition_id(self.requested.entry)

    @property
    def entries(self) -> tuple[int, ...]:
        """Every ledger entry that it rests on, ascending."""
        acts = [self.requested, *self.approvals, *([self.revoked] if self.revoked else [])]
        found = {act.entry for act in acts} | {one.entry for one in self.terms.evidence}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTerms:
    """The body of a management response: it changes no outcome and needs no approval."""

    control: str
    subject: str
    text: str
    owner: str
    role: str
    cause: str = ""
    impact: str = ""
    remediation: str = ""
    due: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One management response to a deviation."""

    terms: ResponseTerms
    said: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeTerms:
    """The body of an attachment to something unknown: evidence that no source gave."""

    control: str
    subject: str
    reason: str
    """Reason code of the unknown that it resolves."""
    evidence: Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One piece of alternative evidence, by whoever attached it."""

    terms: AlternativeTerms
    said: Act

    @property
    def id(self) -> str:
        """`A-` and the number of the ledger entry."""
        return f"A-{self.said.entry}"

    @property
    def entries(self) -> tuple[int, ...]:
        """The ledger entries that it rests on, ascending."""
        return tuple(sorted({self.said.entry, self.terms.evidence.entry}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Everything that the ledger holds of dispositions and the like, oldest first."""

    dispositions: tuple[Disposition, ...] = ()
    responses: tuple[Response, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was ever recorded."""
        return bool(self.dispositions or self.responses or self.alternatives)

    @property
    def controls(self) -> frozenset[str]:
        """Every control whose outcome something stands beside."""
        named = [one.terms.control for one in self.dispositions]
        return frozenset([*named, *(one.terms.control for one in self.alternatives)])

    def about(self, names: Iterable[str]) -> Register:
        """What names one of these subjects, and what only a scope describes."""
        known = frozenset(names)
        return Register(
            dispositions=tuple(
                one
                for one in self.dispositions
                if not one.terms.subjects or not known.isdisjoint(one.terms.subjects)
            ),
            responses=tuple(one for one in self.responses if one.terms.subject in known),
            alternatives=tuple(one for one in self.alternatives if one.terms.subject in known),
        )

    def find(self, name: str) -> Disposition | None:
        """The disposition of an id; None where there is none."""
        return next((one for one in self.dispositions if one.id == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whether one record of the register holds for one determination, and why.

    A disposition holds for a deviation, alternative evidence for an unknown.
    """

    disposition: str
    """The record's id."""
    kind: str
    """The class of the disposition, or `alternative-evidence`."""
    control: str
    subject: str
    holds: bool
    reason: str
    """`accepted`, `supported`, or the code of what keeps it from holding."""
    sentence: str


def disposition_id(entry: int) -> str:
    """The id of the disposition that a ledger entry asks for."""
    return f"D-{entry}"
