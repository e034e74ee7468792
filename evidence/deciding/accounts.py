"""What organisations said of accounts, as of each change: nothing that was only said later."""

from __future__ import annotations

from dataclasses import dataclass, field

from evidence.model.change import Change
from evidence.model.identity import IdentityHistory
from evidence.store.session import Store
from evidence.store.settings import identities


@dataclass(slots=True, kw_only=True)
class Accounts:
    """The identities of all organisations, read once in a decision."""

    store: Store
    at: int | None
    _all: IdentityHistory | None = field(default=None, init=False)
    _until: dict[tuple[tuple[str, int], ...], IdentityHistory] = field(
        default_factory=dict, init=False
    )

    def of(self, change: Change, /) -> IdentityHistory:
        """Up to the first look after it was merged; all of it where that is not told.

        The same record for changes between the same looks.
        """
        if self._all is None:
            self._all = identities(self.store, at=self.at)
        if not self._all.identities or not change.merged_at:
            return self._all
        ends = self._all.ends(change.merged_at)
        key = tuple(sorted(ends.items()))
        if key not in self._until:
            self._until[key] = self._all.until(ends)
        return self._until[key]
