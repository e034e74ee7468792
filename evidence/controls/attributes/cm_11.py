"""CM-11: what ran is what was approved.

What a deployment moved is judged: each revision, and the commit behind each image that it set, is
what a change left on a production branch, and merging added nothing to it. Of a repository that
configures many applications it is the last change of what this one is read from. Where it moved
nothing, or that cannot be told, all that runs is judged. What else came with it is judged change by
change (CM-01, CM-03, CM-08). How an image is tied to its commit has a
level: `proved` by provenance under a trusted key; `strong` where the reference names one commit,
one digest was ever seen for it and the declared build succeeded on that commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evidence.chain.weaker import TOLD
from evidence.controls.determine import on_deployment
from evidence.controls.landed import Brought, Landed, Landing
from evidence.controls.reasons import REASONS
from evidence.controls.words import clip, listing, short, when
from evidence.model.capture import Gap
from evidence.model.change import Strength
from evidence.model.determination import Determination, Outcome
from evidence.model.production import (
    SUBMODULE,
    DeploymentKind,
    ProductionDeployment,
    RevisionRange,
    RunningImage,
    Standing,
)
from evidence.policy import Policy

CONTROL = "CM-11"

_WEAK = frozenset({Strength.CANDIDATE})


class Look(NamedTuple):
    """One thing that was looked at: a code of `reasons`, empty where it is as it should be."""

    reason: str
    words: str
    entries: tuple[int, ...] = ()


class _Case(NamedTuple):
    deployment: ProductionDeployment
    policy: Policy
    brought: Brought


def determine(
    deployment: ProductionDeployment,
    policy: Policy,
    as_of: int,
    gaps: Sequence[Gap] = (),
    brought: Brought | None = None,
) -> Determination:
    """The worst of its revisions and its images decides.

    `as_of` and `gaps` are part of every rule's signature; this rule needs neither.
    """
    del as_of, gaps
    case = _Case(deployment, policy, brought or Brought())
    lead = f"Deployment of {clip(deployment.application)} started at {when(deployment.started_at)}"
    reason, sentence, entries = _decide(case)
    return on_deployment(
        CONTROL,
        deployment.deployment_id,
        reason,
        f"{lead}: {sentence}",
        entries=sorted({*deployment.entries, *entries}),
        flags=_flags(deployment),
    )


def _decide(case: _Case) -> tuple[str, str, tuple[int, ...]]:
    if "local_manifests" in case.deployment.flags:
        return "no-commit", "it deployed manifests that the caller sent.", ()
    found = list(_looked_at(case))
    entries = tuple(entry for one in found for entry in one.entries)
    first = _first(case.deployment)
    for outcome in (Outcome.FAIL,) if first else (Outcome.FAIL, Outcome.UNKNOWN):
        bad = [one for one in found if one.reason and _outcome(one.reason) == outcome]
        if bad:
            words = listing(one.words for one in bad if one.reason == bad[0].reason)
            return bad[0].reason, f"{words}.", entries
    if first or not found:
        return "baseline", "all of it was there when observation began.", ()
    proved = all(one.provenance == "verified" for one in _judged(case))
    told = listing(one.words for one in found)
    return ("origin-proved" if proved else "origin-strong"), f"{told}.", entries


def _first(deployment: ProductionDeployment) -> bool:
    """Nothing was observed before it, and it brought nothing that is tested."""
    commits = any(span.commits for span in deployment.ranges)
    return deployment.kind == DeploymentKind.FIRST and not (commits or deployment.problems)


def _outcome(reason: str) -> Outcome:
    return REASONS[reason].outcome_for(CONTROL)


def _looked_at(case: _Case) -> Iterator[Look]:
    yield from _problems(case.deployment)
    for span in case.deployment.ranges:
        if not span.through or span.basis == SUBMODULE:
            yield from _revision(case, span)
    for image in _judged(case):
        yield from _image(case, image)


def _problems(deployment: ProductionDeployment) -> Iterator[Look]:
    """What was said of it twice, or could not be read."""
    for problem in deployment.problems:
        if problem.startswith("contradict"):
            yield Look("contradiction", "its sightings contradict each other")
        if problem.startswith("submodule"):
            words = clip(problem.replace("_", " "))
            yield Look("submodule-not-traced", f"what a submodule brought is open ({words})")
        if problem.startswith("configuration_"):
            words = clip(problem.replace("_", " "))
            yield Look("image-unresolved", f"which images run was not read whole ({words})")


def _revision(case: _Case, span: RevisionRange) -> Iterator[Look]:
    name = clip(span.repository or span.path or "a source")
    if not span.repository and span.kind != DeploymentKind.UNRESOLVED:
        if "acquired_pinned" not in case.deployment.flags:
            told = f"{name} {clip(span.revision)} is acquired, and its digest is not known"
            yield Look("acquired-not-pinned", told)
        return
    if span.standing is None or span.strength in _WEAK:
        yield Look("revision-unresolved", f"revision {clip(span.revision)} is not resolved")
        return
    what = f"{name} {short(span.revision)}"
    elsewhere = span.last_by and span.landed_by not in case.deployment.changes
    if elsewhere and span.standing in {Standing.RESULT, Standing.PART}:
        yield from _commit(case, what, Standing.RESULT, span.last_by)
        return
    yield from _commit(case, what, span.standing, span.landed_by)


def _commit(
    case: _Case, what: str, standing: Standing | None, change_id: str, how: str = ""
) -> Iterator[Look]:
    """Whether a commit is what a change came to, before it was deployed."""
    if standing is Standing.PART:
        yield Look("part-of-change", f"{what} is only a part of {clip(change_id)}")
    elif standing is Standing.OUTSIDE:
        yield Look("revision-off-branch", f"{what} stands on no production branch")
    elif standing is not Standing.RESULT:
        yield Look("branch-not-read", f"{what} stands on no branch that was read")
    else:
        landed = case.brought.landed.get(change_id)
        limit = case.deployment.started_at + case.policy.clock_tolerance
        if landed is not None and landed.merged_at > limit:
            told = f"{what} was merged only at {when(landed.merged_at)}"
            yield Look("deployed-before-merge", told)
        elif landed is None or landed.landing in {Landing.FAILED, Landing.OPEN}:
            yield _change(change_id, landed)
        elif landed.landing is not Landing.BASELINE:
            yield Look("", f"{what} is what {clip(change_id)} came to{how}", landed.entries)


def _change(change_id: str, landed: Landed | None) -> Look:
    if landed is None:
        return Look("not-collected", f"how {clip(change_id)} came to its branch was not read")
    return Look(landed.reason, landed.words, landed.entries)


# --- images


def _judged(case: _Case) -> list[RunningImage]:
    """Images that it set, all that run where it set none; not those that were there before."""
    deployment = case.deployment
    moved = {(one.image, one.new) for one in deployment.images if one.new}
    if "previous_image_unresolved" in deployment.problems:
        moved = set()
    return [
        one
        for one in deployment.running
        if (not moved or (one.image, one.reference) in moved) and not _old(case, one)
    ]


def _old(case: _Case, image: RunningImage) -> bool:
    landed = case.brought.landed.get(image.landed_by)
    return landed is not None and landed.landing is Landing.BASELINE


def _image(case: _Case, image: RunningImage) -> Iterator[Look]:
    name = f"image {clip(image.image)} at {clip(image.reference)}"
    if image.provenance == "contradicts":
        yield Look("provenance-contradicts", f"{name} {clip_long(image.told)}", image.entries)
        return
    if not image.commit or image.strength in _WEAK:
        problem = clip(image.problem.replace("_", " ") or "one of several commits")
        yield Look("image-unresolved", f"{name} names no commit ({problem})")
        return
    what = f"{name}, commit {short(image.commit)},"
    tied = _tied(case, image, name)
    if tied.reason:
        yield tied
    yield from _commit(case, what, image.standing, image.landed_by, tied.words)


def _tied(case: _Case, image: RunningImage, name: str) -> Look:
    """How surely the image was built from its commit."""
    if image.provenance == "verified":
        return Look("", f" ({clip_long(image.told)})", image.entries)
    if case.policy.origin_level == "proved":
        return Look("origin-not-proved", f"{name} has no provenance that a trusted key signed")
    if image.basis in TOLD:
        return Look("origin-told", f"only texts tie {name} to {short(image.commit)}")
    if len(image.digests) > 1:
        return Look("several-digests", f"{name} had {len(image.digests)} digests")
    if not image.digests:
        return Look("digest-unknown", f"no digest was ever seen for {name}")
    if not image.build:
        return Look("build-not-declared", f"no build is declared for {name}")
    if not _built(case, image):
        words = f"{clip(image.build)} was not seen to succeed on {short(image.commit)}"
        return Look("build-not-shown", f"{name}: {words}")
    return Look("", f" (one digest, and {clip(image.build)} succeeded on that commit)")


def _built(case: _Case, image: RunningImage) -> bool:
    """Any success before the deployment: that run made the image, whatever was run later."""
    limit = case.deployment.started_at + case.policy.clock_tolerance
    return any(
        run.name == image.build
        and (not image.build_app or (run.kind != "status" and run.app == image.build_app))
        and run.conclusion.upper() == "SUCCESS"
        and 0 < run.completed_at <= limit
        for run in case.brought.checks.get((image.repository, image.commit), ())
    )


def clip_long(text: str) -> str:
    """A text from outside on one line, cut later than a name."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _flags(deployment: ProductionDeployment) -> list[str]:
    flags = ["acquired"] if "acquired" in deployment.flags else []
    if any(image.provenance == "claimed" for image in deployment.running):
        flags.append("provenance-claimed")
    strengths = {one.strength for one in deployment.ranges}
    strengths |= {one.strength for one in deployment.running}
    if Strength.INFERRED in strengths:
        flags.append("inferred")
    return flags
