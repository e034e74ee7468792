"""Runs the real program on a simulated organisation: the demo, the golden cases and the load.

This is the only module of the demo that runs the program; the world and its servers do not know it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.collectors.interface import Progress, no_progress
from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.demo.configured import configuration, demo_configuration, overlaid
from evidence.demo.organisation import demo_polls, demo_world
from evidence.demo.simulation import Moment, Simulation
from evidence.demo.world import World
from evidence.demo.writing import inline
from evidence.errors import ConfigError
from evidence.export import ReportRequest, report
from evidence.seal import keys
from evidence.sync import Outcome, sync
from evidence.verify import read_trust, verify_packet


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """A simulated organisation and a data directory that a real program collects into."""

    simulation: Simulation
    home: Path
    keys: Path
    overrides: Mapping[str, Any]
    """Sections of the configuration that differ from what the world implies."""
    left_out: frozenset[str] = frozenset()
    """Ids of repositories that are in the configuration no more, nor the maps that lead to them."""

    def loaded(self, moment: Moment) -> Loaded:
        """The configuration that reads the world as it stands at a moment."""
        values = configuration(self.simulation.world, moment, self.home)
        merged = overlaid(values, self.overrides)
        merged.setdefault("seal", {})["keys"] = str(self.keys)
        for section, key in (("repository", "id"), ("map", "repository")):
            rows = merged.get(section, [])
            merged[section] = [one for one in rows if one[key] not in self.left_out]
        return Loaded(
            settings=Settings.model_validate(merged), path=None, origins={}, home=self.home
        )

    def sync_at(
        self, when: int | str, sources: Sequence[str] = (), progress: Progress = no_progress
    ) -> Outcome:
        """Moves the world to a moment and syncs."""
        return sync(
            self.loaded(self.simulation.at(when)), sources=tuple(sources), progress=progress
        )


@contextmanager
def rehearse(
    world: World, directory: Path, overrides: Mapping[str, Any] | None = None
) -> Iterator[Rehearsal]:
    """Serves a world from `directory` and gives what collects from it; servers end with it."""
    directory = directory.resolve()
    home = directory / "data"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Simulation(world, directory / "world") as simulation:
        yield Rehearsal(
            simulation=simulation,
            home=home,
            keys=directory / "keys",
            overrides=overrides or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a demo leaves behind."""

    packet: Path
    trust: Path
    configuration: Path
    example: str
    """A commit or pull request worth tracing."""
    receipts: int
    summary: tuple[str, ...]
    verdict: str


def show(directory: Path, progress: Progress = no_progress) -> Shown:
    """Collects the demo world week by week, exports its packet and verifies it.

    Raises:
        ConfigError: the directory holds something already.
        EvidenceError: anything that a real run could meet.
    """
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(
            f"{directory} is not empty.", next_step="Name another with --output, or remove it."
        )
    directory.mkdir(parents=True, exist_ok=True)
    with rehearse(demo_world(), directory, demo_configuration()) as rehearsal:
        held = keys.init(rehearsal.keys, name="Simulated organisation")
        trust = directory / "trust"
        trust.write_text(keys.trust_file(held), encoding="utf-8")
        polls = demo_polls()
        for done, when in enumerate(polls):
            progress("weeks collected", done, len(polls))
            rehearsal.sync_at(when)
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        request = ReportRequest(
            start="2026-07-06",
            end="2026-09-14",
            destination=directory / "packet",
        )
        result = report(loaded, request, progress)
        configuration_file = directory / "evidence.toml"
        configuration_file.write_text(settings_text(loaded.settings), encoding="utf-8")
        number = rehearsal.simulation.history.pulls["gift-cards"].number
    verdict = verify_packet(result.directory, read_trust(trust))
    return Shown(
        packet=result.directory,
        trust=trust,
        configuration=configuration_file,
        example=f"shop:pr:{number}",
        receipts=len(polls) * 5,
        summary=tuple(result.summary()),
        verdict=verdict.summary,
    )


def settings_text(settings: Settings) -> str:
    """The settings as a configuration file; what is at its default is left out."""
    lines: list[str] = []
    for section, value in settings.model_dump(exclude_defaults=True).items():
        tables = value if isinstance(value, list) else [value]
        mark = "[[{}]]" if isinstance(value, list) else "[{}]"
        for table in tables:
            lines.append("\n" + mark.format(section))
            lines.extend(f"{key} = {inline(_plain(inner))}" for key, inner in table.items())
    return "\n".join(lines).lstrip() + "\n"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
