"""Each file below the folder of `--formats` is one test, named by its place in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from format_reading import family_of


def pytest_generate_tests(metafunc):
    if "format_file" not in metafunc.fixturenames:
        return
    folder = Path(metafunc.config.getoption("--formats"))
    if not folder.is_absolute():
        folder = metafunc.config.invocation_params.dir / folder
    files = sorted(one for one in folder.rglob("*") if one.is_file() and family_of(one))
    if not files:
        raise pytest.UsageError(f"--formats {folder} holds no file in a folder of a known system.")
    names = [str(one.relative_to(folder)) for one in files]
    metafunc.parametrize("format_file", files, ids=names)
