"""packet.html in a real browser: it asks for nothing, runs nothing and fits a telephone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from packet_factory import make_small, with_title
from pytest_httpserver import HTTPServer

from evidence.report import render
from evidence.report.render import write_packet

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

HOSTILE = (
    '<img src="{url}/img" onerror="document.title=\'ran\'"><script>document.title="ran"</script>'
    '<script src="{url}/js"></script><link rel=stylesheet href="{url}/css">'
    "<svg onload=\"document.title='ran'\"></svg><iframe src={url}/frame></iframe>"
)

MEASURE = (
    "<script>onload=()=>parent.postMessage(document.documentElement.scrollWidth<=innerWidth"
    '?"fits":"overflows","*")</script></body>'
)
FRAME = (
    "<title>none</title><script>onmessage=e=>{{document.title=e.data}}</script>"
    '<iframe src="{page}" width="{width}" height="800" style="border:0"></iframe>'
)


def title(page: Path, profile: Path) -> str:
    """The document's title after its scripts, if any, had eight seconds of virtual time."""
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--window-size=1400,900",
            "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    found = re.search(r"<title>([^<]*)", done.stdout)
    return found[1] if found else ""


@pytest.fixture
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "write_pdf", lambda _html, path, *_rest: path.write_bytes(b""))


@pytest.mark.usefixtures("without_pdf")
def test_a_hostile_title_asks_for_nothing_and_runs_nothing(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    hostile = HOSTILE.format(url=httpserver.url_for(""))
    write_packet(with_title(make_small(), hostile), tmp_path / "p")
    seen = title(tmp_path / "p" / "packet.html", tmp_path / "profile")
    assert seen.startswith("Acme Example Ltd: change management evidence")
    assert httpserver.log == []


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_needs_no_sideways_scrolling(page: str, tmp_path: Path, width: int) -> None:
    # The measuring script is added to a copy; the packet's own policy would not let it run.
    measured = page.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    (tmp_path / "page.html").write_text(measured.replace("</body>", MEASURE), "utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(page="page.html", width=width), "utf-8")
    assert title(frame, tmp_path / "profile") == "fits"
