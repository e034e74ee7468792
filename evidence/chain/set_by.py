"""What the commits and pull requests that set an image say of what it was built from.

The commit that set it is the newest one of the deployment that touched the file in which the image
stands; a merge only hands on what stands below it. Its message, the branch of its pull request, and
the body as it was when the pull request was first seen merged, are read. A text about another image
or another environment, or one that gives the image another tag than the file, says nothing of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evidence.chain.changed import changed_files
from evidence.chain.changes import PullRequestHead
from evidence.chain.claims import Claim, Linked, claim_of_branch, claims_in
from evidence.chain.images import ImageRef, split_reference
from evidence.chain.inquiry import Inquiry
from evidence.chain.mapping import Built
from evidence.chain.records import PopulationInputs
from evidence.chain.rows import Draft, RangeDraft
from evidence.chain.trailers import Trailer, trailer_of
from evidence.chain.urls import find_repository, normalise_url, repository_index
from evidence.policy import Policy

_TRAILERS_READ = 50
"""Configuration commits of one deployment whose messages are read, the newest first."""
_LOOKED_AT = 2_000
"""Configuration commits of one deployment among which the one that set an image is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that is told of one reference beside itself."""

    trailers: tuple[Trailer, ...] = ()
    claims: tuple[Claim, ...] = ()
    links: tuple[Linked, ...] = ()
    version: str = ""
    landed_last: str = ""


class SetBy:
    """Finds what texts tell of image references, for one run."""

    def __init__(self, policy: Policy, inputs: PopulationInputs, inquiry: Inquiry) -> None:
        self._policy = policy
        self._inputs = inputs
        self._inquiry = inquiry
        self._urls = repository_index(policy.repositories)
        self._names = {one.name.lower(): one.id for one in policy.repositories if one.name}
        self._heads: dict[tuple[str, int], PullRequestHead] = {}
        self._by_commit: dict[tuple[str, str], PullRequestHead] = {}
        self._landed: dict[str, list[tuple[int, int, str]]] = {}

    def told(self, built: Built, ref: ImageRef, draft: Draft, lane: RangeDraft) -> Told:
        """What is told of a reference that names no commit by itself."""
        setter = self._setter(ref, lane)
        head = self._pull_request(lane.repository, setter) if setter else None
        return Told(
            trailers=self._trailers(built.repository, lane),
            claims=tuple(self._claims(built, ref, draft, lane, setter, head)),
            links=tuple(self._links(built.repository, head)) if head else (),
            version=ref.version,
            landed_last=self._landed_last(built.repository, draft),
        )

    def _setter(self, ref: ImageRef, lane: RangeDraft) -> str:
        """The newest commit of the lane, no merge, that touched the file of the image; or ""."""
        graph = self._inputs.graphs[lane.repository]
        for commit in reversed(lane.commits[-_LOOKED_AT:]):
            if len(graph.parents[commit]) > 1:
                continue
            sha = graph.shas[commit]
            files = changed_files(self._inputs, self._inquiry, lane.repository, sha)
            if files is None:
                return ""
            if ref.file in files:
                return sha
        return ""

    # --- texts

    def _trailers(self, repository: str, lane: RangeDraft) -> tuple[Trailer, ...]:
        """References in messages of the lane's commits to commits of the mapped repository.

        A message that names another repository, or none of ours, is no reference to this one.
        """
        shas = self._inputs.graphs[lane.repository].shas
        found: list[Trailer] = []
        for commit in lane.commits[-_TRAILERS_READ:]:
            message = self._inquiry.message(lane.repository, shas[commit])
            trailer = trailer_of(message, shas[commit]) if message else None
            if trailer and self._named(trailer) == repository:
                found.append(trailer)
        return tuple(found[-1:])

    def _named(self, trailer: Trailer) -> str:
        url = trailer.repository_url
        return find_repository(url, self._urls, self._policy.repositories)[0] if url else ""

    def _claims(
        self,
        built: Built,
        ref: ImageRef,
        draft: Draft,
        lane: RangeDraft,
        setter: str,
        head: PullRequestHead | None,
    ) -> Iterator[Claim]:
        """Those of the message and of the branch that are about this image and its tag."""
        message = self._inquiry.message(lane.repository, setter) if setter else None
        found = claims_in(message, f"told by commit {setter[:12]}") if message else ()
        if head is not None:
            found += claim_of_branch(head.head_ref, f"told by the branch of #{head.number}")
        tag = split_reference(ref.reference)[0]
        names = self._called(built, ref, draft)
        for one in found:
            here = not one.place or one.place in _places(ref, draft)
            if here and one.tag == (tag or one.tag) and one.name.lower() in names:
                yield one

    def _called(self, built: Built, ref: ImageRef, draft: Draft) -> set[str]:
        """What a text may call an image: its name or the end of it, its repository, its file."""
        application = draft.application
        repository = next(one for one in self._policy.repositories if one.id == built.repository)
        file = ref.file.rpartition("/")[2].removeprefix(".argocd-source-")
        names = {
            ref.image,
            ref.image.rpartition("/")[2],
            repository.name.rpartition("/")[2],
            application.id,
            application.selector.rpartition("/")[2],
            file.removesuffix(".yaml"),
        }
        return {name.lower() for name in names} - {""}

    # --- pull requests

    def _pull_request(self, repository: str, sha: str) -> PullRequestHead | None:
        """The merged pull request of a configuration commit, by its own ids or the forge's list."""
        self._index()
        own = self._by_commit.get((repository, sha))
        listed = self._inputs.associations.get(repository, {}).get(sha, ())
        found = own or (self._heads.get((repository, listed[0])) if len(listed) == 1 else None)
        return found if found is not None and found.state == "MERGED" else None

    def _index(self) -> None:
        if self._heads:
            return
        roles = {one.id: one.role for one in self._policy.repositories}
        for head in self._inputs.heads:
            self._heads[head.repository, head.number] = head
            if roles.get(head.repository) == "configuration" and head.state == "MERGED":
                self._by_commit[head.repository, head.head_sha] = head
                self._by_commit[head.repository, head.merge_sha] = head

    def _links(self, repository: str, head: PullRequestHead) -> Iterator[Linked]:
        """Links of its body to changes of the mapped repository; a pull request by what landed."""
        bodies = self._inputs.linked.get(head.repository, {})
        for one in bodies.get(head.number, ()):
            if self._home(one.home) != repository:
                continue
            said = f"linked by the body of #{head.number}"
            other = self._heads.get((repository, one.number))
            if one.commit:
                yield replace(one, said_by=said)
            elif other is not None and other.state == "MERGED" and other.merge_sha:
                yield replace(one, commit=other.merge_sha, said_by=said)

    def _home(self, home: str) -> str:
        """A repository by its whole address, or by `owner/name`; a like name elsewhere is none."""
        if home.startswith("https://"):
            return self._urls.get(normalise_url(home), "")
        return self._names.get(home.lower(), "")

    # --- times

    def _landed_last(self, repository: str, draft: Draft) -> str:
        """What the last pull request into a production branch landed as before the operation."""
        if not self._landed:
            self._landed = self._landings()
        landed = self._landed.get(repository, [])
        limit = draft.operation.deployment.started_at
        place = bisect_right(landed, limit, key=lambda one: one[0])
        return landed[place - 1][2] if place else ""

    def _landings(self) -> dict[str, list[tuple[int, int, str]]]:
        """(moment, number, commit) of the merged pull requests of each repository, oldest first."""
        branches = {one.id: one.production_branches for one in self._policy.repositories}
        found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for head in self._inputs.heads:
            own = head.base_ref in branches.get(head.repository, ())
            if own and head.state == "MERGED" and head.merge_sha and head.merged_at:
                found[head.repository].append((head.merged_at, head.number, head.merge_sha))
        return {repository: sorted(some) for repository, some in found.items()}


def _places(ref: ImageRef, draft: Draft) -> set[str]:
    """What an environment may be called: as configured, or as a folder of the file."""
    return {draft.application.environment, *ref.file.split("/")[:-1]}
