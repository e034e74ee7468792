"""The packet's files, from a folder or a stored ZIP, read as streams and never extracted."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from evidence.errors import MalformedError
from evidence.manifest import archive
from evidence.manifest.paths import require_distinct, safe_path

CHUNK = 1 << 20
MAX_FILES = archive.MAX_ENTRIES


class PacketFiles(Protocol):
    """Names, sizes in bytes, and contents in chunks of at most `CHUNK` bytes."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Every file of the packet."""
        ...

    def chunks(self, path: str) -> Iterator[bytes]:
        """The file's bytes; `MalformedError` or `OSError` if it cannot be read whole."""
        ...


def read(files: PacketFiles, path: str, limit: int) -> bytes:
    """The whole file; `MalformedError` if it is missing or larger than `limit` bytes."""
    size = files.sizes.get(path)
    if size is None:
        raise MalformedError(f"{path} is missing.")
    if size > limit:
        raise MalformedError(f"{path} is larger than {limit} bytes.")
    return b"".join(files.chunks(path))


@contextmanager
def open_packet(path: Path) -> Iterator[PacketFiles]:
    """The packet at `path`. Refuses links, devices, unsafe and repeated names, other archives."""
    if path.is_dir():
        yield FolderFiles(path)
        return
    with _open_file(path) as stream:
        yield ZipFiles(stream)


class FolderFiles:
    """A packet as a folder. Nothing behind a symbolic link is read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.sizes: Mapping[str, int] = dict(_walk(root))
        require_distinct(self.sizes)

    def chunks(self, path: str) -> Iterator[bytes]:
        with _open_file(self._root / path) as stream:
            yield from _limited(stream, path, self.sizes[path])
            if stream.read(1):
                raise MalformedError(f"{path} grew while it was read.")


class ZipFiles:
    """A packet as a stored ZIP in its one canonical form."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        members = archive.read_members(stream, stream.seek(0, os.SEEK_END))
        self._members = {member.path: member for member in members}
        self.sizes: Mapping[str, int] = {member.path: member.size for member in members}

    def chunks(self, path: str) -> Iterator[bytes]:
        member, crc = self._members[path], 0
        self._stream.seek(member.data_offset)
        for chunk in _limited(self._stream, path, member.size):
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if crc != member.crc:
            raise MalformedError(f"{path} differs from its checksum in the ZIP file.")


def _limited(stream: BinaryIO, path: str, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = stream.read(min(CHUNK, left))
        if not chunk:
            raise MalformedError(f"{path} is cut short.")
        left -= len(chunk)
        yield chunk


def _open_file(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MalformedError(f"{path.name} is neither a file nor a folder.")
    return os.fdopen(descriptor, "rb")


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    """Path and size of every file below; folders are visited without recursion."""
    waiting, count = [""], 0
    while waiting:
        prefix = waiting.pop()
        with os.scandir(root / prefix) as entries:
            for entry in entries:
                path = safe_path(prefix + entry.name)
                count += 1
                if count > MAX_FILES:
                    raise MalformedError(f"The folder holds more than {MAX_FILES} files.")
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path + "/")
                elif entry.is_file(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False).st_size
                else:
                    raise MalformedError(f"{path} is a symbolic link or a device.")
