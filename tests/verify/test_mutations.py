"""Whatever is done to a packet's bytes: it does not verify, and one error is all that leaves."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import VerificationError
from evidence.verify import Status, examine_packet, verify_packet

SETTINGS = settings(max_examples=60)
HOSTILE = [
    b"",
    b"{}",
    b"null",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"payload":' + b"9" * 5_000 + b"}",
    b'{"payload":1e999999}',
    b'{"payload":NaN}',
    b'{"a":"\\ud800"}',
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
]


def rejected(path, trust) -> bool:
    verdict = examine_packet(path, trust)
    with pytest.raises(VerificationError):
        verify_packet(path, trust)
    return verdict.status is Status.REJECTED and bool(verdict.problems)


def files_of(folder) -> list:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@SETTINGS
@given(data=st.data())
def test_a_folder_with_any_byte_changed_never_verifies(packet, data):
    path = data.draw(st.sampled_from(files_of(packet.folder)))
    before = path.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    flip = data.draw(st.integers(1, 255))
    path.write_bytes(before[:at] + bytes([before[at] ^ flip]) + before[at + 1 :])
    assert rejected(packet.folder, None)
    path.write_bytes(before)


@SETTINGS
@given(data=st.data())
def test_a_folder_with_any_file_cut_or_grown_never_verifies(packet, data):
    path = data.draw(st.sampled_from(files_of(packet.folder)))
    before = path.read_bytes()
    cut = before[: data.draw(st.integers(0, len(before) - 1))]
    path.write_bytes(data.draw(st.sampled_from([cut, before + b"\n", before + before])))
    assert rejected(packet.folder, packet.trust)
    path.write_bytes(before)


@pytest.mark.parametrize(
    "name", ["packet.dsse.json", "manifest.json", "SHA256SUMS", "SHA256SUMS.sig"]
)
@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_content_in_a_document_is_a_rejection(packet, name, content):
    (packet.folder / name).write_bytes(content)
    assert rejected(packet.folder, packet.trust)


def test_the_untouched_archive_verifies(packet, archive_bytes, tmp_path):
    path = tmp_path / "packet.zip"
    path.write_bytes(archive_bytes)
    assert verify_packet(path, packet.trust).status is Status.VERIFIED


@SETTINGS
@given(data=st.data())
def test_an_archive_with_any_byte_changed_never_verifies(archive_bytes, tmp_path, data):
    at = data.draw(st.integers(0, len(archive_bytes) - 1))
    flip = data.draw(st.integers(1, 255))
    path = tmp_path / "packet.zip"
    path.write_bytes(
        archive_bytes[:at] + bytes([archive_bytes[at] ^ flip]) + archive_bytes[at + 1 :]
    )
    assert rejected(path, None)


@SETTINGS
@given(data=st.data())
def test_an_archive_with_any_two_bytes_of_its_structure_changed_never_verifies(
    archive_bytes, tmp_path, data
):
    changed = bytearray(archive_bytes)
    places = structure(archive_bytes)
    for _ in range(2):
        changed[data.draw(st.sampled_from(places))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "packet.zip"
    path.write_bytes(changed)
    assert bytes(changed) == archive_bytes or rejected(path, None)


def structure(data: bytes) -> list[int]:
    """Offsets of every byte that is in a header, not in a file."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        inside = set()
        for info in archive.infolist():
            begin = info.header_offset + 30 + len(info.filename.encode())
            inside.update(range(begin, begin + info.file_size))
    return [offset for offset in range(len(data)) if offset not in inside]


@SETTINGS
@given(cut=st.integers(min_value=1), tail=st.binary(min_size=1, max_size=70))
def test_an_archive_cut_or_grown_never_verifies(archive_bytes, tmp_path, cut, tail):
    path = tmp_path / "packet.zip"
    for data in (archive_bytes[: -(cut % len(archive_bytes)) or None], archive_bytes + tail):
        path.write_bytes(data)
        assert data == archive_bytes or rejected(path, None)


def rezip(data: bytes, *, edit=None, **options) -> bytes:
    """The same files written by Python's zipfile, whose archives carry other attributes."""
    output = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(output, "w", **options) as new:
        for info in old.infolist():
            fresh = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            fresh.compress_type = options.get("compression", zipfile.ZIP_STORED)
            new.writestr(fresh, old.read(info))
        if edit:
            edit(new)
    return output.getvalue()


def add_link(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/hostname")


def test_a_compressed_archive_is_refused_before_anything_is_inflated(archive_bytes, tmp_path):
    path = tmp_path / "packet.zip"
    path.write_bytes(rezip(archive_bytes, compression=zipfile.ZIP_DEFLATED))
    assert "is compressed" in examine_packet(path).problems[0]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "a//b"])
def test_a_name_that_leaves_the_packet_is_refused(archive_bytes, tmp_path, name):
    path = tmp_path / "packet.zip"
    path.write_bytes(rezip(archive_bytes, edit=lambda archive: archive.writestr(name, "x")))
    assert rejected(path, None)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_file_of_the_same_name_is_refused(archive_bytes, tmp_path):
    path = tmp_path / "packet.zip"
    path.write_bytes(
        rezip(archive_bytes, edit=lambda archive: archive.writestr("results.json", "{}"))
    )
    assert rejected(path, None)


def test_a_symbolic_link_in_an_archive_is_refused(archive_bytes, tmp_path):
    path = tmp_path / "packet.zip"
    path.write_bytes(rezip(archive_bytes, edit=add_link))
    assert rejected(path, None)


def test_an_archive_that_claims_a_gigantic_list_is_refused_unread(tmp_path):
    path = tmp_path / "packet.zip"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFF0, 0, 0)
    path.write_bytes(b"\0" * 200 + end)
    assert rejected(path, None)


@pytest.mark.parametrize("data", [b"", b"PK", b"\0" * 10_000, b"PK\5\6" + b"\0" * 18])
def test_bytes_that_are_no_archive_are_refused(tmp_path, data):
    path = tmp_path / "packet.zip"
    path.write_bytes(data)
    assert rejected(path, None)
