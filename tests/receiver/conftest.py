"""A receiver as it is served: real uvicorn on loopback, on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from receiver_world import SOURCES, up

from evidence.config.load import load
from evidence.store.session import open_store


@pytest.fixture
def keys(monkeypatch):
    """Variable -> secret, made for this test."""
    made = {name: secrets.token_hex(20) for names in SOURCES.values() for name in names}
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def configure(tmp_path, monkeypatch, keys):
    """Writes a configuration with every kind of source that delivers, and loads it."""
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()

    def write(url, **receiver):
        lines = ["[store]", f'url = "{url}"', "[receiver]", "port = 0"]
        lines += [f"{name} = {value}" for name, value in receiver.items()]
        for kind, names in SOURCES.items():
            references = ", ".join(f'"env:{name}"' for name in names)
            lines += ["[[source]]", f'id = "{kind}"', f'kind = "{kind}"', 'url = "https://s.test"']
            lines += [f"webhook_secrets = [{references}]"]
        path = tmp_path / "evidence.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return load(path)

    return write


@pytest.fixture
def serving(configure, store_url, keys):
    """A receiver on an empty store."""
    loaded = configure(store_url)
    store = open_store(store_url)
    with up(loaded, store, keys) as one:
        yield one
    store.close()


@pytest.fixture
def on_sqlite(configure, sqlite_template, tmp_path, keys):
    """Serves a receiver on an empty SQLite store, for what does not depend on the database."""

    @contextmanager
    def serve(seconds):
        path = tmp_path / "evidence.sqlite3"
        path.write_bytes(sqlite_template.read_bytes())
        loaded = configure(f"sqlite:///{path}", timeout_seconds=seconds, body_limit=65536)
        store = open_store(f"sqlite:///{path}")
        with up(loaded, store, keys) as one:
            yield one
        store.close()

    return serve


@pytest.fixture
def sqlite_serving(on_sqlite):
    """A receiver that waits for its senders as long as a busy machine may take."""
    with on_sqlite(300) as one:
        yield one


@pytest.fixture
def hasty_serving(on_sqlite):
    """A receiver that waits for a second, for what never comes."""
    with on_sqlite(1) as one:
        yield one
