"""Draws the pictures of the README from what `make demo` left: a trace, and a page of the packet.

    .venv/bin/python tools/pictures.py        # after `make demo`; needs Chromium and pdftoppm

The trace is the program's own output, coloured; the page is the packet's own PDF.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

DEMO = Path("reports/demo")
PICTURES = Path("docs/images")
COLOURS = 256
WIDTH = 1350
HANG = 22
"""Characters by which the later lines of a wrapped line are set in."""
STYLE = f"""
body {{ margin: 0; padding: 22px 26px; background: #0f141c; color: #dce3ea; }}
div {{ font: 14px/20px "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; padding-left: {HANG}ch; text-indent: -{HANG}ch; min-height: 20px; }}
.tree, .note {{ color: #7d8794; }} .head {{ color: #8fb4ff; font-weight: bold; }}
.pass {{ color: #7fd48a; font-weight: bold; }} .FAIL {{ color: #ff8f8f; font-weight: bold; }}
.unknown {{ color: #ecc776; font-weight: bold; }} .na {{ color: #7d8794; }}
.prompt {{ color: #fff; font-weight: bold; }}
"""


def trace_lines(change: str) -> list[str]:
    """What `evidence trace` prints of a change of the demo."""
    program = Path(sys.executable).with_name("evidence")
    command = [str(program), "trace", change, "--config", str(DEMO / "evidence.toml")]
    environment = {**os.environ, "EVIDENCE_HOME": str(DEMO / "data")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def coloured(line: str) -> str:
    """One line of the tree as HTML."""
    tree, rest = re.fullmatch(r"([│├└─ ]*)(.*)", line).groups()  # type: ignore[union-attr]
    told = html.escape(rest, quote=False)
    if tree.strip() in {"├─", "└─"} and not tree.startswith("│"):
        told = f'<span class="head">{told}</span>'
    told = re.sub(
        r"^(CM-\d\d +)(pass|FAIL|unknown|n/a)\b",
        lambda match: f'{match[1]}<span class="{match[2].replace("/", "")}">{match[2]}</span>',
        told,
    )
    told = re.sub(r"((?:#\d+, )*#\d+)$", r'<span class="note">\1</span>', told)
    told = re.sub(r"(\([a-z_:]+, (?:proved|strong|inferred|candidate)\))", _note, told)
    return f'<div><span class="tree">{tree}</span>{told or "&nbsp;"}</div>'


def _note(match: re.Match[str]) -> str:
    return f'<span class="note">{match[1]}</span>'


def draw_trace(change: str, target: Path) -> None:
    """The coloured trace, photographed by a headless Chromium and cut to what is on it."""
    prompt = f'<div class="prompt">$ evidence trace {html.escape(change)}</div>'
    body = prompt + "".join(map(coloured, trace_lines(change)))
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder, "trace.html"), Path(folder, "trace.png")
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}")
        chromium = shutil.which("chromium") or "chromium-browser"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={WIDTH},3000"
        subprocess.run(
            [chromium, *options, size, f"--screenshot={shot}", page.as_uri()],
            check=True,
            capture_output=True,
        )
        picture = Image.open(shot).convert("RGB")
        ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
        box = ImageChops.difference(picture, ground).getbbox()
        bottom = (box[3] if box else 0) + 22
        save(picture.crop((0, 0, WIDTH, bottom)), target)


def draw_page(words: str, target: Path) -> None:
    """The first page of the packet that begins with these words."""
    packet = DEMO / "packet" / "packet.pdf"
    text = subprocess.run(["pdftotext", str(packet), "-"], capture_output=True, check=True).stdout
    pages = text.decode().split("\f")
    number = next(
        number
        for number, page in enumerate(pages, 1)
        if words in page.splitlines()[:12] and "Contents" not in page
    )
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder, "page")
        chosen = ["-f", str(number), "-l", str(number), "-r", "80", "-png", "-singlefile"]
        subprocess.run(["pdftoppm", *chosen, str(packet), str(stem)], check=True)
        save(Image.open(stem.with_suffix(".png")).convert("RGB"), target)


def save(picture: Image.Image, target: Path) -> None:
    """With few colours: the pictures stand in the repository."""
    picture.quantize(COLOURS).save(target, optimize=True)


def main() -> None:
    """Draws both."""
    draw_trace("shop:pr:44", PICTURES / "trace.png")
    draw_page("Results", PICTURES / "packet.png")


if __name__ == "__main__":
    main()
