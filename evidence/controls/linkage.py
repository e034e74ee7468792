"""Whether a place named a ticket at the merge: a link that was made later is not the request.

The version of the pull request nearest to the merge counts, of all that were read. One that was
read after the merge speaks for the merge only where its mark (`evidence.model.texts`) shows that
nothing was edited in between; a link made by hand stands in the timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence.chain.tickets import names_ticket
from evidence.controls.timeline import Timeline
from evidence.controls.words import when
from evidence.model.chain import ChangeEvidence
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequest, PullRequestEvent
from evidence.model.texts import texts_digest

Has = Callable[[PullRequest], bool]


class Held(StrEnum):
    """Whether a link stood at the merge."""

    HELD = "held"
    OPEN = "open"
    """Evidence does not tell when it was made."""
    LATE = "late"
    """It was made after the merge, or taken away before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a link in one place stood at the merge, and why where that is not plain."""

    held: Held
    words: str = ""
    flags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The versions of one pull request around its merge, oldest first."""

    evidence: ChangeEvidence
    timeline: Timeline
    before: tuple[PullRequest, ...]
    after: tuple[PullRequest, ...]

    def standing(self, place: str, key: str) -> Standing:
        """How `key` stood at the merge in a place (`closing`, `title`, `body`, any other)."""
        rule = _RULES.get(place)
        return rule(self, key) if rule and self.after else Standing(held=Held.HELD)

    def written(self, version: PullRequest) -> PullRequestEvent | None:
        """The mark of a version: when its texts were edited last. None where it left none."""
        digest = texts_digest(version.body, version.closing_issues)
        marks = [one for one in self.timeline.marks if one.subject == digest]
        own = [one for one in marks if one.entry_seq == version.entry_seq]
        return max(own or marks, key=lambda one: (one.at, one.position), default=None)


def readings_of(evidence: ChangeEvidence, timeline: Timeline) -> Readings:
    """The readings of a change's pull request; none where it was read only before its merge."""
    versions = sorted(evidence.pull_request_versions, key=lambda one: one.entry_seq)
    return Readings(
        evidence=evidence,
        timeline=timeline,
        before=tuple(one for one in versions if one.state in {"OPEN", "CLOSED"}),
        after=tuple(one for one in versions if one.state not in {"OPEN", "CLOSED"}),
    )


# --- texts


def _body(readings: Readings, key: str) -> Standing:
    def has(version: PullRequest) -> bool:
        return names_ticket(version.body, key, version)

    return _as_written(readings, has, readings.after, whole=False)


def _as_written(
    readings: Readings, has: Has, after: Iterable[PullRequest], *, whole: bool
) -> Standing:
    """By the first reading whose texts are those of the merge, else by those around it.

    `whole`: such a reading must show its whole timeline, too.
    """
    later, last = list(after), readings.before[-1:]
    for version in later:
        mark = readings.written(version)
        if mark is None or mark.at > readings.timeline.merged_at:
            continue
        if whole and not readings.timeline.complete_to(mark.position):
            continue
        if has(version):
            return Standing(held=Held.HELD, facts=(version, mark))
        gone = whole and last and has(last[0]) and mark.at <= last[0].observed_at
        if gone:
            words = "the ticket was linked and is not listed any more"
            flags = ("ticket-gone",)
            return Standing(held=Held.HELD, words=words, flags=flags, facts=(*last, mark))
        return Standing(held=Held.LATE, words="it was not there at the merge", facts=(mark,))
    if last and has(last[0]) and later and has(later[0]):
        flags = ("edited-after-merge",)
        return Standing(held=Held.HELD, flags=flags, facts=(*last, later[0]))
    words = "the text was edited after the merge, or when is not known"
    return Standing(held=Held.OPEN, words=words)


# --- the title, whose changes are items of the timeline


def _title(readings: Readings, key: str) -> Standing:
    timeline, pull = readings.timeline, readings.after[-1]
    renames = [event for event in timeline.events if event.kind == "RenamedTitle"]
    later = [event for event in renames if not timeline.before_merge(event)]
    if later:
        whole = timeline.complete_to(later[0].position)
        return _named(later[0].previous, key, pull, whole=whole, fact=later[0])
    mark = readings.written(pull)
    whole = mark is not None and timeline.complete_to(mark.position)
    return _named(pull.title, key, pull, whole=whole, fact=mark or pull)


def _named(title: str, key: str, pull: PullRequest, *, whole: bool, fact: Fact) -> Standing:
    if not names_ticket(title, key, pull):
        return Standing(held=Held.LATE, words="the title was another at the merge", facts=(fact,))
    if whole:
        return Standing(held=Held.HELD, facts=(fact,))
    return Standing(held=Held.OPEN, words="not every change of the title was read")


# --- what the forge lists as closed


def _closing(readings: Readings, key: str) -> Standing:
    """Linked by hand (in the timeline), or by the description."""
    timeline = readings.timeline
    acts = [
        event
        for event in timeline.events
        if event.kind in {"Connected", "Disconnected"} and event.subject == key
    ]
    earlier = [event for event in acts if timeline.before_merge(event)]
    later = [event for event in acts if not timeline.before_merge(event)]
    by_hand = _by_hand(timeline, earlier, later)
    if by_hand is not None:
        return by_hand
    linked = next((one for one in later if one.kind == "Connected"), None)
    listed, body = _listed(readings, key, linked), _body(readings, key)
    if Held.HELD in {listed.held, body.held} or linked is None:
        return body if body.held == Held.HELD != listed.held else listed
    words = f"it was linked by hand at {when(linked.at)}, after the merge"
    sure = body.held == Held.LATE and timeline.whole
    return Standing(held=Held.LATE if sure else Held.OPEN, words=words, facts=(linked,))


def _by_hand(
    timeline: Timeline, earlier: list[PullRequestEvent], later: list[PullRequestEvent]
) -> Standing | None:
    """A link made by hand that stood at the merge; None where there was none."""
    if earlier and earlier[-1].kind == "Connected":
        held = Held.HELD if timeline.whole else Held.OPEN
        words = "" if timeline.whole else "its timeline was not read whole"
        return Standing(held=held, words=words, facts=(earlier[-1],))
    if not earlier and later and later[0].kind == "Disconnected":
        whole = timeline.complete_to(later[0].position)
        words = f"the link was taken away at {when(later[0].at)}, after the merge"
        held = Held.HELD if whole else Held.OPEN
        return Standing(held=held, words=words, flags=("link-removed",), facts=(later[0],))
    return None


def _listed(readings: Readings, key: str, linked: PullRequestEvent | None) -> Standing:
    """By the readings that a later link by hand does not explain."""

    def has(version: PullRequest) -> bool:
        return key in version.closing_issues

    sound = [one for one in readings.after if linked is None or one.observed_at < linked.at]
    return _as_written(readings, has, sound, whole=True)


_RULES: dict[str, Callable[[Readings, str], Standing]] = {
    "closing": _closing,
    "title": _title,
    "body": _body,
}
"""Place -> how a key stood there at the merge. The name of a branch does not change after it."""
