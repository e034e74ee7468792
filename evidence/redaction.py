"""Takes secrets out of what a source sent, before anything is hashed or stored. Pure.

Patterns of well-known token formats, in the manner of secret scanners. What is found is replaced
by the rule's name; the capture says which rule and how often, never what stood there. `exact` and
`slice` are then exact copies and slices of the redacted text.

A pattern finds what looks like a secret. A password in free prose has no pattern: that is what
`evidence purge` is for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from pydantic_core import SchemaValidator, core_schema

from evidence.model.capture import Capture, Redaction

OWN = "own-credential"
"""The rule that finds the program's own secrets, whatever they look like."""
_SHORTEST_OWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A pattern, and lower-case bytes of which one stands wherever it matches (a quick look)."""

    name: str
    pattern: re.Pattern[bytes]
    hints: tuple[bytes, ...]
    look: str
    """What is found in every text in which the pattern matches, for `suspect`: a regular
    expression of Rust's engine, quick because it begins with letters and looks to no side."""


def _rule(name: str, pattern: bytes, *hints: bytes, look: str) -> _Rule:
    return _Rule(name=name, pattern=re.compile(pattern, re.DOTALL), hints=hints, look=look)


# A group `keep` stands before the secret and stays. JSON escapes (\n, \", \/) are met as such:
# what is taken out never ends inside of one, so that JSON stays JSON.
_CHAR = rb'(?:\\.|[^"\\])'
_NAMES = (
    rb"(?i:password|passwd|secret|client_?secret|secret_?key|api_?key|access_?key|access_?token|"
    rb"refresh_?token|auth_?token|private_?token|private_?key|match)"
)
_FOLDED = "(?i-u:"
_WORDS = rb"(?i:password|passwd|secret|token|api_?key|access_?key|credential)"

RULES: tuple[_Rule, ...] = (
    _rule(
        "private-key",
        rb"-----BEGIN (?P<kind>[A-Z0-9 ]{0,30})PRIVATE KEY(?P<block> BLOCK)?-----"
        rb'(?:\\.|[^"\\])*?'
        rb'(?:-----END (?P=kind)PRIVATE KEY(?: BLOCK)?-----|(?=")|\Z)',
        b"private key",
        look="PRIVATE KEY",
    ),
    _rule(
        "github-token",
        rb"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{20,255}",
        b"ghp_",
        b"gho_",
        b"ghu_",
        b"ghs_",
        b"ghr_",
        b"github_pat_",
        look="gh[pousr]_|github_pat_",
    ),
    _rule(
        "gitlab-token",
        rb"gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,100}",
        b"glp",
        b"gldt",
        b"glrt",
        look="gl(?:pat|ptt|dt|rt)-",
    ),
    _rule(
        "aws-access-key",
        rb"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        b"akia",
        b"asia",
        b"abia",
        b"acca",
        look="(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]",
    ),
    _rule(
        "slack-token",
        rb"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}",
        b"xox",
        look="xox[abeoprs]",
    ),
    _rule(
        "slack-webhook",
        rb"(?P<keep>hooks\.slack\.com/)[a-z]+/[A-Za-z0-9/+]{20,100}",
        b"slack",
        look=r"hooks\.slack\.com/",
    ),
    _rule("google-api-key", rb"AIza[A-Za-z0-9_-]{35}", b"aiza", look="AIza"),
    _rule(
        "stripe-key",
        rb"[sr]k_(?:live|test)_[A-Za-z0-9]{16,100}",
        b"k_live_",
        b"k_test_",
        look="[sr]k_(?:live|test)_",
    ),
    _rule("npm-token", rb"npm_[A-Za-z0-9]{36}", b"npm_", look="npm_[A-Za-z0-9]{36}"),
    _rule("pypi-token", rb"pypi-AgE[A-Za-z0-9_-]{50,1000}", b"pypi-age", look="pypi-AgE"),
    _rule("atlassian-token", rb"ATATT3[A-Za-z0-9_=-]{20,300}", b"atatt3", look="ATATT3"),
    _rule("docker-token", rb"dckr_pat_[A-Za-z0-9_-]{20,100}", b"dckr_pat_", look="dckr_pat_"),
    _rule(
        "sendgrid-token",
        rb"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}",
        b"sg.",
        look=r"SG\.[A-Za-z0-9_-]{16}",
    ),
    _rule(
        "jwt",
        rb"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000}",
        b"eyj",
        look="eyJ[A-Za-z0-9_-]{8}",
    ),
    _rule(
        "authorization",
        rb"(?P<keep>(?i:authorization)(?:\\?[\"'])?\s{0,5}[:=]\s{0,5}(?:\\?[\"'])?"
        rb"(?i:bearer|basic|token|apikey|negotiate)\s{1,5})(?!\[redacted)"
        rb"(?:[A-Za-z0-9+/_.=~-]|\\/){8,4000}",
        b"authorization",
        look="(?i-u:authorization)",
    ),
    _rule(
        "bearer",
        rb"(?P<keep>(?i:bearer)\s{1,5})(?=[A-Za-z+/_.=~-]{0,100}[0-9])[A-Za-z0-9+/_.=~-]{20,4000}",
        b"bearer",
        look=r"(?i-u:bearer)[\t-\r ]",
    ),
    _rule(
        "url-credential",
        rb"(?P<keep>://[^/\s:@\"\\]{0,100}:)(?!\[redacted)[^/\s@\"\\]{3,200}(?=@)",
        b"://",
        look=r"://[^/ \n@]*@",
    ),
    _rule(
        "secret-field",
        rb'(?P<keep>"' + _NAMES + rb'"\s{0,5}:\s{0,5}")(?!\[redacted)' + _CHAR + rb"{4,20000}",
        b'"',
        look='"' + _NAMES.decode().replace("(?i:", _FOLDED) + r'"[\t-\r ]*:',
    ),
    _rule(
        "named-value",
        rb'(?P<keep>"name"\s{0,5}:\s{0,5}"'
        + _CHAR
        + rb"{0,100}?"
        + _WORDS
        + _CHAR
        + rb'{0,100}?"\s{0,5},\s{0,5}"value"\s{0,5}:\s{0,5}")(?!\[redacted)'
        + _CHAR
        + rb"{4,20000}",
        b'"value"',
        look=r'"name"[\t-\r ]*:',
    ),
)
"""ADD A RULE HERE. Order counts: what an earlier rule took out, a later one does not meet."""


def redact(data: bytes, own: Iterable[str] = ()) -> tuple[bytes, tuple[Redaction, ...]]:
    """The data without secrets, and which rule took out how many, in the order of the rules.

    `own` are secrets of this program itself: they are found by their text.
    """
    found: list[Redaction] = []
    data, count = _without_own(data, own)
    if count:
        found.append(Redaction(rule=OWN, count=count))
    low = data.lower()
    for rule in RULES:
        if any(hint in low for hint in rule.hints):
            data, count = rule.pattern.subn(_replacement(rule), data)
            if count:
                found.append(Redaction(rule=rule.name, count=count))
    return data, tuple(found)


def redact_text(text: str, own: Iterable[str] = ()) -> str:
    """The same for text that is kept or shown: messages, names, remarks."""
    data = text.encode("utf-8", "surrogatepass")
    return redact(data, own)[0].decode("utf-8", "surrogatepass")


def suspect(text: str) -> bool:
    """Whether `redact_text` may find something in a text; False only where it finds nothing.

    For many texts, most of which hold nothing: it takes a tenth of the time.
    """
    exact, folded, readable = _looks()
    return exact(text) or folded(text) or not (text.isascii() or readable(text))


@cache
def _looks() -> tuple[Callable[[str], bool], ...]:
    """Whether a rule's look is in a text, by case and by either case; whether they can read it.

    Lone surrogates they cannot. They are patterns of pydantic's validators because those are
    searched by Rust's engine, which looks for all beginnings of a pattern at once; Python's tries
    one after the other at every place. Letters of either case make too many beginnings for that:
    hence two.
    """
    parts = (
        [rule.look for rule in RULES if _FOLDED not in rule.look],
        [rule.look for rule in RULES if _FOLDED in rule.look],
    )
    patterns = (*map("|".join, parts), "")
    schemas = [core_schema.str_schema(pattern=each, regex_engine="rust-regex") for each in patterns]
    return tuple(SchemaValidator(schema).isinstance_python for schema in schemas)


def redact_capture(capture: Capture, own: Iterable[str] = ()) -> Capture:
    """The capture without secrets in its payload; `redactions` says what was done."""
    data, found = redact(capture.payload, own)
    if not found:
        return capture
    return replace(capture, payload=data, redactions=(*capture.redactions, *found))


def _replacement(rule: _Rule) -> bytes:
    keep = rb"\g<keep>" if "keep" in rule.pattern.groupindex else b""
    return keep + b"[redacted:" + rule.name.encode() + b"]"


def _without_own(data: bytes, own: Iterable[str]) -> tuple[bytes, int]:
    count = 0
    for secret in own:
        for form in _forms(secret) if len(secret) >= _SHORTEST_OWN else ():
            if form in data:
                count += data.count(form)
                data = data.replace(form, b"[redacted:" + OWN.encode() + b"]")
    return data, count


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[bytes, ...]:
    """The secret itself, and what stands for it where it is part of a Base64 text.

    `Authorization: Basic` carries it behind a name: how long that is, decides on one of three
    alignments. The characters that it shares with its neighbours are left.
    """
    text = secret.encode("utf-8", "surrogatepass")
    forms = [text]
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + text)
        core = whole[-(-shift * 4 // 3) : (shift + len(text)) * 4 // 3]
        forms += [core, core.replace(b"/", rb"\/"), core.translate(_URL_SAFE)]
    return tuple(dict.fromkeys(forms))


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
