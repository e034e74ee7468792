"""The deployments that carried one change, as they are met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence.model.production import ImageChange, ProductionDeployment


@dataclass(slots=True)
class Carried:
    """The deployments that first carried one change."""

    ids: list[str] = field(default_factory=list)
    first_at: int = 0
    """Start of the first of them, microseconds UTC; 0 for none."""
    images: list[ImageChange] = field(default_factory=list)
    """Image changes of those deployments."""
    keys: set[str] = field(default_factory=set)
    """Helm value keys of their applications."""

    def add(self, row: ProductionDeployment, keys: Iterable[str]) -> None:
        """One more of them, in any order."""
        self.ids.append(row.deployment_id)
        self.first_at = min(self.first_at or row.started_at, row.started_at)
        self.images.extend(row.images)
        self.keys.update(keys)

    def copy(self) -> Carried:
        """The same, to be added to."""
        return Carried(list(self.ids), self.first_at, list(self.images), set(self.keys))

    @property
    def in_order(self) -> tuple[str, ...]:
        """Their ids by start, then id."""
        if len(self.ids) < 2:
            return tuple(self.ids)
        return tuple(sorted(self.ids, key=lambda one: (int(one.rpartition(":")[2]), one)))
