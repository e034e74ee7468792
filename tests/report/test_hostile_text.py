"""Text from a source stays text: it fetches nothing, embeds nothing, runs nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packet_factory import make_packet, make_small, with_title
from pytest_httpserver import HTTPServer

from evidence.errors import RenderError
from evidence.report import html
from evidence.report.dossier import build_dossier
from evidence.report.pdf import write_pdf
from evidence.report.render import write_packet
from evidence.report.summary import summarise

HOSTILE = (
    '<img src="{url}/img"><link rel="stylesheet" href="{url}/css">'
    '<link rel="attachment" href="file:///etc/hostname"><link rel=attachment href="{url}/att">'
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/svg"/></svg>'
    '<style>body {{ background: url({url}/bg) }}</style><object data="{url}/obj"></object>'
    '"><script src="{url}/js"></script><iframe src="file:///etc/passwd"></iframe>'
    "' onmouseover='alert(1)' style='background:url({url}/ss)' {{{{ 7 * 7 }}}} {{% raw %}}"
)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


def elements(page: str) -> Elements:
    parser = Elements()
    parser.feed(page)
    return parser


@pytest.fixture(scope="module")
def fragment():
    """Renders the first dossier of the packet under another title."""
    env = html.environment("Europe/Berlin")

    def render(title: str) -> str:
        data = with_title(make_packet(), title)
        summary = summarise(data)
        chain = list(data.chains)[1]
        dossier = build_dossier(chain.change, chain, summary, (), in_population=True)
        return html.fragment(env, dossier)

    return render


def test_a_hostile_title_fetches_and_embeds_nothing(httpserver: HTTPServer, tmp_path: Path) -> None:
    hostile = HOSTILE.format(url=httpserver.url_for(""))
    write_packet(with_title(make_small(), hostile), tmp_path)
    with pikepdf.open(tmp_path / "packet.pdf") as pdf:
        attached = list(pdf.attachments)
    assert httpserver.log == []
    assert attached == ["results.json"]


def test_a_hostile_title_adds_no_element_to_the_page(tmp_path: Path) -> None:
    write_packet(with_title(make_small(), "plain title"), tmp_path / "plain")
    write_packet(
        with_title(make_small(), HOSTILE.format(url="https://evil.test")), tmp_path / "odd"
    )
    plain = elements((tmp_path / "plain/packet.html").read_text("utf-8"))
    odd = elements((tmp_path / "odd/packet.html").read_text("utf-8"))
    assert odd.found == plain.found
    assert "script" not in {tag for tag, _ in odd.found}


@given(title=st.text(min_size=1, max_size=200))
@settings(max_examples=60)
def test_no_title_changes_the_elements_of_a_dossier(fragment, title: str) -> None:
    assert elements(fragment(f"t{title}")).found == elements(fragment("t")).found


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "//evil.test/x",
        "https://user:pass@evil.test/",
        "https:\\\\evil.test",
        "https://evil.test/\u202egpj.exe",
        "https://[::1",
        "https:",
    ],
)
def test_an_odd_address_is_printed_and_never_a_link(fragment, address: str) -> None:
    assert [href for href in elements(fragment(address)).hrefs if not href.startswith("#")] == []


@pytest.mark.parametrize("address", ["https://forge.test/a?b=1&c=2", "mailto:audit@acme.example"])
def test_an_ordinary_address_is_a_link(fragment, address: str) -> None:
    assert set(elements(fragment(address)).hrefs) - {"#"} == {address}


def test_a_document_that_asks_for_anything_outside_is_not_rendered(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    document = f'<html lang="en"><title>t</title><img alt="" src="{httpserver.url_for("/x")}">'
    with pytest.raises(RenderError, match="may not fetch"):
        write_pdf(
            document, tmp_path / "x.pdf", ("a.json", "a", b"{}"), datetime(2026, 1, 1, tzinfo=UTC)
        )
    assert httpserver.log == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "attribute", ["p style", "img src", "object data", "link rel=stylesheet href"]
)
def test_files_and_styles_are_not_fetched_either(tmp_path: Path, attribute: str) -> None:
    value = {
        "p style": "background: url(file:///etc/hostname)",
        "img src": "file:///etc/hostname",
        "object data": "file:///etc/hostname",
        "link rel=stylesheet href": "file:///etc/hostname",
    }
    document = f'<html lang="en"><title>t</title><{attribute}="{value[attribute]}">x'
    with pytest.raises(RenderError, match="file:///etc/hostname"):
        write_pdf(
            document, tmp_path / "x.pdf", ("a.json", "a", b"{}"), datetime(2026, 1, 1, tzinfo=UTC)
        )


@pytest.mark.long
def test_what_no_font_can_draw_is_printed_as_a_mark_in_the_pdf_only(tmp_path: Path) -> None:
    write_packet(with_title(make_small(), "key \U0010fffd → Grüße"), tmp_path)
    told = " ".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "packet.pdf").pages)
    assert "key \\U0010fffd → Grüße" in told
    assert "key \U0010fffd → Grüße" in (tmp_path / "packet.html").read_text("utf-8")


def test_the_page_forbids_scripts_and_outside_requests(page: str) -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    used = {name for _, names in elements(page).found for name in names}
    assert used & {"src", "srcset", "style", "onclick", "onload", "action", "background"} == set()


def test_lone_surrogates_and_nul_in_every_title_still_give_a_packet(tmp_path: Path) -> None:
    data = with_title(make_small(), "a\ud800b\x00c\u202ed")
    write_packet(replace(data, entity="Acme \udfff"), tmp_path)
    assert "a\\ud800b\\u0000c\\u202ed" in (tmp_path / "packet.html").read_text("utf-8")
    assert '"title":"a\\\\ud800b\\u0000c\u202ed"' in (tmp_path / "population.jsonl").read_text(
        "utf-8"
    )
