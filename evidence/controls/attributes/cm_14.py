"""CM-14: every merged change is accounted for: deployed, superseded, pending or non-deployable."""

from __future__ import annotations

from evidence.chain.answers import changed_paths
from evidence.controls.attributes import cm_03
from evidence.controls.determine import on_change
from evidence.controls.gaps import loses_deployments
from evidence.controls.timeline import timeline_of
from evidence.controls.words import clip, listing, when
from evidence.in_scope import Application, Repository
from evidence.model.capture import Gap
from evidence.model.chain import Chain
from evidence.model.determination import Determination
from evidence.model.globs import all_match
from evidence.policy import Policy

CONTROL = "CM-14"


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """R2: the change was deployed by `as_of`, or is accounted for in another way."""
    change = chain.change
    if change.number and chain.evidence.pull_request is not None:
        early = cm_03.not_testable(CONTROL, chain, as_of)
        if early is not None and early.reason == "not-merged":
            return early
    if "superseded" in change.flags:
        sentence = "It was reverted before any production deployment carried it alone."
        return on_change(CONTROL, chain, "superseded", sentence)
    deployed = _deployed(chain, as_of)
    if deployed is not None:
        return deployed
    if "deployed_before_observation" in change.flags:
        sentence = "The first production deployment that was observed contained it already."
        return on_change(CONTROL, chain, "deployed", sentence)
    if "baseline" in change.flags:
        sentence = "The first deployment that was observed contained it already."
        return on_change(CONTROL, chain, "baseline", sentence)
    return _not_deployed(chain, policy, as_of)


def _deployed(chain: Chain, as_of: int) -> Determination | None:
    """The first production deployment that carried it."""
    carried = [one for one in chain.evidence.deployments if 0 < one.started_at <= as_of]
    if carried:
        first = min(carried, key=lambda one: (one.started_at, one.deployment_id))
        sentence = (
            f"Deployment {clip(first.deployment_id)} of {clip(first.application)} carried it "
            f"first, at {when(first.started_at)}."
        )
        return on_change(CONTROL, chain, "deployed", sentence, entries=first.entries)
    if 0 < chain.change.first_deployed_at <= as_of:
        sentence = f"It was first deployed at {when(chain.change.first_deployed_at)}."
        return on_change(CONTROL, chain, "deployed", sentence)
    return None


def _not_deployed(chain: Chain, policy: Policy, as_of: int) -> Determination:
    repository = next((r for r in policy.repositories if r.id == chain.change.repository), None)
    elsewhere = _elsewhere(chain, repository)
    if elsewhere is not None:
        return elsewhere
    exempt = _non_deployable(chain, policy)
    if exempt is not None:
        return exempt
    if repository is None or not _applications(policy, repository):
        name = clip(chain.change.repository)
        sentence = f"No configured production application deploys repository {name}."
        return on_change(CONTROL, chain, "no-application", sentence)
    lost = [gap for gap in chain.evidence.gaps if _loses_deployments(gap, chain)]
    if lost:
        sentence = f"No deployment of it was seen, and some were not read: {clip(lost[0].detail)}"
        return on_change(CONTROL, chain, "deployments-incomplete", sentence)
    return _waiting(chain, policy, as_of)


def _elsewhere(chain: Chain, repository: Repository | None) -> Determination | None:
    """Merged, but not into a branch that is deployed, or not seen on it."""
    change, pull = chain.change, chain.evidence.pull_request
    facts = (pull,) if pull else ()
    branch = pull.base_ref if pull else change.branch
    production = repository.production_branches if repository else ()
    if branch and production and branch not in production:
        sentence = f"It was merged into {clip(branch)}, which is no production branch."
        return on_change(CONTROL, chain, "other-branch", sentence, facts=facts)
    if not change.commits:
        sentence = f"The branch {clip(branch) or 'it was merged into'} as read does not hold it."
        return on_change(CONTROL, chain, "not-landed", sentence, facts=facts)
    return None


def _non_deployable(chain: Chain, policy: Policy) -> Determination | None:
    if not policy.non_deployable_paths:
        return None
    paths = changed_paths(chain)
    if paths is None:
        sentence = "Which files it changed was not read; the policy exempts some from deployment."
        return on_change(CONTROL, chain, "paths-not-read", sentence)
    if not all_match(paths, policy.non_deployable_paths):
        return None
    sentence = f"It changes only {listing(clip(path) for path in paths)} (rule non-deployable)."
    return on_change(CONTROL, chain, "non-deployable", sentence)


def _applications(policy: Policy, repository: Repository) -> list[Application]:
    """Production applications that the repository reaches, as configuration or by an image."""
    maps = [*policy.image_maps, *(image for a in policy.applications for image in a.images)]
    owner = repository.name.rpartition("/")[0]
    built = any(
        one.repository in {repository.id, repository.name}
        or (owner and one.repository == owner + "/{name}")
        for one in maps
    )
    return [
        application
        for application in policy.applications
        if application.production and (built or application.repository in {repository.id, ""})
    ]


def _loses_deployments(gap: Gap, chain: Chain) -> bool:
    """Whether a gap may hide a deployment of this change: lost operations after its merge."""
    if not loses_deployments(gap):
        return False
    return not gap.window_to or gap.window_to > timeline_of(chain.evidence).merged_at


def _waiting(chain: Chain, policy: Policy, as_of: int) -> Determination:
    merged_at = timeline_of(chain.evidence).merged_at
    since = when(merged_at)
    if policy.pending_limit and merged_at and as_of - merged_at > policy.pending_limit:
        sentence = f"Merged at {since} and not deployed by {when(as_of)}, beyond the limit."
        return on_change(CONTROL, chain, "orphan", sentence)
    if policy.pending_limit and not merged_at:
        sentence = "Not deployed yet, and when it reached the branch was not observed."
        return on_change(CONTROL, chain, "merge-time-unknown", sentence)
    landed = f"Merged at {since}" if merged_at else "Landed at a time that was not observed"
    sentence = f"{landed}, and not deployed by {when(as_of)}: pending."
    return on_change(CONTROL, chain, "pending", sentence)
