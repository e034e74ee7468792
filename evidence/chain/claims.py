"""What texts of a configuration say of an image: parsed, bounded, and never believed by itself.

Messages of Argo CD Image Updater (`updates image X tag 'a' to 'b'`), of Renovate
(`update image X (a -> b)`, `update X docker tag to b`) and of release jobs
(`Update X image tag to b for production`), branches `update-image-tag/X/production/b`, and links to
pull requests and commits. Flux writes nothing of the image into its message. Whoever may push can
write any of it, so each is a claim: what it names must exist in the mapped repository. Sources:
https://argocd-image-updater.readthedocs.io/en/stable/basics/update-methods/,
https://docs.renovatebot.com/configuration-options/#commitmessage
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_READ = 20_000
"""Characters of a text that are read."""
_MOST = 20
"""Claims, or links, of one text that are kept."""
_DIGITS = 6
"""Digits from which on a text is taken for the beginning of a digest; Renovate prints seven."""
_ARROW = r"(?:-+>|→|➔|➜)"
_QUIET = re.compile(r"[`*\"]")
_FLAGS = re.IGNORECASE | re.MULTILINE
_MESSAGES = (
    re.compile(r"^updates image (?P<name>\S+) tag '[^'\n]*' to '(?P<tag>[^'\n]+)'$", _FLAGS),
    re.compile(
        rf"\bupdate image (?P<name>\S+) \( ?[^\s()]+ ?{_ARROW} ?(?P<tag>[^\s()]+) ?\)", _FLAGS
    ),
    re.compile(r"\bupdate (?P<name>\S+) docker tag to (?P<tag>\S+)", _FLAGS),
    re.compile(r"^update (?P<name>\S+) image tag to (?P<tag>\S+) for (?P<place>\S+)$", _FLAGS),
)
_BRANCH = re.compile(r"^update-image-tag/(?P<name>[^/]+)/(?P<place>[^/]+)/(?P<tag>.+)$")
_TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
"""What a tag may be; a digest, a path or a sentence is none."""
_URL = re.compile(
    r"(?P<home>https://[A-Za-z0-9.:-]{1,200}/[\w.-]{1,100}/[\w.-]{1,100})/"
    r"(?:pull/(?P<number>[1-9][0-9]{0,9})\b|commit/(?P<commit>[0-9a-f]{7,40})\b)",
    re.ASCII,
)
_SHORT = re.compile(
    r"(?<![^\s(\[,;:])(?P<home>[\w.-]{1,100}/[\w.-]{1,100})"
    r"(?:#(?P<number>[1-9][0-9]{0,9})\b|@(?P<commit>[0-9a-f]{7,40})\b)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A text that says which tag an image was given."""

    name: str
    """The image, or the application whose image it is, as written."""
    tag: str
    place: str = ""
    """The environment that it is meant for; empty where it names none."""
    basis: str = "bump_message"
    """The strategy that it belongs to."""
    said_by: str = ""
    """Where it stands, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A change of another repository that a text links to."""

    home: str
    """Address of the repository (`https://host/owner/name`), or `owner/name`."""
    number: int = 0
    """Of a pull request; 0 for a commit."""
    commit: str = ""
    """Seven to forty hexadecimal digits; of a pull request the commit that it landed as, later."""
    said_by: str = ""


def claims_in(message: str, said_by: str) -> tuple[Claim, ...]:
    """Every image and tag that a commit message pairs, each once, in the order of the patterns."""
    text = _QUIET.sub("", message[:_READ].replace("\r", ""))
    found: dict[Claim, None] = {}
    for pattern in _MESSAGES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            if _TAG.match(parts["tag"]) and len(found) < _MOST:
                found[
                    Claim(
                        name=parts["name"],
                        tag=parts["tag"],
                        place=parts.get("place", ""),
                        said_by=said_by,
                    )
                ] = None
    return tuple(found)


def claim_of_branch(branch: str, said_by: str) -> tuple[Claim, ...]:
    """What a branch `update-image-tag/<application>/<environment>/<tag>` says; () for any other."""
    match = _BRANCH.match(branch[:_READ])
    if not match or not _TAG.match(match["tag"]):
        return ()
    return (
        Claim(
            name=match["name"],
            tag=match["tag"],
            place=match["place"],
            basis="config_pull_request",
            said_by=said_by,
        ),
    )


def links_in(text: str) -> tuple[Linked, ...]:
    """Links to pull requests and commits, each once: addresses first, then `owner/name#12`."""
    found: dict[Linked, None] = {}
    for match in _links(text[:_READ]):
        number = int(match["number"] or 0)
        if len(found) < _MOST:
            found[Linked(home=match["home"], number=number, commit=match["commit"] or "")] = None
    return tuple(found)


def _links(text: str) -> Iterator[re.Match[str]]:
    yield from _URL.finditer(text)
    yield from _SHORT.finditer(_URL.sub(" ", text))


def is_of_digest(text: str, digest: str) -> bool:
    """Whether a text repeats the first digits of a digest, as tools print it in place of a tag."""
    return len(text) >= _DIGITS and digest.partition(":")[2].startswith(text.lower())
