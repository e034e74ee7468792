"""CM-07: what was deployed had been scanned, and nothing grave was open that nobody had waived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.controls.attributes import cm_03
from evidence.controls.case import case_of
from evidence.controls.determine import on_change
from evidence.controls.gates import deployments_in_order
from evidence.controls.reasons import REASONS
from evidence.controls.scanned import (
    ABSENT,
    Counted,
    Moment,
    Scanned,
    counting,
    judged,
    latest_before,
    runs,
    subject,
    too_late,
)
from evidence.controls.waivers import waived
from evidence.controls.words import clip, listing, short, when
from evidence.model.chain import Chain
from evidence.model.determination import Determination, Outcome
from evidence.model.policy_result import TOLD_BY, PolicyResult, Subject
from evidence.model.production import ProductionDeployment, RunningImage
from evidence.policy import Policy, RequiredScan

CONTROL = "CM-07"


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """Each required scan, at each deployment that first put the change into production.

    So at a rollback to it, by the results and the waivers of that time.
    """
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None and early.outcome == Outcome.NOT_APPLICABLE:
        return early
    repository = chain.change.repository
    wanted = [
        one
        for one in policy.required_scans
        if not one.repositories or repository in one.repositories
    ]
    if not wanted:
        what = f"no scan of {clip(repository)}" if policy.required_scans else "no scan"
        return on_change(CONTROL, chain, "scan-not-required", f"The policy requires {what}.")
    if early is not None:
        return early
    deployments = [*deployments_in_order(chain), *chain.evidence.returns]
    unread = set(chain.change.deployments) - {one.deployment_id for one in deployments}
    looks = [
        _at(one, scanned)
        for one in deployments
        for required in wanted
        for scanned in _Look(chain, policy, required, one).found()
    ]
    if unread:
        words = f"deployment {listing(clip(one) for one in sorted(unread))} was not read"
        looks.append(Scanned(reason="deployments-incomplete", words=words))
    if not looks:
        return on_change(CONTROL, chain, "not-yet-deployed", "It is not deployed yet.")
    return _decide(chain, looks)


def _at(deployment: ProductionDeployment, scanned: Scanned) -> Scanned:
    started = f"for {clip(deployment.application)} at {when(deployment.started_at)}"
    return replace(scanned, words=f"{started}: {scanned.words}")


_RANK = {Outcome.FAIL: 0, Outcome.UNKNOWN: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 3}


def _decide(chain: Chain, looks: Sequence[Scanned]) -> Determination:
    worst = min(looks, key=_weight)
    same = [one for one in looks if _weight(one) == _weight(worst)]
    words = list(dict.fromkeys(one.words for one in same))
    more = f" (and {len(words) - 3} more)" if len(words) > 3 else ""
    sentence = f"{'; '.join(words[:3])}{more}."
    return on_change(
        CONTROL,
        chain,
        worst.reason,
        sentence[:1].upper() + sentence[1:],
        facts=[fact for one in looks for fact in one.facts],
        flags=[flag for one in looks for flag in one.flags],
    )


def _weight(one: Scanned) -> tuple[int, bool]:
    """What was waived is told before what passed without."""
    return _RANK[REASONS[one.reason].outcome_for(CONTROL)], one.reason != "scan-waived"


# --- one required scan at one deployment


@dataclass(frozen=True, slots=True)
class _Look:
    chain: Chain
    policy: Policy
    required: RequiredScan
    deployment: ProductionDeployment

    @property
    def moment(self) -> Moment:
        at = self.deployment.started_at or self.deployment.finished_at
        return Moment(at=at, tolerance=self.policy.clock_tolerance)

    def found(self) -> Iterator[Scanned]:
        """One for the commit, or one for each image of the change's repository."""
        if self.required.subject == Subject.COMMIT:
            yield from self._secrets()
            yield self._first(self._commits())
            return
        images = list(self._images())
        for image in images:
            yield self._image(image)
        if not images:
            yield self._no_image()

    # --- commits

    def _commits(self) -> list[str]:
        """Deployed, landed, to be merged, in this order: the first that has a result speaks."""
        change = self.chain.change
        deployed = [
            span.revision for span in self.deployment.ranges if span.repository == change.repository
        ]
        every = (*deployed, change.landing_sha, change.head_sha)
        return [one for one in dict.fromkeys(every) if one]

    def _secrets(self) -> Iterator[Scanned]:
        """Secrets in any commit of the change: what was pushed is known, whatever came later."""
        own = set(self._commits())
        others = {one.subject for one in self._results(Subject.COMMIT)} - own
        for sha in sorted(others):
            results = latest_before(self._of({sha}), self.moment)
            counted = self._counted(results, secrets_only=True)
            if counted.open:
                yield judged(self.required, results, counted, self.moment)

    def _first(self, subjects: Sequence[str]) -> Scanned:
        for one in subjects:
            results = latest_before(self._of({one}), self.moment)
            counted = self._counted(results)
            if runs(results) or counted.open:
                return judged(self.required, results, counted, self.moment)
        return self._absent(self._of(set(subjects)), listing(short(one) for one in subjects))

    # --- images

    def _images(self) -> Iterator[RunningImage]:
        """Images of the repository that it set; all that run where it set none."""
        moved = {(one.image, one.new) for one in self.deployment.images if one.new}
        if "previous_image_unresolved" in self.deployment.problems:
            moved = set()
        for one in self.deployment.running:
            own = one.repository == self.chain.change.repository
            if own and (not moved or (one.image, one.reference) in moved):
                yield one

    def _image(self, image: RunningImage) -> Scanned:
        name = f"image {clip(image.image)}"
        if not image.digests:
            return Scanned(reason="digest-unknown", words=f"no digest was ever seen for {name}")
        if len(image.digests) > 1:
            words = f"{name} had {len(image.digests)} digests"
            return Scanned(reason="several-digests", words=words)
        index = image.digests[0]
        platforms = self.chain.evidence.platforms
        same = {index, *(one for one, other in platforms.items() if other == index)}
        results = latest_before(self._of(same), self.moment)
        if runs(results):
            return judged(self.required, results, self._counted(results), self.moment)
        return self._absent(self._of(same), f"{name} ({subject(index)})")

    def _no_image(self) -> Scanned:
        """Its own files are what was deployed, or what was built from it is not known."""
        spans = [
            one for one in self.deployment.ranges if one.repository == self.chain.change.repository
        ]
        if spans and not any(one.through for one in spans):
            words = "no image that is built from its repository was deployed"
            return Scanned(reason="scan-no-image", words=words)
        words = "which image was built from it is not known"
        return Scanned(reason="image-unresolved", words=words)

    # --- results

    def _results(self, kind: Subject | None = None) -> list[PolicyResult]:
        return [
            one
            for one in self.chain.evidence.scans
            if one.tool == self.required.tool and kind in (None, one.subject_kind)
        ]

    def _of(self, subjects: set[str]) -> list[PolicyResult]:
        return [one for one in self._results() if one.subject in subjects]

    def _counted(self, results: Iterable[PolicyResult], *, secrets_only: bool = False) -> Counted:
        repository, at = self.chain.change.repository, self.moment.at
        found, suppressed = counting(results, self.required, at, secrets_only=secrets_only)
        contributors = case_of(self.chain, self.policy).contributors
        told = [
            (one, reached, waived(one, repository, self.policy, contributors, at))
            for one, reached in found
        ]
        left = [(one, reached, by) for one, reached, by in told if not by.by]
        return Counted(
            open=tuple(one for one, reached, by in left if reached and not by.reason),
            unrated=tuple(one for one, reached, by in left if reached is None and not by.reason),
            waivers=tuple(by.by for _, _, by in told if by.by),
            refused=tuple(by.words for _, _, by in left if by.words and not by.reason),
            doubt=next(((by.reason, by.words) for _, _, by in left if by.reason), ("", "")),
            suppressed=suppressed,
        )

    def _absent(self, late: Sequence[PolicyResult], what: str) -> Scanned:
        """No result of then: a deviation only where every result is handed over."""
        told = too_late(runs(late), self.moment)
        if told is not None and told.reason != ABSENT:
            return told
        words = told.words if told else f"{clip(self.required.tool)} has no result on {what}"
        facts = told.facts if told else ()
        other = runs(latest_before(self._results(), self.moment))
        if not told and other:
            words = f"{words}; it examined {listing(subject(one.subject) for one in other)}"
            facts = tuple(other)
        if not self._complete():
            return Scanned(reason="scan-not-collected", words=words, facts=facts)
        reason = "scan-wrong-subject" if other and not told else ABSENT
        return Scanned(reason=reason, words=words, facts=facts)

    def _complete(self) -> bool:
        """Whether the entity declares that every result is here, and no gap says otherwise."""
        declared = 0 < self.required.complete_from <= self.moment.at
        return declared and not any(one.kind in TOLD_BY for one in self.chain.evidence.gaps)
