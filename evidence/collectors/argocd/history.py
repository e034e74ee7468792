"""What can be said about deployments that were never seen, from two looks at bounded state. Pure.

Argo CD numbers the rows of an application's history by an auto-increment and keeps the last ten
(`revisionHistoryLimit`): a jump between two looks is a number of syncs that nobody recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence import canonical
from evidence.errors import MalformedError


def lost_between(previous_ids: Sequence[int], current_ids: Sequence[int]) -> tuple[range, ...]:
    """Ids of history rows that existed and are in neither look, as ranges in order.

    With no previous look these are the rows before the first one kept. A current look whose ids
    end before the previous one's (the application was made anew) tells nothing: no range.
    """
    now = sorted({each for each in current_ids if each >= 0})
    before = [each for each in previous_ids if each >= 0]
    if not now or (before and now[-1] < max(before)):
        return ()
    expected = max(before) + 1 if before else 0
    return tuple(holes([expected - 1, *(each for each in now if each >= expected)]))


def holes(ids: Iterable[int]) -> list[range]:
    """The numbers missing between consecutive ids of an increasing sequence, as ranges."""
    found: list[range] = []
    last: int | None = None
    for each in ids:
        if last is not None and each > last + 1:
            found.append(range(last + 1, each))
        last = each
    return found


def named(ranges: Iterable[range]) -> str:
    """Ranges for a reader: `24-29, 31`."""
    return ", ".join(
        str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in ranges
    )


def vanished(previous: bytes, current: bytes) -> tuple[tuple[str, str], ...]:
    """(uid, namespace/name) of applications in the earlier `argocd.application_list` only.

    They were deleted, or hidden from this credential; Argo CD's list does not tell which.
    """
    now = _listed(current)
    return tuple(sorted(each for each in _listed(previous).items() if each[0] not in now))


def _listed(payload: bytes) -> dict[str, str]:
    try:
        found = canonical.loads(payload)
    except MalformedError:
        return {}
    rows = found if isinstance(found, list) else []
    return {
        str(row.get("uid")): f"{row.get('namespace')}/{row.get('name')}"
        for row in rows
        if isinstance(row, dict) and row.get("uid")
    }
