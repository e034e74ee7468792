"""Rulesets that an administrator downloaded: they show bypass lists which a reader may not see.

A supplied ruleset speaks for the observed one of the same id and `updated_at`, and for no other.
Its bytes are kept as they were handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.reading import text
from evidence.collectors.github.rest_reading import stable
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Exchange, Form

ADMINISTRATOR = "administrator"
_HOW = "Download it as an administrator: gh api repos/OWNER/NAME/rulesets/ID > ruleset.json"


def captures(
    value: Mapping[str, Any],
    payload: bytes,
    *,
    form: Form,
    place: str,
    file: str,
    source: str,
    observed_at: int,
    repositories: Mapping[str, tuple[str, str]],
) -> tuple[Capture, ...]:
    """One capture per repository that the ruleset applies to (several for an organisation's).

    `place` names the document in messages; `repositories` maps `owner/name` in lower case to the
    configured id and the system instance that account ids belong to.

    Raises:
        MalformedError: it is no ruleset, its bypass list is not in it, or it is of no configured
            repository.
    """
    number = stable(value.get("id"))
    if not number or not text(value.get("enforcement")) or not text(value.get("updated_at")):
        raise MalformedError(f"{place}: this is no ruleset as GitHub gives it.", next_step=_HOW)
    if not isinstance(value.get("bypass_actors"), list):
        raise MalformedError(f"{place}: ruleset {number} lacks `bypass_actors`.", next_step=_HOW)
    owner = text(value.get("source")).lower()
    whole = text(value.get("source_type")) == "Organization"
    found = {
        name: known
        for name, known in repositories.items()
        if name == owner or (whole and name.partition("/")[0] == owner)
    }
    if not found:
        raise MalformedError(
            f"{place}: ruleset {number} is of {text(value.get('source'))[:100] or 'nothing'}, "
            "which no [[repository]] names.",
            next_step="Add the repository, or hand over the rulesets of those in scope.",
        )
    return tuple(
        Capture(
            source=source,
            kind=kinds.RULESET,
            key=f"{repository}/ruleset/{number}",
            series=f"{kinds.RULESET}/{ADMINISTRATOR}",
            observed_at=observed_at,
            form=form,
            payload=payload,
            collector=kinds.COLLECTOR,
            collector_version=kinds.VERSION,
            exchanges=(Exchange(method="FILE", url=f"file:{file}"),),
            context={"repository": repository, "host": system, "origin": ADMINISTRATOR},
        )
        for repository, system in found.values()
    )
