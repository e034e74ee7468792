"""Comments on lines of a pull request, kept as events beside its timeline.

They are no items of the timeline: `position` is -1, `subject` the review that they belong to,
`previous` the place (`path:line`), `current` the text, `after_sha` the commit they were made on
and `before_sha` the one they are shown on now. One with a suggestion holds a block that starts
with three backticks and `suggestion` (docs.github.com "Commenting on a pull request").
"""

from __future__ import annotations

from evidence.model.pull_request import PullRequestEvent

LINE_COMMENT = "LineComment"
"""Kind of the event; no forge has an item of this name."""
_SUGGESTION = "```suggestion"


def suggests(comment: PullRequestEvent) -> bool:
    """Whether a line comment offers other text for its lines."""
    lines = comment.current.splitlines()
    return any(line.strip().startswith(_SUGGESTION) for line in lines)
