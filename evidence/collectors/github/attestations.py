"""The attestation collector: what GitHub holds of the origin of images that deployments name.

What is wanted is told by whoever knows what runs (`wanted`), digest by digest; an owner's
attestations are never listed. One that was found is not asked for again, one that was not is asked
for once a day for a week, for a statement may come after its image.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from evidence import canonical
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.owned import Owned, spent
from evidence.collectors.github.paging import DAY
from evidence.collectors.github.parse_attestations import ATTESTATION, parse
from evidence.collectors.github.reading import integer, items, mapping
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window

COLLECTOR, VERSION = "github_attestations", "1"
PATIENCE = 7 * DAY
"""How long a digest without an attestation is asked for again."""
BATCH = 20
"""Digests of a page."""
_UNSAID = ("/pages/*/attestations/*/bundle_url",)
"""An address that is signed anew each time."""


def _nothing() -> frozenset[str]:
    return frozenset()


@dataclass(slots=True, kw_only=True)
class _Asked:
    """When a digest was asked for, first and last, microseconds UTC; and whether it was found."""

    first: int
    last: int
    found: bool = False

    def due(self, now: int) -> bool:
        return not self.found and now - self.last >= DAY and now - self.first < PATIENCE


@dataclass(slots=True, kw_only=True)
class GitHubAttestations(GitHubAccount):
    """The attestations of wanted digests, below some owners, organisations or persons.

    Raises AuthError, SourceError, MalformedError and UnavailableError; an owner whose attestations
    are not shown is a gap.
    """

    owners: tuple[str, ...]
    wanted: Callable[[], frozenset[str]] = _nothing
    """Gives digests, `sha256:<64 hexadecimal digits>`."""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(ATTESTATION,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for some digests; the last one is empty and complete."""
        del window
        wanted, now = sorted(self.wanted()), self.clock.micros()
        known = _known(cursor)
        asked = {digest: known[digest] for digest in wanted if digest in known}
        due = [one for one in wanted if one not in asked or asked[one].due(now)]
        if due:
            credential = self.sign_in()
            owned = [Owned(owner=one, rest=self.rest(credential, one)) for one in self.owners]
            closed: dict[str, Gap] = {}
            for start in range(0, len(due), BATCH):
                progress("attestations", start, len(due))
                batch = due[start : start + BATCH]
                captures = [one for digest in batch for one in self._of(digest, owned, closed)]
                found = {one.key.rpartition("/")[2] for one in captures}
                # What an owner did not show is asked for again.
                for digest in batch if not closed else ():
                    before = asked.get(digest)
                    first = before.first if before else now
                    asked[digest] = _Asked(first=first, last=now, found=digest in found)
                calls, retries = spent(owned)
                yield Page(
                    captures=tuple(captures),
                    gaps=tuple(closed.values()),
                    cursor=_dumped(asked),
                    calls=calls,
                    retries=retries,
                )
        yield Page(cursor=_dumped(asked), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)

    def _of(self, digest: str, owned: Iterable[Owned], closed: dict[str, Gap]) -> Iterator[Capture]:
        """What each owner holds of one digest."""
        for one in owned:
            if one.owner in closed:
                continue
            try:
                pages = one.pages(f"attestations/{quote(digest, safe='')}", of_persons=True)
            except NotInstalledError as error:
                closed[one.owner] = self._gap(GapReason.FORBIDDEN, error.message)
                continue
            last = pages[-1]
            if last.ok and any(items(mapping(page.data).get("attestations")) for page in pages):
                yield self._capture(one.owner, digest, pages)
            elif not last.ok and last.status != 404:
                detail = (
                    f"GitHub does not show the attestations of {one.owner} (status {last.status}: "
                    f"{last.message}); grant the permission `attestations: read`."
                )
                closed[one.owner] = self._gap(GapReason.FORBIDDEN, detail)

    def _capture(self, owner: str, digest: str, pages: tuple[RestAnswer, ...]) -> Capture:
        texts = canonical.splice_array(one.text for one in pages)
        return Capture(
            source=self.source,
            kind=ATTESTATION,
            key=f"{owner}/{digest}",
            series=f"{ATTESTATION}/1",
            observed_at=pages[0].observed_at,
            form=Form.SLICE,
            payload=canonical.splice_object([("pages", texts)]).encode("utf-8", "surrogatepass"),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=tuple(one.exchange for one in pages),
            volatile=_UNSAID,
            context={"digest": digest, "owner": owner},
        )

    def _gap(self, reason: GapReason, detail: str) -> Gap:
        return Gap(source=self.source, kind=ATTESTATION, key="*", reason=reason, detail=detail)


def _dumped(asked: Mapping[str, _Asked]) -> str:
    rows = {digest: [one.first, one.last, one.found] for digest, one in asked.items()}
    return json.dumps(rows, sort_keys=True, separators=(",", ":"))


def _known(cursor: str) -> dict[str, _Asked]:
    """What the last page left; an unreadable cursor is none."""
    try:
        rows = mapping(canonical.loads(cursor)) if cursor else {}
    except MalformedError:
        return {}
    found = {}
    for digest, row in rows.items():
        first, last, was = (*items(row), 0, 0, False)[:3]
        times = (max(0, integer(first, 0)), max(0, integer(last, 0)))
        found[digest] = _Asked(first=times[0], last=times[1], found=was is True)
    return found
