r"""How single values are shown: text made visible, times, people, references, rates, anchors.

Everything here takes hostile input and returns plain text that is safe to escape: control and
bidirectional characters become visible `\u202e` marks, length is capped (the JSON files hold all).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from evidence.canonical import sha256_hex
from evidence.errors import RenderError
from evidence.model.actor import Actor, ActorType

CAP = 2_000
"""Characters of one value that are shown; the rest is in the JSON files."""

SCHEMES = frozenset({"https", "mailto"})
"""What a link may point to. Everything else is printed as text."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20f0]{4})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20f0]+"
)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHA_WITHIN = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?:[0-9a-f]{24})?(?![0-9a-f])")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


def mark(char: str) -> str:
    r"""`\u202e` or `\U0001f600` for a character that is not shown as itself."""
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """`text` with characters that hide, reorder or break made visible; stacked accents thinned."""
    if text.isascii() and text.isprintable():  # most values, at a tenth of the cost
        return text
    return _MARKS.sub(r"\1", _HIDDEN.sub(lambda match: mark(match[0]), text))


def capped(text: str, limit: int = CAP) -> str:
    """`text` cut to `limit` characters, with the number of those left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit:,} more characters in the JSON files]"


def shown(text: str, limit: int = CAP) -> str:
    """What is printed for a text from outside."""
    return visible(capped(text, limit))


def safe_href(url: str) -> str:
    """`url` if it may be a link (https or mailto, no user information, no odd characters) or ''."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > CAP:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in SCHEMES or "@" in parts.netloc or "\\" in url:
        return ""
    return url if parts.scheme == "mailto" or parts.netloc else ""


def _moment(us: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        return None


def utc(us: int) -> str:
    """RFC 3339 in UTC; microseconds only where there are some; '' for 0."""
    if us == 0:
        return ""
    moment = _moment(us)
    if moment is None:
        return f"out of range ({us})"
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text.rjust(19, '0')}.{us % 1_000_000:06d}Z" if us % 1_000_000 else f"{text}Z"


@lru_cache(maxsize=8)
def zone_info(name: str) -> ZoneInfo:
    """The named zone; `RenderError` where the time zone database does not have it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise RenderError(
            f"the time zone {name!r} is not known",
            next_step="Give an IANA name such as Europe/Berlin.",
        ) from error


def local(us: int, zone: str) -> str:
    """`2026-03-29 03:00:00+02:00` in the named zone, '' for 0."""
    moment = _moment(us) if us else None
    if moment is None:
        return ""
    try:
        return moment.astimezone(zone_info(zone)).isoformat(sep=" ", timespec="seconds")
    except OverflowError:
        return ""


def duration(us: int) -> str:
    """A length of time in the two largest units: `3 d 4 h`, `5 min`; '' for negative."""
    if us < 0:
        return ""
    seconds = us // 1_000_000
    days, hours = seconds // 86_400, seconds % 86_400 // 3_600
    minutes, rest = seconds % 3_600 // 60, seconds % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    told = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(told) or "0 s"


def who(actor: Actor | None) -> str:
    """An account as an auditor can tell it apart; an e-mail address is printed as its digest."""
    if actor is None:
        return "not stated"
    if actor.type is ActorType.NAME_ONLY:
        return f"{_named(actor)} (name only)"
    kind = "" if actor.type is ActorType.USER else f", {actor.type}"
    return f"{private(actor.login or 'account')} ({actor.system} id {private(actor.id)}{kind})"


def login(actor: Actor | None) -> str:
    """The short form for tables and lists; '' for nobody."""
    if actor is None:
        return ""
    if actor.type is ActorType.NAME_ONLY:
        return _named(actor)
    return private(actor.login or f"{actor.system}:{actor.id}")


def _named(actor: Actor) -> str:
    return private(actor.login or actor.id)


def private(text: str) -> str:
    """`text`, or a digest where it is an e-mail address: personal data is kept to the need."""
    if _MAIL.fullmatch(text.strip()) is None:
        return text
    digest = sha256_hex(text.strip().lower().encode("utf-8", "replace"))
    return f"e-mail sha256:{digest[:12]}"


def short(text: str) -> str:
    """A full object id cut to 12 digits, anything else as it is."""
    return text[:12] if _SHA.fullmatch(text) else text


def brief_id(identifier: str) -> str:
    """An id of ours or of a source, with the full object ids in it cut to 12 digits."""
    return _SHA_WITHIN.sub(lambda match: f"{match[0][:12]}…", identifier)


def entries(seqs: tuple[int, ...], limit: int = 12) -> str:
    """Ledger entry numbers as `#12, #40`; the rest counted."""
    told = ", ".join(f"#{seq}" for seq in seqs[:limit])
    return f"{told} and {len(seqs) - limit} more" if len(seqs) > limit else told


def percent(numerator: int, denominator: int) -> str:
    """One decimal, half up, by integers (no floats in evidence); 'n/a' without a denominator."""
    if denominator <= 0:
        return "n/a"
    tenths = (numerator * 2_000 + denominator) // (2 * denominator)
    return f"{tenths // 10}.{tenths % 10} %"


def anchor(kind: str, key: str) -> str:
    """An id for a link inside the report, from trusted `kind` and any `key`."""
    return f"{kind}-{sha256_hex(key.encode('utf-8', 'surrogatepass'))[:16]}"
