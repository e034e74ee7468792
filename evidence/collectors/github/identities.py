"""The identity collector: who stands behind accounts, by SAML and by confirmed addresses.

A stream of its own, read where it is asked for and as often as the settings. Of each account one
capture, so that what a change rests on can be handed over without the names of all others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.github import identity_kinds as kinds
from evidence.collectors.github import parse_identities, queries
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.paging import HOUR
from evidence.collectors.github.reading import at, identifier, integer, mapping, text
from evidence.collectors.github.transport import GraphAnswer, Transport
from evidence.collectors.github.transports import Transports
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window
from evidence.model.identity import SAML, VERIFIED
from evidence.model.settings import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One of the two lists of an organisation."""

    kind: str
    """As in `AccountIdentity`."""
    capture: str
    operation: str
    holder: str
    """What may be null where there is none, or where it is not shown; empty: the organisation."""
    place: tuple[str, ...]
    """Of the list in the organisation."""
    what: str


_LISTS = (
    _List(
        kind=SAML,
        capture=kinds.SAML,
        operation="OrganisationSaml",
        holder="samlIdentityProvider",
        place=("samlIdentityProvider", "externalIdentities"),
        what="the SAML identities",
    ),
    _List(
        kind=VERIFIED,
        capture=kinds.VERIFIED,
        operation="OrganisationEmails",
        holder="",
        place=("membersWithRole",),
        what="the confirmed addresses of the members",
    ),
)


@dataclass(slots=True, kw_only=True)
class GitHubIdentities(GitHubAccount):
    """Who stands behind the accounts of some organisations.

    Raises AuthError, SourceError, MalformedError and UnavailableError; what an organisation does
    not show is a gap, and one that has no SAML is an answer.
    """

    owners: tuple[str, ...]
    """Logins; one that is no organisation has no such lists."""
    every: int = 24 * HOUR
    """Microseconds between two readings; 0: one in every sync."""
    name: str = field(default=kinds.COLLECTOR, init=False)
    version: str = field(default=kinds.VERSION, init=False)
    kinds: tuple[str, ...] = field(default=kinds.KINDS, init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for each hundred accounts; the last one is empty and complete."""
        del window  # what is: who stands behind an account has no past there
        looked = _looked(cursor)
        transports = Transports(self.sign_in(), self.transport)
        for done, owner in enumerate(self.owners):
            began = self.clock.micros()
            if looked.get(owner) and 0 <= began - looked[owner] < self.every:
                continue
            progress(f"{owner} identities", done, len(self.owners))
            try:
                for each in _LISTS:
                    for page in self._pages(owner, each, transports.of(owner)):
                        yield transports.stamped(page, _dumped(looked))
            except NotInstalledError as error:
                gap = self._gap(owner, GapReason.FORBIDDEN, error.message)
                yield transports.stamped(Page(gaps=(gap,)), _dumped(looked))
            looked[owner] = began
        yield transports.stamped(Page(complete=True), _dumped(looked))

    def hidden(self, owner: str) -> Iterator[str]:
        """Why a list of one owner cannot be read, for each that cannot, by its first page.

        Raises AuthError, SourceError, MalformedError and UnavailableError.
        """
        transport = self.transport(self.sign_in(), owner)
        for each in _LISTS:
            try:
                page = next(self._pages(owner, each, transport), Page())
            except NotInstalledError as error:
                yield error.message
                return
            yield from (gap.detail for gap in page.gaps if gap.reason is GapReason.FORBIDDEN)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse_identities.parse(capture)

    def _pages(self, owner: str, asked: _List, transport: Transport) -> Iterator[Page]:
        """The pages of one list; the last one says that it was looked at, and whom it named."""
        after: str | None = None
        listed: dict[str, None] = {}
        read = 0
        while True:
            answer = transport.ask(asked.operation, {"login": owner, "after": after})
            found = mapping(at(answer.data, "repositoryOwner"))
            number = identifier({"databaseId": found.get("databaseId")})
            if found.get("__typename") not in (None, "Organization"):
                return  # a person has no such lists
            connection = mapping(at(found, *asked.place))
            if not number or not isinstance(connection.get("nodes"), list):
                yield self._without(owner, number, asked, answer)
                return
            captures = tuple(self._captures(number, asked, answer))
            read += len(connection["nodes"])
            listed |= dict.fromkeys(one.key.rpartition("/")[2] for one in captures)
            more = at(connection, "pageInfo", "hasNextPage") is True
            onward = text(at(connection, "pageInfo", "endCursor"))
            if more and onward and onward != after:
                after = onward
                yield Page(captures=captures)
                continue
            total = integer(connection.get("totalCount"))
            if not 0 <= total <= read:
                detail = f"GitHub counts {total} accounts in {asked.what} of {owner}; {read} came."
                gap = self._gap(f"{owner}/{asked.kind}", GapReason.TRUNCATED, detail)
                yield Page(captures=captures, gaps=(gap,))
                return
            look = self._look(owner, number, asked, answer, "read", tuple(listed))
            yield Page(captures=(*captures, look))
            return

    def _without(self, owner: str, number: str, asked: _List, answer: GraphAnswer) -> Page:
        """No list: there is none, or it is not shown."""
        if number and asked.holder and not answer.unread:
            return Page(captures=(self._look(owner, number, asked, answer, "absent"),))
        detail = (
            f"GitHub does not show {asked.what} of {owner}: only its owners see them, and an App "
            "that may read members and administration of the organisation."
        )
        gap = self._gap(f"{owner}/{asked.kind}", GapReason.FORBIDDEN, detail)
        look = self._look(owner, number or owner, asked, answer, "not_visible")
        return Page(captures=(look,), gaps=(gap,))

    def _captures(self, number: str, asked: _List, answer: GraphAnswer) -> Iterator[Capture]:
        nodes = ("data", "repositoryOwner", *asked.place, "nodes")
        for exact, node in canonical.slice_each(answer.text, nodes):
            user = mapping(node).get("user") if asked.kind == SAML else node
            account = identifier({"databaseId": mapping(user).get("databaseId")})
            if account:
                yield self._capture(asked.capture, f"{number}/{account}", exact, answer, asked)

    def _look(
        self,
        owner: str,
        number: str,
        asked: _List,
        answer: GraphAnswer,
        outcome: str,
        listed: tuple[str, ...] = (),
    ) -> Capture:
        """That a list was looked at; named by its owner, who is known where it is not shown."""
        look = {
            "subject": str(Subject.IDENTITIES),
            "key": f"{number}/{asked.kind}",
            "at": answer.observed_at,
            "outcome": outcome,
            "listed": sorted(listed),
        }
        payload = json.dumps({"looks": [look]}, sort_keys=True, separators=(",", ":"))
        return self._capture(kinds.READ, f"{owner}/{asked.kind}", payload, answer, None)

    def _capture(
        self, kind: str, key: str, payload: str, answer: GraphAnswer, asked: _List | None
    ) -> Capture:
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=queries.series(asked.operation) if asked else f"{kind}/1",
            observed_at=answer.observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=kinds.COLLECTOR,
            collector_version=kinds.VERSION,
            exchanges=(answer.exchange,),
            context={"host": self.host, "organisation": key.partition("/")[0]},
        )

    def _gap(self, key: str, reason: GapReason, detail: str) -> Gap:
        return Gap(source=self.source, kind=kinds.READ, key=key, reason=reason, detail=detail)


def _dumped(looked: Mapping[str, int]) -> str:
    return cursors.dumped(looked)


def _looked(cursor: str) -> dict[str, int]:
    """Owner -> when its lists were last read; an unreadable cursor is none."""
    rows = cursors.loaded(cursor)
    return {owner: max(0, integer(when, 0)) for owner, when in rows.items()}
