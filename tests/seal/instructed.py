"""Runs the commands of a packet's VERIFY.md as an auditor would: in a clean shell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"}


def commands(folder: Path) -> str:
    text = (folder / "VERIFY.md").read_text()
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))


def run_instructions(folder: Path, trust: Path | None = None, tsa: Path | None = None):
    named = {"TRUST": trust, "TSA": tsa}
    environment = CLEAN | {name: str(path) for name, path in named.items() if path}
    return subprocess.run(
        ["sh", "-eu", "-c", commands(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
