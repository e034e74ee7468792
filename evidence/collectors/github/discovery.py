"""One owner's whole list of repositories, and why each is in or out of scope.

A hundred repositories cost one call and one point; the list is read once an hour, and anew when
what is asked of it changes. It is complete only if as many came as GitHub counts: only then can one
that was listed before be told as gone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import query_digest, slice_each, splice_object
from evidence.collectors.github import queries
from evidence.collectors.github.paging import HOUR
from evidence.collectors.github.parse import SCOPE
from evidence.collectors.github.reading import at, identifier, integer, mapping, text
from evidence.collectors.github.scope import Scope, decision, discovered_id
from evidence.collectors.github.state import OwnerState
from evidence.collectors.github.transport import GraphAnswer, Transport
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page, Total


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
    seen: dict[str, str] = field(default_factory=dict, init=False)
    """Numeric id -> `owner/name` of what was listed."""
    missed: dict[str, str] = field(default_factory=dict, init=False)
    """The same, of what was listed before and, in a whole list, is not any more."""
    _answer: GraphAnswer | None = field(default=None, init=False)

    def pages(self) -> Iterator[Page]:
        """One page for each hundred repositories; nothing within the hour after the last list."""
        age = self.transport.clock.micros() - self.state.listed
        fresh = 0 <= age < HOUR
        if self.state.listed and fresh and self.state.asked == self._asked():
            self.seen = dict(self.state.known)
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
            self.seen[stable] = name
            said = self.scope.judge(name, self._configured(name, stable), self._id(name, stable))
            yield self._capture(stable, exact, said, answer.observed_at, (answer.exchange,))

    def _configured(self, name: str, stable: str) -> str:
        """The id under which it is configured: by number if it was read before, else by name."""
        return self.configured.get(stable) or self.configured.get(name.lower(), "")

    def _id(self, name: str, stable: str) -> str:
        """The id as discovered, which a rename keeps."""
        return self.state.ids.setdefault(stable, discovered_id(name, stable))

    def _asked(self) -> str:
        """What the list is judged by: when that changes, the list is read again."""
        return query_digest(
            "scope",
            {
                "include": list(self.scope.include),
                "exclude": list(self.scope.exclude),
                "configured": dict(self.configured),
            },
        )

    def _last(
        self, captures: tuple[Capture, ...], listed: Mapping[str, Any], answer: GraphAnswer
    ) -> Page:
        reported = integer(listed.get("totalCount"))
        total = Total(kind=SCOPE, scope=self.owner, reported=reported, stored=len(self.seen))
        if not 0 <= reported <= len(self.seen):
            detail = (
                f"GitHub counts {reported} repositories of {self.owner}; {len(self.seen)} could "
                "be read, so nothing can be said of the others."
            )
            gap = self._gap(GapReason.TRUNCATED, detail)
            return Page(captures=captures, totals=(total,), gaps=(gap,))
        self._answer = answer
        before = self.state.known.items()
        self.missed = {key: name for key, name in before if key not in self.seen}
        self.state.known = dict(self.seen)
        self.state.listed, self.state.asked = self.transport.clock.micros(), self._asked()
        return Page(captures=captures, totals=(total,))

    def gone(self, elsewhere: Collection[str]) -> Iterator[Capture]:
        """What is in no list any more: deleted, hidden, or transferred to an owner not read.

        `elsewhere` holds the numbers that other owners' lists show.
        """
        for stable, name in sorted(self.missed.items()):
            if self._answer is None or stable in elsewhere or not _number(stable):
                continue
            known = self._configured(name, stable)
            if not known and self.scope.includes(name):
                known = self._id(name, stable)
            yield self._capture(
                stable,
                json.dumps({"databaseId": int(stable), "nameWithOwner": name}),
                decision(known, in_scope=False, reason="gone"),
                self._answer.observed_at,
                (self._answer.exchange,),
            )

    def _capture(
        self,
        stable: str,
        exact: str,
        said: Mapping[str, Any],
        observed_at: int,
        exchanges: tuple[Exchange, ...],
    ) -> Capture:
        payload = splice_object([("node", exact), ("scope", json.dumps(said, sort_keys=True))])
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


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def configured_of(repositories: Sequence[tuple[str, str, str]]) -> Mapping[str, str]:
    """(configured id, name, numeric id or empty) as what a listed repository is found by.

    By its number where it has one: another repository may stand under its name by now.
    """
    return {number or name.lower(): key for key, name, number in repositories}
