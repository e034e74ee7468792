"""The built wheel works alone: outside the checkout, without development packages, all of it.

The environment is made of what `requirements.lock` names: those distributions, linked from the ones
that are installed here, and the wheel. Nothing is downloaded.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "tutorial" / "first-packet.md"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _link_runtime(target: Path) -> None:
    """Links whatever the locked distributions brought into site-packages, and nothing else."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {
        _canonical(name)
        for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", lock, re.MULTILINE)
    }
    target.mkdir()
    for distribution in metadata.distributions():
        if _canonical(distribution.name) not in locked:
            continue
        tops = {path.parts[0] for path in distribution.files or () if path.parts[0] != ".."}
        for top in tops - {"__pycache__"}:
            source = Path(str(distribution.locate_file(top)))
            if source.exists() and not (target / top).exists():
                (target / top).symlink_to(source)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the tree as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel and the locked distributions; its `bin` directory."""
    folder = tmp_path_factory.mktemp("environment")
    _link_runtime(folder / "runtime")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True
    )
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)], check=True
    )
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "runtime.pth").write_text(f"{folder / 'runtime'}\n")
    return python.parent


@pytest.fixture
def run(installed, tmp_path):
    """Runs a shell script with only the wheel's environment on the path, in an empty folder."""

    def shell(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env={"PATH": f"{installed}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return shell


def runnable(page: Path) -> str:
    """The blocks of a page that are marked `sh run`, in order."""
    text = page.read_text(encoding="utf-8")
    return "".join(re.findall(r"^```sh run\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def test_the_wheel_holds_templates_migrations_and_the_example(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    held = {name.split("/")[2] for name in names if name.startswith("evidence/_data/")}
    assert held == {"templates", "migrations", "config.example.toml"}
    assert "evidence/demo/worlds/demo.toml" in names
    assert "evidence/controls/catalog.toml" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "tools/", "bench/"))]


def test_the_program_runs_from_the_wheel_and_not_from_the_checkout(run, installed):
    script = (
        "import evidence, sys; from evidence import assets; "
        "print(evidence.__file__, assets.templates(), assets.migrations(), sep='\\n')"
    )
    ran = run(f'evidence --version; python -c "{script}"')
    assert ran.returncode == 0, ran.stderr
    version, *places = ran.stdout.splitlines()
    assert version.startswith("evidence ")
    assert [place for place in places if not place.startswith(str(installed.parent))] == []


def test_no_development_package_is_there(run):
    ran = run("python -c 'import pytest'")
    assert ran.returncode == 1
    assert "No module named 'pytest'" in ran.stderr


def test_an_offline_start_writes_a_configuration_that_loads(run):
    ran = run(
        "evidence init --non-interactive --answer application_repository=acme/shop\n"
        "evidence config show --origin\nevidence db upgrade\nevidence status\n"
        "evidence keys init --name Acme >/dev/null\nevidence keys export-public"
    )
    assert ran.returncode == 0, ran.stderr
    assert "acme/shop" in ran.stdout
    assert 'evidence namespaces="' in ran.stdout


@pytest.mark.slow
def test_every_block_of_the_tutorial_runs_from_the_wheel(run, tmp_path):
    assert list(tmp_path.iterdir()) == []
    ran = run(runnable(TUTORIAL))
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    for said in (
        "shop:pr:2  Add gift cards",
        "CM-04  FAIL     stale-approval",
        "This packet verifies: ",
        "exit 6",
        "entries replayed",
    ):
        assert said in ran.stdout
    assert ran.stdout.count("This packet verifies: ") == 2
