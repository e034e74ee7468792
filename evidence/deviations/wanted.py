"""What a disposition was asked for, as somebody wrote it, and the terms that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from evidence.config.load import Loaded
from evidence.config.moments import micros
from evidence.config.yardstick import zone
from evidence.controls.catalog import Control, catalog
from evidence.controls.evaluate import in_scope
from evidence.controls.occasions import SCOPE
from evidence.errors import ConfigError
from evidence.model.determination import SubjectKind
from evidence.model.disposition import DispositionClass
from evidence.policy import Policy

_EVERYTHING = frozenset({"*", "**", "**/*"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The words of whoever asks for a disposition. Times as people write them."""

    control: str
    kind: DispositionClass
    cause: str
    response: str
    owner: str
    role: str
    valid_from: str
    valid_to: str
    subjects: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    """`name=value`, each."""
    impact: str = ""
    compensating: str = ""
    evidence: tuple[str, ...] = ()
    """Paths of files."""
    statements: tuple[str, ...] = ()
    """What each file shows, in their order."""
    link: str = ""
    remediation: str = ""
    due: str = ""
    renews: str = ""


def control_of(name: str, policy: Policy) -> Control:
    """The one control of an id.

    Raises:
        ConfigError: there is none, or the entity does not test it.
    """
    found = next((one for one in catalog() if one.id == name), None)
    if found is None:
        raise ConfigError(
            f"`{name}` is no control: a disposition is for exactly one.",
            next_step="Name one of docs/reference/controls.md, such as CM-03.",
        )
    if not in_scope(policy, name):
        raise ConfigError(f"{name} is not in scope.", next_step="Nothing has to be accepted.")
    return found


def scope_of(wanted: Wanted, control: Control) -> Mapping[str, str]:
    """The facts that it is limited to.

    Raises:
        ConfigError: a term is unreadable, not of this unit of test, or says everything.
    """
    allowed = SCOPE[SubjectKind(control.unit)]
    found: dict[str, str] = {}
    for term in wanted.scope:
        name, mark, value = term.partition("=")
        if not mark or not value.strip() or name not in allowed:
            raise ConfigError(
                f"--scope {term} cannot be used: {control.id} is tested on the {control.unit}.",
                next_step=f"Write NAME=VALUE with one of {', '.join(allowed)}.",
            )
        if value in _EVERYTHING or (name != "path" and "*" in value):
            raise ConfigError(
                f"--scope {term} limits nothing.", next_step="Name one value, or leave it out."
            )
        found[name] = value
    return found


def validity(wanted: Wanted, loaded: Loaded, policy: Policy) -> tuple[int, int]:
    """From when to when it holds, by the event; dates are the organisation's midnights.

    Raises:
        ConfigError: a time cannot be read, or the policy does not allow the span.
    """
    begin = micros(wanted.valid_from, "--from", zone(loaded.settings))
    end = micros(wanted.valid_to, "--to", zone(loaded.settings))
    if end <= begin:
        raise ConfigError(
            f"It ends ({wanted.valid_to}) before it begins ({wanted.valid_from}).",
            next_step="Write --from before --to.",
        )
    if end - begin > policy.disposition_limit:
        raise ConfigError(
            f"It would be valid for more than {policy.disposition_limit // 86_400_000_000} days.",
            next_step="Ask for less and renew it with --renews; policy.disposition_days is the "
            "limit.",
        )
    return begin, end


def check_words(wanted: Wanted) -> None:
    """Refuses what nobody could approve knowingly.

    Raises:
        ConfigError: something is missing that its class asks for.
    """
    for name in ("cause", "response", "owner", "role"):
        if not str(getattr(wanted, name)).strip():
            _missing(wanted, f"--{name}")
    if len(wanted.evidence) != len(wanted.statements) or not all(map(str.strip, wanted.statements)):
        _missing(wanted, "--statement for each --evidence, in the same order")
    if wanted.kind is DispositionClass.COMPENSATING_CONTROL and not wanted.compensating.strip():
        _missing(wanted, "--compensating")
    if wanted.kind in _PROVEN and not wanted.evidence:
        _missing(wanted, "--evidence")
    if wanted.kind in _LINKED and not wanted.link.strip():
        _missing(wanted, "--link")


_PROVEN = frozenset({DispositionClass.COMPENSATING_CONTROL, DispositionClass.FALSE_POSITIVE})
_LINKED = frozenset({DispositionClass.STANDARD_CHANGE, DispositionClass.FALSE_POSITIVE})


def _missing(wanted: Wanted, option: str) -> NoReturn:
    raise ConfigError(
        f"A disposition of class {wanted.kind} needs {option}.",
        next_step="Read `evidence deviations waive --help`.",
    )
