"""How sentences name times, commits and people. Bounded: hostile names cannot flood a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from evidence.model.actor import Actor, ActorType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT = 60


def when(micros: int) -> str:
    """A time in microseconds UTC as ISO 8601; what no server gave is called an unknown time."""
    if micros <= 0:
        return "an unknown time"
    try:
        moment = _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return "an unknown time"
    return moment.isoformat().replace("+00:00", "Z")


def short(sha: str) -> str:
    """The first seven digits of an object id."""
    return sha[:7] or "(no commit)"


def clip(text: str) -> str:
    """A text from outside on one line, cut to a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= _LIMIT else line[: _LIMIT - 1] + "…"


def who(actor: Actor | None) -> str:
    """A person by login with the stable id that identifies them."""
    if actor is None or actor.type == ActorType.GHOST:
        return "an account that no longer exists"
    if actor.type == ActorType.NAME_ONLY:
        return f"{clip(actor.login or actor.id)} (name only)"
    return f"{clip(actor.login or actor.id)} (id {clip(actor.id)})"


def listing(words: Iterable[str], limit: int = 5) -> str:
    """Words joined as an enumeration, cut after `limit` with the number left out."""
    items = list(dict.fromkeys(words))
    shown, more = items[:limit], len(items) - limit
    if more > 0:
        return ", ".join(shown) + f" and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
