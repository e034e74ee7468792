"""CODEOWNERS is read as GitHub documents it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.controls.codeowners import Ownership, owner_of, parse


def owners(text: str, path: str) -> tuple[str, ...]:
    return owner_of(path, parse(text)).owners


@pytest.mark.parametrize(
    ("pattern", "path", "owned"),
    [
        ("*", "a.py", True),
        ("*", "deep/er/a.py", True),
        ("*.js", "a.js", True),
        ("*.js", "deep/er/a.js", True),
        ("*.js", "a.jsx", False),
        ("/build/logs/", "build/logs/x.txt", True),
        ("/build/logs/", "build/logs/deep/x.txt", True),
        ("/build/logs/", "other/build/logs/x.txt", False),
        ("docs/*", "docs/getting-started.md", True),
        ("docs/*", "docs/build-app/troubleshooting.md", False),
        ("docs/*", "other/docs/a.md", False),
        ("apps/", "apps/x", True),
        ("apps/", "deep/apps/er/x", True),
        ("apps/", "apps", False),
        ("/apps/github", "apps/github", True),
        ("/apps/github", "apps/github/x", True),
        ("/apps/github", "apps/githubs", False),
        ("**/logs", "build/logs", True),
        ("**/logs", "logs/deep/x", True),
        ("**/logs", "deep/er/logs/x", True),
        ("/a/**/z", "a/z", True),
        ("/a/**/z", "a/b/c/z", True),
        ("/a/**", "a/b/c", True),
        ("/a/**", "a", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("Makefile", "makefile", False),
        (r"with\ space.md", "with space.md", True),
        ("a+b.md", "aab.md", False),
    ],
)
def test_a_pattern_owns_as_github_documents(pattern, path, owned):
    assert owners(f"{pattern} @ada", path) == (("@ada",) if owned else ())


def test_the_last_line_that_matches_decides():
    text = "* @ada\n*.js @acme/web # the web team\n/vendor/\n"
    assert owners(text, "a.py") == ("@ada",)
    assert owners(text, "a.js") == ("@acme/web",)
    assert owners(text, "vendor/a.js") == ()


def test_blank_lines_and_comments_say_nothing():
    assert parse("\n  \n# * @ada\n   # x\n") == ()


def test_several_owners_and_addresses_are_kept_in_order():
    text = "src/ @ada docs@acme.example @acme/core-team\n"
    assert owners(text, "src/a") == ("@ada", "docs@acme.example", "@acme/core-team")


@pytest.mark.parametrize("line", ["!src/ @ada", "src/[ab].py @ada", "src/ ada", "src/ @ada @"])
def test_a_line_that_github_skips_owns_nothing_and_is_remembered(line):
    found = owner_of("src/a.py", parse(f"* @bert\n{line}\n"))
    assert found.owners == ("@bert",)
    assert found.skipped is not None
    assert found.skipped.line == 2


def test_a_skipped_line_before_the_one_that_decides_does_not_matter():
    assert owner_of("src/a.py", parse("src/ ada\n* @bert\n")).skipped is None


def test_a_skipped_line_for_other_files_does_not_matter():
    assert owner_of("docs/a.md", parse("* @bert\nsrc/ ada\n")).skipped is None


@given(st.text(max_size=200), st.text(min_size=1, max_size=60))
def test_no_file_and_no_path_breaks_the_reading(text, path):
    lines = parse(text)
    assert all(isinstance(line, Ownership) for line in lines)
    found = owner_of(path, lines)
    assert found.owners == () or any(found.owners == line.owners for line in lines)


@given(st.lists(st.sampled_from("ab*?/."), min_size=1, max_size=24).map("".join))
def test_no_pattern_takes_long(pattern):
    owner_of("a/b/" * 20 + "c", parse(f"{pattern} @ada"))
