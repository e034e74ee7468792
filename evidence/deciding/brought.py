"""What deployments brought: how their changes landed and which builds succeeded, each read once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.chain.images import parse_image
from evidence.chain.mapping import plain_image
from evidence.controls.landed import Brought, Landed, landed_of
from evidence.model import codec
from evidence.model.chain import Chain
from evidence.model.change import Change
from evidence.model.check import CheckRun, attempts_of
from evidence.model.production import (
    SUBMODULE,
    ProductionDeployment,
    RunningImage,
    Standing,
)
from evidence.policy import Policy
from evidence.store import queries
from evidence.store.session import Store

CONTROL = "CM-11"
"""The control that asks for it; where it is out of scope nothing is read."""


@dataclass(slots=True, kw_only=True)
class Landings:
    """How changes landed, as far as chains were seen; the rest is read where it is asked for."""

    policy: Policy
    as_of: int
    chains: Callable[[Iterable[Change]], Iterator[Chain]]
    changes: Callable[[], Iterable[Change]]
    """All changes of the population."""
    stored: Callable[[Iterable[str]], Iterable[Change]] = lambda _: ()
    """Changes that an earlier decision stored, for a population that holds only what is new."""
    _known: dict[str, Landed] = field(default_factory=dict)
    _changes: dict[str, Change] | None = None

    def note(self, chain: Chain) -> None:
        """Judges a chain that is at hand, so that it need not be gathered again."""
        self._known[chain.change.change_id] = landed_of(chain, self.policy, self.as_of)

    def of(self, change_ids: Iterable[str]) -> Mapping[str, Landed]:
        """How these changes landed; one that the population does not hold is left out."""
        wanted = set(change_ids)
        missing = wanted - self._known.keys()
        if missing:
            if self._changes is None:
                self._changes = {one.change_id: one for one in self.changes()}
            found = [self._changes[one] for one in sorted(missing) if one in self._changes]
            found += self.stored(missing - self._changes.keys())
            for chain in self.chains(found):
                self.note(chain)
        return {one: self._known[one] for one in wanted if one in self._known}


def stored_changes(store: Store, change_ids: Iterable[str]) -> list[Change]:
    """Changes as the last decision left them."""
    bodies = queries.change_bodies(store, change_ids)
    return [codec.decode(Change, json.loads(body)["change"]) for body in bodies]


def brought_by(
    store: Store,
    at: int | None,
    landings: Landings,
    deployments: Sequence[ProductionDeployment],
) -> Brought:
    """What some deployments are judged on beside their own rows."""
    ids = {change_id for one in deployments for change_id in changes_in(one)}
    return Brought(landed=landings.of(ids), checks=_checks(store, at, deployments))


def changes_in(deployment: ProductionDeployment) -> set[str]:
    """Changes that a deployment brought, and those that its revisions and images came from."""
    own = (one for one in deployment.ranges if not one.through or one.basis == SUBMODULE)
    named = {span.landed_by for span in own}
    named |= {image.landed_by for image in deployment.running}
    return {*deployment.changes, *named} - {""}


def _checks(
    store: Store, at: int | None, deployments: Iterable[ProductionDeployment]
) -> Mapping[tuple[str, str], tuple[CheckRun, ...]]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for deployment in deployments:
        for image in deployment.running:
            if image.build and image.commit:
                wanted[image.repository].add(image.commit)
    found: dict[tuple[str, str], list[CheckRun]] = defaultdict(list)
    for repository, shas in wanted.items():
        for run in queries.load_in(store, CheckRun, "sha", shas, at=at, repository=repository):
            found[repository, run.sha].append(run)
    return {key: attempts_of(runs) for key, runs in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What else new entries can have altered in the deployments that were there before."""

    changes: frozenset[str]
    """Changes that are evaluated again."""
    commits: frozenset[tuple[str, str]]
    """(repository, commit) with new facts."""
    images: frozenset[tuple[str, str]]
    """(image, tag) that a deployer was seen to run."""
    provenance: bool
    """Whether a builder stated something new."""

    def touches(self, deployment: ProductionDeployment) -> bool:
        """Whether what it is judged on may differ: its changes, its images, or what was open."""
        if not self.changes.isdisjoint(changes_in(deployment)):
            return True
        if any(one.standing not in {None, Standing.RESULT} for one in deployment.ranges):
            return True
        return any(self._image(one) for one in deployment.running)

    def _image(self, image: RunningImage) -> bool:
        tag = (plain_image(image.image), image.reference.partition("@")[0])
        return (
            self.provenance
            or not image.commit
            or image.standing is not Standing.RESULT
            or (image.repository, image.commit) in self.commits
            or tag in self.images
        )


def listed(images: Iterable[str]) -> frozenset[tuple[str, str]]:
    """(image, tag) of references as deployers list them."""
    parsed = (parse_image(text) for text in images)
    return frozenset((plain_image(image), tag.partition("@")[0]) for image, tag in parsed)
