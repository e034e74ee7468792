"""The settings collector: what each repository would have allowed, and GitHub's record of pushes.

A stream of its own beside the pull requests, with its own cursor, cadence and receipts. It reads
about a dozen lists per repository, nearly all of them answered with 304 where nothing changed, and
only once per `every`: the sync of a repository in which nothing happened costs it no call at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.canonical import slice_json, splice_object
from evidence.collectors.github import parse_settings
from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.access import read_access
from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.connection import RedirectError
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.environments import read_environments
from evidence.collectors.github.protection import read_codeowners, read_protection
from evidence.collectors.github.reading import at, flag, mapping, text
from evidence.collectors.github.records import read_activity, read_rule_suites
from evidence.collectors.github.rest import Rest, RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.rulesets import read_rulesets
from evidence.collectors.github.settings_context import SettingsContext, Shared
from evidence.collectors.github.settings_state import RepositorySettingsState, SettingsState
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, GapReason, Page, Window

HOUR = 3_600_000_000
_IDENTITY = ("id", "full_name", "default_branch", "private", "archived", "permissions")


@dataclass(slots=True, kw_only=True)
class GitHubSettingsCollector(GitHubAccount):
    """The settings of the repositories of one configured GitHub. Serial, REST only.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError; what the
    credential may not see is a gap and does not stop the rest.
    """

    repositories: tuple[GitHubRepository, ...]
    every: int = 24 * HOUR
    """Microseconds between two readings of a repository; 0: one in every sync."""
    name: str = field(default=kinds.COLLECTOR, init=False)
    version: str = field(default=kinds.VERSION, init=False)
    kinds: tuple[str, ...] = field(default=kinds.KINDS, init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """One page per repository that is due; the last page is empty and complete."""
        del window  # what is: settings have no window; what was: the last reading is the mark
        state, shared = SettingsState.loads(cursor), Shared()
        credential, conversations = self.sign_in(), dict[str, Rest]()
        for done, repository in enumerate(self.repositories):
            known = state.repositories.setdefault(repository.id, RepositorySettingsState())
            known.database_id = known.database_id or repository.number
            began = self.clock.micros()
            if known.looked_at and 0 <= began - known.looked_at < self.every:
                continue
            progress(f"{repository.name} settings", done, len(self.repositories))
            owner = repository.name.partition("/")[0].lower()
            rest = conversations.setdefault(owner, self.rest(credential, owner))
            context = self._context(repository, rest, known, shared)
            for page in self._pages(context, repository):
                known.until = {name: rest.earliest(at) for name, at in known.until.items()}
                known.looked_at = began if context.done else 0
                yield _stamped(page, rest, state)
        yield Page(cursor=state.dumps(), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse_settings.parse(capture)

    def _context(
        self,
        repository: GitHubRepository,
        rest: Rest,
        known: RepositorySettingsState,
        shared: Shared,
    ) -> SettingsContext:
        return SettingsContext(
            source=self.source,
            host=self.host,
            repository=repository.id,
            name=repository.name,
            rest=rest,
            state=known,
            shared=shared,
            collector=self.name,
            version=self.version,
        )

    def _pages(self, context: SettingsContext, repository: GitHubRepository, /) -> Iterator[Page]:
        """What is read of one repository; `context.done` once it is all of it."""
        if identified(context):
            for branch in repository.branches:
                read_protection(context, branch)
                read_codeowners(context, branch)
            read_rulesets(context)
            read_rule_suites(context, context.rest.present())
            read_activity(context, repository.branches, context.rest.present())
            read_environments(context)
            read_access(context)
        context.done = True
        yield context.page()


def _stamped(page: Page, rest: Rest, state: SettingsState) -> Page:
    """The page with its cursor and what it cost."""
    calls, retries = rest.usage.taken()
    return replace(page, cursor=state.dumps(), calls=calls, retries=retries)


def identified(context: SettingsContext) -> bool:
    """Whether it could be told which repository this is; a gap says why not."""
    try:
        return _identify(context) is not None
    except NotInstalledError as error:
        context.gap(kinds.REPOSITORY, context.repository, GapReason.FORBIDDEN, error.message)
        return False


def _identify(context: SettingsContext) -> RestAnswer | None:
    """Which repository this is, by GitHub's own id; None, and a gap, where it cannot be told."""
    answer = _asked(context)
    found: Mapping[str, Any] = mapping(answer.data) if answer and answer.ok else {}
    number, known = stable(found.get("id")), context.state.database_id
    if answer is None or not number:
        detail = f"GitHub shows no {context.name}: it is absent or the token may not read it."
        reason = GapReason.NOT_FOUND_OR_FORBIDDEN
        context.gap(kinds.REPOSITORY, context.repository, reason, detail)
        return None
    if known and known != number:
        detail = f"{context.name} is repository {number} now; the one read before is {known}."
        context.gap(kinds.REPOSITORY, context.repository, GapReason.CONTRADICTION, detail)
        return None
    context.state.database_id = number
    context.name = context.state.name = text(found.get("full_name")) or context.name
    context.administrator = flag(at(found, "permissions", "admin"))
    context.default_branch = text(found.get("default_branch"))
    if at(found, "owner", "type") == "Organization":
        context.organisation = text(at(found, "owner", "login"))
    cut = [(name, slice_json(answer.text, (name,))) for name in _IDENTITY if name in found]
    context.capture(kinds.REPOSITORY, context.repository, splice_object(cut), (answer,))
    context.exchanges.append(answer.exchange)
    return answer


def _asked(context: SettingsContext) -> RestAnswer | None:
    """The repository by its id once that is known, else by name; a rename is followed once."""
    if context.state.database_id:
        return context.rest.get(f"/repositories/{context.state.database_id}")
    try:
        return context.rest.get(f"/repos/{context.name}")
    except RedirectError as moved:
        number = moved.to.rstrip("/").rpartition("/repositories/")[2]
        return context.rest.get(f"/repositories/{number}") if number.isdecimal() else None
