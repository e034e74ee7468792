"""The deployments that carried one change, as they are met."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.production import ImageChange, ProductionDeployment


@dataclass(slots=True)
class Carried:
    """The deployments that first carried one change.

    There is one for each change ever deployed, and nearly all were carried once: their tuples are
    those of the deployment, shared.
    """

    ids: tuple[str, ...] = ()
    first_at: int = 0
    """Start of the first of them, microseconds UTC; 0 for none."""
    images: tuple[ImageChange, ...] = ()
    """Image changes of those deployments."""
    keys: tuple[str, ...] = ()
    """Helm value keys of their applications; one may be named twice."""

    def add(self, row: ProductionDeployment, keys: tuple[str, ...]) -> None:
        """One more of them, in any order."""
        self.ids = (*self.ids, row.deployment_id)
        self.first_at = min(self.first_at or row.started_at, row.started_at)
        self.learn(row.images, keys)

    def learn(self, images: tuple[ImageChange, ...], keys: tuple[str, ...]) -> None:
        """What one of them moved, and the keys of its application."""
        self.images = (*self.images, *images) if self.images else images
        if not set(keys) <= set(self.keys):
            self.keys = (*self.keys, *keys) if self.keys else keys

    def copy(self) -> Carried:
        """The same, to be added to."""
        return Carried(self.ids, self.first_at, self.images, self.keys)

    @property
    def in_order(self) -> tuple[str, ...]:
        """Their ids by start, then id."""
        if len(self.ids) < 2:
            return self.ids
        return tuple(sorted(self.ids, key=lambda one: (int(one.rpartition(":")[2]), one)))
