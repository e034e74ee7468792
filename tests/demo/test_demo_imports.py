"""The world and its servers share no understanding with the program that reads them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evidence.demo

FOLDER = Path(evidence.demo.__file__).parent
MODULES = [path for path in sorted(FOLDER.glob("*.py")) if path.name != "run.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_simulation_imports_only_the_simulation_and_the_errors(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module)
        elif isinstance(node, ast.Import):
            imported.update(name.name for name in node.names)
    ours = {name for name in imported if name.split(".")[0] == "evidence"}
    assert {name for name in ours if not name.startswith("evidence.demo.")} <= {"evidence.errors"}
    assert "evidence.demo.run" not in ours
