"""Each exit code has one meaning, and each is reached by what it stands for."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from shop_world import FIRST, pull, shop, write_configuration

from evidence import __version__
from evidence.seal import keys

QUARTER = ("--from", "2026-07-01", "--to", "2026-09-30")


@pytest.fixture
def live(home, tmp_path, monkeypatch):
    """A running shop whose configuration is in force."""
    with shop(tmp_path / "live", FIRST + pull("gift")) as rehearsal:
        configuration = write_configuration(rehearsal, tmp_path / "evidence.toml")
        monkeypatch.setenv("EVIDENCE_HOME", str(rehearsal.home))
        monkeypatch.setenv("EVIDENCE_CONFIG", str(configuration))
        yield rehearsal


def test_0_is_a_command_that_did_what_it_says(evidence):
    ran = evidence("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"evidence {__version__}\n", "")


def test_0_is_a_complete_sync_with_its_receipts_on_stdout(evidence, live):
    ran = evidence("sync", "--quiet", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert [one["source"] for one in json.loads(ran.out)["receipts"]] == [
        "github",
        "argocd",
        "github:settings",
        "git:shop",
        "git:deploy",
    ]


def test_1_is_a_failure_that_is_no_mistake_of_the_user(evidence, shop):
    (shop.home / "evidence.sqlite3").write_bytes(b"This is no database. " * 100)
    ran = evidence("status")
    assert ran.code == 1
    assert "file is not a database" in ran.err


def test_1_is_a_disk_that_is_full(shop):
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "evidence.cli", "trace", "shop:pr:2"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: No space left on device\n  next: ")


@pytest.mark.parametrize(
    "words",
    [
        ("nope",),
        ("keys", "nope"),
        ("sync", "--nope"),
        ("trace",),
        ("trace", "4f1c2ab", "--format", "yaml"),
        ("report", "--from", "2026-07-01"),
        ("report", *QUARTER, "--at", "many"),
    ],
    ids=" ".join,
)
def test_2_is_a_command_line_that_cannot_be_read(evidence, words):
    ran = evidence(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [(), ("keys",), ("db",)], ids=["evidence", "keys", "db"])
def test_2_is_a_group_without_a_command_which_shows_its_help(evidence, words):
    ran = evidence(*words)
    assert ran.code == 2
    assert f"Usage: {' '.join(('evidence', *words))}" in ran.out


def test_2_is_a_configuration_that_cannot_be_used(evidence, home):
    (home / "evidence.toml").write_text("[organisation]\nnam = 'Acme'\n")
    ran = evidence("config", "show")
    assert ran.code == 2
    assert "organisation.nam: unknown key; did you mean `name`?" in ran.err


def test_4_is_a_credential_that_a_source_refuses(evidence, live):
    (live.home / "github.token").write_text("wrong")
    ran = evidence("sync", "github", "--quiet")
    assert ran.code == 4
    assert "github" in ran.err


def test_4_is_what_doctor_says_of_a_refused_credential(evidence, live):
    (live.home / "argocd.token").write_text("wrong")
    ran = evidence("doctor", "--format", "json")
    assert ran.code == 4
    states = {one["check"]: one["state"] for one in json.loads(ran.out)["checks"]}
    assert (states["source github"], states["source argocd"]) == ("ok", "error")


def test_5_is_an_incomplete_collection_that_names_what_is_missing(evidence, tmp_path, monkeypatch):
    hidden = FIRST + pull("gift") + '[access]\nhidden = ["deploy"]\n'
    with shop(tmp_path / "live", hidden) as rehearsal:
        configuration = write_configuration(rehearsal, tmp_path / "evidence.toml")
        monkeypatch.setenv("EVIDENCE_HOME", str(rehearsal.home))
        ran = evidence("sync", "--config", configuration)
    assert ran.code == 5
    assert "error: The collection is incomplete." in ran.err
    assert "example-shop/deploy" in ran.err


def _one_byte(packet: Path) -> None:
    path = packet / "population.csv"
    path.write_bytes(path.read_bytes()[:-2] + b"x\n")


def _missing(packet: Path) -> None:
    (packet / "results.json").unlink()


def _extra(packet: Path) -> None:
    (packet / "notes.txt").write_text("Nothing to see here.")


@pytest.mark.parametrize("tamper", [_one_byte, _missing, _extra])
def test_6_is_a_packet_that_is_not_what_was_sealed(evidence, packet, shop, tamper):
    assert evidence("verify", packet, "--trust", shop.trust).code == 0
    tamper(packet)
    ran = evidence("verify", packet, "--trust", shop.trust)
    assert ran.code == 6
    assert "error: This packet does not verify" in ran.err


def test_6_comes_with_the_verdict_where_json_is_asked_for(evidence, packet):
    _one_byte(packet)
    ran = evidence("verify", packet, "--format", "json")
    assert (ran.code, json.loads(ran.out)["status"]) == (6, "rejected")


def test_6_is_a_ledger_that_was_rewritten_behind_its_last_checkpoint(evidence, live):
    keys.init(live.keys, name="Example Shop")
    assert evidence("sync", "--quiet").code == 0
    with sqlite3.connect(live.home / "evidence.sqlite3") as store:
        guards = store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (guard,) in guards:
            store.execute(f'DROP TRIGGER "{guard}"')
        for table, column in (("entry", "leaf_hash"), ("node", "hash")):
            store.execute(f"UPDATE {table} SET {column} = zeroblob(32)")
    ran = evidence("sync", "--quiet")
    assert ran.code == 6
    assert "The ledger is not the one of the checkpoint" in ran.err


def test_6_is_a_fact_that_the_ledger_does_not_give_back(evidence, shop):
    with sqlite3.connect(shop.home / "evidence.sqlite3") as store:
        store.execute("UPDATE review SET observed_at = observed_at + 1")
    ran = evidence("db", "rebuild")
    assert ran.code == 6
    assert "Replaying the ledger gives other rows in review." in ran.err
    assert evidence("db", "rebuild").code == 0


@pytest.mark.parametrize("words", [("sync",), ("db", "rebuild")], ids=" ".join)
def test_7_is_another_run_that_holds_the_lock(evidence, live, words):
    with (live.home / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = evidence(*words)
    assert ran.code == 7
    assert "Another run" in ran.err


@pytest.mark.long
def test_130_is_a_run_that_was_interrupted(live, start, home):
    live.simulation.server("github").latency = 0.5
    where = {name: os.environ[name] for name in ("EVIDENCE_HOME", "EVIDENCE_CONFIG")}
    running = start("sync", env=where)
    while not live.simulation.server("github").calls:
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert "interrupted; what was stored stays stored" in err
    assert "Traceback" not in err


def test_the_help_needs_none_of_the_heavy_libraries():
    code = (
        "import sys\nfrom evidence.cli import main\nsys.argv = ['evidence', '--help']\n"
        "try:\n    main.main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "heavy = ('sqlalchemy', 'weasyprint', 'github', 'git', 'alembic', 'cryptography',"
        " 'pydantic', 'jinja2', 'requests')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr == "[]\n"
