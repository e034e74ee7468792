"""The packet as one ZIP file, in one form: nothing compressed, nothing beside the files.

Names sorted by their bytes, no extra fields, no comments, dates 1980-01-01, mode 0644, entries end
to end from byte 0. The same files give the same archive everywhere, and a reader that compares
every header with what this module would write finds any hidden byte. An archive of 4 GiB or more
is refused: hand over the folder.
Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3 and 4.4
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from evidence.errors import MalformedError
from evidence.manifest.paths import MAX_PATH_BYTES, require_distinct, safe_path

LIMIT = 0xFFFFFFFF
"""Bytes: offsets and sizes stay below it, so only the number of entries may need ZIP64."""
MAX_ENTRIES = 2_000_000
MAX_DIRECTORY = 256 * 1024 * 1024
_MANY = 0xFFFF
_UTF8 = 0x800
_DATE = 0x21
_MODE = 0o100644 << 16
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of the archive: size and offset of its local header in bytes."""

    path: str
    crc: int
    size: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where the file's bytes begin."""
        return self.offset + len(local_header(self))

    @property
    def end(self) -> int:
        """Where the next header begins."""
        return self.data_offset + self.size


def local_header(member: Member) -> bytes:
    """The header before the file's bytes."""
    name = member.path.encode()
    return (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, _UTF8, 0, 0, _DATE,
                    member.crc, member.size, member.size, len(name), 0)
        + name
    )  # fmt: skip


def central_header(member: Member) -> bytes:
    """The file's row in the directory at the end."""
    name = member.path.encode()
    return (
        _CENTRAL.pack(b"PK\1\2", 0x031E, 20, _UTF8, 0, 0, _DATE, member.crc, member.size,
                      member.size, len(name), 0, 0, 0, 0, _MODE, member.offset)
        + name
    )  # fmt: skip


def end_records(count: int, size: int, offset: int) -> bytes:
    """The end of the archive: `count` rows of `size` bytes in all begin at `offset`."""
    tail = b""
    if count >= _MANY:
        tail += _END64.pack(b"PK\6\6", 44, 0x031E, 45, 0, 0, count, count, size, offset)
        tail += _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1)
    short = min(count, _MANY)
    return tail + _END.pack(b"PK\5\6", 0, 0, short, short, size, offset, 0)


def plan(files: Sequence[tuple[str, int, int]]) -> tuple[Member, ...]:
    """Members of an archive of (path, crc32, size), in order, with their offsets.

    Raises:
        MalformedError: an unsafe or repeated name, or more than the format holds.
    """
    require_distinct(path for path, _, _ in files)
    members: list[Member] = []
    offset = 0
    for path, crc, size in sorted(files, key=lambda row: row[0].encode()):
        member = Member(path=safe_path(path), crc=crc, size=size, offset=offset)
        offset = member.end
        members.append(member)
    directory = sum(len(central_header(member)) for member in members)
    if offset + directory > LIMIT - 1024 or directory > MAX_DIRECTORY or len(members) > MAX_ENTRIES:
        raise MalformedError("the packet is too large for one ZIP file: hand over the folder")
    return tuple(members)


def read_members(stream: BinaryIO, length: int) -> tuple[Member, ...]:
    """The members of a canonical archive of `length` bytes; any other form is refused.

    Reads the directory and every local header, no file content. The caller compares each file's
    CRC with its member's.
    """
    count, size, offset = _read_end(stream, length)
    stream.seek(offset)
    members = tuple(_read_directory(stream.read(size), count))
    found = plan([(member.path, member.crc, member.size) for member in members])
    ends = end_records(count, size, offset)
    if found != members or offset != (members[-1].end if members else 0):
        raise MalformedError("the ZIP file's entries are not in order, end to end")
    stream.seek(offset + size)
    if stream.read(len(ends) + 1) != ends:
        raise MalformedError("the ZIP file carries bytes that belong to no file")
    for member in members:
        stream.seek(member.offset)
        header = local_header(member)
        if stream.read(len(header)) != header:
            raise MalformedError(
                f"the ZIP file names {member.path} otherwise inside than in its list"
            )
    return members


def _read_end(stream: BinaryIO, length: int) -> tuple[int, int, int]:
    if length < _END.size or length > LIMIT:
        raise MalformedError("the file is not a ZIP file of a packet: too short or too long")
    stream.seek(length - _END.size)
    magic, _, _, _, count, size, offset, comment = _END.unpack(stream.read(_END.size))
    if magic != b"PK\5\6" or comment:
        raise MalformedError("the file is not a ZIP file, was cut short, or has bytes at its end")
    tail = _END64.size + _LOCATOR.size + _END.size
    if count == _MANY and length >= tail:
        stream.seek(length - tail)
        count = _END64.unpack(stream.read(_END64.size))[6]
    if offset + size > length or count > MAX_ENTRIES or size > MAX_DIRECTORY:
        raise MalformedError("the ZIP file's list of files lies outside the file")
    return count, size, offset


def _read_directory(data: bytes, count: int) -> Iterator[Member]:
    position = 0
    for _ in range(count):
        if position + _CENTRAL.size > len(data):
            raise MalformedError("the ZIP file's list of files is cut short")
        row = _CENTRAL.unpack_from(data, position)
        if row[0] != b"PK\1\2":
            raise MalformedError("the ZIP file's list of files is not where its end says")
        name = data[
            position + _CENTRAL.size : position + _CENTRAL.size + min(row[10], MAX_PATH_BYTES)
        ]
        member = Member(path=_name(name), crc=row[7], size=row[9], offset=row[16])
        expected = central_header(member)
        if data[position : position + len(expected)] != expected:
            raise MalformedError(f"the ZIP entry {member.path} {_oddity(row)}")
        position += len(expected)
        yield member
    if position != len(data):
        raise MalformedError("the ZIP file's list of files is longer than its count")


def _name(raw: bytes) -> str:
    try:
        return safe_path(raw.decode())
    except UnicodeDecodeError as error:
        raise MalformedError("a name in the ZIP file is not UTF-8") from error


def _oddity(row: tuple[int, ...]) -> str:
    """Which departure from the canonical form a directory row shows, for the reader."""
    if row[4] != 0:
        return "is compressed: a packet's ZIP stores its files as they are"
    if (row[15] >> 16) & 0o170000 == 0o120000:
        return "is a symbolic link"
    return "carries attributes that a packet's ZIP does not have"
