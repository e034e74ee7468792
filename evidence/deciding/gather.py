"""The evidence of many changes, with the tickets that rules see and the answers of Git."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evidence.chain.chains import chain_questions
from evidence.chain.emergencies import may_be_emergency
from evidence.chain.links import draw_links
from evidence.deciding.answers import AnswerBook
from evidence.deciding.beyond import gate_revisions
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Change
from evidence.model.git import GitQuestion
from evidence.policy import Policy
from evidence.store import gathering
from evidence.store.follow_ups import with_follow_ups
from evidence.store.scanned import with_scans
from evidence.store.session import Store
from evidence.store.surroundings import Surroundings

BATCH = 500
"""Changes whose evidence stands in memory together."""
ROUNDS = 5
"""How often answers may lead to further questions; the rules need three."""


def gather(
    store: Store,
    policy: Policy,
    changes: Sequence[Change],
    around: Surroundings,
    book: AnswerBook,
    at: int | None,
) -> list[ChangeEvidence]:
    """The evidence of each change, in order, answers of Git included."""
    by_repository: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_repository[change.repository].append(change)
    found: dict[str, ChangeEvidence] = {}
    for repository, own in by_repository.items():
        plain = gathering.of_repository(store, repository, own, around, at)
        gates = {change_id: gate_revisions(one, policy) for change_id, one in plain.items()}
        plain = gathering.with_checks(store, repository, plain, gates, at)
        plain = with_scans(store, plain, at)
        # Keys that any request rule sees, before it is known which of them exist.
        keys = {
            change_id: gathering.linked_tickets(draw_links(one, policy))
            for change_id, one in plain.items()
        }
        plain = gathering.with_tickets(store, keys, plain, at)
        urgent = {key: one for key, one in plain.items() if may_be_emergency(one, policy)}
        found |= {**plain, **with_follow_ups(store, repository, urgent, at)}
    return _with_answers([found[change.change_id] for change in changes], policy, book)


def _with_answers(
    evidences: list[ChangeEvidence], policy: Policy, book: AnswerBook
) -> list[ChangeEvidence]:
    """Asks in rounds, because what an answer says may lead to the next question."""
    known: dict[GitQuestion, Any] = {}
    tried: set[GitQuestion] = set()
    for _ in range(ROUNDS):
        wanted = {question for one in evidences for question in chain_questions(one, policy)}
        fresh = wanted - tried
        if not fresh:
            break
        tried |= fresh
        known |= book.answers(fresh)
        evidences = [
            replace(
                one,
                answers={
                    question: known[question]
                    for question in chain_questions(one, policy)
                    if question in known
                },
            )
            for one in evidences
        ]
    return evidences
