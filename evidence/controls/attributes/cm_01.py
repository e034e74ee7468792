"""CM-01: a production deployment traces to identified source changes."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.controls.determine import on_deployment
from evidence.controls.gaps import loses
from evidence.controls.landed import Brought
from evidence.controls.words import clip, listing, short, when
from evidence.model.capture import Gap, GapReason
from evidence.model.change import Strength
from evidence.model.determination import Determination
from evidence.model.production import (
    DeploymentKind,
    ImageChange,
    ProductionDeployment,
    RevisionRange,
)
from evidence.policy import Policy

CONTROL = "CM-01"

_PROBLEMS = {
    "history_gap": ("history-gap", "operations just before it are missing in what was read."),
    "live_not_in_history": (
        "history-gap",
        "it was live when it was observed, and no operation that was seen brought it.",
    ),
    "previous_image_unresolved": (
        "image-unresolved",
        "an image before it could not be resolved, so where its range begins is open.",
    ),
    "previous_unresolved": (
        "revision-unresolved",
        "the revision before it could not be resolved, so where its range begins is open.",
    ),
    "path_unmapped": (
        "path-unmapped",
        "it brought files of a monorepo that lie under no path which an image is mapped to.",
    ),
    "submodule_out_of_scope": (
        "submodule-not-traced",
        "it moved the pointer of a submodule whose repository is not in scope.",
    ),
    "submodule_commit_not_found": (
        "submodule-not-traced",
        "it moved the pointer of a submodule to or from a commit that was not found.",
    ),
    "submodules_not_read": (
        "submodule-not-traced",
        "whether it moved the pointer of a submodule could not be read.",
    ),
}
"""Problem code of a deployment -> reason and sentence; `contradictory_*`, `image_*` and the rest
stand below."""

_FLAGS = {
    "selective": "selective",
    "self_heal": "self-heal",
    "baseline": "baseline",
    "acquired": "acquired",
    "retry": "retry",
    "off_branch": "off-branch",
    "path_unmapped": "path-unmapped",
    "parent_unread": "parent-unread",
    "out_of_window": "out-of-window",
    "inline_image": "inline-image",
    "tag_moved": "tag-moved",
}
"""Flag of a deployment -> flag of the determination."""


def determine(
    deployment: ProductionDeployment,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
    brought: Brought | None = None,
) -> Determination:
    """Revision resolved, range computed, each commit maps to one change, and no gap.

    The other arguments are part of every rule's signature; this rule needs none of them.
    """
    del policy, as_of, brought
    reason, sentence = _decide(deployment, gaps)
    at = when(deployment.started_at)
    lead = f"Deployment of {clip(deployment.application)} started at {at}: "
    return on_deployment(
        CONTROL,
        deployment.deployment_id,
        reason,
        lead + sentence,
        entries=deployment.entries,
        flags=_flags(deployment),
    )


def _decide(deployment: ProductionDeployment, gaps: Sequence[Gap]) -> tuple[str, str]:
    if "local_manifests" in deployment.flags:
        return "no-commit", "it deployed manifests that the caller sent, which stand in no commit."
    return (
        _problem(deployment)
        or _gap(deployment, gaps)
        or _range(deployment)
        or _image(deployment)
        or _definition(deployment)
        or _mapped(deployment)
    )


def _problem(deployment: ProductionDeployment) -> tuple[str, str] | None:
    """What kept the chain from resolving it."""
    for problem in deployment.problems:
        if problem.startswith("contradict"):
            return "contradiction", f"its sightings contradict each other ({clip(problem)})."
        image = _image(deployment) if problem.startswith("image_") else None
        if image:
            return image
        if problem == "acquired_version_changed":
            return "revision-unresolved", _moved(deployment)
        if problem in _PROBLEMS:
            return _PROBLEMS[problem]
        return "revision-unresolved", f"{clip(problem.replace('_', ' '))}."
    if deployment.kind in {DeploymentKind.NO_COMMIT, DeploymentKind.UNRESOLVED}:
        return "revision-unresolved", "its revision is not a commit that was found."
    return None


def _moved(deployment: ProductionDeployment) -> str:
    """Charts that have another version than before."""
    told = listing(
        f"{clip(span.path or 'a chart')} went from {clip(span.previous)} to {clip(span.revision)}"
        for span in deployment.ranges
        if not span.repository and span.kind == DeploymentKind.FORWARD
    )
    return f"{told or 'a chart changed its version'}, and no commit that was read says so."


def _gap(deployment: ProductionDeployment, gaps: Sequence[Gap]) -> tuple[str, str] | None:
    source, _, rest = deployment.deployment_id.partition(":")
    concerned = {"*", rest.rpartition(":")[0]}
    repositories = {one.repository for one in deployment.ranges if one.repository}
    for gap in gaps:
        lost = (
            gap.source == source
            and gap.key in concerned
            and loses(gap)
            and gap.window_from <= deployment.started_at < gap.window_to
        )
        shallow = gap.repository in repositories and gap.reason == GapReason.HISTORY_LOST
        if lost or shallow:
            return "history-gap", f"part of the history was not read: {clip(gap.detail)}"
    return None


def _range(deployment: ProductionDeployment) -> tuple[str, str] | None:
    if not deployment.ranges:
        return "range-unknown", "what it brought could not be computed."
    for span in deployment.ranges:
        if span.strength == Strength.CANDIDATE or span.kind == DeploymentKind.UNRESOLVED:
            return "revision-unresolved", f"revision {clip(span.revision)} is not resolved."
    return None


def _image(deployment: ProductionDeployment) -> tuple[str, str] | None:
    for image in deployment.images:
        if image.problem and not _foreign(image) and image.new:
            told = f"image {clip(image.image)} at {clip(image.new)}"
            return "image-unresolved", f"{told} ({clip(image.problem.replace('_', ' '))})."
    return None


def _definition(deployment: ProductionDeployment) -> tuple[str, str] | None:
    """An image that was set in the definition of the application, which no commit read tells."""
    if "inline_image" not in deployment.flags:
        return None
    if any(span.basis == "parent_application" for span in deployment.ranges):
        return None
    return "definition-not-traced", (
        "an image was set in the definition of the application itself, and no commit that was read "
        "says so."
    )


def _foreign(image: ImageChange) -> bool:
    """Built from no configured repository: acquired, its bump is the change."""
    return image.problem == "third_party" and not image.repository


def _mapped(deployment: ProductionDeployment) -> tuple[str, str]:
    commits = [sha for span in deployment.ranges for sha in span.commits]
    if deployment.unmapped:
        named = listing(clip(one) for one in deployment.unmapped)
        return "commit-unmapped", f"{len(deployment.unmapped)} commits map to no change: {named}."
    if _first(deployment) and not commits:
        return "baseline", "it is the first one observed, so what it brought is not known."
    revisions = listing(_told(span) for span in deployment.ranges)
    if not commits:
        return "redeployed", f"{revisions} brought no commit that was not deployed before."
    changes = listing(clip(change) for change in deployment.changes)
    return "traced", f"{revisions} brought {len(commits)} commits of {changes or 'no change'}."


def _first(deployment: ProductionDeployment) -> bool:
    """Nothing was observed before it, however it ended."""
    ended = deployment.kind in {DeploymentKind.FAILED, DeploymentKind.ABORTED}
    return deployment.kind == DeploymentKind.FIRST or (ended and "baseline" in deployment.flags)


def _told(span: RevisionRange) -> str:
    name = clip(span.repository or span.path or "a chart")
    return f"{name} {short(span.previous) if span.previous else 'nothing'}..{short(span.revision)}"


def _flags(deployment: ProductionDeployment) -> list[str]:
    flags = [_FLAGS[flag] for flag in deployment.flags if flag in _FLAGS]
    kinds = {
        DeploymentKind.ROLLBACK: "rolled-back",
        DeploymentKind.DIVERGED: "diverged",
        DeploymentKind.FAILED: "failed-operation",
        DeploymentKind.ABORTED: "aborted",
    }
    if deployment.kind in kinds:
        flags.append(kinds[deployment.kind])
    if any(span.strength == Strength.INFERRED for span in deployment.ranges):
        flags.append("inferred")
    if any(_foreign(image) for image in deployment.images):
        flags.append("third-party-image")
    return flags
