"""The mark that a reading leaves: what the texts were, when edited last, how long the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.reading import actor
from evidence.collectors.http import iso_micros
from evidence.model.pull_request import PullRequest, PullRequestEvent
from evidence.model.texts import EDITED, TEXTS_READ, texts_digest


def texts_read(
    record: PullRequest, host: str, node: Mapping[str, Any], items: int
) -> PullRequestEvent | None:
    """The mark of a reading; None where the answer does not say when its texts were edited.

    GitHub's `lastEditedAt` is null for a description that nobody edited.
    """
    told = "lastEditedAt" in node and isinstance(node.get("body"), str)
    edited = iso_micros(node.get("lastEditedAt"))
    at = edited or record.created_at
    if not told or not at or (node["lastEditedAt"] is not None and not edited):
        return None
    digest = texts_digest(record.body, record.closing_issues)
    return PullRequestEvent(
        repository=record.repository,
        number=record.number,
        event_id=f"texts:{digest}:{at}:{items}",
        kind=TEXTS_READ,
        position=items,
        actor=actor(host, node.get("editor")),
        at=at,
        subject=digest,
        current=EDITED if edited else "",
    )
