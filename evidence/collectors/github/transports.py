"""The conversations of one run: one for all, or one for each owner where an App signs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from evidence.collectors.github.conversation import spent
from evidence.collectors.github.credentials import Credential, FixedToken
from evidence.collectors.github.transport import Transport
from evidence.model.capture import Page


@dataclass(slots=True)
class Transports:
    """Makes a transport where one is needed, and adds up what they cost."""

    credential: Credential
    make: Callable[[Credential, str], Transport]
    _made: dict[str, Transport] = field(default_factory=dict, init=False)

    def of(self, name: str) -> Transport:
        """The transport for a repository `owner/name`."""
        shared = isinstance(self.credential, FixedToken)
        owner = "" if shared else name.partition("/")[0].lower()
        if owner not in self._made:
            self._made[owner] = self.make(self.credential, owner)
        return self._made[owner]

    def all(self) -> tuple[Transport, ...]:
        """Those made so far, in the order of their owners."""
        return tuple(one for _, one in sorted(self._made.items()))

    def stamped(self, page: Page, cursor: str) -> Page:
        """The page with its cursor and what it cost since the page before."""
        calls, retries = spent(one.usage for one in self._made.values())
        return replace(
            page, cursor=cursor, calls=page.calls + calls, retries=page.retries + retries
        )
