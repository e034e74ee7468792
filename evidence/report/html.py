"""The one Jinja2 environment: autoescape always, every value through `shown`, links vetted.

Templates may put values in text and in `{{ }}` alone; `href` comes from `link`, `ref` and `goto`,
`class` from `badge`. A test reads the templates and refuses anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup, escape

from evidence import assets
from evidence.errors import RenderError
from evidence.model.comments import suggests
from evidence.model.determination import Verdict
from evidence.report import text
from evidence.report.dossier import Dossier
from evidence.report.sections import SECTIONS, Section
from evidence.report.summary import rate, total
from evidence.report.view import Medium, View

_BADGES = {
    Verdict.PASS: ("pass", "pass"),
    Verdict.FAIL: ("dev", "deviation"),
    Verdict.ACCEPTED: ("dev", "deviation, accepted"),
    Verdict.ALTERNATIVE: ("pass", "pass, alternative evidence"),
    Verdict.UNKNOWN: ("unk", "unknown"),
    Verdict.NOT_APPLICABLE: ("na", "not applicable"),
}
_BRIEF = {
    "pass, alternative evidence": "pass, alt.",
    "deviation": "dev.",
    "deviation, accepted": "dev., acc.",
    "unknown": "unk.",
    "not applicable": "n/a",
}
_STYLES = {Medium.HTML: "screen.css", Medium.PDF: "print.css"}
_FULL_TEXT = 400_000


@lru_cache(maxsize=8)
def environment(zone: str) -> Environment:
    """Templates of the packet, compiled once; times are shown in UTC and in `zone`."""
    env = Environment(
        loader=FileSystemLoader(assets.templates() / "packet"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    env.globals = {
        "badge": badge,
        "brief": lambda verdict: badge(verdict, brief=True),
        "link": link,
        "goto": goto,
        "when": lambda us: when(us, zone),
        "utc": utc,
        "local": lambda us: text.local(us, zone),
        "who": text.who,
        "login": text.login,
        "short": text.short,
        "entries": text.entries,
        "entry": lambda seq: text.entries((seq,)),
        "duration": text.duration,
        "percent": text.percent,
        "rate": rate,
        "total": total,
        "full": full,
        "code": code,
        "prose": prose,
        "brief_id": text.brief_id,
        "suggests": suggests,
    }
    return env


def page(env: Environment, view: View) -> Iterator[str]:
    """The whole document for the view's medium, in pieces; dossiers are read as they are needed."""
    style = (assets.templates() / "packet" / _STYLES[view.medium]).read_text("utf-8")
    pieces = env.get_template("packet.html.j2").generate(
        data=view.data,
        medium=view.medium.value,
        style=Markup(style),  # noqa: S704 - our own file
        sections=[(section, _section(env, section, view)) for section in SECTIONS],
    )
    try:
        yield from pieces
    except TemplateError as error:
        raise RenderError(f"a packet template could not be rendered: {error}") from error


def fragment(env: Environment, dossier: Dossier) -> Markup:
    """One dossier, the same for both media."""
    try:
        return Markup(env.get_template("dossier.html.j2").render(dossier=dossier))  # noqa: S704
    except TemplateError as error:
        raise RenderError(f"the dossier template could not be rendered: {error}") from error


def _section(env: Environment, section: Section, view: View) -> Iterator[Markup]:
    template = env.get_template(f"sections/{section.name}.html.j2")
    context = {"data": view.data, "medium": view.medium.value, "ref": _ref(view)}
    context["verdict"] = view.summary.verdict
    for piece in template.generate({**context, **section.context(view)}):
        yield Markup(piece)  # noqa: S704 - escaped by the template it comes from


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return text.shown(value) if isinstance(value, str) else value


def _ref(view: View) -> Any:
    def ref(change_id: str, label: str = "") -> Markup:
        told = escape(text.shown(label or text.brief_id(change_id), 160))
        if change_id not in view.linked:
            return told
        return Markup('<a href="#{}">{}</a>').format(text.anchor("change", change_id), told)

    return ref


def goto(kind: str, key: str, *, define: bool = False) -> Markup:
    """`id="…"` of a thing (`define`), or a link to it labelled with its key."""
    name = text.anchor(kind, key)
    if define:
        return Markup('id="{}"').format(name)
    return Markup('<a href="#{}">{}</a>').format(name, text.shown(key, 160))


def link(url: str, label: str = "") -> Markup:
    """A link where the address may be one, else the text alone."""
    told = text.shown(label or url, 300)
    href = text.safe_href(url)
    if not href:
        return escape(told)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(href, told)


def badge(verdict: Verdict, *, brief: bool = False) -> Markup:
    """A verdict in words, so that it reads in greyscale and aloud."""
    name, words = _BADGES[verdict]
    told = _BRIEF.get(words, words) if brief else words
    return Markup('<span class="badge {}">{}</span>').format(name, told)


def utc(us: int) -> str:
    """A time in print: to the second; the files have what the source gave."""
    return text.utc(us - us % 1_000_000)


def when(us: int, zone: str) -> Markup:
    """A time in UTC with the local one below it; a dash where there is none."""
    if not us:
        return Markup("–")
    told = Markup('<span class="t">{}</span><br><span class="local t">{}</span>')
    return told.format(utc(us), text.local(us, zone))


def code(value: str) -> Markup:
    """An identifier in the fixed-width face."""
    return Markup("<code>{}</code>").format(text.shown(value)) if value else Markup("–")


def prose(value: str) -> Markup:
    """A sentence of ours, with what stands between backticks in the fixed-width face."""
    parts = text.shown(value).split("`")
    if len(parts) % 2 == 0:
        return escape(text.shown(value))
    told = [
        Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts)
    ]
    return Markup("").join(told)


def full(value: str) -> Markup:
    """A long text of our own making (a policy, a note), up to 400,000 characters."""
    return escape(text.visible(text.capped(value, _FULL_TEXT)))
