"""How many fault points are run, and the table of what became of them at the end."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))

from fault_run import table

_OUTCOMES: Counter[str] = Counter()


def pytest_generate_tests(metafunc):
    """Many points are divided, so that two processes can take them; a few are not worth it."""
    if "shard" in metafunc.fixturenames:
        slow = metafunc.definition.get_closest_marker("slow") is not None
        shards = 8 if slow or metafunc.config.getoption("--faults") > 100 else 1
        metafunc.parametrize("shard", [slice(one, None, shards) for one in range(shards)], ids=str)


def pytest_runtest_logreport(report):
    """Adds up what the tests say; reports of workers arrive here as well."""
    if report.when == "call":
        for name, number in report.user_properties:
            if name.startswith("faults: "):
                _OUTCOMES[name.removeprefix("faults: ")] += number


def pytest_terminal_summary(terminalreporter):
    """The table of the whole run."""
    if _OUTCOMES:
        terminalreporter.section("fault points")
        for line in table(_OUTCOMES):
            terminalreporter.write_line(line)
