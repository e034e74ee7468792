"""What strategies read of an image reference, and what they come to: records, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evidence.chain.claims import Claim, Linked
from evidence.chain.inquiry import Inquiry
from evidence.chain.provenance import Label, Statement
from evidence.chain.trailers import Trailer
from evidence.model.change import Strength
from evidence.model.production import ImageMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image reference with everything that is stated of it."""

    tag: str = ""
    digest: str = ""
    statements: tuple[Statement, ...] = ()
    """What builders state of its digest."""
    labels: tuple[Label, ...] = ()
    """What the image of its digest says of itself."""
    trailers: tuple[Trailer, ...] = ()
    """What the commits that set it say of the commit they refer to, of the mapped repository."""
    claims: tuple[Claim, ...] = ()
    """Tags that the texts of whoever set it give the image."""
    links: tuple[Linked, ...] = ()
    """Changes of the mapped repository that the pull request that set it links to."""
    version: str = ""
    """The version that stands beside it in the configuration: a label, or that of its chart."""
    landed_last: str = ""
    """The commit that landed last in the mapped repository before the operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One commit that one strategy sees behind a reference."""

    commit: str
    basis: str
    strength: Strength
    made: int = 0
    """Microseconds UTC since when it can have named the commit; 0 where nothing says so."""
    detail: str = ""
    entries: tuple[int, ...] = ()

    @property
    def kept(self) -> ImageMatch:
        """The match as a record."""
        return ImageMatch(
            basis=self.basis,
            commit=self.commit,
            strength=self.strength,
            detail=self.detail,
            entries=self.entries,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What all strategies together make of one reference."""

    commit: str = ""
    """Empty where they see none, or several that differ."""
    basis: str = ""
    strength: Strength = Strength.CANDIDATE
    made: int = 0
    problem: str = ""
    candidates: tuple[str, ...] = ()
    matches: tuple[ImageMatch, ...] = ()
    """Every match of every strategy, in the order of the table."""
    moved: bool = False
    """It rests on a Git tag that was seen to name another commit after the operation."""
    pending: bool = False
    """Git was not asked yet: nothing is decided."""


Strategy = Callable[[Inquiry, str, Reference], Iterator[Match]]
