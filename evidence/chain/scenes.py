"""Where an event happened: which production application it concerns, and what looks show of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from evidence.chain.looks import Looks, Object
from evidence.in_scope import Application
from evidence.model.deployment import ApplicationState
from evidence.model.event import OutOfBand
from evidence.model.runtime import RuntimeEvent, RuntimeKind
from evidence.policy import Policy

Sign = tuple[int, str, int]
"""(moment in microseconds UTC, how, ledger entry) of a sign that an event was put back."""

DEPLOYER_OBJECTS = {
    "applications": "",
    "kustomizations": "",
    "helmreleases": "helmrelease/",
}
"""Resource of a deployer -> what its applications are called before `namespace/name`."""
_NO_CHANGE = frozenset(
    {
        "events",
        "leases",
        "tokenreviews",
        "subjectaccessreviews",
        "selfsubjectaccessreviews",
        "selfsubjectrulesreviews",
        "localsubjectaccessreviews",
        "pods/portforward",
        "serviceaccounts/token",
    }
)
"""Resources whose writes alter nothing that runs."""


def told(event: RuntimeEvent) -> str:
    """What it was, in the source's words."""
    if event.kind is RuntimeKind.WRITE:
        return f"{event.verb} {event.object_kind} {event.object_name}"
    return event.message or f"{event.verb} {event.object_kind} {event.object_name}"


def selects(application: Application, state: ApplicationState) -> bool:
    """Whether a configured application is the one that a deployer showed."""
    name = state.application
    named = {state.application_uid, name, name.rpartition("/")[2]} - {""}
    selector = application.selector or application.id
    return application.deployer in {"", state.source} and selector in named


def is_configured(policy: Policy, state: ApplicationState) -> bool:
    """Whether any configured application, of production or not, is it; a witness counts, too."""
    witnesses = {
        (each.source, each.selector) for one in policy.applications for each in one.witnesses
    }
    name = state.application
    own = {state.application_uid, name, name.rpartition("/")[2]}
    told = any((state.source, each) in witnesses for each in own)
    return told or any(selects(one, state) for one in policy.applications)


class Scenes:
    """Matches events to the production applications of a policy."""

    def __init__(self, policy: Policy, looks: Looks) -> None:
        self._looks = looks
        self._production = [one for one in policy.applications if one.production]
        self._deployers = {one.deployer for one in policy.applications}
        self._objects = {key: found for key in looks.objects() if (found := self._object(key))}
        self._spaces: dict[str, str] = {}
        for key, name in self._objects.items():
            for one in looks.of(key):
                self._spaces.setdefault(one.state.destination.rpartition("/")[2], name)
        self._spaces.pop("", None)

    def production(self) -> Iterator[tuple[Object, str]]:
        """Every object of a deployer that is a production application, and its id."""
        return iter(self._objects.items())

    def application_of(self, event: RuntimeEvent) -> str | None:
        """Id of the production application that an event concerns."""
        names = {event.application, self._deployer_object(event)} - {""}
        if event.kind is not RuntimeKind.WRITE:
            names.add(event.object_uid)
        for application in self._production:
            named = {*names, *(name.rpartition("/")[2] for name in names)} - {""}
            same = event.source == application.deployer or event.source not in self._deployers
            if same and (application.selector or application.id) in named:
                return application.id
            selected = application.selector.rpartition("/")[2]
            if same and not any("/" in name for name in names) and selected in named:
                return application.id
        if event.kind is RuntimeKind.WRITE and not names:
            return self._spaces.get(event.object_name.partition("/")[0])
        return None

    def counts(self, event: RuntimeEvent) -> bool:
        """Whether it altered what runs by itself; drift is told by the looks."""
        if event.kind is RuntimeKind.WRITE:
            refused = event.outcome and not event.outcome.startswith("2")
            quiet = event.object_kind in _NO_CHANGE or event.object_kind.endswith("/status")
            return event.automated is not True and not refused and not quiet
        if event.kind is RuntimeKind.SUSPENDED:
            return not event.message.endswith("-controller")
        return event.kind is RuntimeKind.SELF_HEAL

    def is_heal(self, event: RuntimeEvent) -> bool:
        """A deployer put back what it had synced."""
        return event.kind is RuntimeKind.SELF_HEAL and event.outcome.casefold() == "succeeded"

    def is_write(self, event: RuntimeEvent) -> bool:
        """Somebody wrote to the cluster."""
        return event.kind is RuntimeKind.WRITE

    def healed_at(self, series: Iterable[RuntimeEvent]) -> int:
        """End of the first self-heal of a series that succeeded; 0 where none did."""
        return min((one.last_at for one in series if self.is_heal(one)), default=0)

    def shows(self, event: RuntimeEvent) -> bool:
        """Whether looks at the application show what an event left behind.

        They compare what the application itself names: neither its own definition, nor what
        somebody added beside it.
        """
        if event.kind is not RuntimeKind.WRITE:
            return True
        added = event.verb == "create" and not event.application
        return not added and not self._deployer_object(event)

    def clean_looks(self, event: OutOfBand) -> list[Sign]:
        """The first look after an event at which nothing differs from what was synced last."""
        if not event.shown_by_looks:
            return []
        signs: list[Sign] = []
        for key, name in self._objects.items():
            if name != event.application:
                continue
            for one in self._looks.after(key, event.end + 1):
                if _clean(one.state, event):
                    first = one.moments[bisect_right(one.moments, event.end)]
                    signs.append((first, "reverted", one.state.entry_seq))
                    break
        return signs

    def stands_until(self, event: OutOfBand, resolved: int) -> int:
        """The last look before it was resolved that shows it to stand; 0 where none does."""
        found = 0
        for key, name in self._objects.items():
            if name != event.application or not event.shown_by_looks:
                continue
            for one in self._looks.after(key, event.begin):
                if not (one.state.drift or _suspended(one.state)):
                    break
                own = [at for at in one.moments if event.begin <= at and not 0 < resolved <= at]
                found = max(found, *own, 0)
        return found

    def _object(self, key: Object) -> str:
        state = self._looks.of(key)[0].state
        for application in self._production:
            if selects(application, state):
                return application.id
        return ""

    def _deployer_object(self, event: RuntimeEvent) -> str:
        """Name of the deployer's application whose own definition was written."""
        kind = event.object_kind
        if event.kind is RuntimeKind.WRITE and kind in DEPLOYER_OBJECTS:
            return f"{DEPLOYER_OBJECTS[kind]}{event.object_name}"
        return ""


def _suspended(state: ApplicationState) -> bool:
    return state.sync_status == "Suspended"


def _clean(state: ApplicationState, event: OutOfBand) -> bool:
    """Nothing differs. Only Argo CD, whose applications have a project, compares what runs."""
    if event.kind == str(RuntimeKind.SUSPENDED):
        return state.auto_sync is True
    known = state.sync_status.casefold() in {"synced", "outofsync"} and bool(state.project)
    return known and not state.drift
