"""`evidence init`: a configuration that loads, without questions, terminal or network."""

from __future__ import annotations

import stat
import tomllib

import pytest


def test_it_writes_a_file_that_loads_as_it_is(evidence, home):
    ran = evidence("init")
    assert (ran.code, ran.out) == (0, "evidence.toml\n")
    assert "evidence doctor" in ran.err
    assert evidence("config", "show").code == 0
    assert stat.S_IMODE((home / "evidence.toml").stat().st_mode) == 0o600


def test_each_answer_lands_where_it_belongs(evidence, home):
    answers = {
        "organisation": "Acme",
        "time_zone": "Europe/Berlin",
        "application_repository": "acme/shop",
        "config_repository": "acme/deploy",
        "github_url": "https://github.acme.example/api/v3",
        "argocd_url": "https://argocd.acme.example",
        "argocd_application": "argocd/shop-prod",
        "config_path": "apps/shop",
        "image": "registry.acme.example/shop",
        "required_checks": "test,scan",
    }
    words = [part for pair in answers.items() for part in ("--answer", "=".join(pair))]
    assert evidence("init", "-o", "made/acme.toml", *words).code == 0
    made = tomllib.loads((home / "made" / "acme.toml").read_text())
    application, repositories = made["application"][0], made["repository"]
    assert made["organisation"] == {"name": "Acme", "time_zone": "Europe/Berlin"}
    assert [one["url"] for one in made["source"]] == [answers["github_url"], answers["argocd_url"]]
    assert [one["name"] for one in repositories] == ["acme/shop", "acme/deploy"]
    assert (application["selector"], application["path"]) == ("argocd/shop-prod", "apps/shop")
    assert application["image"] == [{"image": answers["image"], "repository": "shop"}]
    assert [one["name"] for one in made["policy"]["required_checks"]] == ["test", "scan"]
    assert evidence("config", "show", "-c", "made/acme.toml").code == 0


def test_no_required_check_is_an_answer_too(evidence, home):
    assert evidence("init", "--answer", "required_checks=").code == 0
    made = tomllib.loads((home / "evidence.toml").read_text())
    assert "required_checks" not in made["policy"]


@pytest.mark.parametrize("name", ['a"\n[policy]\nprofile = "P9', "\\", "Zoë's Ærø", "\x07"])
def test_an_answer_cannot_leave_its_quotes(evidence, home, name):
    assert evidence("init", "--answer", f"organisation={name}").code == 0
    made = tomllib.loads((home / "evidence.toml").read_text(encoding="utf-8"))
    assert made["organisation"]["name"] == name
    assert made["policy"]["profile"] == "P0"


def test_an_existing_file_is_only_replaced_by_force(evidence, home):
    (home / "evidence.toml").write_text("# mine\n")
    assert evidence("init").code == 2
    assert evidence("init", "--force").code == 0
    assert "[organisation]" in (home / "evidence.toml").read_text()


def test_secrets_are_named_and_never_asked_for(evidence, home):
    evidence("init")
    made = tomllib.loads((home / "evidence.toml").read_text())
    secrets = {one.get("secret") for one in (*made["source"], *made["repository"])}
    assert secrets == {"env:GITHUB_TOKEN", "env:ARGOCD_TOKEN"}
