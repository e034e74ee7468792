"""Anchors: a signed commit elsewhere and a time stamp, both checked by the stock tools."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug import Request, Response

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, pull, shop

from evidence.errors import UnavailableError
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.store import queries
from evidence.store.audit import audit
from evidence.store.session import open_store
from evidence.sync import sync

TSA = """
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
"""
REQUEST = """
[req]
distinguished_name = name
x509_extensions = stamp
prompt = no
[name]
CN = Orchard test time stamps
[stamp]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


def command(words, folder, **more):
    return subprocess.run(
        words.split() if isinstance(words, str) else words,
        cwd=folder,
        capture_output=True,
        check=more.pop("check", True),
        **more,
    )


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A real time stamp authority's key and certificate, made for these tests."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "serial").write_text("01\n")
    (folder / "tsa.conf").write_text(TSA.format(folder=folder))
    (folder / "req.conf").write_text(REQUEST)
    command(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
        "-keyout tsa.key -out tsa.crt -config req.conf",
        folder,
    )
    return folder


@pytest.fixture
def tsa(authority, httpserver):
    def stamp(request: Request) -> Response:
        (authority / "query").write_bytes(request.get_data())
        done = command(
            "openssl ts -reply -section tsa -config tsa.conf -signer tsa.crt -inkey tsa.key "
            "-queryfile query",
            authority,
        )
        return Response(done.stdout, content_type="application/timestamp-reply")

    httpserver.expect_request("/tsa").respond_with_handler(stamp)
    return httpserver.url_for("/tsa")


@pytest.fixture
def elsewhere(tmp_path):
    """A bare repository that stands for one on another machine."""
    path = tmp_path / "elsewhere.git"
    command(["git", "init", "--quiet", "--bare", str(path)], tmp_path)
    return path


@pytest.fixture
def home(orchard):
    """The user's folder, with the file by which Git knows the user's key."""
    line = f'evidence namespaces="git" {orchard.held.public_key.line}\n'
    (orchard.folder / "signers").write_text(line)
    return orchard.folder


def git(path, *words, check=True):
    return command(["git", "-C", str(path), *words], path, check=check, text=True)


def verified(path, home) -> str:
    """What Git itself says of the signature of the branch's newest commit."""
    signers = f"gpg.ssh.allowedSignersFile={home / 'signers'}"
    done = git(path, "-c", "gpg.format=ssh", "-c", signers, "verify-commit", "evidence-anchors")
    return done.stderr


def test_without_an_anchor_configured_the_note_is_printed_to_be_kept(home, evidence):
    code, note, said = evidence("anchor")
    assert (code, "anchored nowhere" in said) == (0, True)
    (home / "kept.note").write_text(note)
    assert evidence("verify", "--store", "--against", "kept.note", "--trust", "trust.txt")[0] == 0


def test_a_commit_elsewhere_holds_the_note_and_git_verifies_its_signature(
    home, evidence, elsewhere, monkeypatch
):
    monkeypatch.setenv("EVIDENCE_ANCHOR__GIT", str(elsewhere))
    _, first, said = evidence("anchor")
    assert "anchored by commit" in said
    show = ("show", "evidence-anchors:evidence/orchard/checkpoint.note")
    assert git(elsewhere, *show).stdout == first
    assert 'Good "git" signature for evidence' in verified(elsewhere, home)
    _, second, _ = evidence("anchor")
    assert git(elsewhere, *show).stdout == second != first
    assert git(elsewhere, "rev-list", "--count", "evidence-anchors").stdout == "2\n"
    assert git(elsewhere, "fsck", "--strict").returncode == 0


def test_files_of_another_ledger_on_the_branch_stay(home, evidence, elsewhere, monkeypatch):
    monkeypatch.setenv("EVIDENCE_ANCHOR__GIT", str(elsewhere))
    evidence("anchor")
    monkeypatch.setenv("EVIDENCE_ORGANISATION__NAME", "Vineyard")
    monkeypatch.setenv("EVIDENCE_STORE__URL", f"sqlite:///{home / 'other.sqlite3'}")
    assert evidence("anchor")[0] == 0
    assert git(elsewhere, "ls-tree", "-r", "--name-only", "evidence-anchors").stdout.split() == [
        "evidence/orchard/checkpoint.note",
        "evidence/vineyard/checkpoint.note",
    ]


def test_a_time_stamp_over_the_note_verifies_with_openssl(
    home, evidence, tsa, authority, elsewhere, monkeypatch
):
    monkeypatch.setenv("EVIDENCE_ANCHOR__TSA", tsa)
    monkeypatch.setenv("EVIDENCE_ANCHOR__GIT", str(elsewhere))
    code, note, said = evidence("anchor")
    assert (code, "time stamp of 20" in said) == (0, True)
    with closing(open_store(f"sqlite:///{home / 'data' / 'evidence.sqlite3'}")) as store:
        row = queries.entries(store, "anchor")[-1]
        assert audit(store).size == 23  # the checkpoint's own entry and the anchor's
    (home / "kept.note").write_text(note)
    (home / "kept.tst").write_bytes(row.payload)
    check = f"openssl ts -verify -data kept.note -in kept.tst -token_in -CAfile {authority}/tsa.crt"
    assert b"Verification: OK" in command(check, home).stdout
    (home / "kept.note").write_text(note.replace("\n21\n", "\n20\n"))
    assert command(check, home, check=False).returncode != 0
    stored = [
        "git",
        "-C",
        str(elsewhere),
        "show",
        "evidence-anchors:evidence/orchard/checkpoint.tst",
    ]
    assert command(stored, home).stdout == row.payload


def test_status_says_how_old_the_last_anchor_is(home, evidence, elsewhere, monkeypatch):
    assert "never anchored" in evidence("status")[1]
    monkeypatch.setenv("EVIDENCE_ANCHOR__GIT", str(elsewhere))
    evidence("anchor")
    assert "anchor: last anchored at 21 entries" in evidence("status")[1]
    assert "21 entries" in json.loads(evidence("status", "--format", "json")[1])["anchor"]


FAILURES = {
    "EVIDENCE_ANCHOR__GIT": ("/no/such/repository.git", 2, "There is no repository at"),
    "EVIDENCE_ANCHOR__TSA": ("http://127.0.0.1:9/tsa", 1, "gave no time stamp"),
}


@pytest.mark.parametrize(("name", "said"), FAILURES.items(), ids=FAILURES)
def test_an_anchor_out_of_reach_is_told_and_nothing_is_recorded(
    home, evidence, monkeypatch, name, said
):
    value, code, says = said
    monkeypatch.setenv(name, value)
    ended, _, err = evidence("anchor")
    assert (ended, says in err) == (code, True)
    with closing(open_store(f"sqlite:///{home / 'data' / 'evidence.sqlite3'}")) as store:
        assert queries.entries(store, "anchor") == []


def test_a_branch_that_is_no_ours_is_never_forced(home, evidence, elsewhere, monkeypatch):
    monkeypatch.setenv("EVIDENCE_ANCHOR__GIT", str(elsewhere))
    hook = elsewhere / "hooks" / "update"
    hook.write_text("#!/bin/sh\necho moved >&2\nexit 1\n")
    hook.chmod(0o755)
    code, _, err = evidence("anchor")
    assert (code, "cannot be written" in err) == (1, True)


def test_without_a_key_there_is_nothing_to_anchor(home, evidence, monkeypatch):
    monkeypatch.setenv("EVIDENCE_KEYS", str(home / "none"))
    assert evidence("anchor")[0] == 2


def test_a_sync_anchors_by_itself_and_keeps_what_it_read_where_that_fails(tmp_path, elsewhere):
    with shop(tmp_path / "live", FIRST + pull("gift"), anchor={"git": str(elsewhere)}) as live:
        keys.init(live.keys, name="Example Shop")
        loaded = live.loaded(live.simulation.end())
        first = sync(loaded)
        first.raise_if_incomplete()
        assert "anchored by commit" in first.summary()
        elsewhere.rename(tmp_path / "gone.git")
        elsewhere.mkdir()
        second = sync(loaded)
        assert (second.complete, "not anchored" in second.summary()) == (True, True)
        with pytest.raises(UnavailableError, match="cannot be read"):
            second.raise_if_incomplete()


@pytest.mark.usefixtures("brief_pdf")
def test_a_packet_names_the_anchors_before_it_and_carries_the_newest(
    tmp_path, elsewhere, tsa, authority, evidence, monkeypatch
):
    anchor = {"git": str(elsewhere), "tsa": tsa}
    with shop(tmp_path / "live", FIRST + pull("gift"), anchor=anchor) as live:
        held = keys.init(live.keys, name="Example Shop")
        loaded = live.loaded(live.simulation.end())
        sync(loaded).raise_if_incomplete()
        done = report(
            loaded,
            ReportRequest(start="2026-07-01", end="2026-09-30", destination=tmp_path / "packet"),
        )
        (tmp_path / "trust.txt").write_text(keys.trust_file(held))
    page = " ".join((tmp_path / "packet" / "packet.html").read_text().split())
    commit = git(elsewhere, "rev-parse", "evidence-anchors").stdout.strip()
    size = int((tmp_path / "packet" / "anchor.note").read_text().split("\n")[1])
    assert commit in page
    assert f"covers {size} of the {done.ledger_size} entries reported on" in page
    check = (
        f"openssl ts -verify -data anchor.note -in anchor.tst -token_in -CAfile {authority}/tsa.crt"
    )
    assert b"Verification: OK" in command(check, tmp_path / "packet").stdout
    name = "evidence/example-shop-simulated"
    show = ("show", f"evidence-anchors:{name}/checkpoint.note")
    assert git(elsewhere, *show).stdout == (tmp_path / "packet" / "anchor.note").read_text()
    assert evidence("verify", tmp_path / "packet", "--trust", tmp_path / "trust.txt")[0] == 0


@pytest.mark.usefixtures("brief_pdf")
def test_a_packet_without_an_anchor_says_what_that_leaves_open(tmp_path):
    with shop(tmp_path / "live", FIRST + pull("gift")) as live:
        keys.init(live.keys, name="Example Shop")
        loaded = live.loaded(live.simulation.end())
        sync(loaded).raise_if_incomplete()
        report(
            loaded,
            ReportRequest(start="2026-07-01", end="2026-09-30", destination=tmp_path / "packet"),
        )
    page = " ".join((tmp_path / "packet" / "packet.html").read_text().split())
    assert "No checkpoint was anchored outside the database before this packet" in page
    assert not (tmp_path / "packet" / "anchor.note").exists()
