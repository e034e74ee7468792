"""What mirrors the Git repositories, and what each clone is asked for with."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from evidence.collectors.git import GitCollector
from evidence.collectors.interface import Collector
from evidence.config.load import Loaded
from evidence.config.scope import RepositorySettings, Source
from evidence.config.secrets import resolve
from evidence.config.yardstick import clone_url
from evidence.sources import github


def git_collectors(loaded: Loaded) -> dict[str, GitCollector]:
    """Repository id -> its Git collector; repositories without any clone URL are left out."""
    mirrors = loaded.home / "mirrors"
    found: dict[str, GitCollector] = {}
    for repository in loaded.settings.repository:
        url = clone_url(repository, loaded.settings)
        if url:
            found[repository.id] = GitCollector(
                source=f"git:{repository.id}",
                repository=repository.id,
                url=url,
                directory=mirrors / f"{repository.id}.git",
                authorization=_authorization(repository, loaded),
                credential=repository.secret or "none",
            )
    return found


def at_present(collector: Collector, loaded: Loaded) -> Collector:
    """A Git collector that reads from where its repository is by now; any other as it is.

    An address that ends in the configured name follows a rename or transfer: another repository
    may stand there. Where one does, and nobody knows where ours is, nothing is fetched.
    """
    if not isinstance(collector, GitCollector) or collector.repository not in loaded.known:
        return collector
    known = loaded.known[collector.repository]
    own = next(one for one in loaded.settings.repository if one.id == collector.repository)
    if not own.name or own.name.lower() == known.name.lower():
        withheld = _NAMED.format(name=own.name, number=known.number) if known.taken else ""
        named = bool(_renamed(collector.url, own.name, known.name))
        collector.withheld = withheld if named else ""
        return collector
    collector.url = _renamed(collector.url, own.name, known.name) or collector.url
    return collector


_NAMED = "{name} is another repository now, and where {number}, which was read before, is unknown."


def _renamed(url: str, name: str, new: str) -> str:
    """The address with another `owner/name` at its end; empty where it does not end in `name`."""
    found = re.fullmatch(rf"(.*[/:]){re.escape(name)}((?:\.git)?/?)", url, re.IGNORECASE)
    return f"{found[1]}{new}{found[2]}" if found else ""


def _authorization(repository: RepositorySettings, loaded: Loaded) -> Callable[[], str] | None:
    """What a clone is asked for with: the repository's secret, or its forge's App."""
    forge = next((one for one in loaded.settings.source if one.id == repository.source), None)
    if repository.secret:
        return _basic(lambda: resolve(repository.secret))
    if forge is None or not forge.app_id or repository.clone:
        return None
    return _basic(_app_token(forge, repository.name.partition("/")[0]))


def _basic(token: Callable[[], str]) -> Callable[[], str]:
    def header() -> str:
        pair = f"x-access-token:{token()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    return header


def _app_token(forge: Source, owner: str) -> Callable[[], str]:
    """The token of a GitHub App's installation at an owner, asked for when it is needed."""
    return lambda: github.account(forge).sign_in().token(owner)
