"""Collects case files: each is one test named by its id; the summary names what is not tested.

Variants of a case (`B03-P-exact`) are marked slow.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from case_files import CaseError, case_paths, read_case

UNTESTED = "control not implemented"


def pytest_generate_tests(metafunc):
    if "case_path" in metafunc.fixturenames:
        folder = Path(metafunc.config.getoption("--cases"))
        if not folder.is_absolute():
            folder = metafunc.config.invocation_params.dir / folder
        if not folder.exists():
            raise pytest.UsageError(f"--cases {folder} does not exist.")
        asked = metafunc.config.getoption("--engine")
        engines = ("sqlite", "postgres") if asked == "both" else (asked,)
        metafunc.parametrize(
            ("case_path", "case_store"),
            [_param(path, engine) for path in case_paths(folder) for engine in engines],
            indirect=["case_store"],
        )


def _param(path, engine):
    """A test named by the file, which is the case's id; a file that cannot be read fails as one."""
    try:
        reason = read_case(path).xfail
    except CaseError:
        reason = ""
    marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
    if "-" in path.stem:  # a variant of another case: `make golden` runs these, too
        marks.append(pytest.mark.slow)
    name = path.stem if engine == "sqlite" else f"{path.stem} on {engine}"
    return pytest.param(path, engine, id=name, marks=marks)


def pytest_terminal_summary(terminalreporter):
    found = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == UNTESTED:
                    control, case = value
                    found.setdefault(control, set()).add(case)
    if found:
        terminalreporter.section("controls that cases name and that are not implemented yet")
    for control, cases in sorted(found.items()):
        terminalreporter.line(f"{control}: {', '.join(sorted(cases))}")
