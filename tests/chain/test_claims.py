"""What texts of a configuration say of an image: read narrowly, and never more than asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.chain.claims import (
    Linked,
    claim_of_branch,
    claims_in,
    is_of_digest,
    links_in,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "build: automatic update of shop\n\nupdates image ghcr.io/acme/shop tag '1.0' to '1.1'\n",
            [("ghcr.io/acme/shop", "1.1", "")],
        ),
        (
            "updates image a/x tag '1' to '2'\r\nupdates image a/y tag '3' to '4'\r\n",
            [("a/x", "2", ""), ("a/y", "4", "")],
        ),
        (
            "feat(container): update image ghcr.io/acme/shop ( 1.2.3 ➔ 1.2.4 ) (#12)",
            [("ghcr.io/acme/shop", "1.2.4", "")],
        ),
        ("chore: update image `acme/shop` (v1 -> v2)", [("acme/shop", "v2", "")]),
        (
            "chore(deps): update ghcr.io/acme/shop docker tag to v7",
            [("ghcr.io/acme/shop", "v7", "")],
        ),
        (
            "Update shop image tag to release-1 for production",
            [("shop", "release-1", "production")],
        ),
        ("Update from image update automation", []),
        ("Merge pull request #42 from acme/topic", []),
        ("updates image a/x tag '1' to 'sha256:" + "1" * 64 + "'", []),
        ("updates image a/x tag '1' to '../../etc/passwd'", []),
        ("updates image a/x tag '1' to '--upload-pack=x'", []),
        ("I will update shop image tag to 1 for production tomorrow", []),
        ("", []),
    ],
)
def test_a_message_pairs_images_with_tags_where_it_is_structured(
    message: str, expected: list[tuple[str, str, str]]
) -> None:
    found = [(one.name, one.tag, one.place) for one in claims_in(message, "x")]

    assert expected == found


def test_a_message_that_repeats_itself_without_end_gives_few_claims() -> None:
    text = "".join(f"updates image a/x tag '0' to '{number}'\n" for number in range(50_000))

    assert 20 == len(claims_in(text, "x"))


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("update-image-tag/shop/production/v12", [("shop", "v12", "production")]),
        ("update-image-tag/shop/production/release-1.2", [("shop", "release-1.2", "production")]),
        ("update-image-tag/shop/production/a/b", []),
        ("update-image-tag/shop/v12", []),
        ("renovate/shop-1.x", []),
        ("x-update-image-tag/shop/production/v12", []),
    ],
)
def test_a_branch_names_application_environment_and_tag(
    branch: str, expected: list[tuple[str, str, str]]
) -> None:
    found = [(one.name, one.tag, one.place) for one in claim_of_branch(branch, "x")]

    assert expected == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Deploys https://git.example.test/acme/shop/pull/12.",
            [Linked(home="https://git.example.test/acme/shop", number=12)],
        ),
        (
            "https://git.example.test/acme/shop/commit/" + "a" * 40,
            [Linked(home="https://git.example.test/acme/shop", commit="a" * 40)],
        ),
        ("See acme/shop#7 and acme/shop#7", [Linked(home="acme/shop", number=7)]),
        ("acme/shop@abcdef1", [Linked(home="acme/shop", commit="abcdef1")]),
        ("https://git.example.test/acme/shop/issues/12", []),
        ("#7", []),
        ("mail me at x/acme/shop#7", []),
        ("https://git.example.test/acme/shop/pull/0", []),
        ("javascript://acme/shop/pull/7", []),
        ("ａcme/shop#7", []),
    ],
)
def test_a_body_links_to_pull_requests_and_commits(text: str, expected: list[Linked]) -> None:
    assert expected == list(links_in(text))


def test_a_body_of_many_links_gives_few() -> None:
    assert 20 == len(links_in(" ".join(f"acme/shop#{number}" for number in range(1, 5_000))))


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for one in (*claims_in(text, "x"), *claim_of_branch(text, "x")):
        assert 1 <= len(one.tag) <= 128
    for link in links_in(text):
        assert link.number or link.commit


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1a2b3c4", True), ("1A2B3C4", True), ("1a2b", False), ("2a2b3c4", False), ("v1.2.3", False)],
)
def test_the_first_digits_of_a_digest_are_its_own(text: str, expected: bool) -> None:
    assert expected is is_of_digest(text, "sha256:1a2b3c4" + "d" * 57)
