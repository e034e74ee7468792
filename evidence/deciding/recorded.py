"""Changes that what a forge recorded says something about, whenever it told it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from evidence.chain.pushes import Movement
from evidence.deciding.case import Case
from evidence.deciding.holes import SECOND
from evidence.deciding.landings import production_refs
from evidence.deciding.lines import brought_to
from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.audit import AuditEvent
from evidence.model.git import RefTip
from evidence.model.pushes import LostPush
from evidence.model.settings import Observation, Subject
from evidence.store import movements, queries, since
from evidence.store.session import Store

SKEW = 3_600_000_000
"""Microseconds that our clock, by which a tip was seen, may be apart from the forge's."""
Spans = dict[str, list[tuple[int, int]]]
"""Repository -> spans of time, half-open, microseconds UTC."""


class Recorded:
    """What entries from some point on hold of the records of a forge."""

    def __init__(self, case: Case, begin: int) -> None:
        self._store, self._refs = case.store, production_refs(case.policy)
        self._suites = since.facts_since(case.store, RuleSuite, begin)
        self._moves = since.facts_since(case.store, RepositoryActivity, begin)
        self._overrides = [
            one for one in since.facts_since(case.store, AuditEvent, begin) if one.after_sha
        ]
        self._tips = since.facts_since(case.store, RefTip, begin)
        self._looks = [
            one
            for one in since.facts_since(case.store, Observation, begin)
            if one.subject == Subject.ACTIVITY and one.until
        ]

    def change_ids(self) -> set[str]:
        """Changes that landed by a record, or whose pull request's branch it moved."""
        brought: dict[str, list[Movement]] = defaultdict(list)
        topics: dict[str, set[str]] = defaultdict(set)
        records: tuple[RuleSuite | RepositoryActivity, ...] = (*self._suites, *self._moves)
        for one in records:
            if one.ref in self._refs.get(one.repository, ()):
                brought[one.repository].append(one)
                brought[one.repository] += self._beside(one)
            else:
                topics[one.repository].add(one.ref.removeprefix("refs/heads/"))
        for event in self._overrides:
            brought[event.repository] += self._overridden(event)
        pulls = {
            f"{repository}:pr:{number}"
            for repository, branches in topics.items()
            for number in movements.numbers_of(self._store, repository, branches)
        }
        ended = {(one.repository, one.after_sha) for one in self._overrides}
        named = since.changes_by_sha(self._store, ended)
        return pulls | named | _landed_by(self._store, self._refs, brought)

    def spans(self) -> Spans:
        """When what landed may have landed in a hole of the record that is one since, or no more.

        A hole lies between two movements, or between one and a tip that Git was seen to have.
        """
        found: Spans = defaultdict(list)
        for move in self._moves:
            if move.ref in self._refs.get(move.repository, ()):
                span = self._about(move.repository, move.ref, move.at)
                found[move.repository].append(span)
        for look in self._looks:
            for ref in self._refs.get(look.repository, ()):
                first, _ = self._about(look.repository, ref, look.since)
                found[look.repository].append((first, look.until + SKEW))
        for tip in self._tips:
            if tip.name not in self._refs.get(tip.repository, ()):
                continue
            until = _following(tip.observed_at)
            if movements.moves_before(self._store, tip.repository, tip.name, until, 1):
                span = self._about(tip.repository, tip.name, tip.observed_at)
                found[tip.repository].append(span)  # no hole begins before all that is recorded
        return found

    def _overridden(self, event: AuditEvent) -> list[Movement]:
        """The records of the push that an audit log says went past the rules."""
        where, shas = event.repository, {event.after_sha}
        return [
            *queries.load_in(self._store, RuleSuite, "after_sha", shas, repository=where),
            *queries.load_in(self._store, RepositoryActivity, "after_sha", shas, repository=where),
        ]

    def _about(self, repository: str, ref: str, moment: int) -> tuple[int, int]:
        """From the movement before a moment to the one after it, and an hour more."""
        before = self._before(repository, ref, moment)
        first = before[0].at if before else moment
        last = movements.next_move(self._store, repository, ref, _following(moment))
        # From 1 on: a change without such a time is in no hole by it.
        return max(first - SKEW, 1), min(last + SKEW, movements.EVER)

    def _before(self, repository: str, ref: str, moment: int) -> list[RepositoryActivity]:
        second = moment // SECOND * SECOND
        return movements.moves_before(self._store, repository, ref, second, 1)

    def _beside(self, one: RuleSuite | RepositoryActivity) -> Iterator[LostPush]:
        """The holes that may lie, or have lain, on both sides of a movement."""
        if isinstance(one, RuleSuite):
            return
        second = one.at // SECOND * SECOND
        last = movements.next_move(self._store, one.repository, one.ref, _following(one.at))
        around = movements.moves_between(
            self._store, one.repository, one.ref, second, _following(last)
        )
        ends = [
            each.after_sha for each in (*self._before(one.repository, one.ref, one.at), *around)
        ]
        begins = [each.before_sha for each in around]
        for before in dict.fromkeys(ends):
            for after in dict.fromkeys(begins):
                yield LostPush(
                    repository=one.repository,
                    ref=one.ref,
                    before_sha=before,
                    after_sha=after,
                    since=0,
                    until=0,
                )


def _following(moment: int) -> int:
    return min((moment // SECOND + 1) * SECOND, movements.EVER)


def landed_in(case: Case, spans: Mapping[str, Iterable[tuple[int, int]]]) -> set[str]:
    """Changes that a recorded movement or rule suite of one of the spans brought.

    A direct push has no other time than that.
    """
    refs = production_refs(case.policy)
    found: dict[str, list[Movement]] = defaultdict(list)
    for repository, own in spans.items():
        for begin, end in own:
            found[repository] += movements.suites_between(case.store, repository, begin, end)
            for ref in refs.get(repository, ()):
                found[repository] += movements.moves_between(
                    case.store, repository, ref, begin, end
                )
    return _landed_by(case.store, refs, found)


def _landed_by(
    store: Store, refs: Mapping[str, frozenset[str]], records: Mapping[str, Iterable[Movement]]
) -> set[str]:
    places = {
        (repository, sha)
        for repository, own in records.items()
        for sha in brought_to(store, repository, own, refs.get(repository, frozenset()))
    }
    return since.changes_by_sha(store, places)
