"""The example file and the wizard cannot lie: both are loaded by the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.config.load import load
from evidence.config.settings import Settings
from evidence.config.wizard import Answers, render, slug, write
from evidence.config.yardstick import build_policy
from evidence.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def keys(model, prefix=""):
    found = set()
    for name, field in model.model_fields.items():
        inner = [a for a in (field.annotation, *getattr(field.annotation, "__args__", ()))
                 if hasattr(a, "model_fields")]  # fmt: skip
        found |= keys(inner[0], f"{prefix}{name}.") if inner else {f"{prefix}{name}"}
    return found


def test_the_example_loads_and_gives_a_policy(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path))

    policy = build_policy(load(EXAMPLE).settings)

    assert [one.id for one in policy.repositories] == ["shop", "config"]
    assert policy.applications[0].images[0].image == "ghcr.io/acme/shop"


def test_the_example_names_every_setting_there_is():
    text = EXAMPLE.read_text(encoding="utf-8")

    missing = {key for key in keys(Settings) if f"{key.rpartition('.')[2]} =" not in text}

    assert missing == set()


def test_what_the_wizard_writes_can_be_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "home"))
    path = tmp_path / "evidence.toml"

    write(path, Answers(organisation='A "quoted" name', application_repository="acme/Shop",
                        config_repository="acme/gitops"))  # fmt: skip

    settings = load(path).settings
    assert settings.organisation.name == 'A "quoted" name'
    assert [one.id for one in settings.repository] == ["shop", "gitops"]
    assert settings.application[0].repository == "gitops"


def test_two_repositories_of_the_same_name_get_two_ids():
    text = render(Answers(application_repository="a/same", config_repository="b/same"))

    assert 'id = "same"\n' in text
    assert 'id = "same-config"\n' in text


def test_the_wizard_never_overwrites_unless_told_to(tmp_path):
    path = tmp_path / "evidence.toml"
    path.write_text("mine", encoding="utf-8")

    with pytest.raises(ConfigError, match="exists already"):
        write(path, Answers())
    write(path, Answers(), force=True)

    assert path.read_text(encoding="utf-8") != "mine"


def test_an_id_is_made_from_any_name():
    assert slug("Acme/My App!") == "my-app"
    assert slug("///") == "app"
