"""No mistake of a user ends in a traceback: what happened, where, and what to do next."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from shop_world import Synced

PERIOD = ("--from", "2026-07-01", "--to", "2026-09-30")
SHORT = ("--from", "2026-07-01", "--to", "2026-07-02")


def told(ran, code: int, says: str) -> None:
    """The command failed with this code and three things: what, what next, and no traceback."""
    assert "Traceback" not in ran.err
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert "error: " in ran.err
    assert "\n  next: " in ran.err
    assert says in ran.err


# --- nothing is set up yet

FRESH = {
    "status before the first sync": (("status",), 1, "has schema none"),
    "trace before the first sync": (("trace", "4f1c2ab"), 1, "has schema none"),
    "report without keys": (("report", *PERIOD), 2, "evidence keys init"),
    "keys list without keys": (("keys", "list"), 2, "evidence keys init"),
    "keys export-public without keys": (("keys", "export-public"), 2, "evidence keys init"),
    "sync without any source": (("sync",), 2, "evidence init"),
    "a configuration that is not there": (("status", "-c", "no.toml"), 2, "no.toml"),
    "a folder as configuration": (("status", "-c", "."), 2, "no configuration file"),
    "an answer without a value": (("init", "--answer", "image"), 2, "known keys are"),
    "an answer to no question": (("init", "--answer", "colour=red"), 2, "known keys are"),
    "a configuration below a file": (("init", "-o", "/dev/null/x.toml"), 2, "cannot be written"),
    "a packet that is not there": (("verify", "packet"), 2, "There is no packet at packet"),
    "a demo below a file": (("demo", "-q", "-o", "/dev/null/demo"), 1, "/dev/null/demo"),
    "a zip that is none": (("verify", "/dev/null"), 6, "does not verify"),
}


@pytest.mark.parametrize(("words", "code", "says"), FRESH.values(), ids=FRESH)
def test_a_mistake_before_anything_is_set_up_is_told(evidence, words, code, says):
    ran = evidence(*words)
    assert says in ran.out + ran.err
    assert (ran.code, "Traceback" in ran.err) == (code, False)
    assert "error: " in ran.err
    assert "\n  next: " in ran.err


# --- the configuration file

SOURCE = '[[source]]\nid = "github"\nkind = "github"\nurl = "http://127.0.0.1:9"\n'
FILES = {
    "no TOML": ("a = [", "is not valid TOML"),
    "not UTF-8": ("a = '\udcff'", "is not valid TOML"),
    "an unknown section": ("[organization]\nname = 'Acme'", "did you mean `organisation`?"),
    "an unknown key": ("[policy]\napproval_required = 2", "did you mean `approvals_required`?"),
    "a value of another type": (
        "[policy]\napprovals_required = 'two'",
        "policy.approvals_required",
    ),
    "a negative number": ("[policy]\napprovals_required = -1", "policy.approvals_required"),
    "an unknown profile": ("[policy]\nprofile = 'P9'", "policy.profile"),
    "an unknown kind of source": ("[[source]]\nid = 'x'\nkind = 'svn'", "source.0.kind"),
    "an id that no ledger takes": ("[[source]]\nid = 'A B'\nkind = 'github'", "source.0.id"),
    "one id twice": (SOURCE + SOURCE, "Two [[source]] sections have the id `github`"),
    "a repository of an unknown source": (
        SOURCE + "[[repository]]\nid = 'shop'\nname = 'acme/shop'\nsource = 'gihub'",
        "Did you mean `github`?",
    ),
    "a time zone that is none": ("[organisation]\ntime_zone = 'Mars/Olympus'", "Mars/Olympus"),
    "a table where a value belongs": ("[organisation.name]\nx = 1", "organisation.name"),
    "a value where a table belongs": ("organisation = 'Acme'", "organisation"),
    "a time without an offset": (
        SOURCE + "[policy]\nscope_start = '2026-07-01T00:00:00'",
        "has no UTC offset",
    ),
    "a secret in the file": (SOURCE + "secret = 'hush'", "must be a reference"),
    "a secret that is not set": (SOURCE + "secret = 'env:NOT_SET'", "NOT_SET is empty or not set"),
    "a secret file that is not there": (SOURCE + "secret = 'file:/no/such'", "/no/such"),
}


@pytest.mark.parametrize(("text", "says"), FILES.values(), ids=FILES)
def test_a_mistake_in_the_configuration_is_told(evidence, home, text, says):
    (home / "evidence.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    told(evidence("sync", "--quiet"), 2, says)


VARIABLES = {
    "EVIDENCE_NOPE": ("1", 2, "EVIDENCE_NOPE is no known setting"),
    "EVIDENCE_ORGANIZATION__NAME": ("Acme", 2, "did you mean EVIDENCE_ORGANISATION__"),
    "EVIDENCE_POLICY__APPROVALS_REQUIRED": ("many", 2, "policy.approvals_required"),
    "EVIDENCE_POLICY__NOPE": ("1", 2, "policy.nope"),
    "EVIDENCE_SOURCE": ("[not JSON", 2, "holds no JSON"),
    "EVIDENCE_CONFIG": ("/no/such.toml", 2, "/no/such.toml"),
    "EVIDENCE_HOME": ("/dev/null/home", 2, "Set EVIDENCE_HOME"),
}


@pytest.mark.parametrize(("name", "said"), VARIABLES.items(), ids=VARIABLES)
def test_a_mistake_in_the_environment_is_told(evidence, monkeypatch, name, said):
    value, code, says = said
    monkeypatch.setenv(name, value)
    told(evidence("config", "show"), code, says)


STORES = {
    "mysql://db.example/evidence": "cannot be a mysql database",
    "no URL": "not one that SQLAlchemy reads",
    "postgresql://127.0.0.1:1/evidence?connect_timeout=2": "The database refused",
    "sqlite:////dev/null/evidence": "The database refused",
}


@pytest.mark.parametrize(("url", "says"), STORES.items(), ids=STORES)
def test_a_store_that_cannot_be_is_told(evidence, monkeypatch, url, says):
    monkeypatch.setenv("EVIDENCE_STORE__URL", url)
    told(evidence("status"), 1, says)


# --- a store that works, asked for what it cannot give

ASKED = {
    "an unknown commit": (("trace", "f" * 40), 2, "Nothing is known of"),
    "nothing at all": (("trace", ""), 2, "Nothing is known of"),
    "a text that no sha is": (("trace", "'; DROP TABLE entry; --"), 2, "Nothing is known of"),
    "a NUL": (("trace", "a\0b"), 2, "Nothing is known of"),
    "a local time on Mars": (("trace", "shop:pr:2", "--zone", "Mars"), 2, "Mars"),
    "a day that is none": (
        ("report", "--from", "2026-02-30", "--to", "2026-03-01"),
        2,
        "2026-02-30",
    ),
    "a period backwards": (
        ("report", "--from", "2026-07-02", "--to", "2026-07-01"),
        2,
        "Write --from 2026-07-01 --to 2026-07-02",
    ),
    "a period on Mars": (("report", *SHORT, "--zone", "Mars"), 2, "Mars"),
    "a period to the end of time": (
        ("report", "--from", "2026-07-01", "--to", "9999-12-31"),
        2,
        "9999",
    ),
    "a period from the beginning": (
        ("report", "--from", "0001-01-01", "--to", "2026-07-01", "--zone", "Europe/Berlin"),
        2,
        "0001",
    ),
    "a zone outside its folder": (("report", *SHORT, "--zone", "../../etc/passwd"), 2, "passwd"),
    "a ledger larger than it is": (("report", *SHORT, "--at", "99999"), 2, "99999"),
    "a ledger smaller than nothing": (("report", *SHORT, "--at", "-1"), 2, "-1"),
    "a moment that is none": (("report", *SHORT, "--as-of", "noon"), 2, "--as-of noon"),
    "a moment without an offset": (
        ("report", *SHORT, "--as-of", "2026-07-01T12:00"),
        2,
        "UTC offset",
    ),
    "a packet below a file": (
        ("report", *SHORT, "-o", "/dev/null/packet"),
        2,
        "may write with --output",
    ),
    "an entry that is not there": (("custody", "99999"), 2, "The ledger has no entry 99999"),
    "an entry before the first": (("custody", "--", "-1"), 2, "The ledger has no entry -1"),
    "a file that is no deployment": (
        ("ingest", "deployment", "/etc/hostname"),
        1,
        "Hand over what the subcommand's --help describes",
    ),
    "a packet where something is": (("report", *SHORT, "-o", "."), 2, "exists already"),
    "an unknown source": (("sync", "gitlab"), 2, "There is no source `gitlab`"),
    "a start that is no time": (("sync", "--since", "yesterday"), 2, "--since yesterday"),
    "a start before all time": (("sync", "--since", "0001-01-01"), 2, "--since 0001-01-01"),
    "keys that are there already": (("keys", "init"), 2, "never overwritten"),
}


@pytest.mark.parametrize(("words", "code", "says"), ASKED.values(), ids=ASKED)
def test_a_question_that_has_no_answer_is_told(evidence, shop, words, code, says):
    told(evidence(*words), code, says)


def test_a_short_sha_of_several_commits_is_told(evidence, shop):
    with sqlite3.connect(shop.home / "evidence.sqlite3") as store:
        (kind, change), *_ = store.execute("SELECT kind, change_id FROM chain_index").fetchall()
        columns = [row[1] for row in store.execute("PRAGMA table_info(chain_index)")]
        for digit in "ab":
            row = {"generation": 1, "kind": "sha", "change_id": change, "term": "abcd" + digit * 36}
            store.execute(
                f"INSERT INTO chain_index ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                [row.get(name, "") for name in columns],
            )
    assert kind
    told(evidence("trace", "abcd"), 2, "abcd is the beginning of 2 commits")


def test_a_store_of_a_newer_program_is_told(evidence, shop):
    with sqlite3.connect(shop.home / "evidence.sqlite3") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (("status",), ("trace", "shop:pr:2"), ("report", *SHORT), ("db", "upgrade")):
        told(evidence(*words), 1, "9999")


def test_a_key_that_others_may_read_is_told(evidence, shop):
    (shop.keys / "signing.key").chmod(0o644)
    told(evidence("report", *SHORT), 2, "signing.key")


def test_a_key_folder_that_others_may_write_is_told(evidence, shop):
    shop.keys.chmod(0o777)
    told(evidence("report", *SHORT), 2, "chmod 700")


def test_a_file_that_is_no_key_is_told(evidence, shop):
    (shop.keys / "pdf.key").write_text("no key")
    told(evidence("report", *SHORT), 2, "pdf.key")


def test_trust_that_is_not_there_is_told(evidence, packet):
    told(evidence("verify", packet, "--trust", "no.txt"), 2, "no.txt")


def test_trust_that_holds_no_key_is_told(evidence, packet, home):
    (home / "trust.txt").write_text("Trust me.\n")
    told(evidence("verify", packet, "--trust", "trust.txt"), 2, "trust.txt")


def test_a_demo_in_a_folder_with_something_in_it_is_told(evidence, home):
    (home / "notes.txt").write_text("mine")
    told(evidence("demo", "--quiet", "--output", home), 2, "is not empty")


def test_a_configuration_is_not_written_over(evidence, home):
    (home / "evidence.toml").write_text("# mine\n")
    told(evidence("init"), 2, "exists already")
    assert (home / "evidence.toml").read_text() == "# mine\n"


def test_a_data_directory_that_is_a_file_is_told(evidence, home, monkeypatch):
    (home / "data").write_text("")
    monkeypatch.setenv("EVIDENCE_HOME", str(home / "data"))
    told(evidence("status"), 2, "Set EVIDENCE_HOME")


def test_a_folder_that_is_no_packet_is_told(evidence, shop: Synced):
    ran = evidence("verify", Path(shop.home))
    assert (ran.code, "error: This packet does not verify" in ran.err) == (6, True)
