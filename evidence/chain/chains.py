"""One change's chain: what must be asked of Git for it, and the links between its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.chain.answers import ask, merge_questions, net_diff_questions, paths_question
from evidence.chain.emergencies import emergency_questions
from evidence.chain.links import draw_links
from evidence.chain.owners import owners_questions
from evidence.chain.standard import content_questions
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.git import GitQuestion, QuestionKind
from evidence.policy import Policy


def chain_questions(evidence: ChangeEvidence, policy: Policy) -> tuple[GitQuestion, ...]:
    """Every question whose answer the chain and its attributes may need, answered or not.

    Some follow from earlier answers: load or ask those that `evidence.answers` lacks, put them
    in, and call again until none is new. Sorted, each once.
    """
    found = {
        *merge_questions(evidence),
        *(
            question
            for sha in _approved(evidence)
            for question in net_diff_questions(evidence, sha)
        ),
        *_automation_questions(evidence, policy),
        *owners_questions(evidence),
        *content_questions(evidence, policy),
        *emergency_questions(evidence, policy),
    }
    paths = paths_question(evidence)
    if paths is not None:
        found.add(paths)
    return tuple(sorted(found, key=lambda one: (one.repository, one.kind, one.args)))


def _approved(evidence: ChangeEvidence) -> set[str]:
    """Commits that an approval may have been given for: named by a review, or forced away."""
    if not any(review.state == "APPROVED" for review in evidence.reviews):
        return set()
    named = {review.commit_sha for review in evidence.reviews}
    forced = {event.before_sha for event in evidence.events if event.kind == "HeadRefForcePushed"}
    return (named | forced) - {""}


def _automation_questions(evidence: ChangeEvidence, policy: Policy) -> Iterator[GitQuestion]:
    """Files of commits that look like registered automation's, which may follow an approval."""
    trusted = [automation for automation in policy.automations if automation.ignore_commits]
    accounts = {account for automation in trusted for account in automation.accounts}
    emails = {email for automation in trusted for email in automation.emails}
    repository = evidence.change.repository
    for row in evidence.pull_request_commits:
        known = row.author is not None and row.author.key in accounts
        if known or row.author_email.lower() in emails:
            yield ask(repository, QuestionKind.CHANGED_PATHS, row.sha)


def build_chain(evidence: ChangeEvidence, policy: Policy) -> Chain:
    """The chain that attributes are judged on. Pure and deterministic."""
    return Chain(evidence=evidence, links=draw_links(evidence, policy))
