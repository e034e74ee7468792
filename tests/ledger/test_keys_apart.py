"""Who can alter the ledger must not thereby be able to sign it: keys never lie beside the data."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


from evidence.store import ledger
from evidence.store.session import connect


@pytest.fixture
def home(orchard):
    """A user whose keys and data lie apart."""
    return orchard.folder


@pytest.fixture
def evidence(evidence):
    """Runs a command; its exit code and all that it said."""

    def run(*words):
        code, out, err = evidence(*words)
        return code, out + err

    return run


def inside(home, monkeypatch):
    shutil.move(home / "keys", home / "data" / "keys")
    monkeypatch.setenv("EVIDENCE_KEYS", str(home / "data" / "keys"))


def by_setting(home, monkeypatch):
    shutil.move(home / "keys", home / "data" / "keys")
    monkeypatch.delenv("EVIDENCE_KEYS")
    monkeypatch.setenv("EVIDENCE_SEAL__KEYS", "data/keys")


def as_one(home, monkeypatch):
    for path in (home / "keys").iterdir():
        shutil.move(path, home / "data" / path.name)
    monkeypatch.setenv("EVIDENCE_KEYS", str(home / "data"))


def by_a_linked_folder(home, monkeypatch):
    shutil.move(home / "keys", home / "data" / "keys")
    (home / "keys").symlink_to(home / "data" / "keys")


def by_a_linked_key(home, monkeypatch):
    shutil.move(home / "keys" / "signing.key", home / "data" / "signing.key")
    (home / "keys" / "signing.key").symlink_to(home / "data" / "signing.key")


def by_a_linked_data_directory(home, monkeypatch):
    (home / "elsewhere").symlink_to(home)
    monkeypatch.setenv("EVIDENCE_HOME", str(home / "elsewhere" / "data"))
    inside(home, monkeypatch)


def data_in_the_configuration_directory(home, monkeypatch):
    monkeypatch.delenv("EVIDENCE_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    shutil.move(home / "data", home / "config" / "evidence")
    shutil.move(home / "keys", home / "config" / "evidence" / "keys")
    monkeypatch.setenv("EVIDENCE_HOME", str(home / "config" / "evidence"))


TOGETHER = (
    inside,
    by_setting,
    as_one,
    by_a_linked_folder,
    by_a_linked_key,
    by_a_linked_data_directory,
    data_in_the_configuration_directory,
)


@pytest.mark.parametrize("together", TOGETHER, ids=lambda one: one.__name__)
def test_keys_in_the_data_directory_sign_nothing(home, evidence, monkeypatch, together):
    (home / "config").mkdir()
    together(home, monkeypatch)
    for words in (("anchor",), ("keys", "list"), ("doctor",)):
        code, said = evidence(*words)
        assert (code, "lie in the data directory" in " ".join(said.split())) == (2, True), words
    database = next(home.rglob("evidence.sqlite3"))
    with closing(connect(f"sqlite:///{database}")) as store:
        assert ledger.checkpoints(store) == []


def test_keys_are_not_made_in_the_data_directory(home, evidence, monkeypatch):
    monkeypatch.setenv("EVIDENCE_KEYS", str(home / "data" / "new"))
    assert evidence("keys", "init")[0] == 2
    assert not (home / "data" / "new").exists()


def test_data_beside_the_keys_in_the_configuration_directory_is_apart(home, evidence, monkeypatch):
    monkeypatch.delenv("EVIDENCE_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    shutil.move(home / "keys", home / "config" / "evidence" / "keys")
    shutil.move(home / "data", home / "config" / "evidence" / "data")
    monkeypatch.setenv("EVIDENCE_HOME", str(home / "config" / "evidence" / "data"))
    assert evidence("anchor")[0] == 0
