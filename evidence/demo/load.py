"""Big worlds of the same kinds as the demo, for benchmarks. SIMULATED data.

`load_world(n)` is a whole world (real Git objects, served like any other), the same on every run:
2,000 changes are built in about 5 seconds. `evidence.demo.load_rows` goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from evidence.demo.moments import MINUTE
from evidence.demo.organisation import base_world
from evidence.demo.steps import CheckStep, ImageEdit, MergeStep, PushStep, ReviewStep, Step
from evidence.demo.world import Bump, Change, World
from evidence.demo.world_deployed import Deploy
from evidence.demo.world_pushes import Push

PEOPLE: Final = ("ada", "bert", "carl", "dora")
_METHODS: Final = ("squash", "squash", "squash", "merge", "rebase")
_FILES: Final = 400
"""Paths that changes write to in turn, so that trees stay small."""

_PERIOD: Final = 50 * MINUTE
DEPLOY_EVERY: Final = 5
"""One deployment for so many changes."""


def kind_of(index: int) -> str:
    """What is particular about the index-th change; about nine in ten are `clean`."""
    odd = {3: "direct", 17: "self_merge", 29: "stale", 41: "rerun", 59: "missing_check"}
    return odd.get(index % 60, "clean")


def load_world(changes: int) -> World:
    """A world of so many changes, a bump and a deployment for every fifth."""
    base = base_world()
    made: list[Change] = []
    pushes: list[Push] = []
    bumps: list[Bump] = []
    deploys: list[Deploy] = []
    for index in range(changes):
        at = f"+{(index * _PERIOD) // MINUTE}m"
        if kind_of(index) == "direct":
            pushes.append(Push(key=f"c{index}", by=person_of(index), at=at, files=_content(index)))
        else:
            made.append(_change(index, at))
        if index % DEPLOY_EVERY == DEPLOY_EVERY - 1:
            bumps.append(_bump(index))
            deploys.append(Deploy(app="shop-prod", revision=f"b{index}"))
    return replace(
        base,
        name=f"Load of {changes} changes (simulated)",
        change=tuple(made),
        push=tuple(pushes),
        bump=tuple(bumps),
        deploy=tuple(deploys),
    )


def person_of(index: int) -> str:
    """Key of the author of the index-th change."""
    return PEOPLE[index % len(PEOPLE)]


def _content(index: int) -> dict[str, str]:
    slot = index % _FILES
    return {f"area{slot % 20}/part{slot}.py": f"VALUE = {index}\n"}


def _change(index: int, at: str) -> Change:
    return Change(
        key=f"c{index}",
        author=person_of(index),
        title=f"Change number {index}",
        requested_by=person_of(index + 2),
        at=at,
        steps=_steps(index),
    )


def _steps(index: int) -> tuple[Step, ...]:
    kind, author = kind_of(index), person_of(index)
    review: Step = ReviewStep(by=person_of(index + 1))
    merge: Step = MergeStep(by=author, method=_METHODS[index % len(_METHODS)])
    push: Step = PushStep(files=_content(index))
    if kind == "self_merge":
        return (push, CheckStep(), merge)
    if kind == "stale":
        more = PushStep(files={f"late/part{index % _FILES}.py": f"LATE = {index}\n"})
        return (push, review, more, CheckStep(), merge)
    if kind == "rerun":
        return (push, CheckStep(conclusion="FAILURE"), CheckStep(), review, merge)
    if kind == "missing_check":
        return (push, CheckStep(names=("ci/test",)), review, merge)
    return (push, CheckStep(), review, merge)


def _bump(index: int) -> Bump:
    edit = ImageEdit(
        file="apps/shop-prod/kustomization.yaml",
        image="registry.example/shop-web",
        tag=f"${{sha:c{index}}}",
    )
    return Bump(key=f"b{index}", set=(edit,), at=f"+{(index * _PERIOD) // MINUTE + 45}m")
