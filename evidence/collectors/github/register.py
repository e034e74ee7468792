"""The scope register: a stream of its own that is read before any repository is.

What it brings in is read in the same sync. A repository is known by its number: a rename or a
transfer between the owners that are read keeps its id, and what no list shows any more is told as
gone, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidence.collectors.github import parse as parsing
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.context import VERSION
from evidence.collectors.github.credentials import AppInstallations, Credential, NotInstalledError
from evidence.collectors.github.discovery import Discovery
from evidence.collectors.github.scope import EVERY_OWNER, Scope
from evidence.collectors.github.state import OwnerState, State
from evidence.collectors.github.transports import Transports
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.errors import AuthError
from evidence.model.capture import Capture, Gap, GapReason, Page, Window

COLLECTOR = "github_register"


@dataclass(slots=True, kw_only=True)
class GitHubRegister(GitHubAccount):
    """The lists of repositories of the owners of one configured GitHub. One point a hundred.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError; an owner whose
    list cannot be read is a gap and does not stop the others.
    """

    of: str
    """The configured source whose repositories these are: captures carry its id."""
    scope: Scope
    configured: Mapping[str, str] = field(default_factory=dict)
    """Numeric id or lower-case `owner/name` -> configured repository id."""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(parsing.SCOPE,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for each hundred repositories; the last one tells what is gone."""
        del window  # what is: a list of repositories has no past
        state, credential = State.loads(cursor), self.sign_in()
        transports = Transports(credential, self.transport)
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
            host=self.host,
            owner=owner,
            scope=self.scope,
            state=state.owners.setdefault(owner.lower(), OwnerState()),
            transport=transports.of(owner),
            configured=self.configured,
            collector_version=VERSION,
        )
