"""The invented captures of the store's tests, and a user with keys and a ledger."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tampering import fill

from evidence.cli import main as program
from evidence.seal import keys
from evidence.store import upgrade
from evidence.store.session import connect

_PATH = Path(__file__).parent.parent / "store" / "conftest.py"
_spec = importlib.util.spec_from_file_location("store_captures", _PATH)
_captures = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _captures  # its dataclasses look themselves up
_spec.loader.exec_module(_captures)


@pytest.fixture
def shop():
    """Builds captures, says what they mean, and writes them as pages."""
    return _captures.Shop()


@pytest.fixture
def orchard(tmp_path, monkeypatch):
    """A user with keys and a ledger, in whose `folder` the commands run; `held` are the keys."""
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("EVIDENCE_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("EVIDENCE_ORGANISATION__NAME", "Orchard")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    held = keys.init(tmp_path / "keys", name="Orchard")
    (tmp_path / "trust.txt").write_text(keys.trust_file(held))
    url = f"sqlite:///{tmp_path / 'data' / 'evidence.sqlite3'}"
    with closing(connect(url)) as store:
        upgrade.upgrade(store)
        fill(store)
    return SimpleNamespace(folder=tmp_path, held=held, url=url)


@pytest.fixture
def evidence(monkeypatch, capsys):
    """Runs a command; its exit code, stdout and stderr."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["evidence", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            program.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run
