"""What every collector promises, whatever its source: one suite, used by each collector's tests.

A test module gets it by the fixture `contract` and hands over a maker of fresh collectors, so that
nothing can be remembered in an object instead of in the cursor.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import strategies as st

from evidence import canonical
from evidence.collectors.interface import Collector, Parsed
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Page, Window

Make = Callable[[], Collector]
EVERYTHING = Window(since=0, until=2**62)


def run(make: Make, cursor: str = "", window: Window = EVERYTHING) -> list[Page]:
    return list(make().fetch(window, cursor))


def captures(pages: Iterable[Page]) -> list[Capture]:
    return [capture for page in pages for capture in page.captures]


def heads(found: Iterable[Capture]) -> dict[tuple[str, str, str], str]:
    """The newest version of each series, as the store compares them."""
    return {
        (each.kind, each.key, each.series): canonical.comparison_digest(each.payload, each.volatile)
        for each in found
    }


def facts(make: Make, found: Iterable[Capture]) -> list[Parsed]:
    parser = make()
    return [parser.parse(capture) for capture in found]


def live_and_replayed_facts_are_the_same(make: Make) -> None:
    collector = make()
    found, live = [], []
    for page in collector.fetch(EVERYTHING, ""):
        found += page.captures
        live += [collector.parse(capture) for capture in page.captures]
    assert found
    assert facts(make, copy.deepcopy(found)) == live


def only_the_last_page_is_complete(make: Make) -> None:
    pages = run(make)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


def captures_are_of_the_announced_kinds(make: Make) -> None:
    assert {each.kind for each in captures(run(make))} <= set(make().kinds)


def every_capture_says_where_it_is_from(make: Make) -> None:
    for capture in captures(run(make)):
        assert capture.exchanges
        assert capture.observed_at > 0
        assert capture.source == make().source


def a_second_run_adds_nothing(make: Make) -> None:
    first = run(make)
    known = heads(captures(first))
    again = heads(captures(run(make, first[-1].cursor)))
    assert {key: known.get(key) for key in again} == again


def a_run_cut_after_any_page_resumes_without_loss(make: Make) -> None:
    whole = run(make)
    expected = heads(captures(whole))
    for cut in range(len(whole)):
        before = whole[:cut]
        cursor = before[-1].cursor if before else ""
        after = run(make, cursor)
        assert heads(captures(before + after)) == expected
        assert after[-1].complete


def a_capture_stands_alone(make: Make) -> None:
    """Parsing in another order, or only one capture, gives the same facts for each."""
    found = captures(run(make))
    backwards = facts(make, reversed(found))
    assert list(reversed(backwards)) == facts(make, found)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value, outermost first."""
    found = [path]
    if isinstance(value, dict):
        for name, each in value.items():
            found += places(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            found += places(each, (*path, index))
    return found


def put(value: object, path: tuple[str | int, ...], new: object) -> object:
    """A copy of a JSON value with another value at one place."""
    if not path:
        return new
    out = copy.copy(value)
    out[path[0]] = put(value[path[0]], path[1:], new)  # type: ignore[index]
    return out


def mutated(data: st.DataObject, capture: Capture) -> Capture:
    """The capture with one to three places of its payload replaced by anything."""
    try:
        value = canonical.loads(capture.payload)
    except MalformedError:
        return replace(capture, payload=_overwritten(data, capture.payload))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(value)))
        value = put(value, path, data.draw(JSON))
    return replace(capture, payload=json.dumps(value).encode())


def _overwritten(data: st.DataObject, payload: bytes) -> bytes:
    """Bytes that are no JSON, with one stretch of them replaced by other bytes."""
    begin = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(begin, len(payload)))
    return payload[:begin] + data.draw(st.binary(max_size=50)) + payload[end:]


def parse_never_raises(make: Make, data: st.DataObject, found: list[Capture]) -> None:
    parsed = make().parse(mutated(data, data.draw(st.sampled_from(found))))
    assert isinstance(parsed, Parsed)


PROMISES = (
    live_and_replayed_facts_are_the_same,
    only_the_last_page_is_complete,
    captures_are_of_the_announced_kinds,
    every_capture_says_where_it_is_from,
    a_second_run_adds_nothing,
    a_run_cut_after_any_page_resumes_without_loss,
    a_capture_stands_alone,
)
"""Each takes a maker of collectors; `parse_never_raises` takes hypothesis data as well."""
