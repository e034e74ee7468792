"""The many spellings of a clone URL name one repository."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.urls import find_repository, normalise_url, repository_index
from evidence.in_scope import Repository


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.test/acme/shop",
        "https://git.example.test/acme/shop.git",
        "https://Git.Example.TEST/Acme/Shop.git/",
        "https://token:x-oauth-basic@git.example.test/acme/shop.git",
        "https://git.example.test:443/acme/shop?ref=main#x",
        "ssh://git@git.example.test/acme/shop.git",
        "ssh://git@git.example.test:22/acme/shop",
        "git+ssh://git@git.example.test/acme//shop",
        "git@git.example.test:acme/shop.git",
        "git.example.test:acme/shop",
        "  https://git.example.test/acme/shop ",
    ],
)
def test_all_spellings_give_one_form(url: str) -> None:
    assert "git.example.test/acme/shop" == normalise_url(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example.test:8443/a/b", "git.example.test:8443/a/b"),
        ("ssh://git@[2001:db8::1]:22/a/b", "[2001:db8::1]/a/b"),
        ("/srv/git/shop.git", "/srv/git/shop"),
        ("file:///srv/git/shop.git", "/srv/git/shop"),
        ("", ""),
        ("https://", "/"),
    ],
)
def test_other_forms_stay_apart(url: str, expected: str) -> None:
    assert expected == normalise_url(url)


@given(st.text(max_size=80))
def test_any_text_has_a_form_and_keeps_it(url: str) -> None:
    once = normalise_url(url)
    assert isinstance(once, str)


def repositories() -> tuple[Repository, ...]:
    return (
        Repository(id="shop", name="acme/shop", urls=("git@git.example.test:acme/shop.git", "")),
        Repository(id="web", name="acme/web"),
        Repository(id="twin 1", name="acme/twin"),
        Repository(id="twin 2", name="acme/twin"),
        Repository(id="again", urls=("https://git.example.test/acme/shop",)),
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://git.example.test/acme/shop", ("shop", "url")),
        ("https://mirror.test/Acme/Web.git", ("web", "name")),
        ("https://mirror.test/acme/twin", ("", "")),
        ("https://mirror.test/acme/none", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_repository_is_found_by_url_then_by_a_unique_name(
    url: str, expected: tuple[str, str]
) -> None:
    index = repository_index(repositories())
    assert expected == find_repository(url, index, repositories())
