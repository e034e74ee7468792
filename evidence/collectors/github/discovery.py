"""The scope register: every repository of the configured owners, and why it is in or out.

A hundred repositories cost one call and one point; the list is read once an hour. A repository that
was listed before and is not any more (deleted, transferred, hidden from the credential) is told as
gone, by its number. The list is complete only if as many came as GitHub counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from evidence.canonical import slice_each, splice_object
from evidence.collectors.github import queries
from evidence.collectors.github.paging import HOUR
from evidence.collectors.github.parse import SCOPE
from evidence.collectors.github.reading import at, identifier, integer, mapping, text
from evidence.collectors.github.state import OwnerState
from evidence.collectors.github.transport import GraphAnswer, Transport
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which repositories of which owners are in scope. Patterns are globs over `owner/name`."""

    owners: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def judge(self, name: str, configured: str) -> Mapping[str, Any]:
        """In or out, and why; what is configured is in, an exclusion goes before an inclusion."""
        excluded = _matching(name, self.exclude)
        included = _matching(name, self.include)
        if configured:
            return _decision(configured, in_scope=True, reason="configured")
        if excluded:
            return _decision("", in_scope=False, reason="excluded", pattern=excluded)
        if included:
            return _decision("", in_scope=True, reason="included", pattern=included)
        return _decision("", in_scope=False, reason="not-configured")


def _matching(name: str, patterns: Sequence[str]) -> str:
    lowered = name.lower()
    return next((one for one in patterns if fnmatchcase(lowered, one.lower())), "")


def _decision(
    repository: str, *, in_scope: bool, reason: str, pattern: str = ""
) -> Mapping[str, Any]:
    return {"repository": repository, "in_scope": in_scope, "reason": reason, "pattern": pattern}


@dataclass(slots=True, kw_only=True)
class Discovery:
    """Reads the list of one owner."""

    source: str
    host: str
    owner: str
    scope: Scope
    state: OwnerState
    transport: Transport
    configured: Mapping[str, str]
    """Numeric id or lower-case `owner/name` -> configured repository id."""
    collector_version: str
    _seen: dict[str, str] = field(default_factory=dict, init=False)

    def pages(self) -> Iterator[Page]:
        """One page for each hundred repositories; nothing within the hour after the last list."""
        if self.state.listed and self.transport.clock.micros() - self.state.listed < HOUR:
            return
        after: str | None = None
        while True:
            asked = {"login": self.owner, "after": after}
            answer = self.transport.ask("OwnerRepositories", asked)
            listed = mapping(at(answer.data, "repositoryOwner", "repositories"))
            if not isinstance(listed.get("nodes"), list):
                yield Page(gaps=(self._not_shown(),))
                return
            captures = tuple(self._captures(answer))
            info = mapping(listed.get("pageInfo"))
            more = text(info.get("endCursor")) if info.get("hasNextPage") is True else ""
            if not more or more == after:
                yield self._last(captures, listed, answer)
                return
            after = more
            yield Page(captures=captures)

    def _captures(self, answer: GraphAnswer) -> Iterator[Capture]:
        place = ("data", "repositoryOwner", "repositories", "nodes")
        for exact, node in slice_each(answer.text, place):
            stable = identifier({"databaseId": mapping(node).get("databaseId")})
            if not stable:
                continue
            name = text(mapping(node).get("nameWithOwner"))
            self._seen[stable] = name
            known = self.configured.get(stable) or self.configured.get(name.lower(), "")
            decision = self.scope.judge(name, known)
            yield self._capture(stable, exact, decision, answer.observed_at, (answer.exchange,))

    def _last(
        self, captures: tuple[Capture, ...], listed: Mapping[str, Any], answer: GraphAnswer
    ) -> Page:
        reported = integer(listed.get("totalCount"))
        total = Total(kind=SCOPE, scope=self.owner, reported=reported, stored=len(self._seen))
        if not 0 <= reported <= len(self._seen):
            detail = (
                f"GitHub counts {reported} repositories of {self.owner}; {len(self._seen)} could "
                "be read, so nothing can be said of the others."
            )
            gap = self._gap(GapReason.TRUNCATED, detail)
            return Page(captures=captures, totals=(total,), gaps=(gap,))
        gone = {key: name for key, name in self.state.known.items() if key not in self._seen}
        lost = tuple(
            self._capture(
                stable,
                json.dumps({"databaseId": int(stable), "nameWithOwner": name}),
                _decision(self.configured.get(stable, ""), in_scope=False, reason="gone"),
                answer.observed_at,
                (answer.exchange,),
            )
            for stable, name in sorted(gone.items())
            if stable.isascii() and stable.isdecimal()
        )
        self.state.known = dict(self._seen)
        self.state.listed = self.transport.clock.micros()
        return Page(captures=(*captures, *lost), totals=(total,))

    def _capture(
        self,
        stable: str,
        exact: str,
        decision: Mapping[str, Any],
        observed_at: int,
        exchanges: tuple[Exchange, ...],
    ) -> Capture:
        payload = splice_object([("node", exact), ("scope", json.dumps(decision, sort_keys=True))])
        return Capture(
            source=self.source,
            kind=SCOPE,
            key=stable,
            series=queries.series("OwnerRepositories"),
            observed_at=observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector="github",
            collector_version=self.collector_version,
            exchanges=exchanges,
            volatile=("/node/pushedAt",),
            context={"host": self.host, "owner": self.owner.lower()},
        )

    def _not_shown(self) -> Gap:
        detail = f"GitHub shows no list of repositories of {self.owner}."
        return self._gap(GapReason.NOT_FOUND_OR_FORBIDDEN, detail)

    def _gap(self, reason: GapReason, detail: str) -> Gap:
        return Gap(source=self.source, kind=SCOPE, key=self.owner, reason=reason, detail=detail)


def configured_of(
    repositories: Sequence[tuple[str, str, str]],
) -> Mapping[str, str]:
    """(configured id, name, numeric id or empty) as what a listed repository is found by."""
    found = {name.lower(): key for key, name, _ in repositories}
    return {**found, **{number: key for key, _, number in repositories if number}}


__all__ = ["Discovery", "Scope", "configured_of"]
