"""Plays the register of a case: who asks for a disposition, approves or attaches what, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from case_files import CaseError

from evidence import deviations
from evidence.config.load import Loaded
from evidence.demo.moments import DAY, HOUR, iso, moment
from evidence.errors import ConfigError
from evidence.model.disposition import DispositionClass

LENGTH = 60 * DAY
"""For how long a disposition is valid, where a case does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that one person does at one moment."""

    at: int
    do: Callable[[Loaded], None]


@dataclass(slots=True, kw_only=True)
class Story:
    """The register of one case: all acts in the order of time, each done once."""

    rows: Iterable[Mapping[str, Any]]
    attached: Iterable[Mapping[str, Any]]
    """What somebody attaches to something unknown."""
    subject_of: Callable[[str], str]
    """Key of a change or deployment -> its id."""
    epoch: int
    ends: int
    folder: Path

    def acts(self) -> list[Act]:
        """All of them, by time."""
        found = [act for number, row in enumerate(self.rows, 1) for act in self._of(number, row)]
        found += [self._attach(number, row) for number, row in enumerate(self.attached, 1)]
        return sorted(found, key=lambda one: one.at)

    def _of(self, number: int, row: Mapping[str, Any]) -> Iterator[Act]:
        asked = moment(row.get("at", ""), self.epoch) if "at" in row else self.ends + DAY
        given: list[str] = []

        def waive(loaded: Loaded) -> None:
            wanted = self._wanted(number, row)
            hand = deviations.Hand(by=row["by"], at=asked)
            try:
                given.append(deviations.waive(loaded, wanted, hand).disposition)
            except ConfigError as error:
                if row.get("refused", "") not in error.message or "refused" not in row:
                    raise
                return
            if "refused" in row:
                raise CaseError(f"the disposition on {row['control']} was taken")

        yield Act(at=asked, do=waive)
        if "approved_by" in row:
            at = moment(row["approved_at"], self.epoch) if "approved_at" in row else asked + HOUR
            by = deviations.Hand(by=row["approved_by"], at=at)
            yield Act(at=at, do=lambda loaded: _done(deviations.approve(loaded, given[0], by)))
        if "revoked_at" in row:
            gone = deviations.Hand(by=row["by"], at=moment(row["revoked_at"], self.epoch))
            yield Act(
                at=gone.at,
                do=lambda loaded: _done(deviations.revoke(loaded, given[0], "it is over", gone)),
            )

    def _attach(self, number: int, row: Mapping[str, Any]) -> Act:
        at = moment(row["at"], self.epoch) if "at" in row else self.ends + DAY
        path = self.folder / f"attached-{number}.txt"
        path.write_text(row["evidence"], encoding="utf-8")
        subject, hand = self.subject_of(row["on"]), deviations.Hand(by=row["by"], at=at)
        control, said = row["control"], row.get("statement", "as the case says")
        return Act(
            at=at,
            do=lambda loaded: _done(
                deviations.attach(loaded, control, subject, str(path), said, hand)
            ),
        )

    def _wanted(self, number: int, row: Mapping[str, Any]) -> deviations.Wanted:
        begin = moment(row.get("from", "+0s"), self.epoch)
        end = moment(row["to"], self.epoch) if "to" in row else begin + LENGTH
        paths = []
        if "evidence" in row:
            path = self.folder / f"evidence-{number}.txt"
            path.write_text(row["evidence"], encoding="utf-8")
            paths.append(str(path))
        return deviations.Wanted(
            control=row["control"],
            kind=DispositionClass(row["class"]),
            subjects=tuple(self.subject_of(key) for key in row.get("on", ())),
            scope=tuple(f"{name}={value}" for name, value in row.get("scope", {}).items()),
            cause="as the case says",
            response="as the case says",
            owner="Dora Example",
            role="head of engineering",
            valid_from=iso(begin),
            valid_to=iso(end),
            compensating=row.get("compensating", ""),
            evidence=tuple(paths),
            statements=tuple("as the case says" for _ in paths),
            link=row.get("link", ""),
        )


def _done(_recorded: deviations.Recorded) -> None:
    """What an act says is for people; the case says what comes of it."""
