"""The attestation collector: what GitHub holds of the origin of images that deployments name.

What is wanted is told by whoever knows what runs (`wanted`), digest by digest; an owner's
attestations are never listed. One that was found is not asked for again, one that was not is asked
for once a day for a week, for a statement may come after its image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from evidence.collectors import cursors
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.of_digests import BATCH, PATIENCE, DigestList, batches, holdings
from evidence.collectors.github.paging import DAY
from evidence.collectors.github.parse_attestations import ATTESTATION, parse
from evidence.collectors.github.reading import integer, items
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.model.capture import Capture, Page, Window

COLLECTOR, VERSION = "github_attestations", "1"
_LISTS = DigestList(
    kind=ATTESTATION,
    title="attestations",
    path="attestations/{digest}",
    member="attestations",
    permission="attestations: read",
    of_persons=True,
    none_is_404=True,
    collector=COLLECTOR,
    version=VERSION,
    volatile=("/pages/*/attestations/*/bundle_url",),  # an address that is signed anew each time
)


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
            held = holdings(self, _LISTS, self.owners)
            for place, batch in enumerate(batches(due)):
                progress(_LISTS.title, place * BATCH, len(due))
                found = {digest: [one.capture for one in held.of(digest)] for digest in batch}
                # What an owner did not show is asked for again.
                for digest, captures in found.items() if not held.closed else ():
                    first = asked[digest].first if digest in asked else now
                    asked[digest] = _Asked(first=first, last=now, found=bool(captures))
                yield held.page((one for some in found.values() for one in some), _dumped(asked))
        yield Page(cursor=_dumped(asked), complete=True)

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parse(capture)


def _dumped(asked: Mapping[str, _Asked]) -> str:
    rows = {digest: [one.first, one.last, one.found] for digest, one in asked.items()}
    return cursors.dumped(rows)


def _known(cursor: str) -> dict[str, _Asked]:
    """What the last page left; an unreadable cursor is none."""
    found = {}
    for digest, row in cursors.loaded(cursor).items():
        first, last, was = (*items(row), 0, 0, False)[:3]
        times = (max(0, integer(first, 0)), max(0, integer(last, 0)))
        found[digest] = _Asked(first=times[0], last=times[1], found=was is True)
    return found
