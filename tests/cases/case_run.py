"""Runs a case through the simulated servers and the real program, and compares what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import period_check
import pipeline_file
from audit_file import audit_log
from case_files import Case, CaseError, account_keys
from disposition_acts import Story
from losing import settled_inputs
from provenance_file import statements, with_keys
from scan_file import scanned

from evidence.assembly.register import exclusions
from evidence.chain.population import PopulationInputs
from evidence.collecting import now
from evidence.config.yardstick import build_policy
from evidence.controls import evaluate
from evidence.controls.after import AFTER_RULES
from evidence.controls.dispositions import accepted
from evidence.controls.evaluate import verdict
from evidence.controls.events import EVENT_RULES
from evidence.deciding.case import Case as Decision
from evidence.deciding.decide import evaluate_deployments
from evidence.deciding.dispositions import Rulings, disposing
from evidence.deciding.events import event_determinations
from evidence.deciding.settings import setting_intervals
from evidence.demo.history import History
from evidence.demo.moments import moment
from evidence.demo.run import Rehearsal, rehearse
from evidence.discovered import with_discovered
from evidence.ingest import ingest
from evidence.model.capture import Gap
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import PROMOTION, Change
from evidence.model.determination import Determination, Outcome, SettingInterval
from evidence.model.event import EventDetermination
from evidence.model.production import ProductionDeployment
from evidence.packing import Selection
from evidence.store import queries
from evidence.store.session import Store, open_store
from evidence.sync import Outcome as Run

IMPLEMENTED = frozenset(
    {
        *evaluate.CHANGE_RULES,
        *evaluate.DEPLOYMENT_RULES,
        *evaluate.INTERVAL_RULES,
        *AFTER_RULES,
        *EVENT_RULES,
    }
)
_WORST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the program made of the world."""

    history: History
    determinations: Mapping[str, Mapping[str, Determination]]
    """Subject -> control -> determination, as the sync stored them or as of the case's moment."""
    reread: Mapping[str, Mapping[str, Determination]]
    """The same as a report has them, which reads the store and asks Git nothing."""
    changes: Mapping[str, Change]
    deployments: Mapping[str, ProductionDeployment]
    gaps: tuple[Gap, ...]
    """Open ones."""
    errors: tuple[str, ...]
    """Of the last sync, by source."""
    decision: Decision
    """Its store is closed; what it has read, it keeps."""
    inputs: PopulationInputs
    chains: tuple[Chain, ...]
    epoch: int
    """When the story begins, microseconds UTC."""
    settings: tuple[SettingInterval, ...]
    """From the epoch to the last collection."""
    events: tuple[EventDetermination, ...]
    """From the epoch on."""
    rulings: Rulings
    """On the dispositions of the case."""
    periods: tuple[Selection, ...]
    """What belongs to each period that the case names."""
    excluded: Mapping[str, str]
    """What the register of scope lists as left out -> its reason."""


def run_case(case: Case, directory: Path, store_url: str = "") -> Seen:
    """Plays the world, collects at each poll, decides. The store lies in `directory` by default."""
    overrides = with_keys(case.configuration)
    if store_url:
        overrides["store"] = {"url": store_url}
    with rehearse(case.world, directory, overrides) as rehearsal:
        ends = rehearsal.simulation.history.ends_at
        acts = _story(case, rehearsal, directory).acts()
        for when in case.polls or (ends,):
            at = rehearsal.simulation.at(ends if when == "end" else when)
            rehearsal.left_out = _left_out(case, at.at)
            while acts and acts[0].at < rehearsal.simulation.github.at:
                acts.pop(0).do(rehearsal.loaded(at))
            outcome = rehearsal.sync_at(ends if when == "end" else when)
        loaded = rehearsal.loaded(rehearsal.simulation.at(rehearsal.simulation.github.at))
        if case.world.write:
            log = directory / "audit.jsonl"
            log.write_text(audit_log(case.world), encoding="utf-8")
            ingest(loaded, "audit-log", str(log))
        if case.provenance or case.scans or case.pipeline:
            outcome = _hand_over(case, rehearsal, directory)
        for act in acts:
            act.do(loaded)
        with closing(open_store(loaded.store_url)) as store:
            return _seen(case, rehearsal, store, outcome)


def _left_out(case: Case, at: int) -> frozenset[str]:
    epoch = moment(case.world.epoch, 0)
    return frozenset(one for one, when in case.taken_out.items() if moment(when, epoch) <= at)


def _story(case: Case, rehearsal: Rehearsal, directory: Path) -> Story:
    history = rehearsal.simulation.history
    return Story(
        rows=case.dispositions,
        attached=case.attached,
        subject_of=lambda key: _id_of(history, key),
        epoch=moment(case.world.epoch, 0),
        ends=history.ends_at,
        folder=directory,
    )


def _hand_over(case: Case, rehearsal: Rehearsal, directory: Path) -> Run:
    """Hands over what builders, scanners and pipelines told, and syncs once more."""
    history = rehearsal.simulation.history
    loaded = rehearsal.loaded(rehearsal.simulation.at(rehearsal.simulation.github.at))
    url = f"https://git.example/{history.repositories['shop'].name}"
    if case.provenance:
        file = directory / "provenance.jsonl"
        text = statements(case.provenance, lambda one: commit_of(history, one)[1], url)
        file.write_text(text, encoding="utf-8")
        ingest(loaded, "provenance", str(file))
    if case.pipeline:
        file, epoch = directory / "pipeline.jsonl", moment(case.world.epoch, 0)
        accounts = account_keys(case.world)
        text = pipeline_file.operations(
            case.pipeline,
            lambda at: moment(at, epoch),
            lambda one: (url, commit_of(history, one)[1]),
            lambda person: accounts[f"@{person}"],
        )
        file.write_text(text, encoding="utf-8")
        ingest(loaded, "deployment", str(file), source=pipeline_file.SOURCE)
    for number, one in enumerate(case.scans):
        at = moment(one["at"], moment(case.world.epoch, 0))
        told, result = scanned(one, lambda each: commit_of(history, each)[1], at)
        file = directory / f"scan-{number}.json"
        file.write_text(result, encoding="utf-8")
        ingest(loaded, "scan", str(file), told=told)
    return rehearsal.sync_at(history.ends_at)


def _seen(case: Case, rehearsal: Rehearsal, store: Store, outcome: Run) -> Seen:
    simulation = rehearsal.simulation
    loaded = rehearsal.loaded(simulation.at(simulation.github.at))
    policy = build_policy(with_discovered(loaded, store).settings)
    as_of = moment(case.as_of, moment(case.world.epoch, 0)) if case.as_of else now()
    decision = Decision(store=store, policy=policy, as_of=as_of)
    chains = tuple(decision.chains(decision.population.changes))
    reread = _by_subject(_evaluated(decision, chains))
    stored = _by_subject(row.determination for row in queries.determinations(store))
    begin = moment(case.world.epoch, 0)
    settings = setting_intervals(decision, begin, simulation.github.at)
    events = event_determinations(decision, begin, as_of)
    determinations = reread if case.as_of else stored
    return Seen(
        history=simulation.history,
        determinations=determinations,
        reread=reread,
        changes={chain.change.change_id: chain.change for chain in chains},
        deployments={one.deployment_id: one for one in decision.population.deployments},
        gaps=tuple(row.gap for row in queries.gaps(store)),
        errors=tuple(f"{one.source}: {one.error}" for one in outcome.receipts if one.error),
        decision=decision,
        inputs=settled_inputs(decision),
        chains=chains,
        epoch=begin,
        settings=settings,
        events=events,
        rulings=_ruled(decision, chains, determinations, settings, events),
        periods=tuple(period_check.selections(decision, case.periods)),
        excluded={one.id: one.reason for one in exclusions(decision)},
    )


def _ruled(
    decision: Decision,
    chains: Iterable[Chain],
    determinations: Mapping[str, Mapping[str, Determination]],
    settings: Iterable[SettingInterval],
    events: Iterable[EventDetermination],
) -> Rulings:
    """What the dispositions of the case come to, for everything that was determined."""
    held = disposing(decision)
    for chain in chains:
        held.change(chain, list(determinations.get(chain.change.change_id, {}).values()))
    for one in decision.population.deployments:
        held.deployment(one, list(determinations.get(one.deployment_id, {}).values()))
    for interval in settings:
        held.interval(interval)
    for event in events:
        held.event(event)
    return held.rulings


def _evaluated(decision: Decision, chains: Iterable[Chain]) -> Iterator[Determination]:
    for chain in chains:
        yield from evaluate.evaluate_change(chain, decision.policy, decision.as_of)
    yield from evaluate_deployments(decision, decision.population.deployments)


def _by_subject(determinations: Iterable[Determination]) -> dict[str, dict[str, Determination]]:
    found: dict[str, dict[str, Determination]] = {}
    for one in determinations:
        found.setdefault(one.subject, {})[one.control] = one
    return found


# --- comparing


def differences(case: Case, seen: Seen) -> list[str]:
    """One sentence for each thing that is not as the case says."""
    found = [f"a source failed: {error}" for error in seen.errors if not case.incomplete]
    if case.incomplete and not seen.errors:
        found.append("the collection is complete, which the case does not expect")
    for expected in case.expect:
        found.extend(_subject(case, seen, expected))
    for period, selection in zip(case.periods, seen.periods, strict=True):
        found.extend(period_check.wrong(period, selection, lambda key: _id_of(seen.history, key)))
    found.extend(_gaps(case, seen))
    return found


def reread_otherwise(seen: Seen) -> list[str]:
    """Where a report says something else than what the sync stored."""
    stored, reread = _reasons(seen.determinations), _reasons(seen.reread)
    return [f"stored {one}" for one in sorted(stored - reread)] + [
        f"read again {one}" for one in sorted(reread - stored)
    ]


def _reasons(found: Mapping[str, Mapping[str, Determination]]) -> set[tuple[str, str, str]]:
    return {
        (subject, control, one.reason)
        for subject, controls in found.items()
        for control, one in controls.items()
    }


def subject_of(history: History, expected: Mapping[str, Any]) -> str:
    """The change id or deployment id that an expectation is about."""
    key = expected.get("change") or expected["deployment"]
    if "deployment" in expected:
        for app in history.applications.values():
            for one in app.operations:
                if one.key == key:
                    # Flux tells when it was done with a revision, not when it began.
                    flux = app.world.deployer == "flux"
                    at = one.finished_at if flux else one.started_at
                    return f"{app.world.deployer}:{app.uid}:{at}"
        told = _at_github(history, key)
        if told:
            return told
        raise CaseError(f"the world has no deployment with the key `{key}`")
    pull = history.pulls.get(key)
    if pull is not None:
        return f"{pull.repository}:pr:{pull.number}"
    repository, sha = commit_of(history, key)
    return f"{repository}:commit:{sha}"


def _id_of(history: History, key: str) -> str:
    """The id of a change or a deployment, whichever has that key."""
    keys = {one.key for app in history.applications.values() for one in app.operations}
    return subject_of(history, {"deployment" if key in keys else "change": key})


def _at_github(history: History, key: str) -> str:
    """The id of a deployment that GitHub was told of; empty where there is none of that key."""
    for one in history.github_deployments:
        if one.world.key == key:
            return f"github-deployments:{one.repository}/{one.world.environment}:{one.at}"
    return ""


def commit_of(history: History, reference: str) -> tuple[str, str]:
    """(repository key, sha) of the commit that a reference names; `deploy/root` is a first one."""
    home, _, rest = reference.partition("/")
    if rest == "root" and home in history.repositories:
        return home, next(iter(history.repositories[home].objects.commits))
    if reference not in history.names:
        raise CaseError(f"the world has no change, push or bump with the key `{reference}`")
    return history.names[reference]


def _subject(case: Case, seen: Seen, expected: Mapping[str, Any]) -> Iterator[str]:
    if "setting" in expected:
        yield from _setting(seen, expected)
        return
    if "event" in expected:
        yield from _event(seen, expected)
        return
    if "excluded" in expected:
        yield from _excluded(seen, expected["excluded"], expected.get("says", ""))
        return
    name = expected.get("change") or expected["deployment"]
    told = _of_pipeline(case, expected.get("deployment", ""))
    subject = told or _seen_live(seen, name) or subject_of(seen.history, expected)
    row = seen.changes.get(subject) or seen.deployments.get(subject)
    wanted, promotion = expected.get("in_population"), getattr(row, "change_type", "") == PROMOTION
    if wanted is False and not promotion:
        if row is not None:
            yield f"{name}: {subject} is in the population"
        return
    if wanted and promotion:
        yield f"{name}: {subject} is a promotion, which is no row of the population"
    if row is None:
        listed = sorted({*seen.changes, *seen.deployments})
        yield f"{name}: {subject} is not in the population ({', '.join(listed)})"
        return
    yield from (f"{name}: {told}" for told in _row(seen, row, expected))
    found = seen.determinations.get(subject, {})
    for control, wanted in expected.get("controls", {}).items():
        if control in IMPLEMENTED:
            yield from (f"{name}: {told}" for told in _control(seen, control, wanted, found))
    if case.complete:
        extra = sorted(set(found) - set(expected.get("controls", {})))
        yield from (
            f"{name}: the map is said to be complete and lacks {control}, "
            f"which is {found[control].outcome} ({found[control].reason})"
            for control in extra
        )


def _of_pipeline(case: Case, name: str) -> str:
    """The id of a deployment that a pipeline told of; empty where none has the key."""
    found = (one for one in case.pipeline if one["key"] == name)
    epoch = moment(case.world.epoch, 0)
    return next((pipeline_file.subject(one, moment(one["at"], epoch)) for one in found), "")


def _seen_live(seen: Seen, name: str) -> str:
    """`live:APPLICATION`: the first deployment of it that only its result shows."""
    key = name.removeprefix("live:")
    found = (one for one in seen.deployments.values() if one.origins == ("live_state",))
    live = (one.deployment_id for one in found if one.application == key)
    return next(live, f"live:{key}") if key != name else ""


def _setting(seen: Seen, expected: Mapping[str, Any]) -> Iterator[str]:
    """The worst interval of each named control of one repository's settings."""
    name, branch = expected["setting"], expected.get("branch", "")
    own = [one for one in seen.settings if one.repository == name and branch in {"", one.setting}]
    if "within" in expected:
        begin, end = (moment(at, seen.epoch) for at in expected["within"])
        own = [one for one in own if one.begin < end and begin < one.end]
    if expected.get("intervals", len(own)) != len(own):
        yield f"settings of {name}: expected {expected['intervals']} intervals, found {len(own)}"
    found: dict[str, Determination] = {}
    for one in (each.determination for each in own):
        known = found.get(one.control)
        if known is None or _WORST.index(one.outcome) < _WORST.index(known.outcome):
            found[one.control] = one
    for control, wanted in expected.get("controls", {}).items():
        yield from (
            f"settings of {name}: {told}" for told in _control(seen, control, wanted, found)
        )


def _excluded(seen: Seen, name: str, says: str) -> Iterator[str]:
    """What the register of scope says of something that is left out."""
    if name not in seen.excluded:
        yield f"{name} is not listed as left out ({', '.join(sorted(seen.excluded)) or 'nothing is'})"
    elif says not in seen.excluded[name]:
        yield f"{name}: expected `{says}` in the reason, found: {seen.excluded[name]}"


def _event(seen: Seen, expected: Mapping[str, Any]) -> Iterator[str]:
    """The events of one application and kind: how many, how often, and the worst of them."""
    name, kind = expected["event"], expected.get("event_kind", "")
    own = [
        one for one in seen.events if one.event.application == name and kind in {"", one.event.kind}
    ]
    each_once = {one.event.event_id: one.event for one in own}.values()
    told = ", ".join(f"{one.kind} x{one.count}" for one in each_once) or "none"
    if "events" in expected and len(each_once) != expected["events"]:
        yield f"events of {name}: expected {expected['events']}, found {told}"
    if (
        "count" in expected
        and max((one.event.count for one in own), default=0) != expected["count"]
    ):
        yield f"events of {name}: expected {expected['count']} times, found {told}"
    found: dict[str, Determination] = {}
    for one in (each.determination for each in own):
        known = found.get(one.control)
        if known is None or _WORST.index(one.outcome) < _WORST.index(known.outcome):
            found[one.control] = one
    for control, wanted in expected.get("controls", {}).items():
        yield from (f"events of {name}: {said}" for said in _control(seen, control, wanted, found))


def _control(
    seen: Seen, control: str, wanted: Any, found: Mapping[str, Determination]
) -> Iterator[str]:
    one = found.get(control)
    asked = {"outcome": wanted} if isinstance(wanted, str) else wanted
    if one is None:
        yield f"{control} was not determined"
        return
    ruled = {each.reason for each in seen.rulings.get((control, one.subject), ())} or {"none"}
    outcome = _outcome(seen, one)
    told = (
        f"{control} is {outcome} ({one.reason}, flags {list(one.flags)}, dispositions "
        f"{sorted(ruled)}): {one.sentence}"
    )
    wrong = [] if asked.get("outcome", outcome) == outcome else [f"outcome {asked['outcome']}"]
    wrong += [] if asked.get("reason", one.reason) == one.reason else [f"reason {asked['reason']}"]
    if asked.get("disposition", "") not in {"", *ruled}:
        wrong.append(f"disposition {asked['disposition']}")
    wrong += [f"flag {flag}" for flag in asked.get("flags", ()) if flag not in one.flags]
    wrong += [f"no flag {flag}" for flag in asked.get("without", ()) if flag in one.flags]
    wrong += [f"`{text}` in the sentence" for text in _missing_text(asked, one)]
    if wrong:
        yield f"expected {control} with {', '.join(wrong)}; {told}"


def _outcome(seen: Seen, one: Determination) -> str:
    """The outcome in the words of a case: a deviation that was accepted is no plain `fail`."""
    return str(verdict(one, accepted(seen.rulings)))


def _missing_text(asked: Mapping[str, Any], one: Determination) -> list[str]:
    said = asked.get("says", "")
    return [said] if said and said.lower() not in one.sentence.lower() else []


def _row(
    seen: Seen, row: Change | ProductionDeployment, expected: Mapping[str, Any]
) -> Iterator[str]:
    """The columns of the population that a case may assert."""
    for key in ("kind", "merge_method", "change_type", "phase"):
        if key in expected and str(getattr(row, key, "")) != expected[key]:
            yield f"expected {key} {expected[key]}, found {getattr(row, key, '')}"
    for flag in expected.get("flags", ()):
        if flag not in row.flags:
            yield f"expected the flag {flag} on its row, found {list(row.flags)}"
    if isinstance(row, Change):
        yield from _change_row(seen, row, expected)
    else:
        yield from _deployment_row(seen, row, expected)


def _deployment_row(
    seen: Seen, row: ProductionDeployment, expected: Mapping[str, Any]
) -> Iterator[str]:
    if "brings" in expected:
        wanted = [subject_of(seen.history, {"change": key}) for key in expected["brings"]]
        if sorted(wanted) != sorted(row.changes):
            yield f"expected to bring {sorted(wanted)}, found {sorted(row.changes)}"
    if "removes" in expected:
        gone = sorted(commit_of(seen.history, key)[1] for key in expected["removes"])
        found = sorted(sha for span in row.ranges for sha in span.removed)
        if gone != found:
            yield f"expected to remove {gone}, found {found}"


def _evidence(seen: Seen, row: Change) -> ChangeEvidence:
    return next(one.evidence for one in seen.chains if one.change.change_id == row.change_id)


def _change_row(seen: Seen, row: Change, expected: Mapping[str, Any]) -> Iterator[str]:
    if "deployed" in expected and bool(row.deployments) != expected["deployed"]:
        yield f"expected deployed {expected['deployed']}, found deployments {row.deployments}"
    if "titles" in expected:
        pulls = _evidence(seen, row).pull_request_versions
        titles = list(dict.fromkeys(one.title for one in pulls))
        if titles != expected["titles"]:
            yield f"expected the titles {expected['titles']}, found {titles}"
        if len({one.entry_seq for one in pulls}) != len(pulls):
            yield "its versions do not stand in entries of their own"
    if "commits" in expected:
        wanted = [commit_of(seen.history, key)[1] for key in expected["commits"]]
        if sorted(wanted) != sorted(row.commits):
            yield f"expected the commits {wanted}, found {list(row.commits)}"
    if "deployments" in expected:
        wanted = [subject_of(seen.history, {"deployment": key}) for key in expected["deployments"]]
        if sorted(wanted) != sorted(row.deployments):
            yield f"expected the deployments {wanted}, found {list(row.deployments)}"
    if "first_deployment" in expected:
        first = subject_of(seen.history, {"deployment": expected["first_deployment"]})
        if row.deployments[:1] != (first,):
            yield f"expected the first deployment {first}, found {row.deployments}"


def _gaps(case: Case, seen: Seen) -> Iterator[str]:
    """Every named gap is open, and no gap is open that the case does not name."""
    rest = list(seen.gaps)
    for wanted in case.gaps:
        same = [gap for gap in rest if all(str(getattr(gap, k)) == v for k, v in wanted.items())]
        if not same:
            yield f"expected the gap {dict(wanted)}, which is not open"
        rest = [gap for gap in rest if gap not in same]
    for gap in rest:
        yield f"a gap that the case does not name: {gap.source} {gap.kind} {gap.reason} {gap.detail}"
