"""Whether GitHub's record of pushes to the production branches has a hole, as a capture and a gap.

A hole is known by where the branch stood next. It stays until a push that ended there is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.reading import items, mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.settings_context import SettingsContext
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed
from evidence.model.activity import RepositoryActivity
from evidence.model.capture import Capture, GapReason
from evidence.model.pushes import in_order, lost_pushes


def note_holes(
    context: SettingsContext,
    branches: Sequence[str],
    moves: Sequence[RepositoryActivity],
    answer: RestAnswer,
) -> None:
    """Holds what was read against itself and against where each branch was left last time."""
    state, before = context.state, dict(context.state.holes)
    for branch in branches:
        ref = f"refs/heads/{branch}"
        own = in_order(one for one in moves if one.ref == ref)
        if not own:
            continue
        met = {sha for one in own for sha in (one.before_sha, one.after_sha)}
        left = state.tips.get(ref, "")
        if left and left not in met:
            state.holes[own[0].before_sha] = ref
        state.holes |= {one.after_sha: ref for one in lost_pushes(own)}
        for one in own:
            state.holes.pop(one.after_sha, None)
        state.tips[ref] = own[-1].after_sha
    if before or state.holes:
        holes = [{"ref": ref, "at": sha} for sha, ref in sorted(state.holes.items())]
        payload = json.dumps({"holes": holes}, sort_keys=True, separators=(",", ":"))
        context.capture(kinds.PUSH_HOLES, context.key("activity"), payload, (answer,))


def parse_holes(capture: Capture, payload: Mapping[str, Any]) -> Parsed:
    """A gap for each branch whose record has holes; pure."""
    if not isinstance(payload.get("holes"), list):
        return malformed(capture, "The capture does not say which pushes are missing.")
    by_ref: dict[str, list[str]] = {}
    for each in map(mapping, items(payload["holes"])):
        by_ref.setdefault(text(each.get("ref")), []).append(text(each.get("at"))[:12])
    return Parsed(
        gaps=tuple(
            gap(
                capture,
                GapReason.TRUNCATED,
                f"GitHub's record of pushes to {ref.removeprefix('refs/heads/')} has a hole: one "
                f"begins at {', '.join(shas)}, where none ended.",
            )
            for ref, shas in sorted(by_ref.items())
        )
    )
