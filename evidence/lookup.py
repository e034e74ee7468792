"""Per-commit chain-of-custody lookup: what is stored about one change, read and not judged anew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evidence.config import paths
from evidence.config.moments import named_zone
from evidence.errors import ConfigError
from evidence.model.chain import ChangeEvidence
from evidence.model.change import PROMOTION, Change, ChangeKind, Link, LinkKind
from evidence.model.codec import decode, encode
from evidence.model.determination import Determination, Outcome
from evidence.model.disposition import Register, Response, Ruling
from evidence.model.production import ProductionDeployment
from evidence.report.scanned import scan_line, scan_rows
from evidence.report.text import local, login, mark, private, shown, utc, visible, who
from evidence.report.timeline import Moment, timeline
from evidence.store import queries
from evidence.store.dispositions import register
from evidence.store.gathering import gather_stored
from evidence.store.rebuild import check_whole
from evidence.store.session import Store, open_store
from evidence.store.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One change with everything that is stored about it."""

    change: Change
    links: tuple[Link, ...]
    evidence: ChangeEvidence
    deployments: tuple[ProductionDeployment, ...]
    determinations: tuple[Determination, ...]
    rulings: Mapping[tuple[str, str], tuple[Ruling, ...]]
    """(control, subject) of a deviation -> whether each disposition that concerns it holds."""
    responses: tuple[Response, ...]
    """Management's, to deviations among these."""
    moments: tuple[Moment, ...]
    zone: str
    ledger_size: int

    @property
    def why_unknown(self) -> tuple[tuple[str, int, str], ...]:
        """(reason code, count, the action that would decide it), most frequent first."""
        settled = {key for key, found in self.rulings.items() if any(one.holds for one in found)}
        every = [one for one in self.determinations if (one.control, one.subject) not in settled]
        unknown = [one for one in every if one.outcome is Outcome.UNKNOWN]
        counts = Counter(one.reason for one in unknown)
        actions = {one.reason: one.missing for one in unknown}
        return tuple((reason, count, actions[reason]) for reason, count in counts.most_common())


def trace(term: str, *, config: Path | None = None, zone: str = "") -> list[Trace]:
    """Every change that a SHA, pull request number, change, ticket or deployment id names.

    Raises:
        ConfigError: nothing is known by this name, a short SHA is not unique, or there is no
            such zone.
        StoreError: the store cannot be read.
    """
    shown_zone = zone or paths.time_zone(config)
    named_zone(shown_zone, "The time zone")
    with closing(open_store(paths.store_url(config))) as store:
        check_whole(store)
        found = sorted({change_id for _, change_id in queries.find(store, term.removeprefix("#"))})
        if not found:
            raise ConfigError(
                f"Nothing is known of `{term}`.",
                next_step="Give a commit SHA, a pull request number or a deployment id, "
                "or run `evidence sync` first.",
            )
        traces = [_load(store, change_id, shown_zone) for change_id in found]
        if held := register(store):
            traces = [_disposed(store, one, held, config) for one in traces]
    earlier = {alias for one in traces for alias in one.change.aliases}
    return [one for one in traces if one.change.change_id not in earlier]


def _load(store: Store, change_id: str, zone: str) -> Trace:
    body = json.loads(queries.change_body(store, change_id) or "{}")
    change = decode(Change, body["change"])
    links = tuple(decode(Link, link) for link in body["links"])
    deployments = tuple(
        decode(ProductionDeployment, json.loads(row))
        for row in queries.deployment_bodies(store, change.deployments)
    )
    evidence = gather_stored(store, change, links, _around(store, change, deployments), None)
    subjects = (change.change_id, *(one.deployment_id for one in deployments))
    return Trace(
        change=change,
        links=links,
        evidence=evidence,
        deployments=tuple(sorted(deployments, key=lambda one: one.started_at)),
        determinations=tuple(
            row.determination
            for subject in subjects
            for row in queries.determinations(store, subject)
        ),
        rulings={},
        responses=(),
        moments=timeline(evidence, deployments),
        zone=zone,
        ledger_size=queries.size(store),
    )


def _disposed(store: Store, one: Trace, held: Register, config: Path | None) -> Trace:
    from evidence.beside import beside  # what it imports, a plain look-up does not need

    rulings, responses = beside(
        store, held, one.change, one.deployments, one.determinations, config
    )
    return replace(one, rulings=rulings, responses=responses)


def _around(
    store: Store, change: Change, deployments: Sequence[ProductionDeployment]
) -> Surroundings:
    gaps = tuple(row.gap for row in queries.gaps(store) if row.gap.repository == change.repository)
    return Surroundings(
        deployments={one.deployment_id: one for one in deployments},
        asked={},  # only determinations depend on it, and none is made here
        gaps={change.repository: gaps},
    )


def as_json(traces: Sequence[Trace]) -> dict[str, Any]:
    """The published shape: docs/reference/schemas/trace.schema.json."""
    return {"schema_version": 1, "changes": [_json(one) for one in traces]}


def _json(one: Trace) -> dict[str, Any]:
    return {
        "change": encode(one.change),
        "ledger_size": one.ledger_size,
        "timeline": [
            {
                "at": utc(moment.at),
                "local": local(moment.at, one.zone),
                "what": moment.what,
                "who": moment.who,
                "reference": moment.reference,
                "claim": moment.claim,
                "entry": moment.entry,
            }
            for moment in one.moments
        ],
        "links": [encode(link) for link in one.links],
        "deployments": [encode(deployment) for deployment in one.deployments],
        "scans": [encode(row) for row in scan_rows(one.evidence.scans)],
        "determinations": [encode(determination) for determination in one.determinations],
        "rulings": [encode(ruling) for rows in one.rulings.values() for ruling in rows],
        "responses": [encode(response) for response in one.responses],
        "gaps": [encode(gap) for gap in one.evidence.gaps],
        "why_unknown": [
            {"reason": reason, "count": count, "action": action}
            for reason, count, action in one.why_unknown
        ],
    }


SECTIONS = (
    (LinkKind.REQUEST, "request"),
    (LinkKind.APPROVAL, "approval"),
    (LinkKind.VALIDATION, "validation"),
    (LinkKind.MERGE, "merge"),
    (LinkKind.HOP, "hop"),
    (LinkKind.DEPLOYMENT, "deployment"),
)
NAMED_BY_SOURCE = frozenset({LinkKind.APPROVAL, LinkKind.VALIDATION})
"""Links whose source (a review, a check) says more than their target (the commit)."""
MARKS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_APPLICABLE: "n/a",
}


def as_text(traces: Sequence[Trace]) -> str:
    """A readable tree: the chain, the timeline in UTC and local time, each determination."""
    return "\n".join("\n".join(map(_one_line, _lines(one))) for one in traces) + "\n"


def _one_line(line: str) -> str:
    """No value from outside breaks the tree or speaks to the terminal."""
    return visible(line).replace("\n", mark("\n"))


def _lines(one: Trace) -> Iterator[str]:
    yield from _head(one.change, one.evidence)
    yield from _branch("chain", list(_chain(one)))
    yield from _branch(f"timeline (UTC, {one.zone})", list(_timeline(one)))
    yield from _branch("deployments", [_deployment(row, one.zone) for row in one.deployments])
    yield from _branch("witnesses", [shown(w, 200) for row in one.deployments for w in row.told])
    yield from _branch("scans", list(_scans(one)))
    yield from _branch("determinations", list(_determinations(one)))
    yield from _branch("gaps", [shown(gap.detail, 160) for gap in one.evidence.gaps])
    yield from _branch(
        "why unknown",
        [f"{count} x {reason}: {action}" for reason, count, action in one.why_unknown],
    )


def _head(change: Change, evidence: ChangeEvidence) -> Iterator[str]:
    if change.kind is ChangeKind.DIRECT:
        commit = next((row for row in evidence.commits if row.sha == change.landing_sha), None)
        message = commit.message.partition("\n")[0] if commit else ""
        author = f"{private(commit.author_name)} (as the commit claims)" if commit else "not stated"
        yield f"{change.change_id}  {shown(message, 100)}".rstrip()
        yield f"  direct commit by {author}"
    else:
        yield f"{change.change_id}  {shown(change.title, 100)}".rstrip()
        yield f"  pull request by {who(change.author)}, {change.merge_method}"
    if change.change_type == PROMOTION:
        yield "  promotion: it only moves images in scope, and is counted apart from the changes"
    for alias in change.aliases:
        yield f"  earlier: {alias}"
    if change.url:
        yield f"  {change.url}"


def _branch(title: str, rows: Sequence[str]) -> Iterator[str]:
    if not rows:
        return
    yield f"├─ {title}"
    for place, row in enumerate(rows, start=1):
        yield f"│  {'└─' if place == len(rows) else '├─'} {row}"


def _chain(one: Trace) -> Iterator[str]:
    for kind, title in SECTIONS:
        links = [link for link in one.links if link.kind is kind]
        if not links and kind is not LinkKind.HOP:
            yield f"{title:<10} none found"
        for link in links[:8]:
            ends = _brief(link.source if kind in NAMED_BY_SOURCE else link.target)
            about = f": {shown(link.detail, 90)}" if link.detail else ""
            yield f"{title:<10} {ends}{about}  ({link.basis}, {link.strength}){_seqs(link.entries)}"
        if len(links) > 8:
            yield f"{title:<10} ... and {len(links) - 8} more: --format json"


def _brief(reference: str) -> str:
    kind, _, rest = reference.rpartition(":")
    return f"{kind}:{rest[:12]}" if len(rest) == 40 else reference


def _timeline(one: Trace) -> Iterator[str]:
    for moment in one.moments:
        by = f" by {moment.who}" if moment.who else ""
        about = f" · {shown(moment.reference, 60)}" if moment.reference else ""
        claim = " (time claimed by a Git client)" if moment.claim else ""
        hour = local(moment.at, one.zone)[11:19]
        yield f"{utc(moment.at)} ({hour})  {moment.what}{by}{about}{claim}"


def _deployment(row: ProductionDeployment, zone: str) -> str:
    by = "automated" if row.automated else f"by {login(row.initiator) or 'not stated'}"
    return (
        f"{row.application} in {row.environment}: {row.kind}, {row.phase}, {by}, "
        f"{utc(row.started_at)} ({local(row.started_at, zone)[11:19]})  {row.deployment_id}"
    )


def _scans(one: Trace) -> Iterator[str]:
    rows = scan_rows(one.evidence.scans)
    for row in rows[:8]:
        yield f"{shown(scan_line(row), 200)}{_seqs((row.entry,))}"
    if len(rows) > 8:
        yield f"... and {len(rows) - 8} more: --format json"


def _determinations(one: Trace) -> Iterator[str]:
    for found in sorted(one.determinations, key=lambda row: (row.control, row.subject)):
        flags = f" [{', '.join(found.flags)}]" if found.flags else ""
        yield (
            f"{found.control}  {MARKS[found.outcome]:<8} {found.reason}{flags}: "
            f"{found.sentence}{_seqs(found.entries)}"
        )
        for ruling in one.rulings.get((found.control, found.subject), ()):
            told = ruling.reason if ruling.holds else f"no effect, {ruling.reason}"
            yield f"       {ruling.disposition} ({ruling.kind}): {told}: {ruling.sentence}"
        for said in one.responses:
            if (said.terms.control, said.terms.subject) == (found.control, found.subject):
                by = private(said.terms.owner)
                yield f"       management ({by}): {shown(said.terms.text, 160)}"


def _seqs(entries: tuple[int, ...]) -> str:
    return f"  #{', #'.join(str(seq) for seq in entries[:8])}" if entries else ""
