"""Files that a commit changed: from the store, else from Git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.chain.inquiry import Inquiry
from evidence.chain.records import PopulationInputs


def changed_files(
    inputs: PopulationInputs, inquiry: Inquiry, repository: str, sha: str
) -> Sequence[str] | None:
    """Against its first parent; None where not known yet."""
    known: Mapping[str, Sequence[str]] = inputs.changed.get(repository, {})
    return known[sha] if sha in known else inquiry.changed(repository, sha)
