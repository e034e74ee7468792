"""ADD A LINK RULE HERE: small pure functions that draw the edges of one change's chain.

Each rule takes the evidence gathered by identity and the policy, and yields every match it sees
with its basis and strength; none picks the first. A rule's strength never depends on how few facts
there are: hiding one can take a link away or weaken it, never strengthen it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.chain.parents import THROUGH
from evidence.chain.tickets import (
    change_reference,
    closing_reference,
    entries_of,
    key_in_message,
    key_in_text,
)
from evidence.model.chain import ChangeEvidence
from evidence.model.change import Link, LinkKind, MergeMethod, Strength
from evidence.model.production import SUBMODULE, RevisionRange
from evidence.model.pull_request import Review
from evidence.policy import Policy

Rule = Callable[[ChangeEvidence, Policy], Iterator[Link]]


def draw_links(evidence: ChangeEvidence, policy: Policy) -> tuple[Link, ...]:
    """All links of all rules, in the order of the rules, each once."""
    found = (link for rule in RULES.values() for link in rule(evidence, policy))
    return tuple(dict.fromkeys(found))


# --- approval


def review(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """Each approving review, with the commit that it was first seen to be given for.

    Sources re-bind a review to a newer commit after a force-push: the first observation counts,
    and because an earlier one may have been missed no such link is more than strong.
    """
    change = evidence.change
    for review_id, versions in _review_versions(evidence).items():
        approvals = [one for one in versions if one.state == "APPROVED"]
        if not approvals:
            continue
        first = next((one for one in approvals if one.commit_sha), approvals[0])
        others = sorted({one.commit_sha for one in versions} - {first.commit_sha, ""})
        known = bool(first.commit_sha)
        target = f"commit:{change.repository}:{first.commit_sha}"
        yield Link(
            kind=LinkKind.APPROVAL,
            source=f"review:{review_id}",
            target=target if known else change_reference(evidence),
            basis="review_commit" if known else "review_of_pull_request",
            strength=Strength.STRONG if known else Strength.CANDIDATE,
            detail=f"later shown for {', '.join(others)}" if others else "",
            entries=entries_of(*versions),
        )


def _review_versions(evidence: ChangeEvidence) -> dict[str, list[Review]]:
    found: dict[str, list[Review]] = {}
    ordered = sorted(evidence.reviews, key=lambda one: (one.observed_at, one.entry_seq))
    for one in ordered:
        found.setdefault(one.review_id, []).append(one)
    return found


# --- validation


def check(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """Each check and the commit it ran on, by the place of that commit in the change."""
    for one in evidence.checks:
        basis, strength = _check_basis(evidence, one.sha)
        yield Link(
            kind=LinkKind.VALIDATION,
            source=f"check:{one.check_id}",
            target=f"commit:{one.repository}:{one.sha}",
            basis=basis,
            strength=strength,
            detail=one.name,
            entries=entries_of(one),
        )


def _check_basis(evidence: ChangeEvidence, sha: str) -> tuple[str, Strength]:
    change = evidence.change
    if sha and sha == change.landing_sha:
        queued = change.merge_method == MergeMethod.QUEUE
        return ("queue_head" if queued else "landed_commit"), Strength.PROVED
    if sha and sha == change.head_sha:
        return "head", Strength.PROVED
    if sha in change.commits:
        return "commit_of_change", Strength.PROVED
    return "other_commit", Strength.CANDIDATE


# --- merge


def merge(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """The landed commits and why they are this change's."""
    change, pull = evidence.change, evidence.pull_request
    if not change.landing_sha:
        return
    basis, strength = _merge_basis(evidence)
    commits = change.commits if change.merge_method == MergeMethod.REBASE else (change.landing_sha,)
    for sha in commits:
        last = sha == change.landing_sha
        held = len(change.commits) - len(commits)
        yield Link(
            kind=LinkKind.MERGE,
            source=f"commit:{change.repository}:{sha}",
            target=change_reference(evidence),
            basis=basis if last else "rebase_block",
            strength=strength if last else Strength.STRONG,
            detail=f"brought in {held} more commits" if held > 0 else "",
            entries=entries_of(pull),
        )


def _merge_basis(evidence: ChangeEvidence) -> tuple[str, Strength]:
    change, pull = evidence.change, evidence.pull_request
    if not change.number:
        return "first_parent", Strength.PROVED
    if pull and pull.merge_sha == change.landing_sha:
        return "merge_commit", Strength.PROVED
    if "head_contained" in change.flags or pull is None:
        return "head_contained", Strength.INFERRED
    return "head_merged", Strength.STRONG


# --- deployment


def deployment(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """Each deployment that carried the change: which commit, by which range, which image."""
    own = set(evidence.change.commits)
    for row in evidence.deployments:
        for one in row.ranges:
            carried = [sha for sha in one.commits if sha in own]
            if one.repository != evidence.change.repository or not carried:
                continue
            yield Link(
                kind=LinkKind.DEPLOYMENT,
                source=f"commit:{one.repository}:{carried[-1]}",
                target=f"deployment:{row.deployment_id}",
                basis=f"range:{one.basis}",
                strength=one.strength,
                detail=_through(one),
                entries=row.entries,
            )


def _through(one: RevisionRange) -> str:
    if not one.through:
        return ""
    kind = "submodule " if one.basis == SUBMODULE else "image "
    return f"through {'' if one.through.startswith(THROUGH) else kind}{one.through}"


def hop(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """The image by which a source change reached a deployment, and how it was resolved."""
    for row in evidence.deployments:
        through = {
            one.through
            for one in row.ranges
            if one.repository == evidence.change.repository and one.through
        }
        for image in row.images:
            if image.image not in through or not image.new_commit:
                continue
            yield Link(
                kind=LinkKind.HOP,
                source=f"image:{image.image}:{image.new}",
                target=f"commit:{image.repository}:{image.new_commit}",
                basis=image.basis,
                strength=image.strength,
                detail=f"{image.file} {image.field}",
                entries=row.entries,
            )


RULES: dict[str, Rule] = {
    "closing_reference": closing_reference,
    "key_in_text": key_in_text,
    "key_in_message": key_in_message,
    "review": review,
    "check": check,
    "merge": merge,
    "deployment": deployment,
    "hop": hop,
}
"""Every rule by name, in the order in which links are listed."""
