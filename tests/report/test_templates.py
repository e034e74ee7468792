"""What a template may do: values in text only, links and classes by the vetted helpers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence import assets
from evidence.report.sections import SECTIONS

TEMPLATES = sorted((assets.templates() / "packet").rglob("*.j2"))
FORBIDDEN = {
    "a value in style, class, src or href": re.compile(
        r"\b(?:style|class|src|srcset|href|id|on\w+)\s*=\s*\"[^\"]*\{[{%]"
    ),
    "an unquoted attribute value": re.compile(r"[\w-]+=\{\{"),
    "a filter that switches escaping off": re.compile(r"\|\s*safe\b|autoescape"),
    "a script": re.compile(r"<script", re.IGNORECASE),
}
ANCHORS = {'<section id="{{ section.anchor }}', 'href="#{{ other.anchor }}'}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(path: Path, what: str) -> None:
    text = path.read_text("utf-8")
    for anchor in ANCHORS:
        text = text.replace(anchor, "")
    assert FORBIDDEN[what].findall(text) == []


def test_each_section_has_its_template_and_each_template_its_section() -> None:
    found = {path.name for path in TEMPLATES if path.parent.name == "sections"}
    assert found == {f"{section.name}.html.j2" for section in SECTIONS}


@pytest.mark.parametrize("style", ["screen.css", "print.css"])
def test_no_style_sheet_names_an_address(style: str) -> None:
    text = (assets.templates() / "packet" / style).read_text("utf-8")
    assert re.findall(r"url\(|@import|https?:", text) == []


def test_the_print_style_uses_no_slow_layout() -> None:
    text = (assets.templates() / "packet" / "print.css").read_text("utf-8")
    rules = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert re.findall(r"flex|grid|float|target-counter|leader\(", rules) == []
