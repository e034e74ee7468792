"""Rule suites, activity and the looks at settings, out of their captures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.reading import integer, items, mapping, text
from evidence.collectors.github.rest_reading import account, numbered, stable
from evidence.collectors.http import iso_micros
from evidence.model.activity import RepositoryActivity, RuleEvaluation, RuleSuite
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.settings import Observation, Subject


def rule_suite(capture: Capture, payload: Mapping[str, Any]) -> tuple[Fact, ...] | None:
    """One rule suite: a row of the list, with the detail where that was read."""
    row, detail = mapping(payload.get("suite")), payload.get("detail")
    number, result = stable(row.get("id")), text(row.get("result"))
    if not number or not result:
        return None
    host = capture.context.get("host", "")
    return (
        RuleSuite(
            repository=capture.context.get("repository", ""),
            suite_id=number,
            actor=numbered(host, row.get("actor_id"), row.get("actor_name")),
            ref=_full(text(row.get("ref"))),
            before_sha=text(row.get("before_sha")),
            after_sha=text(row.get("after_sha")),
            pushed_at=iso_micros(row.get("pushed_at")),
            result=result,
            evaluation_result=text(row.get("evaluation_result")),
            evaluations=tuple(
                _evaluation(mapping(each))
                for each in items(mapping(detail).get("rule_evaluations"))
            ),
            detail_read=isinstance(mapping(detail).get("rule_evaluations"), list),
        ),
    )


def _evaluation(each: Mapping[str, Any]) -> RuleEvaluation:
    source = mapping(each.get("rule_source"))
    return RuleEvaluation(
        rule_type=text(each.get("rule_type")),
        result=text(each.get("result")),
        enforcement=text(each.get("enforcement")),
        source_type=text(source.get("type")),
        source_id=stable(source.get("id")),
        source_name=text(source.get("name")),
        details=text(each.get("details")),
    )


def _full(ref: str) -> str:
    """A ref's full name; a bare one is a branch."""
    return ref if ref.startswith("refs/") or not ref else f"refs/heads/{ref}"


def activity(capture: Capture, payload: Mapping[str, Any]) -> tuple[RepositoryActivity, ...] | None:
    """One movement of a ref."""
    number, at = stable(payload.get("id")), iso_micros(payload.get("timestamp"))
    if not number or not at:
        return None
    return (
        RepositoryActivity(
            repository=capture.context.get("repository", ""),
            activity_id=number,
            kind=text(payload.get("activity_type")),
            ref=_full(text(payload.get("ref"))),
            before_sha=text(payload.get("before")),
            after_sha=text(payload.get("after")),
            at=at,
            actor=account(capture.context.get("host", ""), payload.get("actor")),
        ),
    )


def settings_read(capture: Capture, payload: Mapping[str, Any]) -> tuple[Fact, ...] | None:
    """The looks of one reading."""
    found = payload.get("looks")
    if not isinstance(found, list):
        return None
    known = {str(subject) for subject in Subject}
    return tuple(
        Observation(
            repository=capture.context.get("repository", ""),
            subject=Subject(text(each.get("subject"))),
            key=text(each.get("key")),
            at=integer(each.get("at"), 0),
            outcome=text(each.get("outcome")),
            since=integer(each.get("since"), 0),
            until=integer(each.get("until"), 0),
            listed=tuple(text(one) for one in items(each.get("listed"))),
        )
        for each in map(mapping, found)
        if text(each.get("subject")) in known
    )
