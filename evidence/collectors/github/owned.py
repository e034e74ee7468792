"""What is held below an owner: an organisation and a person have addresses of their own for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from evidence.collectors.github.reading import mapping
from evidence.collectors.github.rest import Rest, RestAnswer


@dataclass(slots=True, kw_only=True)
class Owned:
    """Lists below one owner, who is taken for an organisation until GitHub says otherwise."""

    owner: str
    rest: Rest
    _person: bool | None = field(default=None, init=False)

    @property
    def is_person(self) -> bool:
        """Whether the owner is a person's account; asked once, and only where a list is not there.

        An owner who is not shown is none that is known to be a person.
        """
        if self._person is None:
            answer = self.rest.get(f"/users/{quote(self.owner, safe='')}")
            self._person = answer.ok and mapping(answer.data).get("type") == "User"
        return self._person

    def pages(self, below: str, *, of_persons: bool) -> tuple[RestAnswer, ...]:
        """A list below the owner; that there is none (404) is believed the second time.

        `of_persons`: whether persons have such a list, too; it is then theirs that is asked for.
        """
        if self._person and of_persons:
            return self._twice("users", below)
        found = tuple(self.rest.pages(self._path("orgs", below)))
        if found[-1].status != 404:
            return found
        if of_persons and self.is_person:
            return self._twice("users", below)
        return tuple(self.rest.pages(self._path("orgs", below)))

    def _twice(self, kind: str, below: str) -> tuple[RestAnswer, ...]:
        found = tuple(self.rest.pages(self._path(kind, below)))
        return found if found[-1].status != 404 else tuple(self.rest.pages(self._path(kind, below)))

    def _path(self, kind: str, below: str) -> str:
        return f"/{kind}/{quote(self.owner, safe='')}/{below}"
