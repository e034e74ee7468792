"""Replays a world in time order: the Git objects, references and records that its story makes.

`build` is pure: the same world gives the same object ids, numbers and times on any machine.
"""

from __future__ import annotations

from evidence.demo.deployments import play_deploy, told_github
from evidence.demo.history import History
from evidence.demo.moments import DAY, moment
from evidence.demo.outside import (
    play_check,
    play_issue,
    play_issue_event,
    play_push,
    play_rename,
    play_tag,
)
from evidence.demo.pulls import play_step
from evidence.demo.scene import Scene
from evidence.demo.tickets import play_ticket, play_ticket_event
from evidence.demo.timeline import Happening, Timeline
from evidence.demo.world import Check, Issue, IssueEvent, World
from evidence.demo.world_deployed import Deploy
from evidence.demo.world_pushes import BranchRename, Push, Tag


def build(world: World) -> History:
    """Everything that happened. Raises `ConfigError` where the world contradicts itself."""
    scene = Scene(world)
    last = scene.epoch
    for one in Timeline(world).happenings:
        last = max(last, one.at)
        _play(scene, one)
    scene.history.github_deployments = list(told_github(scene))
    for told in scene.history.github_deployments:
        last = max(last, told.at, *(at for at, _ in told.statuses))
    scene.history.ends_at = moment(world.ends, scene.epoch) if world.ends else last + DAY
    for image in world.image:
        scene.image(image.key, scene.repository(""))
    scene.history.names = dict(scene.names)
    return scene.history


def _play(scene: Scene, one: Happening) -> None:
    item = one.item
    if isinstance(item, Issue):
        play = play_ticket if item.tracker == "jira" else play_issue
        play(scene, item, one.at)
    elif isinstance(item, IssueEvent):
        in_jira = isinstance(one.owner, Issue) and one.owner.tracker == "jira"
        (play_ticket_event if in_jira else play_issue_event)(scene, item, one)
    elif isinstance(item, Push):
        play_push(scene, item, one.at)
    elif isinstance(item, BranchRename):
        play_rename(scene, item, one.at)
    elif isinstance(item, Tag):
        play_tag(scene, item, one.at)
    elif isinstance(item, Check):
        play_check(scene, item, one.at)
    elif isinstance(item, Deploy):
        play_deploy(scene, item, one.at)
    else:
        play_step(scene, one)
