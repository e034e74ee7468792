"""The worlds that ship with the program: the bare organisation and its ten weeks of story."""

from __future__ import annotations

from importlib.resources import files

from evidence.demo.reading import extended, read_world
from evidence.demo.world import World


def base_world() -> World:
    """The organisation before anything happens; golden cases are deltas on it.

    Four people, two bots, an application repository, a configuration repository and the
    application `shop-prod`.
    """
    return _shipped("base")


def demo_world() -> World:
    """The story that `make demo` collects: the quarter that begins on 2026-07-06."""
    return extended(base_world(), _shipped("demo"))


def demo_polls() -> tuple[str, ...]:
    """When the demo collects, as offsets from its epoch: every week, and when the story is over.

    Argo CD keeps ten history rows only, so a single poll at the end could not see them all.
    """
    return (*(f"+{week * 7 + 5}d" for week in range(10)), "2026-09-15T00:00:00Z")


def _shipped(name: str) -> World:
    text = files("evidence.demo").joinpath("worlds", f"{name}.toml").read_text(encoding="utf-8")
    return read_world(text, f"{name}.toml")
