"""The documentation is true: what it says to run runs, generated pages are fresh, links resolve."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from evidence import errors
from evidence.config.settings import Settings
from evidence.config.wizard import Answers, render
from evidence.model.capture import GapReason

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])

_spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)


def name(path: Path) -> str:
    """The page as a test is named after it."""
    return str(path.relative_to(ROOT))


def blocks(path: Path, mark: str) -> list[str]:
    """The fenced blocks whose info string is `mark`."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{re.escape(mark)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_only_the_tutorial_is_marked_to_be_run_and_test_wheel_runs_it():
    assert [name(path) for path in PAGES if blocks(path, "sh run")] == [
        "docs/tutorial/first-packet.md"
    ]


# --- generated pages


@pytest.mark.long
@pytest.mark.parametrize("page", reference.PAGES)
def test_a_generated_page_is_fresh(page):
    written = (reference.REFERENCE / page).read_text(encoding="utf-8")
    assert written == reference.PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_place_on_the_machine_that_made_it(page):
    text = page.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert not re.search(r"(?<![\w.])/(root|tmp|work)/", text)


# --- links


def _headings(path: Path) -> set[str]:
    """The anchors that a forge makes of the headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_internal_link_leads_somewhere(page):
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = (page.parent / place).resolve() if place else page
        if not path.exists() or (anchor and anchor not in _headings(path)):
            dead.append(target)
    assert dead == []


def test_every_page_of_the_documentation_can_be_reached_from_the_readme():
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            if path.is_dir():
                waiting.extend(path.glob("*.md"))
            elif path.suffix == ".md" and path.exists():
                waiting.append(path)
    assert [name(path) for path in sorted(DOCS.rglob("*.md")) if path not in seen] == []


@pytest.mark.parametrize("picture", ["trace.png", "packet.png"])
def test_a_picture_of_the_readme_is_a_small_png(picture):
    data = (DOCS / "images" / picture).read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) < 300_000


# --- complete


def test_every_exit_code_is_documented():
    page = (DOCS / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    raised = {each.exit_code for each in classes if issubclass(each, errors.EvidenceError)}
    assert documented == raised | {0, 3, 130}


def test_every_reason_of_a_gap_is_documented_with_what_to_do():
    page = (DOCS / "reference" / "gaps.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [reason for reason, *_ in rows] == [str(reason) for reason in GapReason]


def test_the_glossary_defines_each_word_once():
    page = (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8")
    words = [
        word
        for row in re.findall(r"^\| ([^|]+) \| [A-Z]", page, re.MULTILINE)
        for word in row.split(", ")
    ]
    assert len(words) == len(set(words))
    assert {"population", "determination", "deviation", "gap", "packet", "chain of custody"} <= set(
        words
    )


def _keys(values, prefix=""):
    """Every key of a parsed TOML file; tables in lists by the name of the list."""
    if isinstance(values, list):
        for one in values:
            yield from _keys(one, prefix)
    elif isinstance(values, dict):
        for key, value in values.items():
            yield f"{prefix}{key}"
            yield from _keys(value, f"{prefix}{key}.")


def _fields(schema, of, prefix=""):
    """Every key that the settings know."""
    if "$ref" in of:
        of = schema["$defs"][of["$ref"].rpartition("/")[2]]
    if of.get("type") == "array":
        yield from _fields(schema, of.get("items", {}), prefix)
    for key, inner in of.get("properties", {}).items():
        yield f"{prefix}{key}"
        yield from _fields(schema, inner, f"{prefix}{key}.")


def test_every_setting_is_documented_in_the_example():
    example = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    schema = json.loads(json.dumps(Settings.model_json_schema()))
    assert sorted(set(_fields(schema, schema)) - set(_keys(example))) == []


def test_what_init_writes_names_pages_that_exist():
    pages = re.findall(r"docs/[\w/.-]+\.md", render(Answers()))
    assert pages
    assert [page for page in pages if not (ROOT / page).exists()] == []


def test_the_readme_names_only_commands_that_exist():
    typed = re.findall(r"(?:^|`)evidence ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    known = {words[0] for words in reference.COMMANDS if words}
    assert sorted(set(typed) - known) == []


def test_the_readme_names_only_targets_of_make_that_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert named
    assert named <= targets
