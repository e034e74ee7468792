"""CONTRIB: everyone whose work is in a pull request (controls.md 3.3).

The opener, the authors and committers of every commit ever seen in it, co-authors named in
trailers, and those who pushed; without the forge's own signed commits and registered automation.
What cannot be attributed is an `Open` identity: it could be anyone, the approver too.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.controls.attribution import Attribution
from evidence.controls.contribution import Contributors
from evidence.controls.history import History, forge_system, mapped_emails
from evidence.controls.landing import movements
from evidence.controls.people import Party, PartyKind, People, people_of
from evidence.controls.timeline import Timeline, timeline_of
from evidence.controls.words import short, who
from evidence.model.activity import RepositoryActivity
from evidence.model.actor import Actor, ActorType
from evidence.model.chain import Chain, ChangeEvidence
from evidence.model.change import ChangeKind
from evidence.model.pull_request import PullRequestEvent
from evidence.model.settings import Subject
from evidence.policy import Policy

PUSH_EVENTS = frozenset({"HeadRefForcePushed", "HeadRefPushed", "Pushed"})
"""Timeline kinds whose actor put `after_sha` on the branch of the pull request."""

_PUSHED = frozenset({"push", "force_push", "branch_creation"})
"""Kinds of recorded movements that put commits on the branch of the pull request."""


def contributors_of(chain: Chain, policy: Policy) -> Contributors:
    """Who contributed to the change of a chain, and what about that is open."""
    return _Gathering(chain, policy).gather()


class _Gathering:
    """One walk over the evidence of one change."""

    def __init__(self, chain: Chain, policy: Policy) -> None:
        evidence = chain.evidence
        self.evidence: ChangeEvidence = evidence
        self.people: People = people_of(policy, evidence.identities)
        self.timeline: Timeline = timeline_of(evidence)
        self.found = Contributors()
        self.history = History(evidence)
        self.rows = self.history.rows
        self.commits = self.history.commits
        self.whom = Attribution(
            self.found,
            policy,
            self.people,
            system=forge_system(evidence),
            emails=mapped_emails(self.rows.values(), self.people),
            pusher_of=self._pusher_of,
            moment=self.timeline.merged_at or evidence.change.merged_at,
        )
        self.brought: list[tuple[set[str], Actor | None]] | None = None

    def gather(self) -> Contributors:
        if self.evidence.change.kind == ChangeKind.DIRECT:
            self._direct()
            return self.found
        self._opener()
        self._pushers()
        self._listing()
        for sha in self.rows:
            self._row(sha)
        for sha in self._rewritten():
            self._unlisted(sha)
        return self.found

    def _direct(self) -> None:
        """Who pushed it, where the forge recorded that, and whom its commits name."""
        moves = movements(self.evidence)
        landed = {*self.evidence.change.commits, self.evidence.change.landing_sha}
        self.brought = [(landed, one.actor) for one in moves]
        self.found.facts.extend(one.fact for one in moves)
        for actor in dict.fromkeys(one.actor for one in moves if one.actor is not None):
            self.whom.account(actor, "pushed it")
        for sha in self.evidence.change.commits:
            commit = self.commits.get(sha)
            if commit is None:
                self.found.leave_open("commit-not-read", f"commit {short(sha)} was not read")
            else:
                self.whom.git_people(commit)

    # --- accounts

    def _opener(self) -> None:
        """The account that opened it; a version stored before its deletion still names it."""
        versions = (*self.evidence.pull_request_versions, self.evidence.pull_request)
        known = [pull for pull in versions if pull is not None]
        self.found.facts.extend(known[-1:])
        named = [p for p in known if p.author and p.author.type != ActorType.GHOST]
        author = named[0].author if named else None
        if named:
            self.found.facts.append(named[0])
            self.whom.opener = self.people.party(author)
            self.whom.account(author, "opened the pull request", author=True)
        elif not self._all_commits_named():
            self.found.leave_open("contributor-ghost", "the account that opened it was deleted")
        else:
            self.found.flags.append("opener-deleted")

    def _all_commits_named(self) -> bool:
        """Whether accounts stand behind every commit: then a deleted opener hides nobody."""
        rows = self.rows.values()
        return bool(rows) and all(
            row.author is not None and row.author.type == ActorType.USER for row in rows
        )

    def _pushers(self) -> None:
        for event in self._pushes():
            self.found.facts.append(event)
            self.whom.account(event.actor, f"pushed {short(event.after_sha)}")
        for move in self._moves():
            self.found.facts.append(move)
            self.whom.account(move.actor, f"pushed {short(move.after_sha)}")
        self._holes()

    def _pushes(self) -> Iterator[PullRequestEvent]:
        for event in self.timeline.events:
            if event.kind in PUSH_EVENTS and self.timeline.before_merge(event):
                yield event

    def _moves(self) -> Iterator[RepositoryActivity]:
        """Pushes that the forge's own record tells of, before the merge, by an account."""
        for move in self.evidence.landing.pushes:
            pushed = move.kind in _PUSHED and move.actor is not None
            if pushed and 0 < move.at <= self.timeline.merged_at:
                yield move

    def _holes(self) -> None:
        """A record of pushes that was read after the merge has each push, or a hole."""
        moves, merged_at = self.evidence.landing.pushes, self.timeline.merged_at
        read = any(
            look.subject == Subject.ACTIVITY and look.until >= merged_at
            for look in self.evidence.settings.observations
        )
        pull = self.evidence.pull_request
        head = self.evidence.change.head_sha or (pull.head_sha if pull else "")
        to = {move.after_sha for move in moves}
        lost = {move.before_sha for move in moves} & set(self.rows) - to
        if (moves and read and (head not in to or lost)) or self._broken():
            self.found.leave_open(
                "contributors-incomplete", "the forge's record of pushes to its branch has a hole"
            )

    def _broken(self) -> bool:
        """Whether a push to its branch begins where none ended: something lies between."""
        pull = self.evidence.pull_request
        ref = f"refs/heads/{pull.head_ref}" if pull and pull.head_ref else ""
        return any(one.ref == ref for one in self.evidence.landing.lost)

    def _pusher_of(self, sha: str) -> Party | None:
        """The known account that pushed a commit, by the last push that brought it."""
        if self.brought is None:
            self.brought = [
                (self.history.brought(event.before_sha, event.after_sha), event.actor)
                for event in self._pushes()
            ]
            self.brought += [
                (self.history.brought(move.before_sha, move.after_sha), move.actor)
                for move in self._moves()
            ]
        for commits, actor in reversed(self.brought):
            if sha in commits:
                party = self.people.party(actor)
                return party if party.kind in {PartyKind.HUMAN, PartyKind.AUTOMATION} else None
        return None

    # --- commits

    def _listing(self) -> None:
        """Every commit must be known: by the forge's own count, listed or found in Git."""
        pull = self.evidence.pull_request
        self.found.facts.extend(self.rows.values())
        if not self.timeline.whole:
            self.found.leave_open("timeline-incomplete", "its timeline was not read whole")
        if pull is None or pull.commits_total < 0:
            self.found.leave_open("contributors-incomplete", "its commits were not counted")
            return
        if self.history.listed:
            return
        head = self.evidence.change.head_sha or pull.head_sha
        walked, _ = self.history.walk(head)
        if len(walked | self.history.current) >= pull.commits_total and head in self.commits:
            for sha in sorted(walked - set(self.rows)):
                self._unlisted(sha)
            return
        self.found.leave_open(
            "contributors-incomplete",
            f"{len(walked | self.history.current)} of its {pull.commits_total} commits were read",
        )

    def _row(self, sha: str) -> None:
        row, commit = self.rows[sha], self.commits.get(sha)
        made_by_forge = bool(row.signed_by_source and row.signature_valid)
        self.whom.git_account(row.author, row.author_email, sha, signed=made_by_forge, author=True)
        if not made_by_forge:
            self.whom.git_account(row.committer, row.committer_email, sha, signed=False)
        if commit is None:
            self.found.leave_open("commit-not-read", f"the message of {short(sha)} was not read")
            return
        self.found.facts.append(commit)
        suggestion = made_by_forge and row.via_web and self.whom.named(row.author, row.author_email)
        self.whom.co_authors(commit, suggestion=suggestion)

    def _unlisted(self, sha: str) -> None:
        """A commit that only Git knows: pushed away since, or beyond the forge's listing."""
        commit = self.commits[sha]
        self.found.facts.append(commit)
        self.whom.git_people(commit)

    # --- rewritten history

    def _rewritten(self) -> list[str]:
        """Commits of heads that were pushed away and that Git still holds."""
        found: set[str] = set()
        for event in self._pushes():
            if event.kind != "HeadRefForcePushed":
                continue
            head = event.before_sha
            if head not in self.commits and head not in self.rows:
                self._lost(event)
                continue
            walked, edges = self.history.walk(head)
            found |= walked - set(self.rows)
            if edges:
                self._lost(event)
        return sorted(found)

    def _lost(self, event: PullRequestEvent) -> None:
        self.found.leave_open(
            "rewritten-history-lost",
            f"{who(event.actor)} replaced {short(event.before_sha)}, whose commits were not all "
            "read",
        )
