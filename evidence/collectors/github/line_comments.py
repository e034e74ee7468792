"""Comments on lines of pull requests: part of what an approval rests on, read as one list.

GraphQL gives them below each review at a point for nearly every pull request; REST lists a hundred
of a repository in one call, those changed last at the end. Each page begins where the one before
ended, by time, so that a comment that is edited meanwhile moves none of the others past a page. A
repository is asked only where a pull request of it changed since the last reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.github import parse_line_comments as parsing
from evidence.collectors.github.account import GitHubAccount, GitHubRepository
from evidence.collectors.github.connection import RedirectError
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.paging import iso
from evidence.collectors.github.reading import integer, mapping, text
from evidence.collectors.github.rest import Rest, RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.http import iso_micros
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window

COLLECTOR = "github_comments"
VERSION = "1"
OVERLAP = 900_000_000
"""Microseconds by which a reading begins before the one before it did."""
_PAGE = 100
_UNSAID = ("/user/avatar_url", "/user/user_view_type", "/reactions", "/diff_hunk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """When the pull requests of a repository were seen to change last, microseconds UTC."""

    repository: GitHubRepository
    at: int


@dataclass(slots=True, kw_only=True)
class GitHubLineComments(GitHubAccount):
    """The line comments of the repositories of one configured GitHub. Serial, REST only.

    Raises AuthError, SourceError, MalformedError and UnavailableError; a repository that refuses
    is a gap and does not stop the others.
    """

    changed: Sequence[Changed]
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(parsing.LINE_COMMENT_KIND,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for each hundred comments; the last one is empty and complete."""
        marks, credential = _marks(cursor), self.sign_in()
        for done, one in enumerate(self.changed):
            repository = one.repository
            mark = marks.get(repository.id, -1)
            if mark >= 0 and one.at <= mark:
                continue
            progress(f"{repository.name} comments", done, len(self.changed))
            rest = self.rest(credential, repository.name.partition("/")[0].lower())
            since = mark - OVERLAP if mark > 0 else window.since
            reading = _Reading(account=self, repository=repository, rest=rest, since=max(0, since))
            for page in reading.pages():
                marks[repository.id] = reading.mark if reading.whole else mark
                yield _stamped(page, rest, marks)
        yield Page(cursor=cursors.dumped(marks), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One repository's list from a moment on."""

    account: GitHubLineComments
    repository: GitHubRepository
    rest: Rest
    since: int
    mark: int = 0
    """Server time of the first answer: from where the next reading begins."""
    whole: bool = False

    def pages(self) -> Iterator[Page]:
        since, number = self.since, 1
        while True:
            try:
                answer = self._ask(since, number)
            except (NotInstalledError, RedirectError) as error:
                yield Page(gaps=(self._gap(GapReason.FORBIDDEN, error.message),))
                return
            self.mark = self.mark or answer.observed_at
            if not answer.ok or not isinstance(answer.data, list):
                yield Page(gaps=(self._refused(answer),))
                return
            last = max((iso_micros(_of(row, "updated_at")) for row in answer.data), default=0)
            self.whole = len(answer.data) < _PAGE
            yield Page(captures=tuple(self._captures(answer)))
            if self.whole:
                return
            # A hundred within one second stand on a further page of the same question.
            since, number = (last, 1) if last > since else (since, number + 1)

    def _ask(self, since: int, number: int) -> RestAnswer:
        asked = {"sort": "updated", "direction": "asc", "per_page": str(_PAGE)}
        asked |= {"since": iso(since)} if since else {}
        asked |= {"page": str(number)} if number > 1 else {}
        return self.rest.get(f"{self.repository.root}/pulls/comments", asked)

    def _captures(self, answer: RestAnswer) -> Iterator[Capture]:
        for exact, row in canonical.slice_each(answer.text, ()):
            number = stable(_of(row, "id"))
            if number:
                yield Capture(
                    source=self.account.source,
                    kind=parsing.LINE_COMMENT_KIND,
                    key=f"{self.repository.id}:{number}",
                    series="line_comment/1",
                    observed_at=answer.observed_at,
                    form=Form.SLICE,
                    payload=exact.encode("utf-8", "surrogatepass"),
                    collector=COLLECTOR,
                    collector_version=VERSION,
                    exchanges=(answer.exchange,),
                    volatile=_UNSAID,
                    context={"repository": self.repository.id, "host": self.account.host},
                )

    def _refused(self, answer: RestAnswer) -> Gap:
        name = self.repository.name
        if answer.status == 404:
            detail = f"GitHub shows no comments of {name}: it is absent or may not be read."
            return self._gap(GapReason.NOT_FOUND_OR_FORBIDDEN, detail)
        detail = f"GitHub refused the comments of {name} (status {answer.status}): {answer.message}"
        return self._gap(GapReason.FORBIDDEN, detail)

    def _gap(self, reason: GapReason, detail: str) -> Gap:
        return Gap(
            source=self.account.source,
            kind=parsing.LINE_COMMENT_KIND,
            key="*",
            reason=reason,
            detail=detail,
            repository=self.repository.id,
        )


def _of(row: object, name: str) -> Any:
    return mapping(row).get(name)


def _marks(cursor: str) -> dict[str, int]:
    """Repository -> when its list was read last, microseconds UTC by the server."""
    found = cursors.loaded(cursor)
    return {text(name): integer(at, 0) for name, at in found.items()}


def _stamped(page: Page, rest: Rest, marks: Mapping[str, int]) -> Page:
    """The page with its cursor and what it cost."""
    calls, retries = rest.usage.taken()
    kept = {name: at for name, at in marks.items() if at >= 0}
    return Page(
        captures=page.captures,
        gaps=page.gaps,
        cursor=cursors.dumped(kept),
        calls=calls,
        retries=retries,
    )
