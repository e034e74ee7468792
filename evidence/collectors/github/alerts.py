"""Reads the alerts of code scanning, secret scanning and Dependabot, open and closed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.canonical import slice_each, slice_json, splice_object
from evidence.collectors.github import security_kinds as kinds
from evidence.collectors.github.features import is_off
from evidence.collectors.github.reading import mapping
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.settings_context import SettingsContext
from evidence.model.settings import Subject

_SECRET = "secret"  # noqa: S105
_UNSAID = ("/updated_at",)
"""It moves when an alert was looked at again and nothing else is said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertList:
    """One list of alerts."""

    subject: Subject
    kind: str
    path: str
    states: tuple[Mapping[str, str], ...]
    """What to ask for, so that alerts of every state are listed."""
    what: str


LISTS = (
    AlertList(
        subject=Subject.CODE_ALERTS,
        kind=kinds.CODE_ALERT,
        path="code-scanning/alerts",
        # Which states an unfiltered list has is told differently from version to version.
        states=({"state": "open"}, {"state": "dismissed"}, {"state": "fixed"}),
        what="the code scanning alerts",
    ),
    AlertList(
        subject=Subject.SECRET_ALERTS,
        kind=kinds.SECRET_ALERT,
        path="secret-scanning/alerts",
        states=({"hide_secret": "true"},),
        what="the secret scanning alerts",
    ),
    AlertList(
        subject=Subject.DEPENDENCY_ALERTS,
        kind=kinds.DEPENDENCY_ALERT,
        path="dependabot/alerts",
        states=({"state": "auto_dismissed,dismissed,fixed,open"},),
        what="the Dependabot alerts",
    ),
)


def read_alerts(context: SettingsContext, asked: AlertList) -> None:
    """All alerts of one sort; conditional where they stood on one page."""
    key = context.key(asked.subject)
    looks = []
    for given in asked.states:
        answers = context.whole(f"{context.root}/{asked.path}", given)
        last = answers[-1]
        if last.status == 304:
            looks.append(last)
            continue
        if not last.ok and is_off(last.status, last.message):
            context.look(asked.subject, "", last, "absent")
            return
        if not last.ok:
            context.refused(asked.subject, "", asked.kind, key, last, asked.what)
            return
        for answer in answers:
            for exact, row in slice_each(answer.text, ()):
                number = stable(mapping(row).get("number"))
                if number:
                    context.capture(
                        asked.kind,
                        context.key(asked.subject, number),
                        _without_secret(exact, mapping(row)),
                        (answer,),
                        volatile=_UNSAID,
                    )
        looks.append(answers[0])
    unchanged = all(one.status == 304 for one in looks)
    context.look(asked.subject, "", looks[0], "unchanged" if unchanged else "read")


def _without_secret(exact: str, row: Mapping[str, Any]) -> str:
    """The row as it was sent; without the secret, which was asked to be hidden, if it is there."""
    if _SECRET not in row:
        return exact
    return splice_object([(name, slice_json(exact, (name,))) for name in row if name != _SECRET])
