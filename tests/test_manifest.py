"""The packet's formats: each document has one accepted byte form, and stock tools read it."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import zipfile
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import canonical_json
from evidence.errors import MalformedError
from evidence.manifest import (
    CaptureFile,
    Envelope,
    FileEntry,
    Manifest,
    Predicate,
    Signature,
    Statement,
    Unsigned,
    archive,
    pae,
    parse_capture_file,
    parse_envelope,
    parse_manifest,
    parse_statement,
    parse_sums,
    paths,
    sshsig,
    sums_text,
)
from evidence.manifest.publickey import P256_ORDER, from_cryptography, parse_public_key

PREDICATE = Predicate(
    entity="Orchard Example",
    period_from="2026-01-01T00:00:00Z",
    period_to="2026-07-01T00:00:00Z",
    zone="Europe/Lisbon",
    checkpoint="",
    counts={"changes": 3},
    tool_version="0.0.0",
    yardstick={"catalogue": "1"},
)
DIGEST = "0" * 64
NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF), min_size=1, max_size=12)
SIMPLE = st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}", fullmatch=True)

UNSAFE = ["", "/a", "a/", "a//b", "../a", "a/../b", ".", "a/.", " a", "a ", "a.", "-x", "a/-x"]
UNSAFE += ["a\\b", "c:a", "a|b", "a\nb", "a\x00", "e\u0301", "\udcff", "\u202ea", "x" * 1025]


def entry(path: str, size: int = 1) -> FileEntry:
    return FileEntry(path=path, size=size, sha256=DIGEST, media_type="text/plain", role="other")


def manifest(*names: str) -> Manifest:
    return Manifest(
        files=tuple(entry(name) for name in names), signers=("a", "b"), predicate=PREDICATE
    )


def reordered(data: bytes) -> bytes:
    """The same JSON value with its members in another order."""
    return json.dumps(dict(reversed(json.loads(data).items())), separators=(",", ":")).encode()


def changed(data: bytes, **members: object) -> bytes:
    return canonical_json(json.loads(data) | members)


@pytest.mark.parametrize("path", ["packet.pdf", "captures/00000001.json", "a b/ç.txt", "x" * 1024])
def test_an_ordinary_name_is_safe(path):
    assert paths.safe_path(path) == path


@pytest.mark.parametrize("path", UNSAFE)
def test_an_unsafe_name_is_refused(path):
    with pytest.raises(MalformedError, match="may not stand in a packet"):
        paths.safe_path(path)


@given(NAMES)
def test_a_safe_name_stays_below_its_folder(name):
    try:
        paths.safe_path(name)
    except MalformedError:
        return
    assert not name.startswith("/")
    assert ".." not in name.split("/")


def test_names_that_differ_only_in_case_are_one():
    with pytest.raises(MalformedError, match="twice"):
        paths.require_distinct(["A.txt", "a.txt"])


def test_roles_and_media_types_follow_the_name():
    found = {name: (paths.role_of(name), paths.media_type_of(name)) for name in
             ("packet.pdf", "captures/00000001.json", "keys/allowed_signers", "x.unknown")}  # fmt: skip
    assert found == {
        "packet.pdf": ("report", "application/pdf"),
        "captures/00000001.json": ("capture", "application/json"),
        "keys/allowed_signers": ("key", "application/octet-stream"),
        "x.unknown": ("other", "application/octet-stream"),
    }


@given(st.dictionaries(SIMPLE, st.integers(0, 10**12), max_size=6))
def test_a_manifest_reads_back_as_it_was_written(sizes):
    unsigned = {"packet.pdf": Unsigned(size=3, sha256=DIGEST)}
    files = tuple(entry(path, sizes[path]) for path in sorted(sizes))
    written = Manifest(files=files, signers=("a",), predicate=PREDICATE, unsigned=unsigned)
    assert parse_manifest(written.to_bytes()) == written


@pytest.mark.parametrize(
    "edit",
    [
        reordered,
        lambda data: data + b"\n",
        lambda data: changed(data, extra=1),
        lambda data: changed(data, format="evidence-packet/2"),
        lambda data: changed(data, files=[]) + b" ",
        lambda data: changed(data, files=[json.loads(data)["files"][0]] * 2),
        lambda data: changed(data, files=json.loads(data)["files"][::-1]),
        lambda data: changed(data, files=[json.loads(data)["files"][0] | {"path": "../x"}]),
        lambda data: changed(data, files=[json.loads(data)["files"][0] | {"size": -1}]),
        lambda data: changed(data, files=[json.loads(data)["files"][0] | {"size": True}]),
        lambda data: changed(data, files=[json.loads(data)["files"][0] | {"sha256": "AB" * 32}]),
        lambda data: changed(data, files=[1]),
        lambda data: changed(data, files={}),
        lambda data: changed(data, signers=["a", "a"]),
        lambda data: changed(data, signers=[1]),
        lambda data: changed(data, unsigned=[]),
        lambda data: changed(data, unsigned={"../x": {"size": 1, "sha256": DIGEST}}),
        lambda data: changed(data, predicate={}),
        lambda data: changed(data, predicate=json.loads(data)["predicate"] | {"counts": [1]}),
        lambda data: changed(data, predicate=json.loads(data)["predicate"] | {"simulated": 1}),
        lambda _data: b"[]",
    ],
)
def test_a_manifest_in_any_other_form_is_refused(edit):
    with pytest.raises(MalformedError):
        parse_manifest(edit(manifest("a", "b").to_bytes()))


def test_sums_are_sorted_by_bytes_and_read_back():
    digests = {"b": "1" * 64, "a/z": "2" * 64, "a.txt": "3" * 64}
    text = sums_text(digests)
    assert [line[66:] for line in text.splitlines()] == ["a.txt", "a/z", "b"]
    assert parse_sums(text.encode()) == digests


def test_sha256sum_reads_the_sums(tmp_path):
    (tmp_path / "ç x.txt").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "SHA256SUMS").write_text(sums_text({"ç x.txt": digest}))
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "data",
    [
        f"{DIGEST}  b\n{DIGEST}  a\n",
        f"{DIGEST}  a\n{DIGEST}  a\n",
        f"{DIGEST} *a\n",
        f"{DIGEST}  a",
        f"{DIGEST}  ../a\n",
        f"{DIGEST}  a\n\n",
        "nonsense\n",
        "\udcff".encode("utf-8", "surrogateescape") + b"\n",
    ],
)
def test_sums_in_any_other_form_are_refused(data):
    with pytest.raises(MalformedError):
        parse_sums(data if isinstance(data, bytes) else data.encode())


@given(st.dictionaries(SIMPLE, st.just(DIGEST), max_size=6))
def test_a_statement_reads_back_as_it_was_written(subjects):
    written = Statement(subjects=subjects, predicate=PREDICATE)
    assert parse_statement(written.to_bytes()) == written


def test_a_statement_is_an_in_toto_statement():
    value = json.loads(Statement(subjects={"a": DIGEST}, predicate=PREDICATE).to_bytes())
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["subject"] == [{"name": "a", "digest": {"sha256": DIGEST}}]
    assert value["predicateType"].endswith("/packet/v1")


@pytest.mark.parametrize(
    "members",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": "https://slsa.dev/provenance/v1"},
        {"subject": [{"name": "a", "digest": {"sha256": DIGEST}}] * 2},
        {"subject": [{"name": "a", "digest": {"sha256": DIGEST, "sha1": "x"}}]},
        {"subject": [{"name": "packet.dsse.json", "digest": {"sha256": DIGEST}}]},
        {"subject": [{"name": n, "digest": {"sha256": DIGEST}} for n in "ba"]},
        {"subject": None},
    ],
)
def test_a_statement_in_any_other_form_is_refused(members):
    data = Statement(subjects={"a": DIGEST}, predicate=PREDICATE).to_bytes()
    with pytest.raises(MalformedError):
        parse_statement(changed(data, **members))


def test_the_pre_authentication_encoding_is_the_one_of_the_specification():
    # The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    encoded = pae("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def envelope() -> Envelope:
    rows = [Signature(key_id=name, signature=bytes(64)) for name in ("SHA256:a", "SHA256:b")]
    return Envelope(payload=b'{"a":1}', signatures=tuple(rows))


def test_an_envelope_reads_back_as_it_was_written():
    assert parse_envelope(envelope().to_bytes()) == envelope()


@pytest.mark.parametrize(
    "edit",
    [
        reordered,
        lambda data: b" " + data,
        lambda data: data + b"\n",
        lambda data: changed(data, extra=1),
        lambda data: changed(data, payloadType="text/plain"),
        lambda data: changed(data, payload=json.loads(data)["payload"] + "\n"),
        lambda data: changed(data, payload=json.loads(data)["payload"].rstrip("=")),
        lambda data: changed(data, payload="_-8="),
        lambda data: changed(data, payload="YR=="),
        lambda data: changed(data, payload=1),
        lambda data: changed(data, signatures=[]),
        lambda data: changed(data, signatures=json.loads(data)["signatures"][::-1]),
        lambda data: changed(data, signatures=[json.loads(data)["signatures"][0]] * 2),
        lambda data: changed(data, signatures=[json.loads(data)["signatures"][0] | {"cert": ""}]),
        lambda data: data.replace(b'"payload"', b'"payload":"","payload"', 1),
    ],
)
def test_an_envelope_in_any_other_form_is_refused(edit):
    with pytest.raises(MalformedError):
        parse_envelope(edit(envelope().to_bytes()))


CAPTURE = CaptureFile(
    seq=12, envelope='{"a":1}', salt=bytes(32), payload=b"x", proof=(bytes(32), b"\x01" * 32)
)


@pytest.mark.parametrize("capture", [CAPTURE, replace(CAPTURE, salt=None, payload=None)])
def test_a_capture_reads_back_as_it_was_written(capture):
    assert parse_capture_file(capture.to_bytes()) == capture
    assert capture.path == "captures/00000012.json"


@pytest.mark.parametrize(
    "members",
    [
        {"salt": None},
        {"payload": None},
        {"payload": "!"},
        {"salt": "00"},
        {"salt": "AB" * 32},
        {"proof": ["zz"]},
        {"proof": None},
        {"seq": "1"},
        {"envelope": {}},
        {"more": 1},
    ],
)
def test_a_capture_in_any_other_form_is_refused(members):
    with pytest.raises(MalformedError):
        parse_capture_file(changed(CAPTURE.to_bytes(), **members))


def test_an_ecdsa_signature_counts_only_with_the_lower_s():
    private = ec.generate_private_key(ec.SECP256R1())
    key = from_cryptography(private.public_key())
    r, s = decode_dss_signature(private.sign(b"message", ec.ECDSA(SHA256())))
    low, high = sorted((s, P256_ORDER - s))
    assert key.verifies(encode_dss_signature(r, low), b"message")
    assert not key.verifies(encode_dss_signature(r, high), b"message")
    assert not key.verifies(encode_dss_signature(r, low) + b"\0", b"message")
    assert not key.verifies(encode_dss_signature(r, low), b"other")
    assert key.raw == b""


def test_an_ed25519_signature_counts_only_below_the_group_order():
    private = ed25519.Ed25519PrivateKey.generate()
    key = from_cryptography(private.public_key())
    good = private.sign(b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    found = [key.verifies(signature, b"message") for signature in (good, larger, good[:-1], b"")]
    assert found == [True, False, False, False]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAA",
        "ssh-dss AAAAB3NzaC1kc3M=",
    ],
)
def test_a_line_that_is_no_usable_public_key_is_refused(line):
    with pytest.raises(MalformedError):
        parse_public_key(line)


def test_an_rsa_key_is_refused():
    with pytest.raises(MalformedError):
        from_cryptography(rsa.generate_private_key(65537, 2048).public_key())


def signed_file() -> tuple[bytes, bytes]:
    private = ed25519.Ed25519PrivateKey.generate()
    key = from_cryptography(private.public_key())
    return sshsig.armour(key, private.sign(sshsig.signed_bytes(b"message"))), key.blob


def test_an_openssh_signature_reads_back_as_it_was_written():
    data, blob = signed_file()
    key, signature = sshsig.parse_armour(data)
    assert key.blob == blob
    assert key.verifies(signature, sshsig.signed_bytes(b"message"))


def test_ssh_keygen_writes_the_same_form(tmp_path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True
    )
    (tmp_path / "file").write_bytes(b"message")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", sshsig.NAMESPACE]
    subprocess.run([*command, tmp_path / "file"], check=True, capture_output=True)
    key, signature = sshsig.parse_armour((tmp_path / "file.sig").read_bytes())
    assert key.line.split() == (tmp_path / "key.pub").read_text().split()[:2]
    assert key.verifies(signature, sshsig.signed_bytes(b"message"))


@settings(max_examples=200)
@given(at=st.integers(0, 305), flip=st.integers(1, 255))
def test_an_openssh_signature_with_any_byte_changed_is_refused_or_not_valid(at, flip):
    data, blob = signed_file()
    edited = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
    try:
        key, signature = sshsig.parse_armour(edited)
    except MalformedError:
        return
    assert key.blob != blob or not key.verifies(signature, sshsig.signed_bytes(b"message"))


def zipped(files: dict[str, bytes]) -> bytes:
    rows = [(path, zipfile.crc32(data), len(data)) for path, data in files.items()]
    members = archive.plan(rows)
    body = b"".join(archive.local_header(member) + files[member.path] for member in members)
    directory = b"".join(archive.central_header(member) for member in members)
    return body + directory + archive.end_records(len(members), len(directory), len(body))


@given(st.dictionaries(SIMPLE, st.binary(max_size=20), max_size=5))
def test_an_archive_reads_back_and_python_reads_it_too(files):
    data = zipped(files)
    members = archive.read_members(io.BytesIO(data), len(data))
    read = {m.path: data[m.data_offset : m.data_offset + m.size] for m in members}
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert {name: other.read(name) for name in other.namelist()} == files == read


@pytest.mark.long
def test_an_archive_of_more_files_than_the_short_form_counts_is_read_by_both():
    files = {f"captures/{number:08d}.json": b"" for number in range(70_000)}
    data = zipped(files)
    assert len(archive.read_members(io.BytesIO(data), len(data))) == 70_000
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert len(other.namelist()) == 70_000


def test_an_archive_beyond_four_gibibytes_is_refused():
    with pytest.raises(MalformedError, match="hand over the folder"):
        archive.plan([("a", 0, 2**31), ("b", 0, 2**31)])


def test_a_public_key_prints_as_openssl_reads_it(tmp_path):
    key = from_cryptography(ed25519.Ed25519PrivateKey.generate().public_key())
    (tmp_path / "key.pem").write_text(key.pem())
    command = ["openssl", "pkey", "-pubin", "-in", tmp_path / "key.pem", "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    assert der[-32:] == key.raw == base64.b64decode(key.line.split()[1])[-32:]


ARCHIVE = zipped({"a": b"1", "b": b"22"})


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda data: data.replace(b"a1", b"c1", 1), "names a otherwise inside"),
        (lambda data: data[:-14] + b"\3\0\3\0" + data[-10:], "cut short"),
        (lambda data: data[:-14] + b"\1\0\1\0" + data[-10:], "longer than its count"),
        (lambda data: data.replace(b"b", b"\xff"), "not UTF-8"),
        (lambda data: data.replace(b"b", b"a"), "twice"),
        (lambda data: data[:8] + data[-22:], "outside the file"),
        (lambda data: b"PK" + data, "not where its end says"),
    ],
)
def test_an_archive_in_any_other_form_is_refused_with_the_reason(edit, reason):
    data = edit(ARCHIVE)
    with pytest.raises(MalformedError, match=reason):
        archive.read_members(io.BytesIO(data), len(data))


def test_an_archive_whose_long_count_is_missing_is_refused():
    data = b"PK\5\6" + b"\0" * 4 + b"\xff" * 4 + b"\0" * 10
    with pytest.raises(MalformedError):
        archive.read_members(io.BytesIO(data), len(data))
