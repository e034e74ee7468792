"""Answers the questions that pure rules ask of a repository, in batches.

However many questions there are, a batch starts a handful of processes. Every answer is a
function of object names alone, but for `resolve`, which also reads the tags of the moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import canonical_json, sha256_hex
from evidence.collectors.git import merges as merging
from evidence.collectors.git.bases import merge_bases
from evidence.collectors.git.diffs import EMPTY_TREES, TreeDiff, tree_diffs
from evidence.collectors.git.objects import OBJECT_NAME, Entry, Objects, path_text
from evidence.collectors.git.tool import OLDEST, GitTool
from evidence.errors import MalformedError
from evidence.model.git import GitAnswer, GitQuestion, QuestionKind

BLOB_LIMIT = 4 * 1024 * 1024
"""Bytes of a blob that are given as text; a larger one answers its size."""
ENTRY_LIMIT = 50_000
"""Files and folders below a directory beyond which `entries` is `too_large`."""
_PREFIX = re.compile(r"[0-9a-f]{4,64}")
_PREFIXES_PER_PROCESS = 500

Args = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value (canonical JSON text) or the problem that stands in its place."""

    value: str = ""
    problem: str = ""


def _said(value: object) -> Answer:
    try:
        return Answer(value=canonical_json(value).decode("utf-8"))
    except MalformedError:
        return Answer(problem="malformed")


def _problem(name: str) -> Answer:
    return Answer(problem=name)


_MISSING = _problem("missing_object")


def answer_all(
    tool: GitTool,
    repository: str,
    questions: Sequence[GitQuestion],
    git_version: tuple[int, ...],
) -> list[GitAnswer]:
    """One answer per question, in order; `entry_seq` and `observed_at` are left to the store."""
    known: dict[tuple[QuestionKind, Args], Answer] = {}
    with Objects(tool) as objects:
        respondent = _Respondent(tool, objects, git_version)
        for kind, (count, method) in _METHODS.items():
            asked = list(
                dict.fromkeys(q.args for q in questions if q.kind is kind and _ours(q, repository))
            )
            usable = [args for args in asked if len(args) == count]
            answers = dict(zip(usable, method(respondent, usable) if usable else (), strict=True))
            for args in asked:
                known[kind, args] = answers.get(args, _problem("bad_question"))
    return [_answer(question, known, repository) for question in questions]


def _ours(question: GitQuestion, repository: str) -> bool:
    return question.repository == repository


def _answer(
    question: GitQuestion, known: Mapping[tuple[QuestionKind, Args], Answer], repository: str
) -> GitAnswer:
    found = _problem("other_repository")
    if _ours(question, repository):
        found = known[question.kind, question.args]
    return GitAnswer(
        repository=question.repository,
        kind=question.kind,
        args=question.args,
        value=found.value,
        problem=found.problem,
    )


class _Respondent:
    """The methods behind the table: each takes argument tuples and gives answers in order."""

    def __init__(self, tool: GitTool, objects: Objects, git_version: tuple[int, ...]) -> None:
        self._tool = tool
        self._objects = objects
        self._git_version = git_version

    def merge_tree(self, asked: Sequence[Args]) -> list[Answer]:
        if self._git_version[:2] < OLDEST:
            return [_problem("tool_too_old")] * len(asked)
        based = self._with_bases(asked)
        pairs = [args for args, bases in based.items() if bases]
        batched = self._git_version[:2] >= merging.BATCHED_SINCE
        with_renames, without = (
            merging.merges(self._tool, pairs, renames=renames, batched=batched)
            for renames in (True, False)
        )
        both = self._both_changed([(based[pair] or (), pair) for pair in pairs])
        answers = {
            pair: _merge_answer(first, second, changed)
            for pair, first, second, changed in zip(pairs, with_renames, without, both, strict=True)
        }
        return [answers.get(_pair(args)) or _no_base(based[_pair(args)]) for args in asked]

    def net_diff(self, asked: Sequence[Args]) -> list[Answer]:
        based = self._with_bases(asked)
        jobs = [(_pair(args), base) for args in asked for base in based[_pair(args)] or ()]
        diffs = self._commit_diffs([(base, pair[1]) for pair, base in jobs])
        found: dict[tuple[str, str], list[TreeDiff]] = {}
        for (pair, _), diff in zip(jobs, diffs, strict=True):
            found.setdefault(pair, []).append(diff)
        return [
            _net_answer(based[pair], found[pair]) if pair in found else _no_base(based[pair])
            for pair in map(_pair, asked)
        ]

    def range_diff(self, asked: Sequence[Args]) -> list[Answer]:
        diffs = self._commit_diffs([_pair(args) for args in asked])
        return [
            _problem(diff.problem)
            if diff.problem
            else _said({"digest": diff.digest, "paths": list(diff.paths)})
            for diff in diffs
        ]

    def tree(self, asked: Sequence[Args]) -> list[Answer]:
        return [_said(tree) if tree else _MISSING for tree in self._trees([a[0] for a in asked])]

    def resolve(self, asked: Sequence[Args]) -> list[Answer]:
        texts = [args[0] for args in asked]
        commits = self._named_commits({text.lower() for text in texts})
        tags = self._tags(set(texts))
        return [
            _said({"commits": commits.get(text.lower(), []), "tags": tags.get(text, {})})
            for text in texts
        ]

    def entries(self, asked: Sequence[Args]) -> list[Answer]:
        roots = self._trees([args[0] for args in asked])
        return [
            self._listing(root, args[1]) if root else _MISSING
            for root, args in zip(roots, asked, strict=True)
        ]

    def blob(self, asked: Sequence[Args]) -> list[Answer]:
        oids = [args[0] for args in asked if OBJECT_NAME.fullmatch(args[0])]
        infos = {info.oid: info for info in self._objects.info(oids) if info}
        blobs = {oid: info for oid, info in infos.items() if info.kind == "blob"}
        small = [oid for oid, info in blobs.items() if info.size <= BLOB_LIMIT]
        answers = {oid: _said({"too_large": info.size}) for oid, info in blobs.items()}
        for oid, found in zip(small, self._objects.contents(small), strict=True):
            answers[oid] = _blob_answer(found[1]) if found else _MISSING
        return [answers.get(args[0], _MISSING) for args in asked]

    def changed_paths(self, asked: Sequence[Args]) -> list[Answer]:
        commits = [args[0] for args in asked]
        parents = self._first_parents(commits)
        usable = [(parent, sha) for sha, parent in parents.items() if parent is not None]
        diffs = dict(zip([sha for _, sha in usable], self._commit_diffs(usable), strict=True))
        return [
            _said(list(diff.paths)) if diff and not diff.problem else _MISSING
            for diff in map(diffs.get, commits)
        ]

    def _trees(self, commits: Sequence[str]) -> list[str]:
        """Tree of each commit; empty where there is none; an empty name is the empty tree."""
        names = sorted({sha for sha in commits if OBJECT_NAME.fullmatch(sha)})
        infos = self._objects.info([f"{sha}^{{tree}}" for sha in names])
        trees = {sha: info.oid for sha, info in zip(names, infos, strict=True) if info}
        return [trees.get(sha, "") for sha in commits]

    def _commit_diffs(self, pairs: Sequence[tuple[str, str]]) -> list[TreeDiff]:
        """Diffs of (old commit, new commit); an empty old name stands for the empty tree."""
        trees = self._trees([sha for pair in pairs for sha in pair])
        wanted = []
        for number, (old, _) in enumerate(pairs):
            old_tree, new_tree = trees[2 * number], trees[2 * number + 1]
            wanted.append((old_tree if old else EMPTY_TREES.get(len(new_tree), ""), new_tree))
        unique = sorted({pair for pair in wanted if all(pair)})
        diffs = dict(zip(unique, tree_diffs(self._tool, unique), strict=True))
        return [diffs.get(pair, TreeDiff(problem="missing_object")) for pair in wanted]

    def _with_bases(self, asked: Sequence[Args]) -> dict[tuple[str, str], tuple[str, ...] | None]:
        """Merge bases of each pair; None where one of its commits is missing."""
        pairs = list(dict.fromkeys(_pair(args) for args in asked))
        names = sorted({sha for pair in pairs for sha in pair if OBJECT_NAME.fullmatch(sha)})
        infos = self._objects.info([f"{sha}^{{commit}}" for sha in names])
        commits = {sha for sha, info in zip(names, infos, strict=True) if info}
        whole = [pair for pair in pairs if commits.issuperset(pair)]
        bases = dict(zip(whole, merge_bases(self._tool, whole), strict=True))
        return {pair: bases.get(pair) for pair in pairs}

    def _both_changed(
        self, jobs: Sequence[tuple[tuple[str, ...], tuple[str, str]]]
    ) -> list[list[str]]:
        """Paths that both sides changed since any of their merge bases, sorted."""
        spans = [(base, side) for bases, pair in jobs for base in bases for side in pair]
        diffs = iter(self._commit_diffs(spans))
        changed = []
        for bases, _ in jobs:
            paths: set[str] = set()
            for _base in bases:
                left, right = next(diffs), next(diffs)
                paths |= set(left.paths) & set(right.paths)
            changed.append(sorted(paths))
        return changed

    def _named_commits(self, texts: set[str]) -> dict[str, list[str]]:
        """Commits whose name begins with each text; Git needs four digits to look."""
        prefixes = sorted(text for text in texts if _PREFIX.fullmatch(text))
        found: list[str] = []
        for start in range(0, len(prefixes), _PREFIXES_PER_PROCESS):
            portion = prefixes[start : start + _PREFIXES_PER_PROCESS]
            asked = (f"--disambiguate={prefix}" for prefix in portion)
            found += self._tool.run("rev-parse", *asked).stdout.decode("ascii").split()
        names = sorted(set(found))
        infos = self._objects.info(names)
        commits = [info.oid for info in infos if info and info.kind == "commit"]
        return {text: [sha for sha in commits if sha.startswith(text)] for text in prefixes}

    def _tags(self, texts: set[str]) -> dict[str, dict[str, str]]:
        """Tags of exactly each name, with the commit that they lead to."""
        out = self._tool.must("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
        rows = [line.decode("utf-8", "replace").partition(" ") for line in out.splitlines()]
        wanted = [(sha, ref) for sha, _, ref in rows if ref.removeprefix("refs/tags/") in texts]
        infos = self._objects.info([f"{sha}^{{commit}}" for sha, _ in wanted])
        return {
            ref.removeprefix("refs/tags/"): {ref: info.oid}
            for (_, ref), info in zip(wanted, infos, strict=True)
            if info
        }

    def _listing(self, root: str, directory: str) -> Answer:
        top = self._descend(root, directory)
        if not top:
            return _said([])
        rows: list[tuple[str, str, bytes]] = []
        prefix = directory.strip("/")
        queue = [(top, prefix.encode("utf-8", "surrogateescape") + b"/" if prefix else b"")]
        visited = 0
        while queue:
            oid, above = queue.pop()
            tree = self._objects.tree(oid)
            if tree is None:
                return _MISSING
            visited += 1 + len(tree)
            if visited > ENTRY_LIMIT:
                return _problem("too_large")
            for entry in tree:
                path = above + entry.name
                if _is_tree(entry):
                    queue.append((entry.oid, path + b"/"))
                else:
                    rows.append((entry.mode, entry.oid, path))
        rows.sort(key=lambda row: row[2])
        return _said([[mode, oid, path_text(path)] for mode, oid, path in rows])

    def _descend(self, root: str, directory: str) -> str:
        """The tree at a directory, or empty where there is none there."""
        parts = directory.strip("/").encode("utf-8", "surrogateescape").split(b"/")
        found = root
        for part in filter(None, parts):
            tree = self._objects.tree(found) or ()
            found = next((e.oid for e in tree if e.name == part and _is_tree(e)), "")
            if not found:
                return ""
        return found

    def _first_parents(self, commits: Sequence[str]) -> dict[str, str | None]:
        """First parent of each commit; empty for a root, None where the commit is missing."""
        names = sorted({sha for sha in commits if OBJECT_NAME.fullmatch(sha)})
        contents = self._objects.contents(names)
        return dict(zip(names, map(_first_parent, contents), strict=True))


def _first_parent(found: tuple[str, bytes] | None) -> str | None:
    if found is None or found[0] != "commit":
        return None
    parent = re.match(rb"tree [0-9a-f]+\nparent ([0-9a-f]+)\n", found[1])
    return parent[1].decode("ascii") if parent else ""


def _is_tree(entry: Entry) -> bool:
    return entry.mode == "040000"


def _pair(args: Args) -> tuple[str, str]:
    return args[0], args[1]


def _no_base(bases: tuple[str, ...] | None) -> Answer:
    return _MISSING if bases is None else _problem("no_merge_base")


def _merge_answer(first: merging.Merge, second: merging.Merge, both: list[str]) -> Answer:
    if first.failed and second.failed:
        return _MISSING
    trees = dict.fromkeys(merge.tree for merge in (first, second) if merge.tree)
    conflicted = sorted({*first.conflicted, *second.conflicted})
    return _said({"trees": list(trees), "conflicted": conflicted, "both_changed": both})


def _net_answer(bases: tuple[str, ...] | None, diffs: Sequence[TreeDiff]) -> Answer:
    """With several merge bases the digests of all are bound into one, in order of base name."""
    problem = next((diff.problem for diff in diffs if diff.problem), "")
    if problem or not bases:
        return _problem(problem or "no_merge_base")
    paths = sorted({path for diff in diffs for path in diff.paths})
    digest = diffs[0].digest
    if len(diffs) > 1:
        digest = sha256_hex(" ".join(diff.digest for diff in diffs).encode("ascii"))
    return _said({"merge_base": bases[0], "digest": digest, "paths": paths})


def _blob_answer(data: bytes) -> Answer:
    try:
        text = "" if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    return _said({"text": text} if text or not data else {"binary": len(data)})


_METHODS: Mapping[
    QuestionKind, tuple[int, Callable[[_Respondent, Sequence[Args]], list[Answer]]]
] = {
    QuestionKind.MERGE_TREE: (2, _Respondent.merge_tree),
    QuestionKind.NET_DIFF: (2, _Respondent.net_diff),
    QuestionKind.RANGE_DIFF: (2, _Respondent.range_diff),
    QuestionKind.TREE: (1, _Respondent.tree),
    QuestionKind.RESOLVE: (1, _Respondent.resolve),
    QuestionKind.ENTRIES: (2, _Respondent.entries),
    QuestionKind.BLOB: (1, _Respondent.blob),
    QuestionKind.CHANGED_PATHS: (1, _Respondent.changed_paths),
}
"""Each kind with its number of arguments and who answers it."""
