"""What GitHub holds of single digests below their owners: asked digest by digest, never listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from evidence import canonical
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.conversation import spent
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.owned import Owned
from evidence.collectors.github.paging import DAY
from evidence.collectors.github.reading import items, mapping
from evidence.collectors.github.rest import RestAnswer
from evidence.model.capture import Capture, Form, Gap, GapReason, Page

PATIENCE = 7 * DAY
"""Microseconds for which a digest is asked for again, once a day, of which nothing is held yet."""
BATCH = 20
"""Digests of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestList:
    """One kind of list that GitHub keeps of a digest."""

    kind: str
    """Of its captures."""
    title: str
    """What gaps call the lists."""
    path: str
    """Below the owner; `{digest}` is filled in."""
    member: str
    """Of an answer: the rows."""
    permission: str
    of_persons: bool
    """Whether persons have such lists, too."""
    none_is_404: bool
    """Whether a list that is not there (404) is an empty one. Else only an owner who showed one
    before is believed, or a person, who has none."""
    collector: str
    version: str
    volatile: tuple[str, ...] = ()
    """Places in the payload that are others at each reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one owner holds of one digest."""

    capture: Capture
    rows: Sequence[Any]


@dataclass(slots=True, kw_only=True)
class Holdings:
    """What owners hold of digests, in one run. An owner who does not show it is a gap.

    Raises AuthError, SourceError, MalformedError and UnavailableError.
    """

    source: str
    lists: DigestList
    owned: Sequence[Owned]
    opened: set[str] = field(default_factory=set)
    """Owners who showed such a list, in this run or an earlier one."""
    closed: dict[str, Gap] = field(default_factory=dict)
    """Owners who did not in this run: they are asked no more."""

    def of(self, digest: str) -> Iterator[Held]:
        """What each owner holds of a digest that is written `sha256:<64 hexadecimal digits>`."""
        below = self.lists.path.format(digest=quote(digest, safe=""))
        for one in self.owned:
            if one.owner in self.closed:
                continue
            try:
                pages = one.pages(below, of_persons=self.lists.of_persons)
            except NotInstalledError as error:
                self.closed[one.owner] = self._gap(error.message)
                continue
            last = pages[-1]
            if last.ok:
                self.opened.add(one.owner)
                rows = [
                    row
                    for page in pages
                    for row in items(mapping(page.data).get(self.lists.member))
                ]
                if rows:
                    yield Held(capture=self._capture(one.owner, digest, pages), rows=rows)
            elif not self._is_none(one, last):
                self.closed[one.owner] = self._gap(self._refused(one.owner, last))

    def page(self, captures: Iterable[Capture], cursor: str) -> Page:
        """Of what was read since the page before it."""
        calls, retries = spent(one.rest.usage for one in self.owned)
        return Page(
            captures=tuple(captures),
            gaps=tuple(self.closed.values()),
            cursor=cursor,
            calls=calls,
            retries=retries,
        )

    def _is_none(self, one: Owned, answer: RestAnswer) -> bool:
        if answer.status != 404:
            return False
        return self.lists.none_is_404 or one.owner in self.opened or one.is_person

    def _capture(self, owner: str, digest: str, pages: Sequence[RestAnswer]) -> Capture:
        texts = canonical.splice_array(one.text for one in pages)
        return Capture(
            source=self.source,
            kind=self.lists.kind,
            key=f"{owner}/{digest}",
            series=f"{self.lists.kind}/1",
            observed_at=pages[0].observed_at,
            form=Form.SLICE,
            payload=canonical.splice_object([("pages", texts)]).encode("utf-8", "surrogatepass"),
            collector=self.lists.collector,
            collector_version=self.lists.version,
            exchanges=tuple(one.exchange for one in pages),
            volatile=self.lists.volatile,
            context={"digest": digest, "owner": owner},
        )

    def _refused(self, owner: str, answer: RestAnswer) -> str:
        hidden = ": it has none, or does not show them" if answer.status == 404 else ""
        return (
            f"GitHub does not show the {self.lists.title} of {owner} (status {answer.status}: "
            f"{answer.message}{hidden}); grant the permission `{self.lists.permission}`."
        )

    def _gap(self, detail: str) -> Gap:
        return Gap(
            source=self.source,
            kind=self.lists.kind,
            key="*",
            reason=GapReason.FORBIDDEN,
            detail=detail,
        )


def holdings(
    account: GitHubAccount, lists: DigestList, owners: Iterable[str], opened: Iterable[str] = ()
) -> Holdings:
    """Signs in to ask owners. Raises AuthError where nothing is configured to sign in with."""
    credential = account.sign_in()
    owned = [Owned(owner=one, rest=account.rest(credential, one)) for one in owners]
    return Holdings(source=account.source, lists=lists, owned=owned, opened=set(opened))


def batches(due: Sequence[str]) -> Iterator[Sequence[str]]:
    """The digests of each page."""
    for start in range(0, len(due), BATCH):
        yield due[start : start + BATCH]
