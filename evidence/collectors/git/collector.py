"""The Git collector: refreshes a mirror, captures its refs, streams commits, answers questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from evidence.canonical import query_digest
from evidence.collectors.git import refs
from evidence.collectors.git.commits import PathedRow, commit_rows
from evidence.collectors.git.mirror import REFSPECS, Mirror, Refreshed, redacted_url
from evidence.collectors.git.questions import answer_all, unread
from evidence.collectors.git.tool import version
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Window
from evidence.model.git import GitAnswer, GitQuestion

REFS = "git.refs"
_COMMAND = " ".join(("git fetch --prune", *REFSPECS))


def _now() -> int:
    return time.time_ns() // 1000


class GitCollector:
    """One repository, read through its mirror.

    `fetch` brings the mirror to what the source shows and yields one page with a capture per shelf
    of refs (branches, tags, five hundred pull requests at a time), so that a new pull request does
    not record all others again. The payload is one line per ref in byte order of the names:
    `<object name> <type> <commit behind the tag or -> <full ref name>`. Commits are not
    captured: they are derived from the mirror by `new_commits`.
    """

    name = "git"
    version = "1"
    kinds = (REFS,)

    def __init__(
        self,
        *,
        source: str,
        repository: str,
        url: str,
        directory: Path,
        authorization: Callable[[], str] | None = None,
        credential: str = "",
        clock: Callable[[], int] = _now,
        timeout: float = 3600.0,
    ) -> None:
        """Binds a configured repository to its mirror directory; touches nothing yet.

        `authorization` gives the value of the HTTP `Authorization` header when it is needed;
        `credential` is the identity printed in receipts, never the secret. `clock` gives
        microseconds UTC; `timeout` is in seconds per Git command.
        """
        self.source = source
        self.repository = repository
        self.credential = credential
        self.url = url
        self.withheld = ""
        """Why nothing may be fetched from the address: it would be another repository."""
        self._authorization = authorization
        self._clock = clock
        self._mirror = Mirror(directory, timeout=timeout)
        self._version: tuple[int, ...] = ()

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """One page with the observed refs. Git has no window and needs no cursor.

        Raises:
            AuthError: the source refused the credential.
            UnavailableError: it could not be reached in time.
            SourceError: any other failure of Git.
        """
        del window
        if self.withheld:
            yield Page(gaps=(self._withheld(),), cursor=cursor, complete=True)
            return
        progress(f"{self.repository}: refs", 0, None)
        secret = self._authorization() if self._authorization else ""
        refreshed = self._mirror.refresh(self.url, secret)
        progress(f"{self.repository}: refs", len(refreshed.refs), len(refreshed.refs))
        shelves = refs.shelved(refreshed.refs, refs.read_cursor(cursor))
        yield Page(
            captures=tuple(self._capture(name, lines) for name, lines in shelves.items()),
            gaps=self._gaps(refreshed),
            cursor=refs.write_cursor(shelves),
            complete=True,
            calls=1,
        )

    def parse(self, capture: Capture) -> Parsed:
        """Ref tips in the order of the payload; a line that cannot be read is a gap."""
        return refs.parse(capture)

    def tips(self) -> tuple[str, ...]:
        """Every object name that a ref was ever seen to have: what `new_commits` starts from.

        Record them as derived only after every row of `new_commits` is stored.
        """
        return self._mirror.tips() if self._mirror.exists() else ()

    def new_commits(self, known: Iterable[str] = (), *, paths: bool = True) -> Iterator[PathedRow]:
        """Rows of every commit that no known tip reaches, in the field order of `Commit`.

        `known` are tips whose commits are all stored. Rows come as plain tuples, parents joined
        by one blank, the paths that the commit changed last (None unless `paths`); the same commit
        may come again after a run that was cut.
        """
        if not self._mirror.exists():
            return iter(())
        return commit_rows(self._mirror.tool, self.repository, self.tips(), known, paths=paths)

    def answer(self, questions: Sequence[GitQuestion]) -> list[GitAnswer]:
        """One answer per question, in order, read from the mirror alone: no network."""
        if not self._mirror.exists():
            return unread(questions)
        self._version = self._version or version()
        return answer_all(self._mirror.reader(), self.repository, questions, self._version)

    def _capture(self, shelf: str, lines: bytes) -> Capture:
        return Capture(
            source=self.source,
            kind=REFS,
            key=f"{self.repository}:{shelf}",
            series=f"{REFS}/1",
            observed_at=self._clock(),
            form=Form.EXACT,
            payload=lines,
            collector=self.name,
            collector_version=self.version,
            exchanges=(
                Exchange(
                    method="GIT", url=redacted_url(self.url), query_digest=query_digest(_COMMAND)
                ),
            ),
            context={"repository": self.repository},
        )

    def _withheld(self) -> Gap:
        return Gap(
            source=self.source,
            kind=REFS,
            key="*",
            reason=GapReason.CONTRADICTION,
            detail=self.withheld,
            repository=self.repository,
        )

    def _gaps(self, refreshed: Refreshed) -> tuple[Gap, ...]:
        if not refreshed.shallow:
            return ()
        return (
            Gap(
                source=self.source,
                kind="git.commits",
                key=self.repository,
                reason=GapReason.HISTORY_LOST,
                detail=f"{refreshed.shallow} Point the source at a repository with all history.",
                repository=self.repository,
            ),
        )
