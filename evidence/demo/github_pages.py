"""Connections of the simulated GitHub: keyset cursors and the limits on page sizes."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from graphql import GraphQLError

T = TypeVar("T")
Key = tuple[int | str, ...]

PAGE_LIMIT: Final = 100


class TypedError(GraphQLError):
    """A GraphQL error with GitHub's top-level `type`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def cursor(key: Key) -> str:
    """The opaque cursor of a position: where it stands in the order, not its index."""
    text = "cursor:v2:" + json.dumps(key, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def key_of(text: str) -> Key:
    """The position that a cursor names."""
    try:
        plain = base64.b64decode(text, validate=True).decode()
        head, _, rest = plain.partition(":v2:")
        loaded = json.loads(rest) if head == "cursor" else None
    except (binascii.Error, ValueError):
        loaded = None
    if not isinstance(loaded, list):
        raise TypedError(
            "INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor."
        )
    return tuple(loaded)


def check_size(field: str, arguments: Mapping[str, Any]) -> None:
    """Refuses a page without size or above the limit, as GitHub does."""
    given = {name: arguments.get(name) for name in ("first", "last")}
    if given["first"] is None and given["last"] is None:
        raise TypedError(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{field}` "
            "connection.",
        )
    for name, size in given.items():
        if size is not None and size > PAGE_LIMIT:
            raise TypedError(
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{field}` connection exceeds the `{name}` "
                f"limit of {PAGE_LIMIT} records.",
            )
        if size is not None and size < 0:
            raise TypedError("ARGUMENT_LIMIT", f"`{name}` on the `{field}` must not be negative.")


def connection(
    field: str,
    items: Sequence[T],
    node: Callable[[T], Any],
    arguments: Mapping[str, Any],
    *,
    key: Callable[[T], Key] | None = None,
    descending: bool = False,
    reachable: int | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """One page of `items`, which stand in the order of `key` (default: their index).

    `reachable` caps what can be paged through, while `totalCount` still says how many there are.
    """
    check_size(field, arguments)
    shown = items if reachable is None else items[:reachable]
    keys = [key(item) for item in shown] if key else [(index,) for index in range(len(shown))]
    low, high = 0, len(shown)
    if arguments.get("after"):
        at = key_of(arguments["after"])
        low = sum(1 for one in keys if (one >= at if descending else one <= at))
    if arguments.get("before"):
        at = key_of(arguments["before"])
        high = sum(1 for one in keys if (one > at if descending else one < at))
    start, end = low, max(low, high)
    if (first := arguments.get("first")) is not None:
        end = min(end, start + first)
    if (last := arguments.get("last")) is not None:
        start = max(start, end - last)
    return {
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": end < len(shown),
            "hasPreviousPage": start > 0,
            "startCursor": cursor(keys[start]) if start < end else None,
            "endCursor": cursor(keys[end - 1]) if start < end else None,
        },
        "nodes": [node(item) for item in shown[start:end]],
        **extra,
    }
