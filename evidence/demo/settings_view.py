"""What held in a repository's settings at a moment: rows of the world picked by time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from evidence.demo.github_view import View
from evidence.demo.history import MoveRecord, RepositoryRecord
from evidence.demo.moments import moment
from evidence.demo.world_settings import DeployKey, Environment, Ruleset, Team
from evidence.demo.world_settings import Protection as ProtectionRow

_RANK = ("none", "pull", "triage", "push", "maintain", "admin")


class Row(Protocol):
    """A row of the world that holds from a moment on in one repository."""

    @property
    def repository(self) -> str: ...

    @property
    def at(self) -> str: ...


R = TypeVar("R", bound=Row)


def since(view: View, row: Row, where: RepositoryRecord) -> int:
    """From when on a row holds, microseconds UTC."""
    return moment(row.at, view.epoch) if row.at else where.created_at


def rows(view: View, where: RepositoryRecord, every: Iterable[R]) -> list[tuple[int, R]]:
    """The rows of one repository with the moment from which each holds, oldest first."""
    first = next(iter(view.history.repositories), "")
    own = [row for row in every if (row.repository or first) == where.world.key]
    return sorted(((since(view, row, where), row) for row in own), key=lambda pair: pair[0])


def newest(
    view: View, where: RepositoryRecord, every: Iterable[R], name: Callable[[R], str], at: int
) -> dict[str, R]:
    """Per name the row that holds at a moment."""
    return {name(row): row for begin, row in rows(view, where, every) if begin <= at}


def protection(view: View, where: RepositoryRecord, branch: str, at: int) -> ProtectionRow | None:
    """Classic protection of a branch at a moment; None where there is none."""

    def named(row: ProtectionRow) -> str:
        return row.branch or where.default_at(at)

    row = newest(view, where, view.world.protection, named, at).get(branch)
    return None if row is None or row.off else row


def rulesets(view: View, where: RepositoryRecord, at: int) -> list[Ruleset]:
    """The rulesets of a repository at a moment, in order of their ids."""
    found = newest(view, where, view.world.ruleset, lambda row: row.name, at)
    present = [row for row in found.values() if not row.removed]
    return sorted(present, key=lambda row: ruleset_id(view, row.name))


def versions(view: View, where: RepositoryRecord, name: str) -> list[tuple[int, Ruleset]]:
    """Every version that a ruleset had so far, oldest first."""
    return [
        (begin, row)
        for begin, row in rows(view, where, view.world.ruleset)
        if row.name == name and begin <= view.at and not row.removed
    ]


def ruleset_id(view: View, name: str) -> int:
    """The numeric id of a ruleset: by its first row in the file."""
    names = list(dict.fromkeys(row.name for row in view.world.ruleset))
    return 31_001 + names.index(name)


def applies(row: Ruleset, where: RepositoryRecord, ref: str, at: int) -> bool:
    """Whether a ruleset speaks of a ref at a moment."""
    if row.target != "branch":
        return False

    def met(patterns: Sequence[str]) -> bool:
        default = f"refs/heads/{where.default_at(at)}"
        return any(
            one == "~ALL" or (one == "~DEFAULT_BRANCH" and ref == default) or fnmatchcase(ref, one)
            for one in patterns
        )

    return met(row.include) and not met(row.exclude)


def environments(view: View, where: RepositoryRecord) -> list[Environment]:
    found = newest(view, where, view.world.environment, lambda row: row.name, view.at)
    return [row for row in found.values() if not row.removed]


def teams(view: View, where: RepositoryRecord) -> list[Team]:
    found = newest(view, where, view.world.team, lambda row: row.name, view.at)
    return [row for row in found.values() if not row.removed]


def every_team(view: View) -> dict[str, Team]:
    """Teams of the whole organisation by name, as they stand."""
    return {
        row.name: row for where in view.history.repositories.values() for row in teams(view, where)
    }


def team_id(view: View, name: str) -> int:
    names = list(dict.fromkeys(row.name for row in view.world.team))
    return 8_001 + names.index(name)


def deploy_keys(view: View, where: RepositoryRecord) -> list[tuple[int, DeployKey]]:
    """(moment it was added, key) of the present deploy keys."""
    return [
        (begin, row)
        for begin, row in rows(view, where, view.world.deploy_key)
        if begin <= view.at
        and not (row.removed_at and moment(row.removed_at, view.epoch) <= view.at)
    ]


def permission(view: View, where: RepositoryRecord, key: str) -> str:
    """The effective permission of a person: the strongest of their own grant and their teams'."""
    person = view.people[key]
    granted = newest(view, where, view.world.grant, lambda row: row.person, view.at).get(key)
    own = granted.permission if granted else ("push" if person.can_push else "none")
    through = [row.permission for row in teams(view, where) if key in row.members]
    return max([own, *through], key=_RANK.index)


def suite_result(view: View, where: RepositoryRecord, move: MoveRecord) -> str:
    """What the rule suite of a movement says: `pass`, `bypass`, or empty where there is none."""
    if move.rules:
        return "" if move.rules == "none" else move.rules
    branch = move.ref.removeprefix("refs/heads/")
    classic = protection(view, where, branch, move.at)
    active = [
        row
        for row in rulesets(view, where, move.at)
        if row.enforcement != "disabled" and applies(row, where, move.ref, move.at)
    ]
    if not (classic or active) or not move.before:
        return ""
    if any(one.actor == move.by and one.mode == "exempt" for row in active for one in row.bypass):
        return ""
    enforced = [row.approvals for row in active if row.enforcement == "active"]
    enforced += [classic.approvals] if classic else []
    direct = move.kind in ("push", "force_push")
    merged = any(one.merge and one.merge.sha == move.after for one in where.pulls.values())
    return "bypass" if direct and not merged and any(one >= 0 for one in enforced) else "pass"
