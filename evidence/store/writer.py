"""What a sync writes: pages, single entries, answers from Git, commits and derived rows.

This module is the store's writing side; the modules behind it are its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.store import ledger
from evidence.store.derived import (
    ChangeRow,
    DeploymentRow,
    DeterminationRow,
    IndexRow,
    write_derived,
)
from evidence.store.envelope import seal_body
from evidence.store.mirror import write_answers, write_commits
from evidence.store.pages import PageResult, write_page
from evidence.store.placing import place_commits
from evidence.store.rows import ParsedLike
from evidence.store.session import Store

__all__ = [
    "ChangeRow",
    "DeploymentRow",
    "DeterminationRow",
    "IndexRow",
    "PageResult",
    "ParsedLike",
    "append_entry",
    "place_commits",
    "write_answers",
    "write_commits",
    "write_derived",
    "write_page",
]


def append_entry(
    store: Store, kind: str, body: Mapping[str, Any], payload: bytes | None = None
) -> int:
    """Appends a receipt, policy, export or digest of determinations; returns its seq.

    `body` stands in the envelope as it is; its `source` and `observed_at`, where it has them, can
    be searched by. The payload lies outside and may be purged.

    Raises:
        MalformedError: the body has no canonical JSON form.
    """
    sealed = seal_body(kind, body, payload)
    with store.write() as connection:
        return ledger.append(connection, [sealed])
