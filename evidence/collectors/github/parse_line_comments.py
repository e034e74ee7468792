"""The pure half of reading line comments: one comment as an event of its pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evidence import canonical
from evidence.collectors.github.reading import ghost, integer, text
from evidence.collectors.github.rest_reading import account, stable
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.comments import LINE_COMMENT
from evidence.model.pull_request import PullRequestEvent

LINE_COMMENT_KIND = "github.line_comment"
_NUMBER = re.compile(r"/pulls/([0-9]{1,9})\Z")


def parse(capture: Capture) -> Parsed:
    """The event of one comment; never raises."""
    try:
        found = canonical.loads(capture.payload)
    except MalformedError as error:
        return _malformed(capture, error.message)
    row: Mapping[str, Any] = found if isinstance(found, dict) else {}
    number = _NUMBER.search(text(row.get("pull_request_url")))
    if number is None or not stable(row.get("id")):
        return _malformed(capture, "This is no comment of a pull request.")
    host = capture.context.get("host", "")
    nobody = ghost(host) if row.get("user", "") is None else None
    event = PullRequestEvent(
        repository=capture.context.get("repository", ""),
        number=int(number[1]),
        event_id=f"{LINE_COMMENT}:{stable(row.get('id'))}",
        kind=LINE_COMMENT,
        position=-1,
        actor=account(host, row.get("user")) or nobody,
        at=iso_micros(row.get("created_at")),
        before_sha=text(row.get("commit_id")),
        after_sha=text(row.get("original_commit_id")),
        subject=stable(row.get("pull_request_review_id")),
        previous=_place(row),
        current=text(row.get("body")),
    )
    return Parsed(facts=(event,))


def _place(row: Mapping[str, Any]) -> str:
    """`path:line`; the line as it was when the comment was made, where that is said."""
    line = integer(row.get("original_line"), integer(row.get("line"), 0))
    return text(row.get("path")) + (f":{line}" if line > 0 else "")


def _malformed(capture: Capture, detail: str) -> Parsed:
    gap = Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=GapReason.MALFORMED,
        detail=detail,
        repository=capture.context.get("repository", ""),
    )
    return Parsed(gaps=(gap,))
