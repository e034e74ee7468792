"""What every answer to a question is made of: a value or a problem, and the open mirror."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.canonical import canonical_json
from evidence.collectors.git.objects import OBJECT_NAME, Objects
from evidence.collectors.git.tool import GitTool
from evidence.errors import MalformedError

Args = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value (canonical JSON text), or the problem that stands in its place."""

    value: str = ""
    problem: str = ""


MISSING = Answer(problem="missing_object")
NO_MERGE_BASE = Answer(problem="no_merge_base")
TOO_LARGE = Answer(problem="too_large")
TOOL_TOO_OLD = Answer(problem="tool_too_old")
UNMERGEABLE = Answer(problem="unmergeable")
"""Git gave up on the merge itself, which is neither a clean merge nor a conflict."""
BAD_QUESTION = Answer(problem="bad_question")
"""Wrong number of arguments."""
OTHER_REPOSITORY = Answer(problem="other_repository")


def said(value: object) -> Answer:
    """An answer of that value."""
    try:
        return Answer(value=canonical_json(value).decode("utf-8"))
    except MalformedError:  # a lone surrogate that came in with the question
        return BAD_QUESTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One open mirror while a batch of questions is answered."""

    tool: GitTool
    objects: Objects
    git_version: tuple[int, ...]

    def trees(self, commits: Sequence[str]) -> list[str]:
        """Tree of each commit, in order; empty where there is no such commit or tree."""
        return self.peeled(commits, "tree")

    def peeled(self, names: Sequence[str], kind: str) -> list[str]:
        """The object of that kind behind each full object name; empty where there is none."""
        asked = sorted({name for name in names if OBJECT_NAME.fullmatch(name)})
        infos = self.objects.info([f"{name}^{{{kind}}}" for name in asked])
        found = {name: info.oid for name, info in zip(asked, infos, strict=True) if info}
        return [found.get(name, "") for name in names]

    def keep_trees(self, bodies: Sequence[bytes]) -> None:
        """Writes trees beside the mirror, so that a later question may compare with them."""
        for body in bodies:
            self.tool.run(
                "hash-object",
                "-t",
                "tree",
                "-w",
                "--stdin",
                stdin=body,
                environment=self.tool.writing_made(),
            )
