"""Which submodules point elsewhere in one commit than in another, answered from real repositories."""

from __future__ import annotations

import json

import pytest

from evidence.model.capture import Window
from evidence.model.git import GitQuestion, QuestionKind

OLD, NEW = "1" * 40, "2" * 40


def moved(origin, collector, before: dict, after: dict) -> object:
    """What is answered about two commits with these files."""
    first = origin.commit(before)
    second = origin.commit(after, first)
    origin.ref("refs/heads/main", second)
    list(collector.fetch(Window(since=0, until=1), ""))
    question = GitQuestion(
        repository="shop/app", kind=QuestionKind.SUBMODULES, args=(first, second)
    )
    (answer,) = collector.answer([question])
    return json.loads(answer.value) if answer.value else answer.problem


def pointer(sha: str) -> tuple[str, bytes]:
    return ("160000", sha.encode())


def modules(*rows: tuple[str, str]) -> bytes:
    text = "".join(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, url in rows)
    return text.encode()


CORE = modules(("libs/core", "../core.git"))


def test_a_pointer_that_moved_is_told_with_its_address(origin, collector):
    before = {".gitmodules": CORE, "libs/core": pointer(OLD), "app": b"1"}
    after = {".gitmodules": CORE, "libs/core": pointer(NEW), "app": b"2"}
    assert moved(origin, collector, before, after) == [["libs/core", "../core.git", OLD, NEW]]


def test_a_pointer_that_stayed_is_not_told(origin, collector):
    before = {".gitmodules": CORE, "libs/core": pointer(OLD), "app": b"1"}
    assert moved(origin, collector, before, {**before, "app": b"2"}) == []


def test_one_that_came_and_one_that_went_are_told_with_an_empty_side(origin, collector):
    before = {".gitmodules": modules(("gone", "https://a.test/gone")), "gone": pointer(OLD)}
    after = {".gitmodules": CORE, "libs/core": pointer(NEW)}
    assert moved(origin, collector, before, after) == [
        ["gone", "https://a.test/gone", OLD, ""],
        ["libs/core", "../core.git", "", NEW],
    ]


def test_a_pointer_that_no_file_names_is_none_that_git_checks_out(origin, collector):
    before, after = {"libs/core": pointer(OLD)}, {"libs/core": pointer(NEW)}
    assert moved(origin, collector, before, after) == []


def test_a_folder_where_a_pointer_is_named_is_no_submodule(origin, collector):
    before = {".gitmodules": CORE, "libs/core/a": b"1"}
    after = {".gitmodules": CORE, "libs/core/a": b"2"}
    assert moved(origin, collector, before, after) == []


def test_a_file_that_git_cannot_read_is_not_taken_for_one_without_submodules(origin, collector):
    before = {".gitmodules": CORE, "libs/core": pointer(OLD)}
    after = {".gitmodules": b"[submodule \n\tpath=", "libs/core": pointer(NEW)}
    assert moved(origin, collector, before, after) == "missing_object"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (
            b'[submodule "a.b"]\n  path = "libs/core" ; where\n  url = "../core.git"\n',
            "../core.git",
        ),
        (b'[submodule "x"]\n\tpath = libs/core\n', ""),
        (b'[submodule "x"]\n\tpath = libs/core\n\turl = a\n\turl = b\n', "b"),
    ],
)
def test_the_file_is_read_as_git_reads_it(origin, collector, text, url):
    before = {".gitmodules": text, "libs/core": pointer(OLD)}
    after = {".gitmodules": text, "libs/core": pointer(NEW)}
    assert moved(origin, collector, before, after) == [["libs/core", url, OLD, NEW]]
