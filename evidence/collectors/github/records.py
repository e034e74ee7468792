"""Reads what GitHub recorded about pushes: rule suites, and the activity of branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.canonical import slice_each, splice_object
from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.parse_records import activity as movement
from evidence.collectors.github.push_holes import note_holes
from evidence.collectors.github.reading import mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.settings_context import SettingsContext
from evidence.model.activity import RepositoryActivity
from evidence.model.capture import GapReason
from evidence.model.settings import Subject

HOUR = 3_600_000_000
DAY = 24 * HOUR
OVERLAP = HOUR // 4
"""Microseconds by which a window begins before the end of the one before it."""
SUITE_PERIODS = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 28 * DAY}
"""`time_period` of rule suites -> microseconds that it surely covers; there is no longer one."""
ACTIVITY_PERIODS = {
    "day": DAY,
    "week": 7 * DAY,
    "month": 28 * DAY,
    "quarter": 89 * DAY,
    "year": 364 * DAY,
}
PULL_REQUEST_PERIOD = "quarter"
"""How far back the first reading looks for pushes to branches that are no production branches."""
_UNSAID = ("/actor/avatar_url", "/actor/user_view_type")


def read_rule_suites(context: SettingsContext, now: int) -> None:
    """Every suite since the last reading; the window is never left to GitHub's default, a day."""
    begin, period = _period(context, "rule_suites", SUITE_PERIODS, now)
    answers = tuple(
        context.rest.pages(
            f"{context.root}/rulesets/rule-suites",
            {"time_period": period, "rule_suite_result": "all"},
        )
    )
    last, key = answers[-1], context.key("rule_suites")
    if not last.ok:
        subject, kind = Subject.RULE_SUITES, kinds.RULE_SUITE
        context.refused(subject, "", kind, key, last, "the rule suites")
        return
    for answer in answers:
        for exact, suite in slice_each(answer.text, ()):
            number = stable(mapping(suite).get("id"))
            if number:
                _suite(context, number, exact, text(mapping(suite).get("result")), answer)
    _read_to(context, Subject.RULE_SUITES, kinds.RULE_SUITE, begin, answers[0], "rule suites")


def _suite(
    context: SettingsContext, number: str, exact: str, result: str, answer: RestAnswer
) -> None:
    """One suite; of those that did not pass, which rules were not met."""
    members, answers = [("suite", exact)], [answer]
    if result == "bypass":
        detail = context.rest.get(f"{context.root}/rulesets/rule-suites/{number}")
        answers.append(detail)
        members += [("detail", detail.text)] if detail.ok else []
        if not detail.ok:
            what = f"which rules rule suite {number} did not meet"
            key = context.key("rule_suite", number)
            context.refused(Subject.RULE_SUITES, "", kinds.RULE_SUITE, key, detail, what)
    context.capture(
        kinds.RULE_SUITE,
        context.key("rule_suite", number),
        splice_object(members),
        tuple(answers),
        volatile=("/suite/repository_name", "/detail/repository_name"),
    )


def read_activity(context: SettingsContext, branches: Sequence[str], now: int) -> None:
    """Every movement of every branch since the last reading.

    The first reading asks for the production branches of a year and, for the pushes to pull
    requests, for all branches of a quarter; later ones for all branches at once.
    """
    known = bool(context.state.until.get("activity"))
    begin, period = _period(context, "activity", ACTIVITY_PERIODS, now)
    asked = [({"ref": f"refs/heads/{branch}"}, period, branch) for branch in branches]
    every = period if known else PULL_REQUEST_PERIOD
    asked = [*([] if known else asked), ({}, every, "all branches")]
    first: RestAnswer | None = None
    moves: dict[str, RepositoryActivity] = {}
    for only, reaching, branch in asked:
        answers = tuple(
            context.rest.pages(
                f"{context.root}/activity",
                {**only, "time_period": reaching, "direction": "desc"},
            )
        )
        if not answers[-1].ok:
            key, what = context.key("activity"), f"the activity of {branch}"
            subject, kind = Subject.ACTIVITY, kinds.ACTIVITY
            context.refused(subject, "", kind, key, answers[-1], what)
            return
        first = first or answers[0]
        for answer in answers:
            for exact, row in slice_each(answer.text, ()):
                number = stable(mapping(row).get("id"))
                if number:
                    key = context.key("activity", number)
                    context.capture(kinds.ACTIVITY, key, exact, (answer,), volatile=_UNSAID)
                    facts = movement(context.captures[-1], mapping(row))
                    moves |= {one.activity_id: one for one in facts or ()}
    if first is not None:
        note_holes(context, branches, tuple(moves.values()), first)
        _read_to(context, Subject.ACTIVITY, kinds.ACTIVITY, begin, first, "activity")


def _period(
    context: SettingsContext, name: str, periods: Mapping[str, int], now: int
) -> tuple[int, str]:
    """(from when on the list will be whole, the shortest period that reaches that far)."""
    known = context.state.until.get(name, 0)
    longest = max(periods.values())
    begin = max(known - OVERLAP, now - longest) if known else now - longest
    for period, span in sorted(periods.items(), key=lambda pair: pair[1]):
        if now - begin <= span:
            return begin, period
    return begin, max(periods, key=lambda each: periods[each])


def _read_to(
    context: SettingsContext, subject: Subject, kind: str, begin: int, answer: RestAnswer, what: str
) -> None:
    """Notes the window that was read; what lies between it and the one before is lost."""
    now, name = answer.observed_at, str(subject)
    known = context.state.until.get(name, 0)
    if known and begin > known:
        detail = (
            f"The {what} of {context.name} between the last reading and this one are no longer "
            "all listed; read the settings more often."
        )
        key = context.key(name)
        context.gap(kind, key, GapReason.RETENTION, detail, (known, begin))
    context.look(subject, "", answer, "read", (begin, now))
    context.lists.append((kind, context.key(name)))
    context.state.until[name] = now
