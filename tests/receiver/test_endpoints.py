"""What may be received is configured, by reference, and a mistake is told before anything listens."""

from __future__ import annotations

import sys

import pytest

from evidence import sources
from evidence.config.load import load
from evidence.errors import ConfigError
from evidence.receiver import server
from evidence.receiver.endpoints import endpoints


@pytest.fixture
def configured(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path))
    monkeypatch.setenv("TEST_ONE", "first-of-two-secrets")
    monkeypatch.setenv("TEST_TWO", "second-of-two-secrets")

    def write(kind="github", given='["env:TEST_ONE", "env:TEST_TWO"]', more=""):
        path = tmp_path / "evidence.toml"
        path.write_text(
            f'[[source]]\nid = "s"\nkind = "{kind}"\nurl = "https://s.test"\n'
            f"webhook_secrets = {given}\n{more}",
            encoding="utf-8",
        )
        return load(path)

    return write


def test_a_source_with_secrets_has_an_endpoint(configured):
    one = endpoints(configured())["s"]

    assert (one.path, one.secrets) == (
        "/webhooks/s",
        ("first-of-two-secrets", "second-of-two-secrets"),
    )
    assert "first-of-two-secrets" not in repr(one)


def test_a_secret_may_lie_in_a_file(configured, tmp_path):
    (tmp_path / "token").write_text("from-a-file\n", encoding="utf-8")

    assert endpoints(configured(given=f'["file:{tmp_path}/token"]'))["s"].secrets == (
        "from-a-file",
    )


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("github", "[]", "No source has `webhook_secrets`"),
        ("github", '["env:TEST_ONE", "env:TEST_TWO", "env:TEST_ONE"]', "at most two"),
        ("github", '["env:TEST_NOT_SET"]', "TEST_NOT_SET is empty or not set"),
        ("github", '["written-in-the-file"]', "must be a reference"),
        ("github", '[""]', "is empty"),
        ("jira", '["env:TEST_ONE"]', "a source of kind jira delivers nothing"),
    ],
)
def test_a_mistake_is_told(configured, kind, given, said):
    with pytest.raises(ConfigError, match=said):
        endpoints(configured(kind, given))


def test_secrets_of_deliveries_are_kept_out_of_the_store_like_any_other(configured):
    assert {"first-of-two-secrets", "second-of-two-secrets"} <= set(sources.secrets(configured()))


def test_without_the_extra_the_reader_is_told_how_to_install_it(configured, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)

    with pytest.raises(ConfigError, match="not installed") as told:
        server.serve(configured(), announce=lambda _: None)
    assert "soc2-evidence[receiver]" in told.value.next_step


def test_an_address_in_use_is_told(configured):
    with (
        server._listen("127.0.0.1", 0) as taken,
        pytest.raises(ConfigError, match="Nothing can listen"),
    ):
        server.serve(configured(), port=taken.getsockname()[1], announce=lambda _: None)


def test_serve_asks_what_to_serve(configured, tmp_path, monkeypatch, capsys):
    from evidence.cli.main import _run

    configured()
    monkeypatch.setattr(sys, "argv", ["evidence", "serve", "-c", str(tmp_path / "evidence.toml")])

    assert _run() == 2
    assert "evidence serve --receiver" in capsys.readouterr().err
