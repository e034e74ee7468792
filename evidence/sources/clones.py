"""What mirrors the Git repositories, and what each clone is asked for with."""

from __future__ import annotations

import base64
from collections.abc import Callable

from evidence.collectors.git import GitCollector
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
