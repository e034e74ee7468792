"""Secrets of the operating system's store of passwords, where the library for it is installed."""

from __future__ import annotations

import secrets as random
import sys
from types import ModuleType, SimpleNamespace

import pytest

from evidence.config.secrets import resolve
from evidence.errors import ConfigError


class KeyringError(Exception):
    pass


def install(monkeypatch, answer) -> None:
    """The two names of the library that are used, with an answer instead of a desktop session."""
    errors = ModuleType("keyring.errors")
    errors.KeyringError = KeyringError
    library = SimpleNamespace(get_password=answer, errors=errors)
    monkeypatch.setitem(sys.modules, "keyring", library)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_a_secret_is_asked_for_by_service_and_name(monkeypatch):
    value = random.token_hex(8)
    install(monkeypatch, lambda service, name: value if (service, name) == ("a", "b/c") else None)
    assert resolve("keyring:a/b/c") == value


def test_a_secret_that_is_not_there_says_how_to_store_it(monkeypatch):
    install(monkeypatch, lambda _service, _name: None)
    with pytest.raises(ConfigError, match="holds nothing under a/b") as caught:
        resolve("keyring:a/b")
    assert caught.value.next_step == "Store it: keyring set a b"


def test_a_keyring_that_cannot_be_read_is_told(monkeypatch):
    def locked(_service: str, _name: str) -> str:
        raise KeyringError("locked")

    install(monkeypatch, locked)
    with pytest.raises(ConfigError, match="cannot be read: locked"):
        resolve("keyring:a/b")


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        resolve("keyring:a/b")
    assert "soc2-evidence[keyring]" in caught.value.next_step
