"""The program as a user meets it: in this process, or as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import Synced, synced

from evidence.cli import main as program
from evidence.config.load import load
from evidence.export import ReportRequest, report


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home of a user without any setting, and the working directory in it."""
    for name in list(os.environ):
        if name.startswith(("EVIDENCE_", "XDG_")):
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def evidence(home, monkeypatch, capsys):
    """Runs a command in this process, as `evidence ...` would."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["evidence", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            program.main()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return run


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a process of its own gets to see."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "100", **more}


@pytest.fixture
def start(home):
    """Starts a command as a process of its own; whatever still runs ends with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "evidence.cli", *map(str, words)]
        running.append(
            subprocess.Popen(
                command,
                env=environment(home, **(env or {})),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.communicate()


@pytest.fixture(scope="session")
def shop_once(tmp_path_factory) -> Synced:
    """The shop, synced once for all tests; each works on its own copy."""
    return synced(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(shop_once, tmp_path, home, monkeypatch) -> Synced:
    """A synced shop whose data directory and keys are in force."""
    own = replace(
        shop_once,
        home=Path(shutil.copytree(shop_once.home, tmp_path / "data")),
        keys=Path(shutil.copytree(shop_once.keys, tmp_path / "keys")),
        configuration=tmp_path / "evidence.toml",
    )
    text = shop_once.configuration.read_text(encoding="utf-8")
    text = text.replace(str(shop_once.keys), str(own.keys))
    own.configuration.write_text(text, encoding="utf-8")
    monkeypatch.setenv("EVIDENCE_HOME", str(own.home))
    monkeypatch.setenv("EVIDENCE_CONFIG", str(own.configuration))
    return own


@pytest.fixture(scope="session")
def packet_once(shop_once, tmp_path_factory, brief_pdfs) -> Path:
    """A packet of the shop's quarter, sealed once for all tests; each works on its own copy."""
    folder = tmp_path_factory.mktemp("packets") / "packet"
    asked = ReportRequest(start="2026-07-01", end="2026-09-30", destination=folder)
    with pytest.MonkeyPatch.context() as patch, brief_pdfs():
        patch.setenv("EVIDENCE_HOME", str(shop_once.home))
        report(load(shop_once.configuration), asked)
    return folder


@pytest.fixture
def packet(packet_once, tmp_path) -> Path:
    """A sealed packet of the test's own."""
    return Path(shutil.copytree(packet_once, tmp_path / "packet"))
