"""What GitHub asks one conversation of a credential, all conversations of that credential obey."""

from __future__ import annotations

import pytest
from werkzeug import Response

from evidence.collectors.github import GitHubAccount
from evidence.collectors.github.credentials import FixedToken
from evidence.errors import UnavailableError
from evidence.sources import Together

LONG = Response(b"", 429, headers={"Retry-After": "3600"})


def account(github, ticking, source="forge", token="one"):
    return GitHubAccount(source=source, url=github.url, token=token, clock=ticking.clock())


def test_rest_is_silent_while_graphql_was_asked_to_wait(github, ticking):
    own = account(github, ticking)
    credential = FixedToken(value="one")
    github.script = [LONG]
    with pytest.raises(UnavailableError, match="3600 s"):
        own.transport(credential, "").ask("MergedCount", {"q": "repo:acme/shop"})
    with pytest.raises(UnavailableError, match="3600 s"):
        own.rest(credential, "acme").get("/repos/acme/shop")
    assert len(github.asked) == 1


def test_the_streams_of_one_credential_share_its_silence(github, ticking):
    first, second = account(github, ticking), account(github, ticking, "forge:settings")
    other = account(github, ticking, "forge:logs", token="two")
    together = Together()
    together.quiet([first])
    together.quiet([second, other])
    github.script = [LONG]
    with pytest.raises(UnavailableError):
        first.transport(first.sign_in(), "").ask("MergedCount", {"q": "repo:acme/shop"})
    with pytest.raises(UnavailableError):
        second.rest(second.sign_in(), "acme").get("/repos/acme/shop")
    assert len(github.asked) == 1
    other.transport(other.sign_in(), "").ask("MergedCount", {"q": "repo:acme/shop merged:>=2026"})
    assert len(github.asked) == 2


def test_the_installations_of_an_app_are_silent_each_for_itself(github, ticking):
    own = account(github, ticking)
    assert own.silences.of("Acme") is own.silences.of("acme")
    assert own.silences.of("acme") is not own.silences.of("other")
