"""Takes evidence away, one object or one capture at a time, and judges what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace

from evidence.chain.chains import build_chain
from evidence.chain.population import Population, PopulationInputs, build_population
from evidence.controls.evaluate import evaluate_change
from evidence.deciding.case import Case
from evidence.deciding.decide import evaluate_deployments
from evidence.model.chain import Chain, ChangeEvidence, Precedent
from evidence.model.determination import Outcome
from evidence.model.fact import Fact
from evidence.policy import ControlScope, Policy

PARTS = (
    "pull_request_versions",
    "reviews",
    "pull_request_commits",
    "events",
    "commits",
    "checks",
    "coverage",
    "logs",
    "tickets",
    "ticket_events",
    "deployments",
    "scans",
    "operations",
    "trackers",
    "follow_ups",
)
"""The lists of a change's evidence. The current pull request is the newest of its versions."""

RECORDS = ("settings", "landing", "identities")
"""Parts that hold lists of their own: what the forge allows, what it recorded of a landing, and
what organisations say of accounts."""

SINGLES = ("undone", "restored")
"""Parts that are one object or none."""

WHOLES = ("promoted",)
"""Parts whose members the commits name, so that none of them is lost alone: all of them, or what is
known of one."""

MAPPINGS = ("answers", "platforms")
"""Parts that say something of each of their keys."""

Removals = Callable[[ChangeEvidence], Iterator[tuple[str, ChangeEvidence]]]


def gained(chains: Iterable[Chain], policy: Policy, as_of: int, removals: Removals) -> list[str]:
    """What became a pass by removing something, one sentence each."""
    found = []
    for chain in chains:
        others = _without(policy, _passed(chain.evidence, policy, as_of))
        for what, less in removals(chain.evidence):
            more = _passed(less, others, as_of)
            if more:
                found.append(f"{chain.change.change_id}: {sorted(more)} without {what}")
    return found


def _without(policy: Policy, controls: Iterable[str]) -> Policy:
    """A policy that leaves some controls out: what passes already cannot be gained."""
    out = (ControlScope(id=control, in_scope=False) for control in sorted(controls))
    return replace(policy, controls=(*policy.controls, *out))


def without_one_object(evidence: ChangeEvidence) -> Iterator[tuple[str, ChangeEvidence]]:
    """The evidence with one object less, for each of its objects and each answer of Git."""
    for part in PARTS:
        objects = getattr(evidence, part)
        for place, one in enumerate(objects):
            less = replace(evidence, **{part: (*objects[:place], *objects[place + 1 :])})
            yield f"{part}: {one}", _with_current(less)
    for part, name in _lists_of_records(evidence):
        record = getattr(evidence, part)
        objects = getattr(record, name)
        for place, one in enumerate(objects):
            less = replace(record, **{name: (*objects[:place], *objects[place + 1 :])})
            yield f"{part}.{name}: {one}", replace(evidence, **{part: less})
    for part in MAPPINGS:
        objects = getattr(evidence, part)
        for key in objects:
            rest = {each: value for each, value in objects.items() if each != key}
            yield f"{part}: {key}", replace(evidence, **{part: rest})
    for part in SINGLES:
        if getattr(evidence, part):
            yield part, replace(evidence, **{part: None})
    for part in WHOLES:
        yield from _without_word_of(evidence, part)
    if evidence.forge_read_to:
        yield "how far the forge was read", replace(evidence, forge_read_to=0)


def _without_word_of(evidence: ChangeEvidence, part: str) -> Iterator[tuple[str, ChangeEvidence]]:
    known: tuple[Precedent, ...] = getattr(evidence, part)
    if known:
        yield part, replace(evidence, **{part: ()})
    for place, one in enumerate(known):
        less = (*known[:place], replace(one, approved=None), *known[place + 1 :])
        yield f"{part}: whether {one.change_id} was approved", replace(evidence, **{part: less})


def _lists_of_records(evidence: ChangeEvidence) -> Iterator[tuple[str, str]]:
    """(part, list) of the records whose lists are evidence; gaps and losses say what is missing."""
    for part in RECORDS:
        record = getattr(evidence, part)
        for field in fields(record):
            if field.name not in ("gaps", "lost") and isinstance(
                getattr(record, field.name), tuple
            ):
                yield part, field.name


def without_one_capture(evidence: ChangeEvidence) -> Iterator[tuple[str, ChangeEvidence]]:
    """The evidence without everything that one ledger entry brought, for each that brought more
    than one object: the others are what `without_one_object` takes."""
    entries = Counter(_entry(one) for part in PARTS for one in getattr(evidence, part))
    nested = list(_lists_of_records(evidence))
    for part, name in nested:
        entries.update(_entry(one) for one in getattr(getattr(evidence, part), name))
    for seq in sorted(seq for seq, count in entries.items() if seq and count > 1):
        less = {
            part: tuple(one for one in getattr(evidence, part) if _entry(one) != seq)
            for part in PARTS
        }
        rest = replace(evidence, **less)
        for part, name in nested:
            record = getattr(rest, part)
            kept = tuple(one for one in getattr(record, name) if _entry(one) != seq)
            rest = replace(rest, **{part: replace(record, **{name: kept})})
        yield f"entry {seq}", _with_current(rest)


def _passed(evidence: ChangeEvidence, policy: Policy, as_of: int) -> set[str]:
    found = evaluate_change(build_chain(evidence, policy), policy, as_of)
    return {one.control for one in found if one.outcome == Outcome.PASS}


def _with_current(evidence: ChangeEvidence) -> ChangeEvidence:
    versions = evidence.pull_request_versions
    return replace(evidence, pull_request=versions[-1] if versions else None)


def _entry(one: object) -> int:
    """The entry of a fact; 0 for a row that was derived from several."""
    return one.entry_seq if isinstance(one, Fact) else 0


# --- deployments


def settled_inputs(decision: Case) -> PopulationInputs:
    """What a population is built from, with every answer that its questions have in the store."""
    inputs = decision.inputs
    while True:
        questions = build_population(decision.policy, inputs).questions - inputs.answers.keys()
        answers = decision.book.answers(questions)
        if not answers:
            return inputs
        inputs = replace(inputs, answers={**inputs.answers, **answers})


def traced_by_loss(decision: Case, inputs: PopulationInputs) -> list[str]:
    """Deployments that pass only without some sighting, pull request, association or answer."""
    whole = build_population(decision.policy, inputs)
    there = {one.deployment_id for one in whole.deployments}
    before = _traced(decision, whole)
    found = []
    for what, less in _less(inputs):
        after = _traced(decision, build_population(decision.policy, less))
        gained = {one for one in after - before if one.partition(" of ")[2] in there}
        found += [f"{one} without {what}" for one in sorted(gained)]
    return found


def _traced(decision: Case, population: Population) -> set[str]:
    found = evaluate_deployments(decision, population.deployments)
    return {f"{one.control} of {one.subject}" for one in found if one.outcome == Outcome.PASS}


def _less(inputs: PopulationInputs) -> Iterator[tuple[str, PopulationInputs]]:
    for part in ("deployments", "states", "heads"):
        rows = getattr(inputs, part)
        for place, one in enumerate(rows):
            yield f"{part}: {one}", replace(inputs, **{part: (*rows[:place], *rows[place + 1 :])})
    for question in inputs.answers:
        answers = {key: value for key, value in inputs.answers.items() if key != question}
        yield f"answer: {question}", replace(inputs, answers=answers)
    for repository, listed in inputs.associations.items():
        for sha in listed:
            rest = {key: value for key, value in listed.items() if key != sha}
            less = {**inputs.associations, repository: rest}
            yield f"association: {repository} {sha}", replace(inputs, associations=less)
