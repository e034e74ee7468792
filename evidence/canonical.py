"""Bytes and digests: canonical JSON, safe reading, exact slices, comparison digests.

With `merkle.py` the only place where bytes are hashed. Pure; knows no file, clock or database.
Hashed JSON is RFC 8785 (JCS). JSON from outside is read by `loads` and never by `json.loads`:
size, depth and digits are limited, and what is wrong with it is always one `MalformedError`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, NoReturn

from evidence.errors import MalformedError

SIZE_LIMIT = 64 * 1024 * 1024
"""Characters or bytes of one JSON text that are read at all."""
DEPTH_LIMIT = 200

_RECORD = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False)
_BLANK = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]++")
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


def canonical_json(value: object) -> bytes:
    """The RFC 8785 form of a value, UTF-8.

    Raises:
        MalformedError: an integer beyond 2^53 - 1, NaN, a lone surrogate or a foreign type.
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise MalformedError(f"This value has no canonical JSON form: {error}") from error


def canonical_record(text: str) -> bytes:
    """The RFC 8785 form of JSON that our codec wrote: ASCII keys, no fractions, small numbers.

    For these it equals `canonical_json` of the value, at a tenth of the time: a sync takes the
    digest of hundreds of thousands.

    Raises:
        MalformedError: a lone surrogate.
    """
    try:
        return _RECORD.encode(json.loads(text)).encode()
    except UnicodeError as error:
        raise MalformedError(f"This value has no canonical JSON form: {error}") from error


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def loads(data: bytes | str, *, limit: int = SIZE_LIMIT, depth: int = DEPTH_LIMIT) -> Any:
    """Reads JSON that anybody may have written; of a duplicate key the last value is kept.

    Lone surrogates are kept as they are. `limit` is in bytes or characters, whichever is given.

    Raises:
        MalformedError: not UTF-8 or not JSON, too large, too deep, NaN or Infinity, or a number
            of more digits than Python converts.
    """
    return _read(_text(data, limit), _VALUES, depth)


def has_duplicate_keys(data: bytes | str) -> bool:
    """Whether any object in the JSON names a key twice (readers disagree on what that means)."""
    found = False

    def pairs(items: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in items}) < len(items)

    with _malformed():
        json.loads(_text(data, SIZE_LIMIT), object_pairs_hook=pairs, parse_int=str, parse_float=str)
    return found


def slice_json(text: str, path: tuple[str | int, ...]) -> str:
    """The exact characters of one value of a JSON text, without the blanks around it.

    This is the documented function behind `Form.SLICE`: number literals (10^30 digits, 1.10),
    escapes and duplicate keys inside the value come out as they went in. `path` names object
    keys and 0-based array positions; of a duplicate key on the path the last is followed, as
    `loads` does.

    Raises:
        MalformedError: not JSON, or no such path.
    """
    with _malformed():
        begin = _descend(_text(text, SIZE_LIMIT), path)
        return text[begin : _skip(text, begin)]


def slice_each(text: str, path: tuple[str | int, ...]) -> list[tuple[str, Any]]:
    """Exact text and parsed value of each element of the array at `path`, in one pass.

    Raises:
        MalformedError: not JSON, no such path, or no array there.
    """
    with _malformed():
        begin = _descend(_text(text, SIZE_LIMIT), path)
        cut = [text[start:end] for start, end in _elements(text, begin)]
    return [(each, loads(each)) for each in cut]


def splice_object(members: Iterable[tuple[str, str]]) -> str:
    """One JSON object from names and exact JSON texts, in the order given, texts untouched."""
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members) + "}"


def splice_array(elements: Iterable[str]) -> str:
    """One JSON array from exact JSON texts, in the order given, texts untouched."""
    return "[" + ",".join(elements) + "]"


def comparison_digest(payload: bytes, volatile: tuple[str, ...] = ()) -> str:
    """sha256 hex that is equal iff two payloads differ at most in `volatile` and key order.

    `volatile` holds RFC 6901 pointers; a token `*` matches every member or element. Numbers are
    compared by literal value, so that 10^30 and 10^30 + 1 differ. A payload that `loads` refuses
    is compared byte for byte.
    """
    try:
        value = _read(_text(payload, SIZE_LIMIT), _LITERALS, DEPTH_LIMIT)
    except MalformedError:
        return sha256_hex(payload)
    for pointer in volatile:
        steps = [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
        _remove(value, steps)
    form = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return sha256_hex(form.encode("ascii"))


def query_digest(text: str, variables: Mapping[str, object] | None = None) -> str:
    """sha256 hex of a query (GraphQL text, path, command line) and its variables."""
    return sha256_hex(canonical_json({"query": text, "variables": dict(variables or {})}))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _literal(number: str) -> list[str]:
    """A number as written; the mark keeps 1.10 apart from the string "1.10"."""
    return ["\x00number", number]


_VALUES = json.JSONDecoder(parse_constant=_refuse_constant)
_LITERALS = json.JSONDecoder(parse_float=_literal, parse_constant=_refuse_constant)
# Skipping converts no number: a literal of any length passes and costs nothing.
_SKIPPER = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_refuse_constant)


@contextmanager
def _malformed() -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError, IndexError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MalformedError(f"This is not usable JSON: {reason}") from error


def _text(data: bytes | str, limit: int) -> str:
    if len(data) > limit:
        raise MalformedError(f"JSON of {len(data)} bytes is larger than the limit of {limit}")
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError(f"JSON is not UTF-8: {error}") from error


def _read(text: str, decoder: json.JSONDecoder, depth: int) -> Any:
    with _malformed():
        value = decoder.decode(text)
    if text.count("[") + text.count("{") > depth and _depth(text) > depth:
        raise MalformedError(f"JSON is nested deeper than {depth} levels")
    return value


def _depth(text: str) -> int:
    """Deepest nesting of a text that is known to be JSON."""
    brackets = _NO_BRACKET.sub("", _STRING.sub("", text))
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _skip(text: str, at: int) -> int:
    return _SKIPPER.raw_decode(text, at)[1]


def _descend(text: str, path: tuple[str | int, ...]) -> int:
    """Where the value at `path` begins."""
    found, _ = _locate(text, _blank(text, 0), path)
    if found < 0:
        raise ValueError(f"nothing at path {path!r}")
    return found


def _locate(text: str, at: int, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Begin of what stands at `path` below a value (-1: nothing there), and the value's own end.

    What lies on the path is not read again at each of its levels.
    """
    if not path:
        return at, _skip(text, at)
    step = path[0]
    opening, closing = "[]" if isinstance(step, int) else "{}"
    if text[at] != opening:
        return -1, _skip(text, at)
    found, index, end = -1, 0, at + 1
    item = _enter(text, at, opening, closing)
    while item:
        key, begin = (index, item) if isinstance(step, int) else _member(text, item)
        if key == step:  # of a duplicate key the last one counts
            found, end = _locate(text, begin, path[1:])
        else:
            end = _skip(text, begin)
        index += 1
        item = _next(text, end, closing)
    return found, _blank(text, end) + 1


def _member(text: str, at: int) -> tuple[str, int]:
    """Key and begin of value of the member at `at`."""
    key, end = _VALUES.raw_decode(text, at)
    if not isinstance(key, str) or text[_blank(text, end)] != ":":
        raise ValueError(f"expected a key and a colon at character {at}")
    return key, _blank(text, _blank(text, end) + 1)


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each element of the array at `at`."""
    at = _enter(text, at, "[", "]")
    while at:
        end = _skip(text, at)
        yield at, end
        at = _next(text, end, "]")


def _enter(text: str, at: int, opening: str, closing: str) -> int:
    """Begin of the first item of what opens at `at`; 0 where it holds none."""
    if text[at] != opening:
        raise ValueError(f"expected {opening!r} at character {at}")
    at = _blank(text, at + 1)
    return 0 if text[at] == closing else at


def _next(text: str, end: int, closing: str) -> int:
    """Begin of the item after the one that ends at `end`; 0 where it was the last."""
    at = _blank(text, end)
    if text[at] == closing:
        return 0
    if text[at] != ",":
        raise ValueError(f"expected ',' or {closing!r} at character {at}")
    return _blank(text, at + 1)


def _remove(value: Any, steps: list[str]) -> None:
    """Deletes what a pointer names; what is not there is not an error."""
    if not steps:
        return
    first, rest = steps[0], steps[1:]
    for child in _matching(value, first):
        if rest:
            _remove(value[child], rest)
        elif isinstance(value, dict):
            del value[child]
        else:
            value[child] = None  # an array keeps its length: positions carry meaning


def _matching(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        return list(value) if step == "*" else [step] * (step in value)
    if isinstance(value, list):
        if step == "*":
            return list(range(len(value)))
        plain = step.isdecimal() and step.isascii()
        return [int(step)] if plain and int(step) < len(value) else []
    return []
