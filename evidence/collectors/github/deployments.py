"""GitHub Deployments as a deployer: for each repository its deployments with their statuses.

Newest first, down to where the last run began and a week below it, because statuses come later and
move nothing that could be asked for. Ten points bring 1,000 deployments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.github import parse_deployments as parsing
from evidence.collectors.github import parse_gates, queries
from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.credentials import Credential, NotInstalledError
from evidence.collectors.github.gates import Gates, GateState
from evidence.collectors.github.paging import WATCHED
from evidence.collectors.github.reading import at, identifier, integer, mapping, text
from evidence.collectors.github.transport import GraphAnswer, TooHeavyError, Transport
from evidence.collectors.github.transports import Transports
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Total, Window

COLLECTOR, VERSION = "github_deployments", "1"
OPERATION = "DeploymentSweep"
PAGE_SIZES = (100, 25, 5)
_NODES = ("data", "repository", "deployments", "nodes")
_VOLATILE = ("/rateLimit",)


@dataclass(slots=True, kw_only=True)
class _State:
    """Where one repository got to. Times in microseconds UTC."""

    mark: int = 0
    """Start of the newest deployment of the last whole pass."""
    newest: int = 0
    """The same of the pass under way."""
    after: str = ""
    """Where the pass under way goes on; empty where none is."""
    none: bool = False
    """There were no deployments at all, twice: the next empty list is believed at once."""
    gates: GateState = field(default_factory=GateState)


@dataclass(slots=True, kw_only=True)
class GitHubDeploymentsCollector(GitHubAccount):
    """The deployments of the repositories of one GitHub.

    An application of it is called `<repository id>/<environment>`. Raises AuthError, SourceError,
    MalformedError and UnavailableError; a repository that cannot be read is a gap.
    """

    repositories: tuple[GitHubRepository, ...]
    production: tuple[str, ...] = ()
    """Selectors of applications of production: `<repository id>/<environment>`, or the latter."""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(
        default=(parsing.DEPLOYMENT, parse_gates.DEPLOYMENT_RUN), init=False
    )

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """All pages from `cursor` on; the last one is empty and complete."""
        credential = self.sign_in()
        states, transports = _states(cursor), Transports(credential, self.transport)
        for done, repository in enumerate(self.repositories):
            progress(f"{repository.name} deployments", done, len(self.repositories))
            state = states.setdefault(repository.id, _State())
            try:
                transport = transports.of(repository.name)
                gates = self._gates(repository, state, credential)
                for page in self._pages(repository, state, transport, gates, window):
                    yield transports.stamped(_with_calls(page, gates), _dumped(states))
            except NotInstalledError as error:
                gap = self._gap(repository, GapReason.FORBIDDEN, error.message)
                yield transports.stamped(Page(gaps=(gap,)), _dumped(states))
        yield transports.stamped(Page(complete=True), _dumped(states))

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse_gates.parse(capture)

    def _gates(self, repository: GitHubRepository, state: _State, credential: Credential) -> Gates:
        own = f"{repository.id}/"
        return Gates(
            source=self.source,
            repository=repository.id,
            name=repository.name,
            environments=frozenset(one.removeprefix(own) for one in self.production),
            rest=self.rest(credential, repository.name.partition("/")[0].lower()),
            state=state.gates,
        )

    def _pages(
        self,
        repository: GitHubRepository,
        state: _State,
        transport: Transport,
        gates: Gates,
        window: Window,
    ) -> Iterator[Page]:
        floor = max(state.mark - WATCHED if state.mark else 0, window.since)
        floor = gates.floor(floor, window.since)
        while True:
            answer = self._ask(repository, state, transport)
            number = identifier({"databaseId": at(answer.data, "repository", "databaseId")})
            if number and repository.number and number != repository.number:
                detail = (
                    f"{repository.name} is repository {number} now; the one that was read before "
                    f"is {repository.number}."
                )
                yield Page(gaps=(self._gap(repository, GapReason.CONTRADICTION, detail),))
                return
            found = mapping(at(answer.data, "repository", "deployments"))
            if found.get("nodes") == [] and not state.none:
                answer = self._ask(repository, state, transport)
                found = mapping(at(answer.data, "repository", "deployments"))
                state.none = found.get("nodes") == [] and not state.after
            elif found.get("nodes"):
                state.none = False
            if not found:
                detail = (
                    f"The deployments of {repository.name} cannot be read: it is absent, or the "
                    "credential lacks the permission `deployments: read`."
                )
                gap = self._gap(repository, GapReason.NOT_FOUND_OR_FORBIDDEN, detail)
                yield Page(gaps=(gap,))
                return
            gates.named(text(at(answer.data, "repository", "nameWithOwner")))
            captures = tuple(self._captures(repository, answer))
            runs = tuple(gates.read(captures, floor))
            starts = [iso_micros(at(_value(one), "createdAt")) for one in captures]
            state.newest = max([state.newest, *starts])
            more = at(found, "pageInfo", "hasNextPage") is True
            after = text(at(found, "pageInfo", "endCursor"))
            if not more or not after or (starts and min(starts) < floor):
                state.mark, state.newest, state.after = max(state.newest, state.mark), 0, ""
                totals = self._totals(repository, found, floor)
                gaps = gates.done(state.mark - WATCHED)
                yield Page(captures=(*captures, *runs), totals=totals, gaps=gaps)
                return
            state.after = after
            yield Page(captures=(*captures, *runs))

    def _ask(
        self, repository: GitHubRepository, state: _State, transport: Transport
    ) -> GraphAnswer:
        """One page, smaller where GitHub cannot answer in its time."""
        owner, _, name = repository.name.partition("/")
        given: dict[str, Any] = {"owner": owner, "name": name, "after": state.after or None}
        for size in PAGE_SIZES[:-1]:
            try:
                return transport.ask(OPERATION, {**given, "pageSize": size}, adaptive=True)
            except TooHeavyError:
                continue
        return transport.ask(OPERATION, {**given, "pageSize": PAGE_SIZES[-1]})

    def _captures(self, repository: GitHubRepository, answer: GraphAnswer) -> Iterator[Capture]:
        where = mapping(at(answer.data, "repository"))
        for exact, value in canonical.slice_each(answer.text, _NODES):
            key = identifier(value)
            if not isinstance(value, dict) or not key:
                continue
            yield Capture(
                source=self.source,
                kind=parsing.DEPLOYMENT,
                key=key,
                series=queries.series(OPERATION),
                observed_at=answer.observed_at,
                form=Form.SLICE,
                payload=exact.encode("utf-8", "surrogatepass"),
                collector=COLLECTOR,
                collector_version=VERSION,
                exchanges=(answer.exchange,),
                volatile=_VOLATILE,
                context={
                    "repository": repository.id,
                    "system": self.host,
                    "url": text(where.get("url")),
                },
            )

    def _totals(self, repository: GitHubRepository, found: Any, floor: int) -> tuple[Total, ...]:
        """What GitHub counts, where all of it was asked for: held against what was read."""
        reported = integer(at(found, "totalCount"))
        if floor or reported < 0 or reported > PAGE_SIZES[0]:
            return ()
        stored = len(at(found, "nodes") or ())
        return (
            Total(kind=parsing.DEPLOYMENT, scope=repository.name, reported=reported, stored=stored),
        )

    def _gap(self, repository: GitHubRepository, reason: GapReason, detail: str) -> Gap:
        return Gap(
            source=self.source,
            kind=parsing.DEPLOYMENT,
            key="*",
            reason=reason,
            detail=detail,
            repository=repository.id,
        )


def _value(capture: Capture) -> Any:
    return canonical.loads(capture.payload)


def _with_calls(page: Page, gates: Gates) -> Page:
    """The page with what its workflow runs cost."""
    calls, retries = gates.rest.usage.taken()
    return replace(page, calls=page.calls + calls, retries=page.retries + retries)


def _dumped(states: dict[str, _State]) -> str:
    return cursors.dumped({key: asdict(one) for key, one in states.items()})


def _states(cursor: str) -> dict[str, _State]:
    """What the last page left; an unreadable cursor is none."""
    return {
        key: _State(
            mark=max(0, integer(at(row, "mark"), 0)),
            newest=max(0, integer(at(row, "newest"), 0)),
            after=text(at(row, "after")),
            none=at(row, "none") is True,
            gates=GateState.of(at(row, "gates")),
        )
        for key, row in cursors.loaded(cursor).items()
    }
