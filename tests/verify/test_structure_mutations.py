"""Files added, removed, renamed, swapped and blown up; signatures and documents in other forms."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.canonical import sha256_hex
from evidence.errors import MalformedError
from evidence.manifest import Predicate, archive, parse_envelope, sshsig, strict
from evidence.manifest.publickey import P256_ORDER, from_cryptography
from evidence.seal import packet as sealing
from evidence.seal.signers.ecdsa import from_der
from evidence.verify import Status, Trust, examine_packet, verify_packet

ROOT = Path(__file__).parents[2]
SETTINGS = settings(max_examples=50)


def status(path, trust=None) -> Status:
    return examine_packet(path, trust).status


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


NAMES = st.one_of(
    st.sampled_from(
        ["SHA256SUMS.tsr", "a", "captures/00000099.json", "keys/other", "PACKET.PDF", "x/y/z"]
    ),
    st.text(min_size=1, max_size=20).filter(
        lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}
    ),
)


@SETTINGS
@given(name=NAMES, content=st.binary(max_size=20))
def test_no_file_can_be_added(packet, name, content):
    path = packet.folder / name
    try:
        assume(not path.exists() and len(name.encode()) < 200)
        path.parent.mkdir(parents=True, exist_ok=True)
    except (UnicodeEncodeError, OSError):
        assume(False)
    path.write_bytes(content)
    assert status(packet.folder, packet.trust) is Status.REJECTED
    path.unlink()


@SETTINGS
@given(data=st.data())
def test_no_file_can_be_taken_away_or_renamed_or_swapped_with_another(packet, data):
    path = data.draw(st.sampled_from(files_of(packet.folder)))
    other = data.draw(st.sampled_from(files_of(packet.folder)))
    kept, others = path.read_bytes(), other.read_bytes()
    kind = data.draw(st.sampled_from(["remove", "rename", "swap", "folder"]))
    if kind == "swap":
        assume(kept != others)
        path.write_bytes(others)
        other.write_bytes(kept)
    else:
        path.unlink()
    renamed = path.with_name(path.name + ".bak")
    if kind == "rename":
        renamed.write_bytes(kept)
    if kind == "folder":
        path.mkdir()
    assert status(packet.folder, packet.trust) is Status.REJECTED
    if kind == "folder":
        path.rmdir()
    renamed.unlink(missing_ok=True)
    path.write_bytes(kept)
    other.write_bytes(others)
    assert status(packet.folder, packet.trust) is Status.VERIFIED


def rebuilt(names: list[tuple[str, bytes]]) -> bytes:
    """A ZIP in the one canonical form of these files: only the packet's own lists can object."""
    contents = dict(names)
    members = archive.plan([(name, zlib.crc32(data), len(data)) for name, data in names])
    body = b"".join(archive.local_header(each) + contents[each.path] for each in members)
    rows = b"".join(archive.central_header(each) for each in members)
    return body + rows + archive.end_records(len(members), len(rows), members[-1].end)


@SETTINGS
@given(data=st.data())
def test_no_entry_of_an_archive_can_be_added_taken_away_or_renamed(packet, tmp_path, data):
    names = [
        (path.relative_to(packet.folder).as_posix(), path.read_bytes())
        for path in files_of(packet.folder)
    ]
    at = data.draw(st.integers(0, len(names) - 1))
    kind = data.draw(st.sampled_from(["none", "add", "remove", "rename"]))
    changed = list(names)
    if kind == "add":
        changed.append(("zzz.csv", b"x"))
    elif kind == "remove":
        del changed[at]
    elif kind == "rename":
        changed[at] = (changed[at][0] + ".bak", changed[at][1])
    target = tmp_path / "packet.zip"
    target.write_bytes(rebuilt(changed))
    expected = Status.VERIFIED if kind == "none" else Status.REJECTED
    assert status(target, packet.trust) is expected


# --- one accepted form of every signature, by ECDSA too


class SoftKey:
    """An ECDSA key as a token holds one; both values of s are true."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = from_cryptography(self._key.public_key())
        self.key_id = self.public_key.fingerprint
        self.algorithm = self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        return from_der(self._key.sign(message, ec.ECDSA(SHA256())))


@pytest.fixture
def by_ecdsa(keys, tmp_path):
    folder = tmp_path / "packet"
    folder.mkdir()
    (folder / "results.json").write_text("{}")
    key = SoftKey()
    stated = Predicate(
        entity="Orchard Example",
        period_from="2026-01-01T00:00:00Z",
        period_to="2026-07-01T00:00:00Z",
        zone="UTC",
        checkpoint="",
        tool_version="0",
    )
    sealing.seal_folder(folder, replace(keys, signer=key), stated)
    return folder, Trust(keys=(key.public_key,))


def high_s(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, P256_ORDER - s)


def test_a_packet_by_an_ecdsa_key_verifies(by_ecdsa):
    folder, trust = by_ecdsa
    assert verify_packet(folder, trust).status is Status.VERIFIED


def test_the_other_s_of_the_statements_signature_is_refused(by_ecdsa):
    folder, trust = by_ecdsa
    path = folder / "packet.dsse.json"
    envelope = parse_envelope(path.read_bytes())
    (only,) = envelope.signatures
    other = replace(only, signature=high_s(only.signature))
    path.write_bytes(replace(envelope, signatures=(other,)).to_bytes())
    assert "over the statement is not valid" in examine_packet(folder, trust).summary


def test_the_other_s_of_the_openssh_signature_is_refused(by_ecdsa):
    folder, trust = by_ecdsa
    path = folder / "SHA256SUMS.sig"
    key, signature = sshsig.parse_armour(path.read_bytes())
    path.write_bytes(sshsig.armour(key, high_s(signature)))
    assert "not a valid signature over SHA256SUMS" in examine_packet(folder, trust).summary


@SETTINGS
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), name=st.sampled_from([0, 1]))
def test_any_byte_of_an_ecdsa_signature_counts(by_ecdsa, at, flip, name):
    folder, trust = by_ecdsa
    path = folder / ("SHA256SUMS.sig", "packet.dsse.json")[name]
    before = path.read_bytes()
    place = at % len(before)
    path.write_bytes(before[:place] + bytes([before[place] ^ flip]) + before[place + 1 :])
    assert status(folder, trust) is Status.REJECTED
    path.write_bytes(before)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: text.replace('","', '", "', 1),
        lambda text: text.replace('{"payload"', '{"a":1,"payload"', 1),
        lambda text: text.replace('"sig":"', '"cert":"","sig":"', 1),
        lambda text: text.replace('"sig":"', '"sig":"\\u0041', 1),
        lambda text: json.dumps(json.loads(text)),
        lambda text: json.dumps(json.loads(text), separators=(",", ":"), sort_keys=False) + " ",
        lambda text: text.replace("==", "", 1) if "==" in text else text.replace("=", "", 1) + " ",
        lambda text: text.replace("+", "-").replace("/", "_"),
    ],
)
def test_an_envelope_that_libraries_take_in_another_form_is_refused(packet, edit):
    path = packet.folder / "packet.dsse.json"
    before = path.read_text()
    path.write_text(edit(before))
    assert path.read_text() != before
    assert status(packet.folder, packet.trust) is Status.REJECTED


def rewrapped(text: str, width: int) -> str:
    body = "".join(text.splitlines()[1:-1])
    lines = [body[start : start + width] for start in range(0, len(body), width)]
    return "\n".join([text.splitlines()[0], *lines, text.splitlines()[-1], ""])


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: rewrapped(text, 64),
        lambda text: "\n" + text,
        lambda text: text.rstrip("\n"),
    ],
)
def test_an_openssh_signature_in_a_form_that_ssh_keygen_takes_is_refused(packet, edit):
    path = packet.folder / "SHA256SUMS.sig"
    path.write_bytes(edit(path.read_text()).encode())
    problems = examine_packet(packet.folder, packet.trust).problems
    assert problems[0].startswith("SHA256SUMS.sig is not ")


# --- memory


def bomb(parts: int) -> bytes:
    return b"[" + b"[]," * parts + b"[]]"


def test_a_document_of_more_parts_than_any_packet_has_is_refused_unread(packet):
    (packet.folder / "packet.dsse.json").write_bytes(bomb(strict.MAX_PARTS))
    assert "holds more than" in examine_packet(packet.folder).summary
    with pytest.raises(MalformedError, match="holds more than 3 parts"):
        strict.load_canonical(b"[[],[]]", "x", parts=3)


def test_a_file_that_has_grown_to_terabytes_is_refused_by_its_size_alone(packet):
    with (packet.folder / "population.csv").open("r+b") as stream:
        stream.truncate(1 << 42)
    problems = examine_packet(packet.folder, packet.trust).problems
    assert problems == ("population.csv is not the file that was sealed.",)


def test_a_document_that_has_grown_to_terabytes_is_not_read(packet):
    for name in ("packet.dsse.json", "manifest.json", "SHA256SUMS.sig"):
        folder = packet.folder.with_name(name)
        shutil.copytree(packet.folder, folder)
        with (folder / name).open("r+b") as stream:
            stream.truncate(1 << 42)
        assert "is larger than" in examine_packet(folder).summary


def pdf_bomb(size: int) -> bytes:
    """A PDF whose object list unfolds from a megabyte to `size` bytes."""
    packed, zeros = zlib.compressobj(9), bytes(1 << 20)
    stream = b"".join(packed.compress(zeros) for _ in range(size >> 20)) + packed.flush()
    head = (
        b"%%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 3 /W [1 4 2] /Root 2 0 R /Filter /FlateDecode "
        b"/Length %d >>\nstream\n" % len(stream)
    )
    return head + stream + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


CHECK = """
import re, sys
from pathlib import Path
from evidence.verify import examine_packet, packet
from evidence.verify.memory import bounded

def greedy(exam):
    return str(len(bytes(1 << 30)))

packet.STEPS = {"greedy": greedy} if sys.argv[2:] else packet.STEPS
with bounded(300 << 20):
    verdict = examine_packet(Path(sys.argv[1]))
# Not ru_maxrss: that begins with what the process held which started this one.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) >> 10, verdict.summary)
"""


def checked_within_300_megabytes(folder: Path, *more: str) -> tuple[int, str]:
    """The most memory that the check held, in MiB, and its answer."""
    command = [sys.executable, "-c", CHECK, folder, *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    megabytes, _, summary = done.stdout.partition(" ")
    return int(megabytes), summary


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read as Linux tells it")
def test_a_pdf_that_would_unfold_to_a_gigabyte_is_rejected_folded(packet):
    """Sealed by the attacker's own key, so that every check before the PDF's own passes."""
    data = pdf_bomb(1 << 30)
    (packet.folder / "packet.pdf").write_bytes(data)
    packet.reseal(unsigned=sealing.Unsigned(size=9, sha256=sha256_hex(data[:9])))
    megabytes, summary = checked_within_300_megabytes(packet.folder)
    assert "packet.pdf carries a signature that cannot be read" in summary
    assert megabytes < 500


@pytest.mark.skipif(sys.platform != "linux", reason="the ceiling is Linux's")
def test_whatever_asks_for_more_memory_than_allowed_is_a_rejection(packet):
    megabytes, summary = checked_within_300_megabytes(packet.folder, "greedy")
    assert "The packet cannot be judged (MemoryError)" in summary
    assert megabytes < 500


def test_the_ceiling_is_lifted_afterwards():
    import resource

    from evidence.verify.memory import bounded

    before = resource.getrlimit(resource.RLIMIT_AS)
    with bounded(1 << 30):
        within = resource.getrlimit(resource.RLIMIT_AS)
    assert within[0] != before[0]
    assert resource.getrlimit(resource.RLIMIT_AS) == before
