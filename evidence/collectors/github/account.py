"""One configured GitHub and what it is read with: what every collector of it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evidence.collectors.github import hosts
from evidence.collectors.github.conversation import Silences
from evidence.collectors.github.credentials import AppInstallations, Credential, FixedToken
from evidence.collectors.github.rest import Rest
from evidence.collectors.github.transport import Transport
from evidence.collectors.http import Clock
from evidence.errors import AuthError


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRepository:
    """One repository to read."""

    id: str
    """Configured repository id."""
    name: str
    """`owner/name`, as configured or as last read; a rename is followed by GitHub's own id."""
    branches: tuple[str, ...] = ()
    """Short names of the production branches."""
    number: str = ""
    """GitHub's own id, where it was read before: another one under the name is another one."""

    @property
    def root(self) -> str:
        """Path of its REST resources: by number, which leads to it whatever it is called now."""
        return f"/repositories/{self.number}" if self.number.isdecimal() else f"/repos/{self.name}"


@dataclass(slots=True, kw_only=True)
class GitHubAccount:
    """A GitHub as one credential sees it, and how patiently it is asked."""

    source: str
    """Of the stream: the id of the configured source, or `<id>:<what>` of one beside it."""
    url: str
    """Web or API address: github.com, a ghe.com host or an Enterprise Server."""
    token: str = field(repr=False)
    app_id: str = ""
    private_key: str = field(default="", repr=False)
    """PEM text: with `app_id` the source is read as a GitHub App, and `token` is not used."""
    credential: str = ""
    """What the credential is called in receipts; never the secret."""
    max_wait: float = 900.0
    timeout: tuple[float, float] = (10.0, 60.0)
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)
    system: str = ""
    """The system instance that actor ids belong to; by default the web host of `url`."""
    silences: Silences = field(default_factory=Silences, repr=False)
    """What the streams of one credential share: what GitHub asks one of them, all obey."""

    @property
    def signs_as(self) -> tuple[str, str]:
        """The API and who signs in there: accounts that agree in it share their silences."""
        return self.api_url, f"app {self.app_id}" if self.app_id else self.token

    @property
    def api_url(self) -> str:
        """The root of its REST API."""
        return hosts.api_url(self.url)

    @property
    def host(self) -> str:
        """The system instance that actor ids belong to."""
        return self.system or hosts.system_of(self.api_url)

    def sign_in(self) -> Credential:
        """What requests are signed with.

        Raises:
            AuthError: neither a token nor an App is configured.
        """
        if self.app_id:
            return AppInstallations(
                api_url=self.api_url,
                app_id=self.app_id,
                private_key=self.private_key,
                clock=self.clock,
                timeout=self.timeout,
                verify=self.verify,
            )
        if not self.token:
            raise AuthError(f"Source {self.source.partition(':')[0]} has no GitHub token.")
        return FixedToken(value=self.token)

    def transport(self, credential: Credential, owner: str) -> Transport:
        """A GraphQL conversation about the repositories of one owner."""
        return Transport(credential=credential, owner=owner, **self._manners(credential, owner))

    def rest(self, credential: Credential, owner: str) -> Rest:
        """A REST conversation about the repositories of one owner."""
        return Rest(credential=credential, owner=owner, **self._manners(credential, owner))

    def _manners(self, credential: Credential, owner: str) -> dict[str, Any]:
        one_token = isinstance(credential, FixedToken)
        return {
            "silence": self.silences.of("" if one_token else owner),
            "api_url": self.api_url,
            "clock": self.clock,
            "max_wait": self.max_wait,
            "timeout": self.timeout,
            "verify": self.verify,
        }
