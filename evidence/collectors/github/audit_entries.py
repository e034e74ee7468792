"""Entries of one audit log as captures: those that tell of a setting alone, all others by the page.

Thousands of entries a day tell of no setting. They are kept as they came, many to a capture; one
that a later page lists again is not kept again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import slice_each, splice_array
from evidence.collectors.github import audit_kinds as kinds
from evidence.collectors.github.audit_state import Known, LogState
from evidence.collectors.github.parse_audit import logged_at
from evidence.collectors.github.reading import mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.model.capture import Capture, Form
from evidence.model.settings import Subject

_ANY = ""


@dataclass(slots=True, kw_only=True)
class Entries:
    """The log of one organisation, whose repositories are known by their numbers."""

    source: str
    host: str
    organisation: str
    own: Mapping[str, Known]
    """By configured repository id."""
    log: LogState
    _by_number: dict[str, str] = field(init=False)
    _by_name: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._by_number = {one.number: key for key, one in self.own.items()}
        self._by_name = {one.name: key for key, one in self.own.items()}

    def captures(self, answer: RestAnswer, start: int) -> Iterator[Capture]:
        """Those of one page; what tells of no setting only from `start` on, microseconds UTC."""
        others: list[str] = []
        name = ""
        for exact, row in slice_each(answer.text, ()):
            entry = mapping(row)
            number, when = text(entry.get("_document_id")), logged_at(entry)
            self.log.reached = max(self.log.reached, min(when, answer.observed_at))
            repository = self._repository(entry)
            if number and when and repository is not None and kinds.tells(_action(entry)):
                self.log.listed.setdefault(repository, []).append(number)
                yield self._entry(number, repository, exact, answer)
            elif not (number in self.log.seen or 0 < when < start):
                if number:
                    self.log.seen[number] = when
                others.append(exact)
                name = name or number
        if others:
            key = f"{self.organisation}/{name or answer.observed_at}"
            yield self._capture(kinds.OTHERS, key, splice_array(others), answer)

    def look(self, answer: RestAnswer, outcome: str, window: tuple[int, int] = (0, 0)) -> Capture:
        """That the log was looked at, and what it was seen to tell of each repository."""
        anywhere = self.log.listed.get(_ANY, [])
        looks = [
            {
                "repository": key,
                "subject": str(Subject.AUDIT_LOG),
                "key": self.organisation,
                "at": answer.observed_at,
                "outcome": outcome,
                "status": answer.status,
                "since": window[0],
                "until": window[1],
                "listed": sorted({*anywhere, *self.log.listed.get(key, [])}) if window[1] else [],
            }
            for key in sorted(self.own)
        ]
        payload = json.dumps({"looks": looks}, sort_keys=True, separators=(",", ":"))
        return self._capture(kinds.READ, self.organisation, payload, answer)

    def _repository(self, entry: Mapping[str, Any]) -> str | None:
        """Whose entry it is; empty where that is not told, None where it is another's."""
        number = stable(entry.get("repo_id"))
        if number:
            return self._by_number.get(number)
        return self._by_name.get(text(entry.get("repo")).lower(), _ANY)

    def _entry(self, number: str, repository: str, exact: str, answer: RestAnswer) -> Capture:
        key = f"{self.organisation}/{number}"
        return self._capture(kinds.ENTRY, key, exact, answer, repository)

    def _capture(
        self, kind: str, key: str, payload: str, answer: RestAnswer, repository: str = ""
    ) -> Capture:
        return Capture(
            source=self.source,
            kind=kind,
            key=key,
            series=f"{kind}/1",
            observed_at=answer.observed_at,
            form=Form.SLICE,
            payload=payload.encode("utf-8", "surrogatepass"),
            collector=kinds.COLLECTOR,
            collector_version=kinds.VERSION,
            exchanges=(answer.exchange,),
            context={
                "host": self.host,
                "organisation": self.organisation,
                "repository": repository,
            },
        )


def _action(entry: Mapping[str, Any]) -> str:
    return text(entry.get("action"))
