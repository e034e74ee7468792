"""Clone URLs: the many spellings of one repository brought to one form.

`https://user:secret@GitHub.com/acme/shop.git`, `ssh://git@github.com:22/acme/shop` and
`git@github.com:acme/shop.git` all give `github.com/acme/shop`. Hosts compare without case; so do
paths, because the forges in scope treat owner and name so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.in_scope import Repository

_SCP = re.compile(r"^(?:[^@/\s]+@)?(?P<host>\[[^\]]+\]|[^:/\s]+):(?P<path>(?!//).+)$")
_URL = re.compile(
    r"^(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://(?:[^@/]*@)?(?P<host>\[[^\]]+\]|[^:/?#]*)"
    r"(?::(?P<port>\d+))?(?P<path>/[^?#]*)?"
)
_DEFAULT_PORTS = {"https": "443", "http": "80", "ssh": "22", "git": "9418"}


def normalise_url(url: str) -> str:
    """One form for all spellings of a clone URL; "" where there is nothing to compare.

    User information, scheme, default port, query and a trailing `.git` or `/` fall away.
    """
    text = url.strip()
    match = _URL.match(text)
    if match:
        scheme = match["scheme"].lower().removeprefix("git+")
        port = match["port"] or ""
        host = match["host"].lower()
        if port and port != _DEFAULT_PORTS.get(scheme):
            host = f"{host}:{port}"
        return _join(host, match["path"] or "")
    scp = _SCP.match(text)
    if scp:
        return _join(scp["host"].lower(), scp["path"])
    return _join("", text) if text else ""


def _join(host: str, path: str) -> str:
    parts = [part for part in path.lower().split("/") if part]
    trimmed = "/".join(parts).removesuffix(".git").rstrip("/")
    return f"{host}/{trimmed}"


def relative_url(base: str, url: str) -> str:
    """A URL of a `.gitmodules`: `./` and `../` count from the repository `base` that holds it."""
    if not url.startswith(("./", "../")):
        return url
    parts = normalise_url(base).split("/")
    for part in url.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "https://" + "/".join(parts)


def repository_index(repositories: Iterable[Repository]) -> dict[str, str]:
    """Normalised URL -> repository id, from each repository's URLs; the first one named wins."""
    index: dict[str, str] = {}
    for repository in repositories:
        for url in repository.urls:
            index.setdefault(normalise_url(url), repository.id)
    index.pop("", None)
    return index


def find_repository(
    url: str, index: dict[str, str], repositories: Iterable[Repository]
) -> tuple[str, str]:
    """(repository id, basis) of a deployer's URL; ("", "") where none is configured.

    Basis is `url` for a configured clone URL, `name` where only the forge's `owner/name` agrees
    and exactly one repository has it.
    """
    normalised = normalise_url(url)
    if normalised in index:
        return index[normalised], "url"
    tail = "/".join(normalised.split("/")[-2:])
    named = [one.id for one in repositories if one.name and one.name.lower() == tail]
    return (named[0], "name") if len(named) == 1 else ("", "")
