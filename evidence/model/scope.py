"""Facts about what a source would show: everything seen, and why it is in or out of scope."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeEntry(Fact):
    """One repository that the owner's list showed. History: snapshot.

    Without one, that a repository is missing from the configuration says nothing.
    """

    source: str
    owner: str
    """The organisation or person whose list it was in, in lower case."""
    object_id: str
    """The source's stable id: a rename keeps it."""
    name: str
    """`owner/name` as listed, or as last listed where it is gone."""
    repository: str
    """Its id: as configured, or as discovered (`included`); empty where it is out of scope."""
    in_scope: bool
    reason: str
    """`configured`, `included` (by a pattern), `excluded`, `not-configured`, or `gone`: listed
    before and not any more (deleted, transferred, hidden)."""
    pattern: str = ""
    """The include or exclude pattern that decided."""
    archived: bool = False
    fork: bool = False
    private: bool = False
    default_branch: str = ""
    created_at: int = 0
    pushed_at: int = 0
    """Microseconds UTC; 0 where not given."""
