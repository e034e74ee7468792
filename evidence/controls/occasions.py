"""What a determination is about, as dispositions are held against it: when it was, who took part.

One function per unit of test. Facts that are not known are left out: a scope that asks for them
does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evidence.chain.answers import changed_paths
from evidence.controls.contribution import Contributors
from evidence.controls.contributors import contributors_of
from evidence.controls.dispositions import PATH, Event
from evidence.controls.landing import landed_at, movements
from evidence.controls.people import people_of
from evidence.model.actor import Actor
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome, SettingInterval, SubjectKind
from evidence.model.event import OutOfBand
from evidence.model.production import ProductionDeployment
from evidence.policy import Policy

SCOPE: Mapping[SubjectKind, tuple[str, ...]] = {
    SubjectKind.CHANGE: ("repository", "branch", "author", PATH),
    SubjectKind.DEPLOYMENT: ("application", "environment"),
    SubjectKind.INTERVAL: ("repository", "setting"),
    SubjectKind.EVENT: ("application", "kind"),
}
"""Unit of test -> the facts that a scope may ask of it."""


AT_DEPLOYMENT = frozenset({"CM-07"})
"""Controls on changes that are judged as of the deployment, not of the landing."""


def of_change(
    chain: Chain, policy: Policy, found: Iterable[Determination], control: str = ""
) -> Event:
    """A change happens when it lands on its branch, and by its first deployment at the latest.

    For a control that is judged as of the deployment it happens when that starts.
    """
    change = chain.change
    landed = change.merged_at or landed_at(chain.evidence)
    if control in AT_DEPLOYMENT and change.first_deployed_at:
        landed = change.first_deployed_at
    moved = movements(chain.evidence)
    author = change.author or next((one.actor for one in moved if one.actor), None)
    facts = {
        "repository": (change.repository,),
        "branch": (change.branch,),
        "author": (author.key,) if author else (),
        PATH: changed_paths(chain) or (),
    }
    return Event(
        names=frozenset((change.change_id, *change.aliases)),
        begin=landed,
        end=landed or change.first_deployed_at,
        contributors=contributors_of(chain, policy),
        facts=facts,
        passed=_passed(found),
    )


def of_deployment(
    deployment: ProductionDeployment,
    policy: Policy,
    found: Iterable[Determination],
    changes: Iterable[Contributors],
) -> Event:
    """A deployment happens when it starts; whoever contributed to its changes took part in it."""
    took_part = Contributors()
    for one in changes:
        took_part.parties.update(one.parties)
        took_part.open.extend(entry for entry in one.open if entry not in took_part.open)
    _add(took_part, deployment.initiator, policy)
    return Event(
        names=frozenset({deployment.deployment_id}),
        begin=deployment.started_at,
        end=deployment.started_at,
        contributors=took_part,
        facts={
            "application": (deployment.application,),
            "environment": (deployment.environment,),
        },
        passed=_passed(found),
    )


def of_interval(interval: SettingInterval) -> Event:
    """A span of a setting, also named without its times, as these depend on what is looked at."""
    setting = f"{interval.repository}:{interval.setting}"
    return Event(
        names=frozenset({interval.determination.subject, setting}),
        begin=interval.begin,
        end=interval.end,
        facts={"repository": (interval.repository,), "setting": (interval.setting,)},
    )


def of_event(event: OutOfBand, policy: Policy) -> Event:
    """Drift, or an act beside the deployer, from when it began; whoever did it took part."""
    took_part = Contributors()
    _add(took_part, event.actor, policy)
    return Event(
        names=frozenset({event.event_id}),
        begin=event.begin,
        end=event.begin,
        contributors=took_part,
        facts={"application": (event.application,), "kind": (event.kind,)},
    )


def _add(took_part: Contributors, actor: Actor | None, policy: Policy) -> None:
    if actor is not None:
        took_part.add(people_of(policy).party(actor))


def _passed(found: Iterable[Determination]) -> frozenset[str]:
    return frozenset(one.control for one in found if one.outcome == Outcome.PASS)
