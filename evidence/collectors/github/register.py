"""The scope register: a stream of its own that is read before any repository is.

What it brings in is read in the same sync. A repository is known by its number: a rename or a
transfer between the owners that are read keeps its id, and what no list shows any more is told as
gone, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidence.collectors.github import hosts
from evidence.collectors.github import parse as parsing
from evidence.collectors.github.context import VERSION
from evidence.collectors.github.credentials import (
    AppInstallations,
    Credential,
    FixedToken,
    NotInstalledError,
    signing,
)
from evidence.collectors.github.discovery import Discovery
from evidence.collectors.github.scope import EVERY_OWNER, Scope
from evidence.collectors.github.state import OwnerState, State
from evidence.collectors.github.transport import Transport
from evidence.collectors.github.transports import Transports
from evidence.collectors.http import Clock
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.errors import AuthError
from evidence.model.capture import Capture, Gap, GapReason, Page, Window

COLLECTOR = "github_register"


@dataclass(slots=True, kw_only=True)
class GitHubRegister:
    """The lists of repositories of the owners of one configured GitHub. One point a hundred.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError; an owner whose
    list cannot be read is a gap and does not stop the others.
    """

    source: str
    """Of this stream: `<id>:scope`."""
    of: str
    """The configured source whose repositories these are: captures carry its id."""
    url: str
    token: str = field(repr=False)
    scope: Scope
    configured: Mapping[str, str] = field(default_factory=dict)
    """Numeric id or lower-case `owner/name` -> configured repository id."""
    app_id: str = ""
    private_key: str = field(default="", repr=False)
    """PEM text: with `app_id` the source is read as a GitHub App, and `token` is not used."""
    credential: str = ""
    max_wait: float = 900.0
    timeout: tuple[float, float] = (10.0, 60.0)
    verify: bool | str = True
    clock: Clock = field(default_factory=Clock)
    system: str = ""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(parsing.SCOPE,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for each hundred repositories; the last one tells what is gone."""
        del window  # what is: a list of repositories has no past
        state, credential = State.loads(cursor), self._credential()
        transports = Transports(credential, self._transport)
        read: list[Discovery] = []
        owners = self._owners(credential)
        for done, owner in enumerate(owners):
            progress("owners", done, len(owners))
            one = self._discovery(owner, state, transports)
            read.append(one)
            for page in self._pages(one):
                yield transports.stamped(page, state.dumps())
        seen = {number for one in read for number in one.seen}
        gone = tuple(capture for one in read for capture in one.gone(seen))
        yield transports.stamped(Page(captures=gone, complete=True), state.dumps())

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _owners(self, credential: Credential) -> tuple[str, ...]:
        """The configured owners; all that installed the App where `*` stands for them."""
        if EVERY_OWNER not in self.scope.owners:
            return self.scope.owners
        if not isinstance(credential, AppInstallations):
            raise AuthError(
                f'Source {self.of}: `organisations = ["*"]` needs a GitHub App.',
                next_step="Name the organisations, or give app_id and private_key.",
            )
        return credential.owners()

    def _pages(self, discovery: Discovery) -> Iterator[Page]:
        try:
            yield from discovery.pages()
        except NotInstalledError as error:
            gap = Gap(
                source=self.of,
                kind=parsing.SCOPE,
                key=discovery.owner,
                reason=GapReason.FORBIDDEN,
                detail=error.message,
            )
            yield Page(gaps=(gap,))

    def _discovery(self, owner: str, state: State, transports: Transports) -> Discovery:
        return Discovery(
            source=self.of,
            host=self.system or hosts.system_of(hosts.api_url(self.url)),
            owner=owner,
            scope=self.scope,
            state=state.owners.setdefault(owner.lower(), OwnerState()),
            transport=transports.of(owner),
            configured=self.configured,
            collector_version=VERSION,
        )

    def _credential(self) -> Credential:
        if self.app_id:
            return AppInstallations(
                api_url=hosts.api_url(self.url),
                app_id=self.app_id,
                private_key=self.private_key,
                clock=self.clock,
                timeout=self.timeout,
                verify=self.verify,
            )
        if not self.token:
            raise AuthError(f"Source {self.of} has no GitHub token.")
        return FixedToken(value=self.token)

    def _transport(self, credential: Credential, owner: str) -> Transport:
        return Transport(
            api_url=hosts.api_url(self.url),
            auth=signing(credential, owner),
            credential=credential,
            owner=owner,
            clock=self.clock,
            max_wait=self.max_wait,
            timeout=self.timeout,
            verify=self.verify,
        )
