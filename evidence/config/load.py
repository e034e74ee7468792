"""Merges defaults, the TOML file and `EVIDENCE_*` variables, and remembers what came from where."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from evidence.config import paths
from evidence.config.moments import check_year, named_zone
from evidence.config.settings import Settings
from evidence.errors import ConfigError

RESERVED = ("EVIDENCE_HOME", "EVIDENCE_CONFIG", "EVIDENCE_KEYS")
"""Variables that say where things lie; they are no settings."""

OTHER_WORDS = {
    "branch": "production_branches",
    "branches": "production_branches",
    "token": "secret",
    "password": "secret",
    "type": "kind",
    "url": "clone",
}
"""What people write for a key that has another name and is not spelled like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtForge:
    """A repository as its forge knew it when it was last read."""

    number: str
    """The forge's own id, which renames and transfers keep."""
    name: str
    """`owner/name` then."""
    taken: bool = False
    """Another repository stood under that name when it was last asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings with the file they came from and each value's origin."""

    settings: Settings
    path: Path | None
    origins: Mapping[str, str]
    """Dotted key -> `default`, `file` or `environment`."""
    home: Path
    """The data directory: database, mirrors, run lock."""
    gone: frozenset[str] = frozenset()
    """Ids of discovered repositories that no list shows any more: in scope, and not read."""
    known: Mapping[str, AtForge] = field(default_factory=dict)
    """By repository id, as far as read before: what collectors follow it by."""

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store, secrets resolved."""
        return paths.resolve_store_url(self.settings.store.url, self.home)

    @property
    def key_directory(self) -> Path:
        """Where the signing keys lie; never in `home`.

        Raises:
            ConfigError: they do, by name or by a link.
        """
        return paths.keys_apart(paths.key_directory(self.settings.seal.keys), self.home)


def load(explicit: Path | None = None) -> Loaded:
    """Loads the configuration in force.

    Raises:
        ConfigError: a value or key is wrong; the message names key, reason and nearest known key.
    """
    path = paths.find_config(explicit)
    from_file = paths.read_toml(path) if path else {}
    from_environment = _environment()
    merged = _merge(from_file, from_environment)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_explain(error, path)) from error
    _check_variables()
    _check_references(settings)
    return Loaded(
        settings=settings,
        path=path,
        origins=dict(_origins(settings.model_dump(), from_file, from_environment)),
        home=paths.data_directory(),
    )


def _environment() -> dict[str, Any]:
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ConfigError(
            f"A variable EVIDENCE_... holds no JSON: {error}.",
            next_step='Write lists as JSON, or set single values: EVIDENCE_STORE__URL="...".',
        ) from error


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _merge(below, value) if both and isinstance(below, Mapping) else value
    return merged


def _origins(
    values: Mapping[str, Any], file: Any, environment: Any, prefix: str = ""
) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        in_file = file.get(key) if isinstance(file, Mapping) else None
        in_env = environment.get(key) if isinstance(environment, Mapping) else None
        if isinstance(value, Mapping):
            yield from _origins(value, in_file, in_env, f"{prefix}{key}.")
        elif in_env is not None:
            yield f"{prefix}{key}", "environment"
        else:
            yield f"{prefix}{key}", "default" if in_file is None else "file"


def _explain(error: ValidationError, path: Path | None) -> str:
    where = str(path) if path else "the environment"
    lines = [f"The configuration in {where} cannot be used:"]
    for problem in error.errors(include_url=False, include_input=False):
        location = [part for part in problem["loc"] if part != "function-after"]
        dotted = ".".join(str(part) for part in location)
        if problem["type"] == "extra_forbidden":
            lines.append(f"  {dotted}: unknown key{_suggestion(location)}")
        else:
            lines.append(f"  {dotted}: {problem['msg']}")
    return "\n".join(lines)


def _suggestion(location: list[Any]) -> str:
    known = list(_known_keys(Settings, location[:-1]))
    key = str(location[-1])
    near = [OTHER_WORDS[key]] if OTHER_WORDS.get(key) in known else []
    near = near or difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"; did you mean `{near[0]}`?" if near else ";"
    return f"{hint} known keys: {', '.join(known)}"


def _known_keys(model: type[BaseModel], location: list[Any]) -> Iterator[str]:
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            found = _model_in(model.model_fields[part].annotation)
            model = found or model
    yield from model.model_fields


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _check_variables() -> None:
    for name in os.environ:
        if not name.startswith("EVIDENCE_") or name in RESERVED:
            continue
        section = name.removeprefix("EVIDENCE_").split("__")[0].lower()
        if section not in Settings.model_fields:
            near = difflib.get_close_matches(section, Settings.model_fields, n=1)
            hint = f"; did you mean EVIDENCE_{near[0].upper()}__...?" if near else ""
            raise ConfigError(f"The environment variable {name} is no known setting{hint}.")


def _check_references(settings: Settings) -> None:
    named_zone(settings.organisation.time_zone, "organisation.time_zone")
    sources = {source.id for source in settings.source}
    repositories = {repository.id for repository in settings.repository}
    telling = sources | {f"{one.id}:records" for one in settings.source if one.deployment_records}
    _unique("source", [source.id for source in settings.source])
    _unique("repository", [repository.id for repository in settings.repository])
    _unique("application", [application.id for application in settings.application])
    for repository in settings.repository:
        _known(f"repository {repository.id}: source", repository.source, sources)
    for application in settings.application:
        _known(f"application {application.id}: source", application.source, sources)
        _known(f"application {application.id}: repository", application.repository, repositories)
        for witness in application.witness:
            _known(f"application {application.id}: witness", witness.source, telling)
        for image in application.image:
            _known(f"application {application.id}: image", image.repository, repositories)
    _check_exclusions(settings)


def _check_exclusions(settings: Settings) -> None:
    """Each has a date, is told once, and is nothing that the configuration itself puts in scope."""
    inside = {("repository", one.name.lower()) for one in settings.repository}
    inside |= {("application", one.selector.lower()) for one in settings.application}
    seen: set[tuple[str, str]] = set()
    for one in settings.exclusion:
        key, what = (one.kind, one.name.lower()), f"exclusion {one.name}"
        try:
            check_year(date.fromisoformat(one.date), f"{what}: date {one.date}")
        except ValueError as error:
            raise ConfigError(f"{what}: date {one.date} is no date such as 2026-07-01.") from error
        if key in inside:
            raise ConfigError(f"{what} is configured as in scope, too: one of them is wrong.")
        if key in seen:
            raise ConfigError(f"{what} is told twice.")
        seen.add(key)


def _unique(what: str, ids: list[str]) -> None:
    doubled = sorted({one for one in ids if ids.count(one) > 1})
    if doubled:
        raise ConfigError(f"Two [[{what}]] sections have the id `{doubled[0]}`.")


def _known(what: str, name: str, known: set[str]) -> None:
    if name and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise ConfigError(f"{what} `{name}` is not configured.{hint}")
