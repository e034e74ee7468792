"""What the streams of one repository share during a run, and how captures and gaps are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.canonical import slice_json, splice_object
from evidence.collectors.github import queries
from evidence.collectors.github.parse import (
    BRANCH_COMMIT,
    CHECK_ATTEMPTS,
    COMMIT_CHECKS,
    PULL_REQUEST,
    REPOSITORY,
)
from evidence.collectors.github.reading import identifier, mapping, text
from evidence.collectors.github.state import RepositoryState
from evidence.collectors.github.transport import GraphAnswer, Transport
from evidence.collectors.interface import Progress
from evidence.errors import SourceError
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason

COLLECTOR = "github"
VERSION = "1"
_PAGE_INFO = "pageInfo/endCursor"
_VOLATILE = tuple(
    f"{root}/{place}/{_PAGE_INFO}"
    for root in ("/node", "/tails/*")
    for place in (
        "reviews",
        "commits",
        "labels",
        "timelineItems",
        "closingIssuesReferences",
        "closingIssuesReferences/nodes/*/labels",
        "closingIssuesReferences/nodes/*/timelineItems",
        "headRollup/contexts",
        "mergeCommit/statusCheckRollup/contexts",
        "statusCheckRollup/contexts",
    )
)
"""Page marks: opaque, and no statement about the pull request."""


class UnreadableRepositoryError(SourceError):
    """A repository that GitHub does not show, or that is not the one that was meant."""

    def __init__(self, reason: GapReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Context:
    """One repository in one run."""

    source: str
    host: str
    repository: str
    name: str
    """`owner/name` to ask for: as configured, or as GitHub says since a rename."""
    transport: Transport
    state: RepositoryState
    progress: Progress

    def ask_repository(
        self, operation: str, variables: Mapping[str, Any], *, adaptive: bool = False
    ) -> tuple[GraphAnswer, Mapping[str, Any]]:
        """An answer about this repository, after making sure that it is about this one.

        Raises:
            UnreadableRepositoryError: GitHub shows no such repository, or another one stands
                under its name now.
        """
        owner, _, name = self.name.partition("/")
        asked = {"owner": owner, "name": name, **variables}
        answer = self.transport.ask(operation, asked, adaptive=adaptive)
        found = mapping(answer.data.get("repository"))
        if not found:
            raise self._not_shown(answer)
        self._identify(found)
        return answer, found

    def _not_shown(self, answer: GraphAnswer) -> UnreadableRepositoryError:
        kinds = {kind for _path, kind in answer.unread}
        if kinds - {"NOT_FOUND", ""}:
            detail = f"GitHub forbids {self.name}: the token lacks a permission or an SSO grant."
            return UnreadableRepositoryError(GapReason.FORBIDDEN, detail)
        detail = f"GitHub shows no {self.name}: it is absent or the token may not read it."
        return UnreadableRepositoryError(GapReason.NOT_FOUND_OR_FORBIDDEN, detail)

    def _identify(self, found: Mapping[str, Any]) -> None:
        """A renamed repository keeps its id; another id under the name is another repository."""
        stable = identifier({"databaseId": found.get("databaseId")})
        if self.state.database_id and stable != self.state.database_id:
            self.state.taken = stable
            detail = (
                f"{self.name} is repository {stable or '(no id)'} now; the one that was read "
                f"before is {self.state.database_id}."
            )
            raise UnreadableRepositoryError(GapReason.CONTRADICTION, detail)
        if not stable:
            detail = f"GitHub gives no id for {self.name}, so nothing of it can be identified."
            raise UnreadableRepositoryError(GapReason.CONTRADICTION, detail)
        self.state.database_id = stable
        self.state.node_id = text(found.get("id"))
        self.name = self.state.name = text(found.get("nameWithOwner")) or self.name
        self.state.taken = ""

    def repository_capture(self, answer: GraphAnswer) -> Capture:
        """The identity of the repository as answered: a rename is a new version of it."""
        found = mapping(answer.data.get("repository"))
        names = [name for name in ("id", "databaseId", "nameWithOwner") if name in found]
        cut = [(name, slice_json(answer.text, ("data", "repository", name))) for name in names]
        return self.capture(
            kind=REPOSITORY,
            key=self.repository,
            series="repository/1",
            payload=splice_object(cut),
            observed_at=answer.observed_at,
            exchanges=(answer.exchange,),
        )

    def pull_request_capture(
        self, number: int, payload: str, observed_at: int, exchanges: tuple[Exchange, ...]
    ) -> Capture:
        """One version of one pull request."""
        return self.capture(
            kind=PULL_REQUEST,
            key=f"{self.state.database_id}:{number}",
            series=queries.series("PullRequestWhole"),
            payload=payload,
            observed_at=observed_at,
            exchanges=exchanges,
            volatile=_VOLATILE,
        )

    def commit_capture(self, branch: str, sha: str, payload: str, answer: GraphAnswer) -> Capture:
        """What GitHub links to one commit of one branch."""
        return self.capture(
            kind=BRANCH_COMMIT,
            key=f"{self.state.database_id}:{branch}:{sha}",
            series=queries.series("BranchPopulation"),
            payload=payload,
            observed_at=answer.observed_at,
            exchanges=(answer.exchange,),
            context={"branch": branch},
        )

    def checks_capture(
        self,
        sha: str,
        payload: str,
        observed_at: int,
        exchanges: tuple[Exchange, ...],
        operation: str = "CommitChecks",
    ) -> Capture:
        """The checks of one commit, read by themselves."""
        return self.capture(
            kind=COMMIT_CHECKS,
            key=f"{self.state.database_id}:{sha}",
            series=queries.series(operation),
            payload=payload,
            observed_at=observed_at,
            exchanges=exchanges,
            volatile=(
                "/commit/statusCheckRollup/contexts/pageInfo/endCursor",
                "/tails/*/statusCheckRollup/contexts/pageInfo/endCursor",
            ),
        )

    def attempts_capture(
        self, sha: str, payload: str, observed_at: int, exchanges: tuple[Exchange, ...]
    ) -> Capture:
        """All attempts of the checks of one commit."""
        return self.capture(
            kind=CHECK_ATTEMPTS,
            key=f"{self.state.database_id}:{sha}",
            series=queries.series("CheckAttempts"),
            payload=payload,
            observed_at=observed_at,
            exchanges=exchanges,
            volatile=tuple(
                f"/{place}/pageInfo/endCursor"
                for root in ("commit", "tails/*")
                for place in (
                    f"{root}/checkSuites",
                    f"{root}/checkSuites/nodes/*/checkRuns",
                    f"{root}/checkRuns",
                )
            ),
        )

    def capture(
        self,
        *,
        kind: str,
        key: str,
        series: str,
        payload: str,
        observed_at: int,
        exchanges: tuple[Exchange, ...],
        volatile: tuple[str, ...] = (),
        context: Mapping[str, str] | None = None,
    ) -> Capture:
        """A slice with its provenance."""
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=series,
            observed_at=observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=exchanges,
            volatile=volatile,
            context={
                "repository": self.repository,
                "host": self.host,
                "database_id": self.state.database_id,
                **(context or {}),
            },
        )

    def gap(
        self, kind: str, key: str, reason: GapReason, detail: str, window: tuple[int, int] = (0, 0)
    ) -> Gap:
        """Something of this repository that could not be had."""
        return Gap(
            source=self.source,
            kind=kind,
            key=key,
            reason=reason,
            detail=detail,
            window_from=window[0],
            window_to=window[1],
            repository=self.repository,
        )


__all__ = [
    "BRANCH_COMMIT",
    "CHECK_ATTEMPTS",
    "COMMIT_CHECKS",
    "PULL_REQUEST",
    "REPOSITORY",
    "Context",
    "UnreadableRepositoryError",
]
