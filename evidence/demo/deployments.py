"""Replays sync operations of Argo CD applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evidence.demo.edits import images_in
from evidence.demo.history_deployed import GitHubDeploymentRecord, OperationRecord
from evidence.demo.moments import SECOND, moment
from evidence.demo.scene import Scene
from evidence.demo.world_deployed import Application, AppSource, Deploy
from evidence.errors import ConfigError

FIRST_DEPLOYMENT: Final = 7_000_001
"""Database id of the first deployment at GitHub."""
FIRST_RUN: Final = 8_000_001
"""Number of the first workflow run that deploys."""


def play_deploy(scene: Scene, deploy: Deploy, at: int) -> None:
    """An operation of a deployer."""
    if deploy.app not in scene.history.applications:
        raise ConfigError(f"The world has no application `{deploy.app}`.")
    app = scene.history.applications[deploy.app]
    revisions = tuple(_revisions(scene, app.world, deploy))
    app.next_history_id += deploy.lost_before
    row = deploy.phase == "Succeeded" and not (deploy.dry_run or deploy.selective)
    number = app.next_history_id if row and deploy.history else -1
    app.next_history_id += row
    if deploy.key:
        scene.names[deploy.key] = (app.world.sources[0].repository, revisions[0])
    app.operations.append(
        OperationRecord(
            key=deploy.key,
            started_at=at,
            finished_at=0 if deploy.phase == "Running" else at + deploy.seconds * SECOND,
            phase=deploy.phase,
            revisions=revisions,
            by=deploy.by,
            automated=deploy.automated and not deploy.by,
            dry_run=deploy.dry_run,
            selective=deploy.selective,
            self_heal=deploy.self_heal,
            local_manifests=deploy.local_manifests,
            message=deploy.message,
            health=deploy.health,
            heal_attempts=deploy.heal_attempts,
            images=deploy.images or app.world.images or _images(scene, app.world, revisions),
            inline=tuple(
                scene.filled(one, scene.history.repositories[app.world.sources[0].repository])
                for one in deploy.inline
            ),
            history_id=number,
        )
    )


def told_github(scene: Scene) -> Iterator[GitHubDeploymentRecord]:
    """What GitHub was told of deployments; nothing else in the story follows from it."""
    told = enumerate(scene.world.github_deployment)
    own = {one.key: FIRST_RUN + at for at, one in told if one.key}
    for place, one in enumerate(scene.world.github_deployment):
        where = scene.repository(one.repository)
        at = moment(one.at, scene.epoch)
        timed = sorted((moment(offset, at), state) for offset, state in one.statuses.items())
        yield GitHubDeploymentRecord(
            world=one,
            id=FIRST_DEPLOYMENT + place,
            repository=where.world.key,
            sha=scene.sha(one.on, where),
            at=at,
            statuses=tuple(timed),
            run=own.get(one.run_of, FIRST_RUN + place) if one.run else 0,
        )


def _revisions(scene: Scene, app: Application, deploy: Deploy) -> Iterable[str]:
    asked = deploy.revisions or (deploy.revision,)
    for index, source in enumerate(app.sources):
        reference = asked[index] if index < len(asked) else ""
        if source.repository not in scene.history.repositories:
            yield reference or source.target_revision
            continue
        where = scene.repository(source.repository)
        yield scene.sha(reference or scene.target(source.target_revision, where), where)


def _images(scene: Scene, app: Application, revisions: tuple[str, ...]) -> tuple[str, ...]:
    found: set[str] = set()
    for source, revision in zip(app.sources, revisions, strict=True):
        found.update(_source_images(scene, source, revision))
    return tuple(sorted(found))


def _source_images(scene: Scene, source: AppSource, revision: str) -> tuple[str, ...]:
    where = scene.history.repositories.get(source.repository)
    commit = where.objects.commits.get(revision) if where else None
    if where is None or commit is None:
        return ()
    texts = {
        path: where.objects.text(blob)
        for path, (_, blob) in commit.files.items()
        if path.endswith((".yaml", ".yml"))
    }
    return images_in(texts, source.path, source.values)
