"""The files outside the package are found in a checkout and in a wheel."""

from __future__ import annotations

import pytest

from evidence import assets
from evidence.errors import EvidenceError


def test_a_checkout_has_templates_migrations_and_the_example_beside_the_package():
    assert assets.templates().is_dir()
    assert (assets.migrations() / "env.py").is_file()
    assert assets.example_config().is_file()


def test_a_wheel_carries_them_inside_the_package(tmp_path):
    package = tmp_path / "evidence"
    (package / "_data" / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    assert assets._find("templates", package) == package / "_data" / "templates"


def test_a_broken_installation_says_what_is_missing(tmp_path):
    with pytest.raises(EvidenceError, match="lacks templates"):
        assets._find("templates", tmp_path / "evidence")
