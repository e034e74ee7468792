"""One step of one pull request being replayed, and the content questions that steps share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.demo.graph import merge_base
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.merging import merge
from evidence.demo.objects import CommitObject, Tree
from evidence.demo.scene import Scene, spread
from evidence.demo.steps import CommitSpec
from evidence.demo.world import Change
from evidence.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose turn it is: the change, its pull request, its repository, and when."""

    scene: Scene
    change: Change
    pull: PullRecord
    where: RepositoryRecord
    at: int

    @property
    def head(self) -> str:
        return self.pull.heads[-1][1]

    @property
    def base(self) -> str:
        """Name of the base branch."""
        return self.pull.bases[-1][1]

    @property
    def base_tip(self) -> str:
        return self.where.refs[f"refs/heads/{self.base}"]

    def sha(self, reference: str) -> str:
        """The commit that a reference in a step names."""
        return self.scene.sha(reference, self.where, self.change.key)

    def files(self, sha: str) -> Tree:
        return self.where.objects.commits[sha].files

    def event(self, kind: str, by: str, **data: object) -> None:
        """Adds an item to the pull request's timeline."""
        self.pull.events.append(self.scene.event(self.at, kind, by, **data))

    def by(self, given: str) -> str:
        """Who acts: the person given, or the change's author."""
        return given or self.change.author

    def claim(self, sha: str) -> None:
        """The pull request is found from this commit."""
        numbers = self.where.commit_pulls.setdefault(sha, [])
        if self.pull.number not in numbers:
            numbers.append(self.pull.number)

    def counted(self, sha: str) -> None:
        """A commit was pushed: it gets the next `c` name."""
        self.pull.pushed += 1
        self.scene.name(f"{self.pull.key}.c{self.pull.pushed}", self.where, sha)
        self.claim(sha)

    def merged_files(
        self, onto: str, head: str, files: Mapping[str, str], delete: Sequence[str] = ()
    ) -> Tree:
        """The tree of a merge of `head` into `onto`, with `files` laid over it."""
        fork = merge_base(self.where, onto, head)
        return self.three_way(self.files(fork), self.files(onto), self.files(head), files, delete)

    def three_way(
        self,
        base: Tree,
        ours: Tree,
        theirs: Tree,
        files: Mapping[str, str],
        delete: Sequence[str] = (),
    ) -> Tree:
        """The merged tree; every conflict must be among `files` or `delete`."""
        merged = merge(self.where.objects, base, ours, theirs)
        left = [path for path in merged.conflicts if path not in files and path not in delete]
        if left:
            raise ConfigError(
                f"change `{self.pull.key}` conflicts in {', '.join(left)}.",
                next_step="Give the step `files` with the resolved content.",
            )
        spec = CommitSpec(files=files, delete=tuple(delete))
        return self.scene.edited(self.where, merged.files, spec, self.pull.key)

    def replayed(self, by: str) -> list[CommitObject]:
        """The branch's own commits made again on the base branch's tip, committed by `by`."""
        objects = self.where.objects
        own = [objects.commits[sha] for sha in self.pull.commits[-1][1]]
        plain = [one for one in own if len(one.parents) == 1]
        tip, made = objects.commits[self.base_tip], []
        for index, old in enumerate(plain):
            tip = objects.commit(
                files=self.three_way(self.files(old.parents[0]), tip.files, old.files, {}),
                parents=(tip.sha,),
                author=old.author,
                committer=self.scene.identity(by, spread(self.at, index, len(plain))),
                message=old.message,
            )
            made.append(tip)
            self.claim(tip.sha)
        return made
