"""pyHanko's reader of PDFs, with an index of each object stream.

Judging what was added after a signature reads every object once. pyHanko 0.38 reads the table of an
object stream anew for each object in it: with 7,000 objects in one stream that took many minutes
instead of seconds. The version is pinned, and a test compares both readers.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any


def open_pdf(data: bytes) -> Any:
    """A `PdfFileReader` on the bytes; raises what pyHanko raises on bytes that are no PDF."""
    return _reader_class()(BytesIO(data))


@cache
def _reader_class() -> Any:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.misc import PdfStrictReadError
    from pyhanko.pdf_utils.reader import PdfFileReader

    class IndexedReader(PdfFileReader):  # type: ignore[misc] # pyHanko is not always installed
        """Finds an object by its place in the stream's table, which is read once."""

        def __init__(self, stream: BytesIO) -> None:
            self._tables: dict[int, tuple[bytes, list[tuple[int, int]]]] = {}
            super().__init__(stream)

        def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
            if stmnum not in self._tables:
                self._tables[stmnum] = _read_table(self, stmnum)
            data, table = self._tables[stmnum]
            if not 0 <= idx < len(table) or table[idx][0] != idnum:
                raise PdfStrictReadError("an object is not where the object stream says")
            stream = BytesIO(data)
            stream.seek(table[idx][1])
            found = generic.read_object(stream, generic.Reference(idnum, 0, self))
            if isinstance(found, (generic.StreamObject, generic.IndirectObject)):
                raise PdfStrictReadError("a forbidden kind of object in an object stream")
            return found

    return IndexedReader


def _read_table(reader: Any, number: int) -> tuple[bytes, list[tuple[int, int]]]:
    """The stream's bytes, and number and offset of each object in them, in order."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.decode_limits import DecodePurpose
    from pyhanko.pdf_utils.misc import PdfStrictReadError

    stream = generic.Reference(number, 0, reader).get_object()
    if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
        raise PdfStrictReadError("an object stream is none")
    data, first = bytes(stream.read_data(DecodePurpose.OBJECT_STREAM)), int(stream["/First"])
    words = data[:first].split()
    if len(words) < 2 * int(stream["/N"]) or not all(word.isdigit() for word in words):
        raise PdfStrictReadError("an object stream's table cannot be read")
    pairs = zip(words[::2], words[1::2], strict=False)
    return data, [(int(name), first + int(at)) for name, at in pairs][: int(stream["/N"])]
