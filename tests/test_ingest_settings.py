"""Bypass lists that an administrator hands over stand in the store beside what was observed."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.errors import MalformedError
from evidence.ingest import ingest
from evidence.model.settings import Ruleset
from evidence.store import queries
from evidence.store.session import open_store
from evidence.store.settings import settings_since

RULESET = {
    "id": 42,
    "name": "main",
    "source_type": "Repository",
    "source": "acme/shop",
    "enforcement": "active",
    "bypass_actors": [{"actor_id": 7, "actor_type": "User", "bypass_mode": "exempt"}],
    "updated_at": "2026-07-08T10:00:00Z",
}


@pytest.fixture
def loaded(tmp_path):
    settings = Settings.model_validate(
        {
            "source": [{"id": "forge", "kind": "github", "url": "https://github.example"}],
            "repository": [{"id": "shop", "name": "acme/shop", "source": "forge"}],
        }
    )
    return Loaded(settings=settings, path=None, origins={}, home=tmp_path)


def hand_over(loaded, tmp_path, value):
    path = tmp_path / "ruleset.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return ingest(loaded, "settings", str(path))


def test_a_supplied_bypass_list_is_stored_once_and_names_the_accounts_of_the_forge(
    loaded, tmp_path
):
    first = hand_over(loaded, tmp_path, RULESET)
    second = hand_over(loaded, tmp_path, [RULESET])
    with closing(open_store(loaded.store_url)) as store:
        (found,) = queries.load_versions(store, Ruleset)
        since = settings_since(store, 0)

    assert (first.new, second.new) == (1, 0)
    assert (found.repository, found.origin) == ("shop", "administrator")
    assert [(one.key, one.mode) for one in found.bypass_actors] == [
        ("github.example:user:7", "exempt")
    ]
    assert since == {"shop": 0}


def test_a_file_without_rulesets_is_refused(loaded, tmp_path):
    with pytest.raises(MalformedError, match="holds no ruleset"):
        hand_over(loaded, tmp_path, [])
