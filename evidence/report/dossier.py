"""One change's chain as the lists a dossier prints: timeline, people, reviews, checks, links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from evidence.controls.evaluate import verdict
from evidence.model.actor import Actor
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import Change, ChangeKind, Link
from evidence.model.check import CheckRun, JobLog
from evidence.model.comments import LINE_COMMENT
from evidence.model.determination import Determination, Verdict
from evidence.model.disposition import Ruling
from evidence.model.fact import Fact
from evidence.model.production import ProductionDeployment
from evidence.model.pull_request import PullRequest, PullRequestEvent, Review
from evidence.model.ticket import Ticket
from evidence.report.scanned import ScanRow, scan_rows
from evidence.report.summary import Summary
from evidence.report.text import login, private, who
from evidence.report.timeline import Moment, timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account and everything it did on the change."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewVersion:
    """One observed version of a review; `version` of `versions` where it changed at the source."""

    review: Review
    version: int
    versions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What the packet prints about one change."""

    change: Change
    title: str
    """Of the pull request; for a direct commit the first line of its message."""
    in_population: bool
    outcome: Verdict
    determinations: tuple[Determination, ...]
    """Of the change and of the deployments that carried it."""
    deployments: tuple[ProductionDeployment, ...]
    accepted: frozenset[tuple[str, str]] = frozenset()
    """(control, subject) of the deviations for which a disposition holds."""
    rulings: Mapping[tuple[str, str], tuple[Ruling, ...]] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    people: tuple[Person, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    reviews: tuple[ReviewVersion, ...] = ()
    comments: tuple[PullRequestEvent, ...] = ()
    """On lines, in order of time."""
    checks: tuple[CheckRun, ...] = ()
    logs: Mapping[str, JobLog] = field(default_factory=dict)
    """Of `checks`, by `check_id`."""
    scans: tuple[ScanRow, ...] = ()
    links: tuple[Link, ...] = ()
    gaps: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    """Every ledger entry that the chain rests on, ascending."""
    first_collected_at: int = 0
    last_collected_at: int = 0
    request: PullRequest | None = None
    """The current version of the pull request."""
    contributors: list[str] = field(default_factory=list)
    """Authors and committers of its commits and who opened it, short form."""
    last_force_push_at: int = 0
    has_chain: bool = False
    github_observed: bool = True

    def verdict(self, one: Determination) -> Verdict:
        """How a determination is counted."""
        return verdict(one, self.accepted)

    def told(self, one: Determination) -> tuple[Ruling, ...]:
        """The rulings on dispositions that concern a deviation."""
        return self.rulings.get((one.control, one.subject), ())


def build_dossier(
    change: Change,
    chain: Chain | None,
    summary: Summary,
    determinations: Sequence[Determination],
    *,
    in_population: bool,
    rulings: Mapping[tuple[str, str], tuple[Ruling, ...]] | None = None,
) -> Dossier:
    """The dossier of `change`; without a chain it holds what the change itself says."""
    carried = tuple(
        summary.deployment_by_id[key]
        for key in change.deployments
        if key in summary.deployment_by_id
    )
    evidence = chain.evidence if chain else ChangeEvidence(change=change, deployments=carried)
    carried = evidence.deployments or carried
    facts = list(_facts(evidence))
    observed = [fact.observed_at for fact in facts if fact.observed_at]
    return Dossier(
        change=change,
        title=change.title or _subject(evidence),
        in_population=in_population,
        outcome=summary.outcomes[change.change_id],
        determinations=tuple(sorted(determinations, key=lambda row: (row.control, row.subject))),
        deployments=carried,
        accepted=summary.accepted,
        rulings=rulings or {},
        moments=timeline(evidence, carried),
        people=(*_people(evidence, carried), *_claimed(evidence)),
        tickets=_newest(evidence.tickets),
        reviews=_versions(evidence.reviews),
        comments=_comments(evidence.events),
        checks=tuple(sorted(evidence.checks, key=_check_key)),
        logs={log.check_id: log for log in evidence.logs},
        scans=scan_rows(evidence.scans),
        links=chain.links if chain else (),
        gaps=tuple(f"{gap.source} {gap.kind}: {gap.detail}" for gap in evidence.gaps),
        entries=_entries(facts, chain, carried),
        first_collected_at=min(observed, default=0),
        last_collected_at=max(observed, default=0),
        request=evidence.pull_request,
        contributors=_contributors(evidence),
        last_force_push_at=max(
            (row.at for row in evidence.events if row.kind == "HeadRefForcePushed"), default=0
        ),
        has_chain=chain is not None,
        github_observed=evidence.github_observed,
    )


def _facts(evidence: ChangeEvidence) -> Iterator[Fact]:
    for spec in fields(evidence):
        value = getattr(evidence, spec.name)
        if isinstance(value, Fact):
            yield value
        elif isinstance(value, tuple):
            yield from (row for row in value if isinstance(row, Fact))
    yield from evidence.answers.values()


def _entries(
    facts: Iterable[Fact], chain: Chain | None, carried: Iterable[ProductionDeployment]
) -> tuple[int, ...]:
    seqs = {fact.entry_seq for fact in facts}
    seqs.update(seq for link in (chain.links if chain else ()) for seq in link.entries)
    seqs.update(seq for row in carried for seq in row.entries)
    return tuple(sorted(seqs))


def _check_key(check: CheckRun) -> tuple[str, str, int, int, str]:
    return (check.name, check.kind, check.completed_at, check.attempt, check.check_id)


def _newest(tickets: Iterable[Ticket]) -> tuple[Ticket, ...]:
    last: dict[tuple[str, str], Ticket] = {}
    for ticket in sorted(tickets, key=lambda row: row.observed_at):
        last[ticket.tracker, ticket.ticket_id] = ticket
    return tuple(last[key] for key in sorted(last))


def _versions(reviews: Sequence[Review]) -> tuple[ReviewVersion, ...]:
    ids = [review.review_id for review in reviews]
    told = [
        ReviewVersion(
            review=review,
            version=ids[: position + 1].count(review.review_id),
            versions=ids.count(review.review_id),
        )
        for position, review in enumerate(reviews)
    ]
    return tuple(
        sorted(told, key=lambda row: (row.review.submitted_at, row.review.review_id, row.version))
    )


def _comments(events: Iterable[PullRequestEvent]) -> tuple[PullRequestEvent, ...]:
    own = (event for event in events if event.kind == LINE_COMMENT)
    return tuple(sorted(own, key=lambda row: (row.at, row.event_id)))


def _subject(evidence: ChangeEvidence) -> str:
    landed = evidence.change.landing_sha
    found = (row.message for row in evidence.commits if row.sha == landed)
    return next(iter(next(found, "").splitlines()), "")


def _claimed(evidence: ChangeEvidence) -> Iterator[Person]:
    # Without a forge the commit is all there is: its names are claims and are called so.
    roles: dict[str, list[str]] = {}
    for commit in evidence.commits if evidence.change.kind is ChangeKind.DIRECT else ():
        roles.setdefault(commit.author_name, []).append("author")
        roles.setdefault(commit.committer_name, []).append("committer")
    for name, acts in roles.items():
        if name:
            yield Person(
                name=f"{private(name)} (as the commit claims)", roles=tuple(dict.fromkeys(acts))
            )


def _contributors(evidence: ChangeEvidence) -> list[str]:
    actors = [evidence.change.author]
    for commit in evidence.pull_request_commits:
        actors += [commit.author, commit.committer]
    return list(dict.fromkeys(login(actor) for actor in actors if actor))


def _people(
    evidence: ChangeEvidence, carried: Iterable[ProductionDeployment]
) -> tuple[Person, ...]:
    roles: dict[str, tuple[Actor, list[str]]] = {}
    for actor, role in _acts(evidence, carried):
        if actor is None:
            continue
        told = roles.setdefault(actor.key, (actor, []))[1]
        if role not in told:
            told.append(role)
    return tuple(Person(name=who(actor), roles=tuple(told)) for actor, told in roles.values())


def _acts(
    evidence: ChangeEvidence, carried: Iterable[ProductionDeployment]
) -> Iterator[tuple[Actor | None, str]]:
    for ticket in _newest(evidence.tickets):
        yield ticket.author, f"requested ({ticket.key})"
    yield evidence.change.author, "opened the change"
    for commit in evidence.pull_request_commits:
        yield commit.author, "author of commits"
        yield commit.committer, "committer of commits"
    for review in evidence.reviews:
        yield review.author, f"review {review.state}"
    for event in evidence.events:
        if event.kind in {"ReviewDismissed", "HeadRefForcePushed"}:
            yield event.actor, _EVENT_ROLES[event.kind]
    yield evidence.change.merged_by, "merged"
    for row in carried:
        yield row.initiator, f"deployed {row.application}"


_EVENT_ROLES = {"ReviewDismissed": "dismissed a review", "HeadRefForcePushed": "force-pushed"}
