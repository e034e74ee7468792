"""Answers about what changed between commits, and what a merge of them would have given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.canonical import sha256_hex
from evidence.collectors.git.answers import (
    MISSING,
    NO_MERGE_BASE,
    TOOL_TOO_OLD,
    UNMERGEABLE,
    Answer,
    Args,
    Reading,
    said,
)
from evidence.collectors.git.bases import merge_bases
from evidence.collectors.git.diffs import EMPTY_TREES, TreeDiff, tree_diffs
from evidence.collectors.git.merges import BATCHED_SINCE, Merge, merges
from evidence.collectors.git.objects import OBJECT_NAME
from evidence.collectors.git.plain import plain_merge, tree_name
from evidence.collectors.git.tool import OLDEST

_PORTION = 1_000
Pair = tuple[str, str]
Bases = Mapping[Pair, tuple[str, ...] | None]
"""Merge bases of each pair of commits; None where one of the commits is missing."""


def merge_tree(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Each merge redone: with rename detection, and without where that one was not clean.

    `trees` holds the distinct trees of the merges that were clean, `conflicted` the paths of those
    that were not, `both_changed` the paths that both sides changed since a merge base. Where the
    merge with renames is clean, one without them can only give the same tree or a conflict: a
    rename matters only if the other side touched the old path, which is a conflict without it.
    """
    if reading.git_version[:2] < OLDEST:
        return [TOOL_TOO_OLD] * len(asked)
    bases = _bases(reading, asked)
    pairs = [pair for pair, found in bases.items() if found]
    outcomes = _outcomes(reading, pairs, bases)
    both = _both_changed(reading, pairs, bases)
    answers = {
        pair: _merge_answer(outcomes[pair], paths) for pair, paths in zip(pairs, both, strict=True)
    }
    return [answers.get(pair) or _without_base(bases[pair]) for pair in map(_pair, asked)]


def _outcomes(
    reading: Reading, pairs: Sequence[Pair], bases: Bases
) -> dict[Pair, tuple[Merge, ...]]:
    batched = reading.git_version[:2] >= BATCHED_SINCE
    first = dict(
        zip(pairs, merges(reading.tool, pairs, renames=True, batched=batched), strict=True)
    )
    unclean = [pair for pair, merge in first.items() if not merge.tree]
    second = merges(reading.tool, unclean, renames=False, batched=batched)
    plain = _plain_merges(reading, unclean, bases)
    others = dict(zip(unclean, zip(second, plain, strict=True), strict=True))
    return {pair: (merge, *others.get(pair, ())) for pair, merge in first.items()}


def _plain_merges(reading: Reading, pairs: Sequence[Pair], bases: Bases) -> list[Merge]:
    """Merges by path; without a tree where a file changed on both sides or histories cross."""
    spans = [((bases[pair] or ())[0], *pair) for pair in pairs]
    trees = reading.trees([sha for span in spans for sha in span])
    return [
        _plain_merge(reading, trees[3 * number : 3 * number + 3])
        if len(bases[pair] or ()) == 1
        else Merge()
        for number, pair in enumerate(pairs)
    ]


def _plain_merge(reading: Reading, trees: Sequence[str]) -> Merge:
    bodies = plain_merge(reading.objects, *trees) if all(trees) else []
    if not bodies:
        return Merge()
    root = tree_name(bodies[-1], len(trees[0]))
    if reading.objects.info([root]) == [None]:
        reading.keep_trees(bodies)
    return Merge(tree=root)


def _merge_answer(outcomes: Sequence[Merge], both: list[str]) -> Answer:
    if outcomes[0].failed and not any(merge.tree for merge in outcomes):
        return UNMERGEABLE
    trees = dict.fromkeys(merge.tree for merge in outcomes if merge.tree)
    conflicted = {path for merge in outcomes for path in merge.conflicted}
    return said({"trees": list(trees), "conflicted": sorted(conflicted), "both_changed": both})


def _both_changed(reading: Reading, pairs: Sequence[Pair], bases: Bases) -> Iterator[list[str]]:
    """Paths that both sides of each pair changed since any of its merge bases, sorted."""
    spans = [(base, side) for pair in pairs for base in bases[pair] or () for side in pair]
    diffs = _commit_diffs(reading, spans)
    for pair in pairs:
        paths: set[str] = set()
        for _ in bases[pair] or ():
            paths.update(set(next(diffs).paths) & set(next(diffs).paths))
        yield sorted(paths)


def net_diff(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """What each head changes against its merge base with the base.

    Where the histories cross and there are several merge bases, the digest binds the diffs from
    all of them in the order of their names, and `merge_base` is the first.
    """
    bases = _bases(reading, asked)
    spans = [(base, pair[1]) for pair, found in bases.items() for base in found or ()]
    diffs = _commit_diffs(reading, spans)
    answers = {
        pair: _net_answer(found, [next(diffs) for _ in found])
        for pair, found in bases.items()
        if found
    }
    return [answers.get(pair) or _without_base(bases[pair]) for pair in map(_pair, asked)]


def _net_answer(bases: tuple[str, ...], diffs: Sequence[TreeDiff]) -> Answer:
    problem = next((diff.problem for diff in diffs if diff.problem), "")
    if problem:
        return Answer(problem=problem)
    digest = diffs[0].digest
    if len(diffs) > 1:
        digest = sha256_hex(" ".join(diff.digest for diff in diffs).encode("ascii"))
    paths = sorted({path for diff in diffs for path in diff.paths})
    return said({"merge_base": bases[0], "digest": digest, "paths": paths})


def range_diff(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """The difference between the trees of two commits, whatever lies between them."""
    return [
        Answer(problem=diff.problem)
        if diff.problem
        else said({"digest": diff.digest, "paths": sorted(diff.paths)})
        for diff in _commit_diffs(reading, [_pair(args) for args in asked])
    ]


def changed_paths(reading: Reading, asked: Sequence[Args]) -> list[Answer]:
    """Paths that each commit changed against its first parent; of a root commit all."""
    commits = [args[0] for args in asked]
    parents = _first_parents(reading, commits)
    usable = [(parent, sha) for sha, parent in parents.items() if parent is not None]
    answers = {
        sha: Answer(problem=diff.problem) if diff.problem else said(sorted(diff.paths))
        for (_, sha), diff in zip(usable, _commit_diffs(reading, usable), strict=True)
    }
    return [answers.get(sha, MISSING) for sha in commits]


def _first_parents(reading: Reading, commits: Sequence[str]) -> dict[str, str | None]:
    """First parent of each commit; empty for a root, None where the commit is missing."""
    names = sorted({sha for sha in commits if OBJECT_NAME.fullmatch(sha)})
    contents = reading.objects.contents(names)
    return dict(zip(names, map(_first_parent, contents), strict=True))


def _first_parent(found: tuple[str, bytes] | None) -> str | None:
    if found is None or found[0] != "commit":
        return None
    second = found[1].split(b"\n", 2)[1:2]
    line = second[0] if second else b""
    return line[7:].decode("ascii", "replace") if line.startswith(b"parent ") else ""


def _commit_diffs(reading: Reading, pairs: Sequence[Pair]) -> Iterator[TreeDiff]:
    """Diffs of (old commit, new commit), in order; an empty old name is the empty tree.

    Portions keep the paths of thousands of large diffs from being in memory at once.
    """
    for start in range(0, len(pairs), _PORTION):
        yield from _diff_portion(reading, pairs[start : start + _PORTION])


def _diff_portion(reading: Reading, pairs: Sequence[Pair]) -> list[TreeDiff]:
    trees = reading.trees([sha for pair in pairs for sha in pair])
    wanted = []
    for number, (old, _) in enumerate(pairs):
        before, after = trees[2 * number], trees[2 * number + 1]
        wanted.append((before if old else EMPTY_TREES.get(len(after), ""), after))
    unique = sorted({pair for pair in wanted if all(pair)})
    diffs = dict(zip(unique, tree_diffs(reading.tool, unique), strict=True))
    return [diffs.get(pair, TreeDiff(problem=MISSING.problem)) for pair in wanted]


def _bases(reading: Reading, asked: Iterable[Args]) -> Bases:
    pairs = list(dict.fromkeys(map(_pair, asked)))
    names = [sha for pair in pairs for sha in pair]
    commits = dict(zip(names, reading.peeled(names, "commit"), strict=True))
    whole = [pair for pair in pairs if all(commits[sha] for sha in pair)]
    peeled = [(commits[one], commits[other]) for one, other in whole]
    found = dict(zip(whole, merge_bases(reading.tool, peeled), strict=True))
    return {pair: found.get(pair) for pair in pairs}


def _pair(args: Args) -> Pair:
    return args[0], args[1]


def _without_base(bases: tuple[str, ...] | None) -> Answer:
    return MISSING if bases is None else NO_MERGE_BASE
