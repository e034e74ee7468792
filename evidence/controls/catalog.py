"""The catalogue of controls: their wording, criteria, parameters and rule versions, from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A criterion that controls support, in our own short words."""

    id: str
    """`CC8.1` (Trust Services Criteria) or `A.8.32` (ISO/IEC 27001:2022 Annex A)."""
    paraphrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One setting of the policy that a control reads."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """One version of a control's rule and what changed with it."""

    version: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control. The entity's own id and wording (`policy.controls`) lead in the packet."""

    id: str
    title: str
    wording: str
    criteria: tuple[str, ...]
    """Ids of the criteria it supports."""
    unit: str
    """What it is tested on: `change` or `deployment`."""
    attributes: tuple[str, ...]
    """What is tested, one characteristic each, in words."""
    limits: str
    """What the rule does not see yet."""
    parameters: tuple[Parameter, ...]
    rule_version: str
    history: tuple[RuleVersion, ...]


@cache
def _document() -> dict[str, Any]:
    text = files("evidence.controls").joinpath("catalog.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def catalog() -> tuple[Control, ...]:
    """Every control, in order of id."""
    return tuple(sorted((_control(one) for one in _document()["control"]), key=lambda c: c.id))


@cache
def criteria() -> tuple[Criterion, ...]:
    """Every criterion that a control supports, in the catalogue's order."""
    return tuple(
        Criterion(id=key, paraphrase=text) for key, text in _document()["criteria"].items()
    )


def by_id(control: str) -> Control:
    """The control of this id. Raises KeyError where the catalogue holds none."""
    return _index()[control]


def catalog_text() -> str:
    """The catalogue file as it stands: the yardstick's full text, for the ledger."""
    return files("evidence.controls").joinpath("catalog.toml").read_text(encoding="utf-8")


@cache
def _index() -> dict[str, Control]:
    return {control.id: control for control in catalog()}


def _control(entry: dict[str, Any]) -> Control:
    return Control(
        id=entry["id"],
        title=entry["title"],
        wording=entry["wording"],
        criteria=tuple(entry["criteria"]),
        unit=entry["unit"],
        attributes=tuple(entry["attributes"]),
        limits=entry["limits"],
        parameters=tuple(Parameter(**one) for one in entry.get("parameter", ())),
        rule_version=entry["history"][-1]["version"],
        history=tuple(RuleVersion(**one) for one in entry["history"]),
    )
