"""App of apps: what a parent's repository changed in the object of a child counts for the child.

The deployer says which application made another one (`ApplicationState.owner`). Where both are
configured, the manifest of the child is looked for below the parent's path; where the parent moved
it between two operations of the child, the commits that touched it belong to the later one, too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.chain.deployments import select_application
from evidence.chain.inquiry import Entry, Inquiry
from evidence.chain.lanes import Step, lane_ranges
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.yaml_text import load_documents, mapping_of, text_of
from evidence.in_scope import Application
from evidence.model.deployment import ApplicationState, Deployment
from evidence.policy import Policy

THROUGH = "application:"
"""Before the id of the parent, in `through` of a range that a parent brought."""
UNREAD = "parent_unread"
"""Flag of a row: its parent moved, and the manifest of this application was not found there."""
_OWNER = "Application/"
_YAML = (".yaml", ".yml", ".json")
_FILES = 500
"""Files of a parent that are looked into for one child."""


def parents_of(policy: Policy, states: Iterable[ApplicationState]) -> dict[str, str]:
    """Application -> the configured application that made it, by the newest state of each."""
    found: dict[str, str] = {}
    newest = {
        (one.source, one.application_uid or one.application): one
        for one in sorted(states, key=lambda one: (one.observed_at, one.entry_seq))
    }
    if not any(one.owner.startswith(_OWNER) for one in newest.values()):
        return found
    for state in sorted(newest.values(), key=lambda one: (one.observed_at, one.entry_seq)):
        child = select_application(_operation(state, state.application), policy.applications)
        if child is None:
            continue
        found.pop(child.id, None)
        if state.owner.startswith(_OWNER):
            name = state.owner.removeprefix(_OWNER)
            whole = name if "/" in name else f"{state.application.rpartition('/')[0]}/{name}"
            parent = select_application(_operation(state, whole), policy.applications)
            if parent is not None and parent.id != child.id:
                found[child.id] = parent.id
    return found


def _operation(state: ApplicationState, name: str) -> Deployment:
    """What selectors look at, of the application itself or of one beside it by its name."""
    return Deployment(
        source=state.source,
        application_uid=state.application_uid if name == state.application else "",
        application=name,
        started_at=0,
        finished_at=0,
        phase="",
        sources=(),
        initiator=None,
        automated=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One operation of a child, and the manifest that its parent had given it by then."""

    draft: Draft
    above: RangeDraft
    entry: Entry | None


class Parents:
    """Hands on to children what their parents brought, for one run."""

    def __init__(self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry) -> None:
        self._inputs = inputs
        self._inquiry = inquiry
        self._parents = parents_of(policy, inputs.states)
        self._names: dict[str, frozenset[str]] = {}
        self._held: dict[tuple[str, str, str, str], Entry] = {}

    def parent_of(self, application: Application) -> str:
        """Id of the configured application that made it; empty for none."""
        return self._parents.get(application.id, "")

    def hand_on(self, drafts: Iterable[Draft]) -> list[tuple[Draft, RangeDraft]]:
        """Adds to the rows of each child what its parent changed of it; what was added."""
        if not self._parents:
            return []
        drafted: dict[str, list[Draft]] = defaultdict(list)
        for draft in sorted(drafts, key=_start):
            drafted[draft.application.id].append(draft)
        added: list[tuple[Draft, RangeDraft]] = []
        for child, parent in sorted(self._parents.items()):
            for steps in _by_lane(self._steps(drafted[child], drafted[parent])):
                added += self._lane(parent, steps)
        for draft, one in added:
            draft.ranges.append(one)
        return added

    def _steps(self, drafts: Sequence[Draft], above: Sequence[Draft]) -> Iterator[_Step]:
        for draft in drafts:
            place = bisect_right(above, _start(draft), key=_start)
            ranges = above[place - 1].ranges if place else []
            own = [one for one in ranges if not one.through]
            found = [(one, self._manifest(draft, one)) for one in own]
            named = [(one, entry) for one, entry in found if entry is not None]
            for one, entry in named or found[:1]:
                yield _Step(draft=draft, above=one, entry=entry)

    def _manifest(self, draft: Draft, above: RangeDraft) -> Entry | None:
        """The file below the parent's path that holds the object of the child."""
        sha = self._inputs.graphs[above.repository].shas[above.revision]
        name = draft.operation.deployment.application.rpartition("/")[2]
        key = (above.repository, sha, above.path, name)
        if key in self._held:
            return self._held[key]
        entries = self._inquiry.entries(above.repository, sha, above.path) or []
        files = [one for one in entries if one.path.endswith(_YAML)][:_FILES]
        named = (one for one in files if name in self._named(above.repository, one.oid))
        found = next(named, None)
        if found is not None:
            self._held[key] = found
        return found

    def _named(self, repository: str, oid: str) -> frozenset[str]:
        """Names of the Applications that a file holds."""
        if oid not in self._names:
            text = self._inquiry.text(repository, oid)
            if text is None:
                return frozenset()
            documents = map(mapping_of, load_documents(text)[0])
            self._names[oid] = frozenset(
                text_of(mapping_of(one.get("metadata")).get("name"))
                for one in documents
                if text_of(one.get("kind")) == "Application"
            )
        return self._names[oid]

    def _lane(self, parent: str, steps: Sequence[_Step]) -> Iterator[tuple[Draft, RangeDraft]]:
        """What one source of the parent brought to each operation of the child."""
        repository = steps[0].above.repository
        graph = self._inputs.graphs[repository]
        walked = [
            Step(revision=one.above.revision, settles=one.draft.operation.settles) for one in steps
        ]
        before: dict[int, Entry | None] = {}
        for one, lane in zip(steps, lane_ranges(graph, walked), strict=True):
            moved = lane.previous not in (-1, one.above.revision)
            was = before.get(lane.previous)
            before[one.above.revision] = one.entry
            if moved and one.entry is None:
                one.draft.flags.add(UNREAD)
            if not moved or one.entry is None or one.entry == was:
                continue
            yield (
                one.draft,
                RangeDraft(
                    key=(repository, one.entry.path),
                    repository=repository,
                    path=one.entry.path,
                    revision=one.above.revision,
                    lane=lane,
                    basis="parent_application",
                    strength=one.above.strength,
                    through=f"{THROUGH}{parent}",
                    commits=lane.commits,
                ),
            )


def _start(draft: Draft) -> int:
    return draft.operation.deployment.started_at


def _by_lane(steps: Iterable[_Step]) -> list[list[_Step]]:
    found: dict[tuple[str, str], list[_Step]] = {}
    for one in steps:
        found.setdefault(one.above.key, []).append(one)
    return list(found.values())
