"""The simulated GitHub never serves what GitHub's published schema lacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import (
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
    is_union_type,
)

from evidence.demo.github_query import schema

PACKAGE = "@octokit/graphql-schema"
CACHE = Path(__file__).parents[2] / ".make" / "npm"


@pytest.fixture(scope="module")
def published():
    """GitHub's schema from its npm package, fetched once into the cache."""
    path = CACHE / "node_modules" / PACKAGE / "schema.graphql"
    if not path.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is missing, and with it GitHub's published schema")
        CACHE.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--silent", "--prefix", str(CACHE), f"{PACKAGE}@15"],
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr.decode()[-200:]}")
    return build_schema(path.read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)


def served():
    return [
        kind
        for name, kind in schema().type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(kind)
    ]


@pytest.mark.npm
@pytest.mark.parametrize("kind", served(), ids=lambda kind: kind.name)
def test_a_served_type_is_part_of_the_published_one(kind, published):
    real = published.type_map[kind.name]
    assert type(kind) is type(real)
    if is_enum_type(kind):
        assert set(kind.values) <= set(real.values)
    elif is_union_type(kind):
        assert {one.name for one in kind.types} <= {one.name for one in real.types}
    elif is_input_object_type(kind):
        assert fields(kind) == {name: fields(real)[name] for name in kind.fields}
    elif is_object_type(kind) or is_interface_type(kind):
        assert {one.name for one in kind.interfaces} <= {one.name for one in real.interfaces}
        assert set(kind.fields) <= set(real.fields)
        for name, field in kind.fields.items():
            assert str(field.type) == str(real.fields[name].type), name
            assert arguments(field).items() <= arguments(real.fields[name]).items(), name
            missing = arguments(real.fields[name]).keys() - arguments(field).keys()
            assert not [one for one in missing if required(real.fields[name].args[one])], name


def fields(kind):
    return {name: str(field.type) for name, field in kind.fields.items()}


def arguments(field):
    return {name: str(argument.type) for name, argument in field.args.items()}


def required(argument):
    return str(argument.type).endswith("!") and argument.default_value is None
