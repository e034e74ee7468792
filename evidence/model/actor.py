"""Who did something, keyed by the source's own stable id and never by a display name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorType(StrEnum):
    """What kind of account acted, in the source's own terms."""

    USER = "user"
    BOT = "bot"
    APP = "app"
    MANNEQUIN = "mannequin"
    ORGANISATION = "organisation"
    GHOST = "ghost"
    """An account that the source no longer knows (GitHub answers `author: null`)."""
    NAME_ONLY = "name_only"
    """A bare name or e-mail: it can count against a pass, never for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One account at one system instance.

    `system` is the host or instance (`github.com`, `argocd.acme.test`, `git`);
    `id` is the source's stable id as text, or for `name_only` the e-mail (lower case) or name.
    `login` is what the source displayed at that time and identifies nobody.
    """

    system: str
    id: str
    type: ActorType
    login: str = ""

    @property
    def key(self) -> str:
        """The identity: `system:type:id`. Two actors are the same account iff keys are equal."""
        return f"{self.system}:{self.type}:{self.id}"
