"""A file that was handed over, and the JSON documents in it: exact bytes, never re-written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Exchange, Form

COLLECTOR = "ingest"
VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was handed over, by whom it is kept (`source`) and when (microseconds UTC)."""

    name: str
    """File name without its directories, or `stdin`."""
    data: bytes
    source: str
    observed_at: int
    system: str = ""
    """The instance that account names in it belong to; by default the source."""
    repositories: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """`owner/name` in lower case -> configured id, and the instance that its accounts belong to."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What was said of the file by whoever handed it over, and the file does not say itself."""

    def capture(
        self, kind: str, key: str, document: Document, volatile: tuple[str, ...] = ()
    ) -> Capture:
        """One document as a capture, with what was told of it."""
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=f"{kind}/1",
            observed_at=self.observed_at,
            form=document.form,
            payload=document.payload,
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=(Exchange(method="FILE", url=f"file:{self.name}"),),
            volatile=volatile,
            context={"system": self.system or self.source, **self.told},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One JSON object of a file: its bytes as they stand there, its value and its place."""

    payload: bytes
    value: dict[str, Any]
    form: Form
    place: str
    """For the reader: `document`, `element 3`, `line 7`."""


def documents(given: Given) -> Iterator[Document]:
    """The objects of a file: one object, an array of them, a Kubernetes `List`, or JSON lines.

    Raises:
        MalformedError: the file is none of these, or something in it is no object.
    """
    try:
        whole = canonical.loads(given.data)
    except MalformedError:
        yield from _lines(given)
        return
    text = given.data.decode("utf-8-sig")  # `loads` has refused what is not UTF-8
    if isinstance(whole, dict) and not _is_list(whole):
        yield Document(payload=given.data, value=whole, form=Form.EXACT, place="document")
        return
    if not isinstance(whole, dict | list):
        raise MalformedError(f"{given.name} holds no JSON object.")
    path = ("items",) if isinstance(whole, dict) else ()
    rows = [] if isinstance(whole, dict) and whole["items"] is None else _rows(text, path)
    for number, (exact, value) in enumerate(rows, 1):
        yield _document(given, exact.encode("utf-8", "surrogatepass"), value, number)


def _rows(text: str, path: tuple[str, ...]) -> list[tuple[str, Any]]:
    return canonical.slice_each(text, path)


def _is_list(whole: dict[str, Any]) -> bool:
    return str(whole.get("kind", "")).endswith("List") and "items" in whole


def _document(given: Given, payload: bytes, value: object, number: int) -> Document:
    place = f"element {number}"
    if not isinstance(value, dict):
        raise MalformedError(f"{given.name}, {place}: this is no JSON object.")
    return Document(payload=payload, value=value, form=Form.SLICE, place=place)


def _lines(given: Given) -> Iterator[Document]:
    """JSON lines; the first line that is none is refused with its number."""
    lines = [line for line in given.data.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        raise MalformedError(
            f"{given.name} is not JSON, and no JSON lines either.",
            next_step="Hand over what the subcommand's --help describes; nothing was stored.",
        )
    for number, line in enumerate(given.data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = canonical.loads(line)
        except MalformedError as error:
            raise MalformedError(f"{given.name}, line {number}: {error.message}") from error
        if not isinstance(value, dict):
            raise MalformedError(f"{given.name}, line {number}: this is no JSON object.")
        yield Document(payload=line, value=value, form=Form.EXACT, place=f"line {number}")
