"""Doctor says whether a receiver could start here."""

from __future__ import annotations

from evidence.config.scope import Source
from evidence.doctor import probes


def states(**more):
    source = Source(id="s", kind="github", **more)
    return [one.state for one in probes.deliveries("source s", source)]


def test_secrets_that_are_there_are_fine(monkeypatch):
    monkeypatch.setenv("TEST_HOOK", "a secret")

    assert states(webhook_secrets=["env:TEST_HOOK"]) == ["ok"]


def test_secrets_that_are_elsewhere_are_a_warning(monkeypatch):
    monkeypatch.delenv("TEST_HOOK", raising=False)

    assert states(webhook_secrets=["env:TEST_HOOK"]) == ["warning"]


def test_a_source_that_delivers_nothing_is_not_mentioned():
    assert states() == []
