"""The GitHub collector: for each repository its merged pull requests, then its branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidence.collectors.github import parse as parsing
from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.attempts import Attempts
from evidence.collectors.github.commit_checks import CommitChecks
from evidence.collectors.github.context import (
    COLLECTOR,
    REPOSITORY,
    VERSION,
    Context,
    UnreadableRepositoryError,
)
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.looks import Looks
from evidence.collectors.github.population import BranchPopulation
from evidence.collectors.github.probe import Probe, Seen
from evidence.collectors.github.reading import at, identifier
from evidence.collectors.github.state import BranchState, RepositoryState, State
from evidence.collectors.github.sweep import PullRequestSweep
from evidence.collectors.github.transport import Transport
from evidence.collectors.github.transports import Transports
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, GapReason, Page, Window


@dataclass(slots=True, kw_only=True)
class GitHubCollector(GitHubAccount):
    """The merged pull requests and branches of one GitHub. Serial: GitHub asks for that.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError; a repository
    that cannot be read is a gap and does not stop the others.
    """

    repositories: tuple[GitHubRepository, ...]
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(
        default=(
            parsing.PULL_REQUEST,
            parsing.BRANCH_COMMIT,
            parsing.COMMIT_CHECKS,
            parsing.CHECK_ATTEMPTS,
            parsing.REPOSITORY,
        ),
        init=False,
    )

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """All pages from `cursor` on; the last one is empty and complete."""
        state = State.loads(cursor)
        transports = Transports(self.sign_in(), self.transport)
        contexts = {
            one.id: self._context(one, transports, state, progress) for one in self.repositories
        }
        for page in self._pages(window, transports, contexts):
            yield transports.stamped(page, state.dumps())
        for context in contexts.values():
            context.state.mark = context.transport.earliest(context.state.mark)
        yield transports.stamped(Page(complete=True), state.dumps())

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _pages(
        self, window: Window, transports: Transports, contexts: Mapping[str, Context]
    ) -> Iterator[Page]:
        probe = Probe()
        for transport in transports.all():
            yield from self._glance(transport, contexts, probe)
        for repository in self.repositories:
            context, seen = contexts[repository.id], probe.seen.get(repository.id)
            if context.state.mark and window.since < context.state.floor:
                # Asked for an earlier beginning than was read: branches are listed anew as well.
                context.state.branches = {
                    branch: BranchState() for branch in context.state.branches
                }
                seen = None
            try:
                yield from _successor(context, repository.name)
                yield from _repository(context, repository.branches, window, seen)
            except (UnreadableRepositoryError, NotInstalledError) as error:
                reason = getattr(error, "reason", GapReason.FORBIDDEN)
                gap = context.gap(REPOSITORY, repository.id, reason, error.message)
                yield Page(gaps=(gap,))

    def _glance(
        self, transport: Transport, contexts: Mapping[str, Context], probe: Probe
    ) -> Iterator[Page]:
        """What changed in the repositories of one conversation, and late looks at their checks."""
        own = {key: one for key, one in contexts.items() if one.transport is transport}
        branches = {one.id: one.branches for one in self.repositories}
        try:
            probe.read(transport, {key: (one, branches[key]) for key, one in own.items()})
            # By the server's clock; without an answer, what is due by the last pass is looked at.
            now = probe.now or max((one.state.mark for one in own.values()), default=0)
            yield from Looks(transport=transport, contexts=own, now=now).pages()
        except NotInstalledError:
            return  # told for each of its repositories

    def _context(
        self,
        repository: GitHubRepository,
        transports: Transports,
        state: State,
        progress: Progress,
    ) -> Context:
        known = state.repositories.setdefault(repository.id, RepositoryState())
        name = known.name or repository.name
        return Context(
            source=self.source,
            host=self.host,
            repository=repository.id,
            name=name,
            transport=transports.of(name),
            state=known,
            progress=progress,
        )


def _successor(context: Context, configured: str) -> Iterator[Page]:
    """Whether another repository stands where a renamed or transferred one was: a gap names it.

    Nothing of it is read: it is another repository, and is read under an id of its own.
    """
    known, key = context.state.database_id, f"{context.repository}:name"
    found = ""
    if known and configured.lower() != context.name.lower():
        owner, _, name = configured.partition("/")
        answer = context.transport.ask("RepositoryNamed", {"owner": owner, "name": name})
        found = identifier({"databaseId": at(answer.data, "repository", "databaseId")})
    if found in ("", known):
        if context.state.successor:
            context.state.successor = ""
            yield Page(lists=((REPOSITORY, key),))
        return
    context.state.successor = found
    detail = (
        f"{configured} is repository {found} now, and {context.repository} is {known}, which "
        f"{context.name} leads to: {found} is not read. Configure it under an id of its own, and "
        f"{context.repository} by its present name."
    )
    yield Page(gaps=(context.gap(REPOSITORY, key, GapReason.CONTRADICTION, detail),))


def _repository(
    context: Context, branches: tuple[str, ...], window: Window, seen: Seen | None
) -> Iterator[Page]:
    """What changed in one repository, or all of it where that is not known."""
    state = context.state
    state.attempts, state.heavy_attempts = [*state.attempts, *state.heavy_attempts], []
    if state.heavy_checks:
        read, still = CommitChecks(context).owed()
        yield Page(captures=tuple(read), gaps=tuple(still))
    if seen is not None and seen.pulls_unchanged(state):
        state.mark = max(state.mark, context.transport.earliest(seen.at))
    else:
        yield from PullRequestSweep(context, window.since).pages()
    for branch in branches:
        if seen is None or not seen.branch_unchanged(state, branch):
            yield from BranchPopulation(context, branch, window.since).pages()
    captures, gaps = Attempts(context).read(rest=True)
    if captures or gaps:
        yield Page(captures=captures, gaps=gaps)
