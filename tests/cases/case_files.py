"""Case files: TOML -> `Case`, checked against `case.schema.json`, laid over `base.toml`.

Every mistake in a file is a `CaseError` that names the file and the place in it. README.md is the
description for those who write cases.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import referencing
import referencing.jsonschema

import evidence.demo
from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, world_of
from evidence.demo.steps import ImageEdit
from evidence.demo.world import Bump, World
from evidence.demo.world_deployed import Deploy
from evidence.errors import ConfigError

HERE = Path(__file__).parent
BASE = HERE / "base.toml"
SCHEMA = HERE / "case.schema.json"
WORLD_SCHEMA = Path(evidence.demo.__file__).with_name("world.schema.json")

FORGE = "github.example"
DEPLOYER = "argocd.example"
TRACKER = "jira.example"
_ACCOUNT = re.compile(r"@([a-z0-9-]+)(/argocd|/jira|/os)?")
_IDENTITY = {"person": "name"}
"""Lists whose tables are the same one where this key is equal; all others go by `id`."""


class CaseError(Exception):
    """A case file says something that cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, ready to run: the whole world and configuration, base included."""

    id: str
    title: str
    why: str
    world: World
    configuration: Mapping[str, Any]
    polls: tuple[str, ...]
    """When the collector runs; empty: once, when the story is over."""
    taken_out: Mapping[str, str]
    """Repository id -> from when on the configuration has it no more."""
    as_of: str
    expect: tuple[Mapping[str, Any], ...]
    gaps: tuple[Mapping[str, str], ...]
    provenance: tuple[Mapping[str, str], ...]
    """What a builder stated, handed over when the story is over."""
    dispositions: tuple[Mapping[str, Any], ...]
    """What management asks for, and who approves it."""
    pipeline: tuple[Mapping[str, Any], ...]
    """What a pipeline tells of itself, handed over when the story is over."""
    attached: tuple[Mapping[str, Any], ...]
    """Alternative evidence for what is unknown."""
    scans: tuple[Mapping[str, Any], ...]
    """What scanners and policy engines wrote, handed over when the story is over."""
    periods: tuple[Mapping[str, Any], ...]
    """Days, and what a report on them lists."""
    complete: bool
    incomplete: bool
    """A source is expected to fail."""
    xfail: str

    @property
    def controls(self) -> frozenset[str]:
        """Every control that it names."""
        return frozenset(control for one in self.expect for control in one.get("controls", {}))


def case_paths(folder: Path) -> list[Path]:
    """Every case file below a folder, or the one file that is named; by family and name."""
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*.toml") if path.name != BASE.name)


def read_case(path: Path) -> Case:
    """The case that a file describes, laid over the base of its folder or ours."""
    tables = _tables(path)
    if tables["id"] != path.stem:
        raise CaseError(f"{path}: the id is {tables['id']}, the file's name says {path.stem}.")
    base = _base(path)
    try:
        return _case(base, tables)
    except ConfigError as error:
        raise CaseError(f"{path}: {error.message}") from error


def _tables(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{path} is no TOML file: {error}") from error
    try:
        world_of(tables.get("world", {}))  # says better than the schema what is wrong with a step
    except ConfigError as error:
        raise CaseError(f"{path}: {error.message}") from error
    problem = jsonschema.exceptions.best_match(validator().iter_errors(tables))
    if problem is not None:
        raise CaseError(f"{path}: {problem.json_path}: {problem.message}")
    return tables


def validator() -> jsonschema.Draft202012Validator:
    """Checks a parsed case file; worlds by the schema of the simulated organisation."""
    world = json.loads(WORLD_SCHEMA.read_text(encoding="utf-8"))
    resource = referencing.jsonschema.DRAFT202012.create_resource(world)
    registry = referencing.Registry().with_resource("world.schema.json", resource)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, registry=registry)


def _base(path: Path) -> dict[str, Any]:
    """`base.toml` beside the case or above it, else ours."""
    own = next((one / BASE.name for one in path.parents[:2] if (one / BASE.name).exists()), BASE)
    return tomllib.loads(own.read_text(encoding="utf-8"))


def _case(base: Mapping[str, Any], tables: Mapping[str, Any]) -> Case:
    world = extended(base_world(), world_of(base.get("world", {}), "base.toml"))
    world = extended(world, world_of(tables.get("world", {})))
    world = _shipped(world, tables.get("ship", []))
    configuration = merged(base.get("configuration", {}), tables.get("configuration", {}))
    return Case(
        id=tables["id"],
        title=tables["title"],
        why=tables["why"],
        world=world,
        configuration=_accounts(configuration, account_keys(world)),
        polls=tuple(tables.get("poll", ())),
        taken_out=tables.get("taken_out", {}),
        as_of=tables.get("as_of", ""),
        expect=tuple(tables["expect"]),
        gaps=tuple(tables.get("expect_gap", ())),
        provenance=tuple(tables.get("provenance", ())),
        dispositions=tuple(
            _accounts(one, account_keys(world)) for one in tables.get("disposition", ())
        ),
        pipeline=tuple(tables.get("pipeline", ())),
        scans=tuple(tables.get("scan", ())),
        attached=tuple(tables.get("attach", ())),
        periods=tuple(tables.get("period", ())),
        complete=tables.get("complete", False),
        incomplete=tables.get("incomplete", False),
        xfail=tables.get("xfail", ""),
    )


def _shipped(world: World, references: Iterable[str]) -> World:
    """For each reference a bump of the shop's image by the bot and its automated deployment."""
    bumps, deploys = list(world.bump), list(world.deploy)
    for number, reference in enumerate(references, 1):
        edit = ImageEdit(
            file="apps/shop-prod/kustomization.yaml",
            image="registry.example/shop-web",
            tag=f"${{sha:{reference}}}",
        )
        bumps.append(Bump(key=f"bump-{number}", set=(edit,)))
        deploys.append(Deploy(key=f"ship-{number}", app="shop-prod", revision=f"bump-{number}"))
    return replace(world, bump=tuple(bumps), deploy=tuple(deploys))


# --- configuration


def merged(base: Any, over: Any, name: str = "") -> Any:
    """Tables merge key by key, lists of tables by `id` (people by name), all else replaces."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {key: merged(base.get(key), over.get(key, base.get(key)), key) for key in base} | {
            key: value for key, value in over.items() if key not in base
        }
    key = _IDENTITY.get(name, "id")
    if base and over and all(_has(one, key) for one in (base, over)):
        rows = {row[key]: row for row in base}
        return list((rows | {r[key]: merged(rows.get(r[key], {}), r) for r in over}).values())
    return over


def _has(rows: Any, key: str) -> bool:
    return isinstance(rows, list) and all(isinstance(row, Mapping) and key in row for row in rows)


def account_keys(world: World) -> dict[str, str]:
    """`@ada` -> the account's key at the forge, `@ada/argocd` -> the one at the deployer,
    `@ada/jira` -> the one at the tracker, `@ada/os` -> the one that runs this program."""
    found: dict[str, str] = {}
    for place, person in enumerate(world.person):
        found[f"@{person.key}"] = f"{FORGE}:{person.type}:{person.id or 101 + place}"
        account = f"acct-{person.key}" if world.jira == "cloud" else f"JIRAUSER-{person.key}"
        found[f"@{person.key}/jira"] = f"{TRACKER}:user:{account}"
        found[f"@{person.key}/os"] = f"os:user:{person.key}"
        found[f"@{person.key}/argocd"] = f"{DEPLOYER}:name_only:{person.key}"
    return found


def _accounts(value: Any, keys: Mapping[str, str]) -> Any:
    """The configuration with `@person` replaced by account keys."""
    if isinstance(value, Mapping):
        return {key: _accounts(inner, keys) for key, inner in value.items()}
    if isinstance(value, list):
        return [_accounts(inner, keys) for inner in value]
    if isinstance(value, str) and _ACCOUNT.fullmatch(value):
        if value not in keys:
            raise CaseError(f"`{value}` is nobody in this world.")
        return keys[value]
    return value
