"""Reads rulesets, those of the organisation included, and the versions they had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.reading import items, mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.settings_context import SettingsContext
from evidence.collectors.http import iso_micros
from evidence.model.capture import Form
from evidence.model.settings import Subject

_DAY = 86_400_000_000
HISTORY_KEPT = 180 * _DAY
"""Microseconds for which GitHub keeps the versions of a ruleset."""
_UNSAID = ("/_links", "/node_id", "/current_user_can_bypass")


def read_rulesets(context: SettingsContext) -> None:
    """The list; then each ruleset that the list says was changed since it was read."""
    path, parameters = f"{context.root}/rulesets", {"includes_parents": "true"}
    if context.state.default_branch != context.default_branch:
        # The list stays what it was, and what its `~DEFAULT_BRANCH` stands for does not.
        context.forget(path, parameters)
    answers = context.whole(path, parameters)
    last = answers[-1]
    if last.status == 304:
        context.look(Subject.RULESETS, "", last, "unchanged")
        for number in sorted(context.state.rulesets):
            _unchanged(context, number, last)
        return
    context.state.default_branch = context.default_branch if last.ok else ""
    if not last.ok:
        key = context.key("rulesets")
        context.refused(Subject.RULESETS, "", kinds.RULESETS, key, last, "the rulesets")
        return
    context.listed(
        kinds.RULESETS,
        context.key("rulesets"),
        answers,
        more=(("default_branch", json.dumps(context.default_branch)),),
        volatile=tuple(f"/pages/*/*{name}" for name in _UNSAID),
    )
    context.look(Subject.RULESETS, "", answers[0], "read")
    rows = [mapping(row) for answer in answers for row in items(answer.data)]
    present = {stable(row.get("id")) for row in rows} - {""}
    for number in sorted(set(context.state.rulesets) - present):
        context.look(Subject.RULESET, number, answers[0], "absent")
        context.state.rulesets.pop(number)
        context.state.versions.pop(number, None)
    for row in rows:
        if stable(row.get("id")):
            _one(context, row, answers[0])


def _one(context: SettingsContext, row: Mapping[str, Any], listing: RestAnswer) -> None:
    number, updated = stable(row.get("id")), text(row.get("updated_at"))
    if updated and context.state.rulesets.get(number) == updated:
        _unchanged(context, number, listing)
        return
    answer = context.rest.get(f"{context.root}/rulesets/{number}", {"includes_parents": "true"})
    key = context.key("ruleset", number)
    if not answer.ok:
        what = f"ruleset {number}"
        context.refused(Subject.RULESET, number, kinds.RULESET, key, answer, what)
        return
    context.capture(kinds.RULESET, key, answer.text, (answer,), form=Form.EXACT, volatile=_UNSAID)
    context.look(Subject.RULESET, number, answer, "read")
    # Without its history it is asked for again by the next reading.
    context.state.rulesets[number] = updated if _history(context, row, number) else ""


def _unchanged(context: SettingsContext, number: str, listing: RestAnswer) -> None:
    """The list shows the version that was read: neither the ruleset nor its history moved."""
    context.look(Subject.RULESET, number, listing, "unchanged")
    begin = context.state.until.get(f"history/{number}", 0)
    if begin:
        window = (begin, listing.observed_at)
        context.look(Subject.RULESET_HISTORY, number, listing, "unchanged", window)
        context.state.until[f"history/{number}"] = listing.observed_at


def _history(context: SettingsContext, row: Mapping[str, Any], number: str) -> bool:
    """Every version that was not read before, with its state; whether the list was shown."""
    path = f"{context.root}/rulesets/{number}/history"
    if text(row.get("source_type")) == "Organization":
        path = f"/orgs/{text(row.get('source'))}/rulesets/{number}/history"
    answers = tuple(context.rest.pages(path))  # grows at its beginning only
    last, key = answers[-1], context.key("ruleset", number, "history")
    if not last.ok:
        context.state.until.pop(f"history/{number}", None)
        what = f"the history of ruleset {number}"
        subject, kind = Subject.RULESET_HISTORY, kinds.RULESET_HISTORY
        context.refused(subject, number, kind, key, last, what)
        return False
    known = context.state.versions.get(number, "")
    found = [mapping(each) for answer in answers for each in items(answer.data)]
    for each in found:
        version = stable(each.get("version_id"))
        if not version or version == known:
            break  # the newest comes first: what follows was read before
        _version(context, path, number, version)
    if found:
        context.state.versions[number] = stable(found[0].get("version_id"))
    now = answers[0].observed_at
    begin = context.state.until.get(f"history/{number}", 0) or _begin(row, now)
    listed = [stable(each.get("version_id")) for each in found]
    context.look(Subject.RULESET_HISTORY, number, answers[0], "read", (begin, now), listed)
    context.state.until[f"history/{number}"] = now
    return True


def _begin(row: Mapping[str, Any], now: int) -> int:
    """From when on the list of versions is whole."""
    return max(iso_micros(row.get("created_at")), now - HISTORY_KEPT)


def _version(context: SettingsContext, path: str, number: str, version: str) -> None:
    answer = context.rest.get(f"{path}/{version}")
    key = context.key("ruleset", number, version)
    if not answer.ok:
        what = f"version {version} of ruleset {number}"
        subject, kind = Subject.RULESET_HISTORY, kinds.RULESET_HISTORY
        context.refused(subject, number, kind, key, answer, what)
        return
    context.capture(
        kinds.RULESET_HISTORY,
        key,
        answer.text,
        (answer,),
        form=Form.EXACT,
        context={"ruleset": number},
    )
