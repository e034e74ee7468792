"""Which API belongs to which GitHub: github.com, ghe.com (data residency) and Enterprise Server.

Sources: docs.github.com "Getting started with the REST API" and "About GitHub Enterprise Cloud
with data residency"; the GraphQL address beside each API root is PyGithub's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from evidence.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def api_url(url: str) -> str:
    """The REST API root for a configured address, without a slash at its end.

    `https://github.com` and an empty text mean api.github.com; `https://x.ghe.com` means
    `https://api.x.ghe.com`; another host is an Enterprise Server (`/api/v3`). An address that is
    an API root already, or that is on the loopback interface, stays as it is.

    Raises:
        ConfigError: not an http(s) address, or plain http beyond the loopback interface.
    """
    text = (url or "https://github.com").strip().rstrip("/")
    host, scheme, path = _split(text)
    if scheme == "http" and host not in _LOOPBACK:
        raise ConfigError(f"{host} must be addressed by https: the token would travel in clear.")
    if host in ("github.com", "www.github.com", "api.github.com"):
        return "https://api.github.com"
    if host in _LOOPBACK or path or host.startswith("api."):
        return text
    if host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{text}/api/v3"


def system_of(api: str) -> str:
    """The web host behind an API root: the system instance that actor ids belong to."""
    host, _scheme, _path = _split(api)
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return host.removeprefix("api.")
    return host


def _split(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{url!r} is not an http(s) address of a GitHub.")
    return host, parts.scheme, parts.path.rstrip("/")
