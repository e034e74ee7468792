"""Which commits touch a path: the same as looking at every file of every commit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.path_index import PathIndex

PARTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
FILES = st.lists(st.none() | st.lists(PARTS, max_size=3), min_size=1, max_size=8)


@given(FILES, st.sets(PARTS, min_size=1, max_size=3), st.data())
def test_the_index_finds_what_a_look_at_every_file_finds(files, paths, data):
    index = PathIndex(len(files), lambda commit: files[commit])
    places = st.lists(st.integers(0, len(files) - 1), unique=True)
    for commits in data.draw(st.lists(places, min_size=1, max_size=3)):
        expected = tuple(
            commit
            for commit in commits
            if files[commit] is None
            or any(f == path or f.startswith(f"{path}/") for f in files[commit] for path in paths)
        )

        found = index.touching(commits, paths)

        assert found == (expected, any(files[commit] is None for commit in commits))


def test_each_commit_is_looked_at_once():
    asked = []

    def changed(commit):
        asked.append(commit)
        return ["a/b"]

    index = PathIndex(3, changed)
    index.touching([0, 1], ["a"])
    index.touching([1, 2], ["a/b"])

    assert asked == [0, 1, 2]
