"""`SHA256SUMS.tsr`: a second party's word on when, by a real local authority (openssl ts)."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instructed import run_instructions

from evidence.canonical import sha256_hex
from evidence.errors import MalformedError
from evidence.seal import keys as key_files
from evidence.seal.packet import seal_folder
from evidence.seal.pades import Stamping
from evidence.seal.timestamp import time_stamp
from evidence.verify import Outcome, Status, examine_packet, read_trust
from evidence.verify.stamp import check_stamp

HOUR = timedelta(hours=1)


def stamp_step(verdict):
    return next(step for step in verdict.steps if step.name == "time_stamp")


@pytest.fixture
def stamped(rendered, keys, predicate, tsa_url):
    seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url))
    return rendered


@pytest.fixture
def trust(keys, authority, tmp_path):
    path = tmp_path / "trust.txt"
    path.write_text(key_files.trust_file(keys) + (authority / "tsa.crt").read_text())
    return path


@pytest.fixture
def certificates(authority, tmp_path):
    from evidence.seal.certificate import read_certificates

    return read_certificates(authority / "tsa.crt")


def test_a_stamp_by_a_trusted_authority_dates_the_packet(stamped, trust):
    verdict = examine_packet(stamped, read_trust(trust))
    step = stamp_step(verdict)
    assert (verdict.status, step.outcome) == (Status.VERIFIED, Outcome.OK)
    assert "existed at" in step.sentence
    assert "Orchard test time stamps" in step.sentence


def test_a_stamp_by_an_unknown_authority_is_there_and_not_verified(stamped, keys, tmp_path):
    (tmp_path / "own.txt").write_text(key_files.trust_file(keys))
    verdict = examine_packet(stamped, read_trust(tmp_path / "own.txt"))
    step = stamp_step(verdict)
    assert (verdict.status, step.outcome) == (Status.VERIFIED, Outcome.NOT_CHECKED)
    assert "was not given as trusted" in step.sentence


def test_the_instructions_check_the_stamp_with_openssl(stamped, authority):
    blind = run_instructions(stamped)
    done = run_instructions(stamped, tsa=authority / "tsa.crt")
    assert blind.returncode == 0, blind.stderr
    assert "Time stamp:" in blind.stdout
    assert done.returncode == 0, done.stderr
    assert "Verification: OK" in done.stdout + done.stderr
    assert "Verification: OK" not in blind.stdout + blind.stderr


def test_the_instructions_refuse_another_authority(stamped, keys, tmp_path):
    (tmp_path / "other.crt").write_text(keys.pdf.certificate_pem)
    assert run_instructions(stamped, tsa=tmp_path / "other.crt").returncode != 0


def test_a_stamp_with_any_byte_changed_never_verifies(stamped):
    path = stamped / "SHA256SUMS.tsr"
    before = path.read_bytes()

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(at=st.integers(0, len(before) - 1), flip=st.integers(1, 255))
    def changed(at, flip):
        path.write_bytes(before[:at] + bytes([before[at] ^ flip]) + before[at + 1 :])
        verdict = examine_packet(stamped)
        assert verdict.problems == ("SHA256SUMS.tsr is not the file that was sealed.",)

    changed()


def test_a_stamp_cannot_be_taken_away(stamped):
    (stamped / "SHA256SUMS.tsr").unlink()
    assert examine_packet(stamped).problems == ("SHA256SUMS.tsr is missing.",)


def test_a_reply_holds_the_token_as_the_authority_gave_it(tsa_url, authority, tmp_path):
    made = time_stamp(b"the list", tsa_url)
    assert made.token in made.response
    (tmp_path / "list").write_bytes(b"the list")
    (tmp_path / "list.tsr").write_bytes(made.response)
    command = ["openssl", "ts", "-verify", "-data", "list", "-in", "list.tsr"]
    done = subprocess.run(
        [*command, "-CAfile", authority / "tsa.crt"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def check(data: bytes, certificates, *, sums: bytes = b"the list", shift=timedelta(), now=None):
    moment = datetime.now(UTC)
    return check_stamp(
        data, sums, certificates, sealed_at=moment + shift, now=now or moment + timedelta(minutes=1)
    )


def test_a_stamp_is_by_its_own_authority_at_its_own_time(tsa_url, certificates):
    found = check(time_stamp(b"the list", tsa_url).response, certificates)
    assert (found.trusted, found.authority) == (True, "Common Name: Orchard test time stamps")
    assert found.time == f"{found.at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sums": b"another list"}, "not a valid time stamp over SHA256SUMS"),
        ({"now": datetime(2020, 1, 1, tzinfo=UTC)}, "a time that has not come yet"),
        ({"shift": -2 * HOUR}, "the packet says that it was sealed at"),
        ({"shift": 2 * HOUR}, "the packet says that it was sealed at"),
    ],
)
def test_a_stamp_of_something_else_or_another_time_is_refused(
    tsa_url, certificates, options, sentence
):
    with pytest.raises(MalformedError, match=sentence):
        check(time_stamp(b"the list", tsa_url).response, certificates, **options)


def test_a_stamp_from_after_the_end_of_its_certificate_is_refused(tsa_url, authority, tmp_path):
    """`openssl ts` stamps with an ended certificate if asked to: readers must not take it."""
    import shutil

    folder = tmp_path / "ended"
    shutil.copytree(authority, folder)
    (folder / "tsa.conf").write_text(
        (folder / "tsa.conf").read_text().replace(str(authority), str(folder))
    )
    command = "openssl x509 -x509toreq -in tsa.crt -signkey tsa.key -out tsa.csr"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    old = x509.load_pem_x509_certificate((folder / "tsa.crt").read_bytes())
    key = load_pem_private_key((folder / "tsa.key").read_bytes(), None)
    builder = x509.CertificateBuilder(
        issuer_name=old.issuer, subject_name=old.subject, public_key=key.public_key()
    )
    builder = builder.serial_number(old.serial_number)
    builder = builder.not_valid_before(datetime(2010, 1, 1)).not_valid_after(datetime(2011, 1, 1))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    ended = builder.sign(key, SHA256())
    (folder / "tsa.crt").write_bytes(ended.public_bytes(Encoding.PEM))
    (folder / "list").write_bytes(b"the list")
    for command in (
        "openssl ts -query -data list -sha256 -cert -out query",
        "openssl ts -reply -section tsa -config tsa.conf -queryfile query -out reply",
    ):
        signer = ["-signer", "tsa.crt", "-inkey", "tsa.key"] if "-reply" in command else []
        subprocess.run([*command.split(), *signer], cwd=folder, check=True, capture_output=True)
    with pytest.raises(MalformedError, match="certificate was not valid"):
        check((folder / "reply").read_bytes(), [ended.public_bytes(Encoding.DER)])


REFUSAL = bytes.fromhex("30053003020102")


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"not DER", b"\x30" * 9000, REFUSAL])
def test_bytes_that_are_no_stamp_are_refused(certificates, data):
    with pytest.raises(MalformedError, match=r"cannot be read|refusal"):
        check(data, certificates)


def test_a_dishonest_sealer_cannot_bind_another_lists_stamp(
    rendered, keys, predicate, tsa_url, monkeypatch
):
    """Sealed and bound by the real key, but the stamp is of another list."""
    from evidence.seal import packet as sealing

    def elsewhere(_data, tsa):
        return time_stamp(b"another list", tsa)

    monkeypatch.setattr(sealing, "time_stamp", elsewhere)
    seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url))
    assert "not a valid time stamp over SHA256SUMS" in examine_packet(rendered).summary


def test_a_back_dated_packet_contradicts_its_stamp(rendered, keys, predicate, tsa_url):
    when = datetime.now(UTC) - timedelta(days=30)
    seal_folder(rendered, keys, predicate, stamping=Stamping(tsa=tsa_url), now=when)
    assert "the packet says that it was sealed at" in examine_packet(rendered).summary


def test_a_trusted_stamp_shows_that_an_old_key_sealed_after_its_time(
    rendered, predicate, tsa_url, authority, tmp_path
):
    """The time that is written may lie by less than an hour; the stamp tells even then."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    old = key_files.init(tmp_path / "own", name="Orchard")
    new = key_files.rotate(tmp_path / "own", name="Orchard", now=moment)
    claimed = moment - timedelta(minutes=1)
    seal_folder(rendered, old, predicate, stamping=Stamping(tsa=tsa_url), now=claimed)
    blind, seeing = tmp_path / "blind.txt", tmp_path / "seeing.txt"
    blind.write_text(key_files.trust_file(new))
    seeing.write_text(blind.read_text() + (authority / "tsa.crt").read_text())
    assert examine_packet(rendered, read_trust(blind)).status is Status.VERIFIED
    assert "which is trusted only until" in examine_packet(rendered, read_trust(seeing)).summary


def test_certificates_of_the_authority_are_handed_over_with_the_keys(
    stamped, key_folder, certificates, tmp_path
):
    held = key_files.load(key_folder, authorities=certificates)
    (tmp_path / "all.txt").write_text(key_files.trust_file(held))
    verdict = examine_packet(stamped, read_trust(tmp_path / "all.txt"))
    assert stamp_step(verdict).outcome is Outcome.OK
    assert sha256_hex(certificates[0])[:8].upper() in key_files.trust_file(held).replace(":", "")


def test_a_fingerprint_and_an_authority_are_trust_enough_for_the_pdf(
    stamped, keys, authority, tmp_path
):
    path = tmp_path / "short.txt"
    path.write_text(keys.fingerprint + "\n" + (authority / "tsa.crt").read_text())
    assert examine_packet(stamped, read_trust(path)).status is Status.VERIFIED
