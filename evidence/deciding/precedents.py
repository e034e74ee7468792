"""What rests on earlier changes, each judged by itself.

A rollback rests on the two changes before it, a promotion on all that it brings. Only where the
policy knows such rollbacks or promotions; then every sync decides everything, for how the earlier
changes come out may change how the later one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from evidence.chain.answers import ask, value_of
from evidence.chain.population import Population
from evidence.controls.attributes import cm_03, cm_04, cm_17
from evidence.deciding.answers import AnswerBook
from evidence.deciding.promoted import Promoting
from evidence.model.chain import Chain, ChangeEvidence, Precedent
from evidence.model.change import Change, ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.model.git import QuestionKind
from evidence.policy import Policy

_SUCCEEDED = "Succeeded"


@dataclass(slots=True, kw_only=True)
class Precedents:
    """The earlier changes of one decision, each judged once."""

    policy: Policy
    as_of: int
    population: Population
    promoting: Promoting
    book: AnswerBook
    plain: Callable[[Iterable[Change]], Iterator[Chain]]
    """The chains of changes without precedents of their own."""
    _judged: dict[str, tuple[bool | None, tuple[int, ...]]] = field(
        default_factory=dict, init=False
    )
    _landed: Mapping[tuple[str, str], Change] = field(default_factory=dict, init=False)
    _ran: Mapping[tuple[str, str], int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._landed = {
            (one.repository, one.landing_sha): one
            for one in self.population.changes
            if one.landing_sha
        }
        ran: dict[tuple[str, str], int] = {}
        for row in sorted(self.population.deployments, key=lambda one: one.started_at):
            for span in row.ranges if row.phase == _SUCCEEDED else ():
                ran.setdefault((span.repository, span.revision), row.started_at)
        self._ran = ran

    def told(self, evidence: ChangeEvidence) -> ChangeEvidence:
        """The evidence of a change with the earlier ones that it may rest on."""
        if self.policy.pre_approved_rollback:
            evidence = self._rollback(evidence)
        if self.policy.promotion_of_reviewed_commits:
            evidence = self._promotion(evidence)
        return evidence

    def _promotion(self, evidence: ChangeEvidence) -> ChangeEvidence:
        """With what it brings, part by part."""
        found: list[Precedent] = []
        for one in self.promoting.brought(evidence.change):
            part = Precedent(
                change_id=one.change_id,
                landing_sha=one.landing_sha,
                approved=None if one.maybe else False,
            )
            if one.change is not None:
                approved, entries = self._approved(one.change)
                part = replace(part, approved=approved, entries=entries)
            found.append(part)
        return replace(evidence, promoted=tuple(found)) if found else evidence

    def _rollback(self, evidence: ChangeEvidence) -> ChangeEvidence:
        """The evidence of a pull request with what it may take back, and the trees that show it."""
        change = evidence.change
        undone = self._landed.get((change.repository, change.base_sha))
        restored = undone and self._landed.get((change.repository, undone.base_sha))
        if change.kind != ChangeKind.PULL_REQUEST or undone is None or restored is None:
            return evidence
        questions = [
            ask(change.repository, QuestionKind.TREE, sha)
            for sha in (change.landing_sha, restored.landing_sha)
        ]
        answers = self.book.answers(questions)
        trees = {value_of(answers, one) for one in questions}
        if None not in trees and len(trees) > 1:
            return evidence
        return replace(
            evidence,
            answers={**evidence.answers, **answers},
            undone=self._precedent(undone, change.merged_at),
            restored=self._precedent(restored, change.merged_at),
        )

    def _precedent(self, change: Change, before: int) -> Precedent:
        approved, entries = self._approved(change)
        ran = self._ran.get((change.repository, change.landing_sha), 0)
        return Precedent(
            change_id=change.change_id,
            landing_sha=change.landing_sha,
            approved=approved,
            deployed_at=ran if 0 < ran < before - self.policy.clock_tolerance else 0,
            entries=entries,
        )

    def _approved(self, change: Change) -> tuple[bool | None, tuple[int, ...]]:
        if change.change_id not in self._judged:
            (chain,) = self.plain([change])
            if self.policy.promotion_of_reviewed_commits:
                chain = replace(chain, evidence=self._promotion(chain.evidence))
            found = [one.determine(chain, self.policy, self.as_of) for one in (cm_03, cm_04, cm_17)]
            entries = tuple(sorted({entry for one in found for entry in one.entries}))
            self._judged[change.change_id] = (_outcome(found), entries)
        return self._judged[change.change_id]


def rests_on_others(policy: Policy) -> bool:
    """Whether how a change comes out may rest on how earlier ones did."""
    return policy.pre_approved_rollback or policy.promotion_of_reviewed_commits


def _outcome(found: list[Determination]) -> bool | None:
    """Approved by somebody independent as it was merged, or a standard change within its rule."""
    approval, currency, standard = found
    if standard.outcome is Outcome.PASS:
        return True
    if Outcome.FAIL in (approval.outcome, currency.outcome, standard.outcome):
        return False
    return True if approval.outcome is currency.outcome is Outcome.PASS else None
