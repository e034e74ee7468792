"""Every reason code: the outcome it stands for, what it means and what to do about it.

A code never changes its meaning and has one outcome per control. `docs/reference/reason-codes.md`
prints this table; a test keeps the two equal.
"""

from __future__ import annotations

from typing import NamedTuple

from evidence.model.determination import Outcome

_PASS, _FAIL = Outcome.PASS, Outcome.FAIL
_UNKNOWN, _NONE = Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


class Reason(NamedTuple):
    """One code's meaning; `fix` is one imperative sentence, empty for a pass."""

    outcome: Outcome
    meaning: str
    fix: str = ""
    elsewhere: tuple[tuple[str, Outcome], ...] = ()
    """Controls for which the same code has another outcome."""

    def outcome_for(self, control: str) -> Outcome:
        """The outcome that the code stands for at one control."""
        return dict(self.elsewhere).get(control, self.outcome)


_APPROVAL: dict[str, Reason] = {
    "approved": Reason(_PASS, "Enough eligible people outside the contributors approved it."),
    "no-approval": Reason(
        _FAIL,
        "Nobody approved it before the merge. CM-04 then has nothing to test.",
        "Record a management response.",
        elsewhere=(("CM-04", _NONE),),
    ),
    "self-approval": Reason(
        _FAIL,
        "Only contributors to the change approved it.",
        "Record a management response; require approval by someone who did not contribute.",
    ),
    "bot-approval": Reason(
        _FAIL,
        "Only bots, apps or registered automation approved it.",
        "Record a management response; a standard change needs a registered rule.",
    ),
    "approver-left": Reason(
        _FAIL,
        "The approval was given after the approver had left.",
        "Check `left_at` under [[person]], then record a management response.",
    ),
    "late-approval": Reason(
        _FAIL, "The approval was given after the merge.", "Record a management response."
    ),
    "dismissed-approval": Reason(
        _FAIL, "The approval was dismissed before the merge.", "Record a management response."
    ),
    "changes-requested": Reason(
        _FAIL,
        "The reviewer's last word before the merge was a request for changes.",
        "Record a management response.",
    ),
    "too-few-approvals": Reason(
        _FAIL,
        "Fewer people approved it than the policy requires.",
        "Record a management response; compare the branch rule with the policy.",
    ),
    "no-pull-request": Reason(
        _FAIL,
        "It reached the production branch without a pull request.",
        "Record a management response; protect the branch against direct pushes.",
    ),
    "approval-not-required": Reason(
        _NONE, "The policy requires no approval.", "Set `approvals_required` if it should."
    ),
    "not-merged": Reason(_NONE, "The pull request was not merged at the time of evaluation."),
}

_PEOPLE: dict[str, Reason] = {
    "contributor-unmapped": Reason(
        _UNKNOWN,
        "A commit names an e-mail address that maps to no account.",
        "Bind the address to a person under [[person]] (`emails`).",
    ),
    "contributor-ghost": Reason(
        _UNKNOWN,
        "A contributor's account no longer exists or cannot be tied to a person.",
        "Bind the account or the e-mail addresses of its commits under [[person]].",
    ),
    "unregistered-automation": Reason(
        _UNKNOWN,
        "A bot or app contributed and nobody said who steers it.",
        "Register it by account id under [[automation]], with its operator if it has one.",
    ),
    "automation-unverified": Reason(
        _UNKNOWN,
        "A commit carries the name of registered automation and nothing else confirms it.",
        "Let the automation commit through the forge, which signs for it.",
    ),
    "contributors-incomplete": Reason(
        _UNKNOWN,
        "Not all commits of the pull request were read.",
        "Sync the Git source with `refs/pull/*/head` and run `evidence sync` again.",
    ),
    "commit-not-read": Reason(
        _UNKNOWN,
        "The message of a commit was not read, so its co-authors are not known.",
        "Configure a Git source for the repository and run `evidence sync`.",
    ),
    "rewritten-history-lost": Reason(
        _UNKNOWN,
        "Commits were replaced by a force-push before they were read.",
        "Sync more often, so that the Git mirror holds every head.",
    ),
    "timeline-incomplete": Reason(
        _UNKNOWN,
        "The timeline of the pull request was not read whole.",
        "Run `evidence sync` again; check the gaps with `evidence status`.",
    ),
    "approver-unknown": Reason(
        _UNKNOWN,
        "The approver's account no longer exists or cannot be tied to a person.",
        "Bind the account under [[person]].",
    ),
    "approver-unmapped": Reason(
        _UNKNOWN,
        "The policy accepts only approvers in the person map, and this one is not in it.",
        "Add the approver under [[person]].",
    ),
    "permission-unknown": Reason(
        _UNKNOWN,
        "The approver may not push now, and the permission then was not observed.",
        "Attach evidence of the permission at review time.",
    ),
    "order-unknown": Reason(
        _UNKNOWN,
        "Two events stand in the same second or carry no time, so neither came first.",
        "Attach evidence of the order, for example the forge's audit log.",
    ),
    "review-state-unknown": Reason(
        _UNKNOWN,
        "A review was dismissed; what it said, or when, is not recorded.",
        "Attach the forge's audit log for the review.",
    ),
    "reviews-incomplete": Reason(
        _UNKNOWN,
        "Not all reviews of the pull request were read.",
        "Run `evidence sync` again; check the gaps with `evidence status`.",
    ),
    "not-collected": Reason(
        _UNKNOWN,
        "The pull request source was never read for this change.",
        "Configure the repository's forge and a token that reads pull requests.",
    ),
    "contradiction": Reason(
        _UNKNOWN,
        "Two sources contradict each other.",
        "Compare the two captures named in the sentence and explain the difference.",
    ),
}

_CONTENT: dict[str, Reason] = {
    "current": Reason(_PASS, "Enough counting approvals cover the content that was merged."),
    "stale-approval": Reason(
        _FAIL,
        "The content changed after the approval.",
        "Record a management response; let the forge dismiss stale approvals.",
    ),
    "too-few-current": Reason(
        _FAIL,
        "Fewer approvals cover the merged content than the policy requires.",
        "Record a management response.",
    ),
    "content-added-at-merge": Reason(
        _FAIL,
        "The landed tree holds content that neither side of the merge held.",
        "Review the added content and record a management response.",
    ),
    "approvals-open": Reason(
        _UNKNOWN,
        "Which approvals count is open, so whether they are current is, too.",
        "Clear what keeps CM-03 unknown.",
    ),
    "head-unknown": Reason(
        _UNKNOWN, "The head at merge was not read.", "Run `evidence sync` again."
    ),
    "approved-commit-unknown": Reason(
        _UNKNOWN,
        "The review names no commit.",
        "Sync more often, so that the commit is stored at first sight.",
    ),
    "content-not-read": Reason(
        _UNKNOWN,
        "One side of a comparison of content could not be read from Git.",
        "Sync the Git source with `refs/pull/*/head` and run `evidence sync` again.",
    ),
    "base-changed": Reason(
        _UNKNOWN,
        "The base branch was changed after the approval.",
        "Attach the diff that was approved, or have the change approved again.",
    ),
    "push-time-unknown": Reason(
        _UNKNOWN,
        "The time of the last push was not observed.",
        "Collect push events, or judge currency by content.",
    ),
    "merge-not-reproducible": Reason(
        _UNKNOWN,
        "The merge had a conflict, or both sides changed the same files.",
        "Review the resolution and attach the result.",
    ),
    "merge-content-not-read": Reason(
        _UNKNOWN,
        "Git could not compare the landed tree with a clean merge.",
        "Run `evidence doctor` (git 2.38 or later) and `evidence sync` again.",
    ),
}

_DUTIES: dict[str, Reason] = {
    "independent-approval": Reason(_PASS, "Somebody who did not contribute approved it."),
    "separate-people": Reason(
        _PASS, "Nobody approved it, but no contributor approved, merged or deployed it."
    ),
    "unilateral": Reason(
        _FAIL,
        "A contributor also approved, merged or deployed it, without independent approval.",
        "Record a management response or a compensating control.",
    ),
    "forbidden-pair": Reason(
        _FAIL,
        "One person held two roles that the policy keeps apart.",
        "Record a management response or a compensating control.",
    ),
    "merger-unknown": Reason(
        _UNKNOWN,
        "Who merged it is not known.",
        "Bind the account under [[person]] or register it under [[automation]].",
    ),
    "pusher-unknown": Reason(
        _UNKNOWN,
        "Who pushed it to the production branch was not observed.",
        "Attach the forge's push event for the commit.",
    ),
    "role-unknown": Reason(
        _UNKNOWN,
        "Who held a role that the policy keeps apart from another is not known.",
        "Bind the deployer's and the forge's accounts of one person under [[person]].",
    ),
}

_CHECKS: dict[str, Reason] = {
    "checks-passed": Reason(_PASS, "Every required check had succeeded in time."),
    "missing": Reason(
        _FAIL, "A required check never ran on the tested commit.", "Record a management response."
    ),
    "wrong-sha": Reason(
        _FAIL,
        "A required check succeeded, but on another commit than the tested one.",
        "Record a management response; require checks on the latest commit.",
    ),
    "source": Reason(
        _FAIL,
        "A result of that name came from another source than the expected app.",
        "Bind the required check to its app at the forge.",
    ),
    "not-success": Reason(
        _FAIL,
        "The latest attempt of a required check did not succeed.",
        "Record a management response.",
    ),
    "skipped": Reason(
        _FAIL,
        "A required check was skipped, so nothing was tested.",
        "Record a management response, or state the paths for which it may be skipped.",
    ),
    "neutral": Reason(
        _FAIL,
        "A required check ended neutral, which the policy does not accept.",
        "Record a management response, or accept neutral for that check.",
    ),
    "finished-late": Reason(
        _FAIL,
        "A required check had not finished before implementation.",
        "Record a management response.",
    ),
    "tree-not-tested": Reason(
        _FAIL,
        "A commit between base and head was deployed, and no check ran on it.",
        "Deploy the last commit of a rebase merge, or test each commit.",
    ),
    "not-up-to-date": Reason(
        _FAIL,
        "The policy requires an up-to-date branch, and the base had moved.",
        "Record a management response; require branches to be up to date.",
    ),
    "exempt-paths": Reason(
        _NONE, "Every changed file matches the paths for which no required check applies."
    ),
    "required-set-unknown": Reason(
        _UNKNOWN,
        "The policy names no required check and the forge's own setting was not observed.",
        "List the required checks under [policy].",
    ),
    "checks-not-collected": Reason(
        _UNKNOWN,
        "The checks of the tested commit were not read, or not all of them.",
        "Grant the token read access to checks and commit statuses and sync again.",
    ),
    "earlier-attempts-not-read": Reason(
        _UNKNOWN,
        "Only a later attempt was read; the one that stood at implementation was not.",
        "Sync more often; have the collector read all attempts of that commit.",
    ),
    "check-time-unknown": Reason(
        _UNKNOWN,
        "A time that decides is missing, or two clocks are too close to tell.",
        "Attach the run's log with its times.",
    ),
    "ci-not-collected": Reason(
        _UNKNOWN,
        "The check runs in a system that is not collected.",
        "Configure that system as a source, or attach its result.",
    ),
    "queue-head-unknown": Reason(
        _UNKNOWN,
        "The commit that the merge queue tested is not known.",
        "Run `evidence sync` again, so that the merged commit is read.",
    ),
    "not-yet-deployed": Reason(
        _UNKNOWN, "The change is not deployed yet, so checks may still run.", "Evaluate it later."
    ),
    "merge-time-unknown": Reason(
        _UNKNOWN,
        "When it reached the production branch was not observed.",
        "Attach the forge's push event for the commit.",
    ),
    "up-to-date-unknown": Reason(
        _UNKNOWN,
        "Whether the branch was up to date with its base could not be read.",
        "Sync the Git source with `refs/pull/*/head` and run `evidence sync` again.",
    ),
    "paths-not-read": Reason(
        _UNKNOWN,
        "Which files it changed could not be read, and an exemption depends on them.",
        "Configure a Git source for the repository and run `evidence sync`.",
    ),
}

_REQUESTS: dict[str, Reason] = {
    "requested": Reason(_PASS, "A linked ticket was there before, as the policy asks."),
    "no-ticket": Reason(_FAIL, "No ticket is linked to it.", "Record a management response."),
    "ticket-after-merge": Reason(
        _FAIL, "The ticket was created after the merge.", "Record a management response."
    ),
    "ticket-out-of-scope": Reason(
        _FAIL,
        "The ticket is of a project or type that the policy does not accept.",
        "Record a management response, or widen `ticket_projects` or `ticket_types`.",
    ),
    "not-planned": Reason(
        _FAIL,
        "The ticket was closed as not planned before the merge.",
        "Record a management response.",
    ),
    "not-authorised": Reason(
        _FAIL,
        "The ticket was not in an authorised state in time.",
        "Record a management response.",
    ),
    "self-authorised": Reason(
        _FAIL,
        "Only a contributor to the change authorised the ticket.",
        "Record a management response.",
    ),
    "request-is-pull-request": Reason(
        _NONE, "By the policy the pull request itself is the request."
    ),
    "ticket-not-required": Reason(_NONE, "By the policy no ticket is required."),
    "ticket-not-read": Reason(
        _UNKNOWN,
        "The linked ticket was not read: it is absent, or the credential may not see it.",
        "Grant the tracker's credential read access to the ticket's project.",
    ),
    "ticket-history-incomplete": Reason(
        _UNKNOWN,
        "Not every closing and reopening of the ticket was read.",
        "Grant the tracker's credential access to the ticket's history and sync again.",
    ),
    "links-not-read": Reason(
        _UNKNOWN,
        "What links tickets to it was not read whole.",
        "Run `evidence sync` again; check the gaps with `evidence status`.",
    ),
    "ticket-time-unknown": Reason(
        _UNKNOWN,
        "Whether the ticket was there before cannot be told from the times at hand.",
        "Attach evidence of the order of the two.",
    ),
    "authorisation-not-collected": Reason(
        _UNKNOWN,
        "The history of the ticket was not read, so who authorised it and when is open.",
        "Grant the tracker's credential access to the ticket's history and sync again.",
    ),
    "authoriser-unknown": Reason(
        _UNKNOWN,
        "Whether the person who authorised the ticket contributed cannot be told.",
        "Bind the tracker's and the forge's accounts of one person under [[person]].",
    ),
}

_DEPLOYMENTS: dict[str, Reason] = {
    "deployed": Reason(_PASS, "It was deployed to production."),
    "superseded": Reason(_PASS, "It was reverted before any deployment carried it."),
    "pending": Reason(_PASS, "It is merged and not deployed yet, within the limit."),
    "non-deployable": Reason(_NONE, "It touches only files that the policy calls non-deployable."),
    "other-branch": Reason(_NONE, "It was merged into a branch that is not deployed."),
    "orphan": Reason(
        _FAIL,
        "It is merged and was not deployed within the limit.",
        "Deploy or revert it, then record a management response.",
    ),
    "no-application": Reason(
        _UNKNOWN,
        "No production application is configured that deploys this repository.",
        "Add the application under [[application]], with its images.",
    ),
    "not-landed": Reason(
        _UNKNOWN,
        "The production branch as read does not hold it.",
        "Sync the Git source and run `evidence sync` again.",
    ),
    "deployments-incomplete": Reason(
        _UNKNOWN,
        "Deployments of its application were not read whole.",
        "Run `evidence status` for the gap; sync more often than the deployer forgets.",
    ),
    "traced": Reason(_PASS, "Each commit it brought maps to one change."),
    "redeployed": Reason(_PASS, "It brought no commit that was not deployed before."),
    "baseline": Reason(
        _NONE,
        "It is the first deployment observed; what it contains was there before.",
        "Set `baseline` of the application to test it from an earlier commit.",
    ),
    "no-commit": Reason(
        _FAIL,
        "Production was altered with content that stands in no commit.",
        "Record a management response; forbid local manifests.",
    ),
    "revision-unresolved": Reason(
        _UNKNOWN,
        "The deployed revision is not a commit that could be found.",
        "Configure the repository it names and run `evidence sync`.",
    ),
    "range-unknown": Reason(
        _UNKNOWN,
        "What it brought could not be computed.",
        "Map the repository under [[repository]] and run `evidence sync`.",
    ),
    "commit-unmapped": Reason(
        _UNKNOWN,
        "A commit that it brought maps to no single change.",
        "Configure the branch it came from as a production branch, or explain the commit.",
    ),
    "image-unresolved": Reason(
        _UNKNOWN,
        "An image that it changed could not be tied to commits of its source.",
        "Tag images with the commit they are built from, or map them under [[map]].",
    ),
    "history-gap": Reason(
        _UNKNOWN,
        "Operations just before it were lost, or their window was not read.",
        "Sync more often than the deployer's history is long.",
    ),
}

REASONS: dict[str, Reason] = {
    **_APPROVAL, **_PEOPLE, **_CONTENT, **_DUTIES, **_CHECKS, **_REQUESTS, **_DEPLOYMENTS,
}  # fmt: skip

FLAGS: dict[str, str] = {
    "acquired": "It deployed acquired software, such as a published chart.",
    "approval-in-comment": "Somebody approved in a comment, which does not count.",
    "automation-after-approval": "Registered automation committed after the approval.",
    "baseline": "A part of it was observed for the first time; its history is not tested.",
    "content-equivalent": "The approved commit is not the merged one, but holds the same changes.",
    "contributor-deployed": "A contributor started the deployment.",
    "deployer-unknown": "Who started a deployment is not known; the policy does not ask.",
    "dismissed-after-merge": "The approval was dismissed after the merge.",
    "diverged": "Neither revision contains the other.",
    "emergency-declared": "It was declared an emergency; the emergency procedure is not tested.",
    "epic": "The ticket is an epic.",
    "failed-operation": "The deployer did not call the operation a success.",
    "flaky": "An earlier attempt of a required check failed on the same commit.",
    "gate modified": "It changes the files that define the checks.",
    "group": "The checks ran on the head of a merge-queue group.",
    "inferred": "A link that the determination rests on is inferred.",
    "not up to date": "The base had moved; the merged tree itself was not tested.",
    "objection-dismissed-by-contributor": "A contributor dismissed a request for changes.",
    "objection-open": "A request for changes stood at the merge.",
    "opener-deleted": "The account that opened it was deleted; all commits name others.",
    "permission-as-read": "The permission to push is that of the reading, not of the review.",
    "protection-not-observed": "The forge's own required checks then were not observed.",
    "pusher-resolves-unmapped": "An unmapped address is attributed to its known pusher.",
    "rebound": "The forge re-bound the review to another commit.",
    "retry": "The operation before it was on the same revisions and did not succeed.",
    "rolled-back": "It took production back to an older revision.",
    "selective": "Only a part of the resources was deployed.",
    "self-heal": "The deployer restored the last revision by itself.",
    "suggestion-applied": "It holds a suggestion that another person applied.",
    "third-party-image": "It changed an image that is built from no configured repository.",
    "title-edited": "The title was edited.",
    "authorisation-not-tested": "The policy does not say what authorises a request.",
}
"""Flags: things to look at that do not decide."""


def as_markdown() -> str:
    """The two tables as the reference page prints them."""
    lines = [
        "# Reason codes",
        "",
        "Generated by `make docs` from `evidence/controls/reasons.py`.",
        "",
        "Each determination carries one reason code. A code never changes its meaning.",
    ]
    for outcome in Outcome:
        lines += ["", f"## {outcome.value.replace('_', ' ').capitalize()}", ""]
        lines += ["| code | meaning | what to do |", "|---|---|---|"]
        lines += [
            f"| `{code}` | {one.meaning} | {one.fix or '-'} |"
            for code, one in sorted(REASONS.items())
            if outcome in {one.outcome, *dict(one.elsewhere).values()}
        ]
    lines += ["", "## Flags", "", "Things to look at that do not decide.", ""]
    lines += ["| flag | meaning |", "|---|---|"]
    lines += [f"| `{flag}` | {meaning} |" for flag, meaning in sorted(FLAGS.items())]
    return "\n".join(lines) + "\n"
