"""Which tickets a change names: what the source says it closes, and keys that stand in texts.

A key in a text is a claim by whoever wrote it: inferred where the policy accepts the place, else
a candidate. Numbers that only look like keys (`CVE-2024-1`, `UTF-8`) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.model.chain import ChangeEvidence
from evidence.model.change import Link, LinkKind, Strength
from evidence.model.fact import Fact
from evidence.model.pull_request import PullRequest
from evidence.policy import Policy

_KEY = re.compile(r"(?<![A-Za-z0-9_-])([A-Z][A-Z0-9_]{1,20}-[1-9][0-9]{0,9})(?![A-Za-z0-9]|-[0-9])")
_ISSUE = re.compile(r"(?<![\w&/.-])((?:[\w.-]{1,100}/[\w.-]{1,100})?)#([1-9][0-9]{0,9})\b")
_ISSUE_URL = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100})/issues/([1-9][0-9]{0,9})\b")
_NOT_TICKETS = frozenset(
    {"CVE", "CWE", "GHSA", "RFC", "ISO", "IEC", "SHA", "UTF", "PEP", "AES", "RSA", "MD", "TLS"}
)
"""Prefixes of numbers that look like ticket keys and are not."""
_TEXT_LIMIT = 100_000
"""Characters of a text that are searched for keys."""


def entries_of(*facts: Fact | None) -> tuple[int, ...]:
    """Ledger entries of the facts that are there, ascending, each once."""
    return tuple(sorted({fact.entry_seq for fact in facts if fact and fact.entry_seq}))


def change_reference(evidence: ChangeEvidence) -> str:
    """`pr:<repository>:<number>` or `commit:<repository>:<sha>`."""
    change = evidence.change
    if change.number:
        return f"pr:{change.repository}:{change.number}"
    return f"commit:{change.repository}:{change.landing_sha or change.head_sha}"


def closing_reference(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """A ticket that the source itself says is closed by the pull request, in any version read.

    Whether it was so at the merge is for the control to judge.
    """
    first: dict[str, PullRequest] = {}
    for pull in _versions(evidence):
        for key in pull.closing_issues:
            first.setdefault(key, pull)
    for key, pull in first.items():
        ticket = next((one for one in evidence.tickets if one.key == key), None)
        yield Link(
            kind=LinkKind.REQUEST,
            source=change_reference(evidence),
            target=f"ticket:{key}",
            basis="closing_reference",
            strength=Strength.STRONG,
            detail="the source lists the ticket as closed by this pull request",
            entries=entries_of(pull, ticket),
        )
    for event in evidence.events:
        by_hand = event.kind in {"Connected", "Disconnected"} and event.subject
        if by_hand and event.subject not in first:
            yield Link(
                kind=LinkKind.REQUEST,
                source=change_reference(evidence),
                target=f"ticket:{event.subject}",
                basis="closing_event",
                strength=Strength.STRONG,
                detail="the ticket was linked by hand and is not listed any more",
                entries=entries_of(event),
            )


def _versions(evidence: ChangeEvidence) -> tuple[PullRequest, ...]:
    """Every version of the pull request, the newest first, so that it names the link."""
    newest = evidence.pull_request
    older = [one for one in evidence.pull_request_versions if one is not newest]
    return (*([newest] if newest else []), *reversed(older))


def key_in_text(evidence: ChangeEvidence, policy: Policy) -> Iterator[Link]:
    """A ticket key in the title, branch name or body, in any version read; each place is shown.

    A key in a place that the policy does not accept, or a bare number that no ticket read bears
    out, is a candidate. Whether it stood there at the merge is for the control to judge.
    """
    seen: set[tuple[str, str]] = set()
    for pull in _versions(evidence):
        places = [("title", pull.title), ("branch", pull.head_ref), ("body", pull.body)]
        if pull is evidence.pull_request:
            renamed = [event for event in evidence.events if event.kind == "RenamedTitle"]
            places += [("title", event.previous) for event in renamed]
        for place, text in places:
            for key, sure in _keys(text, pull, evidence):
                if (place, key) in seen:
                    continue
                seen.add((place, key))
                yield _text_link(evidence, policy, pull, place, key, sure=sure)


def _text_link(
    evidence: ChangeEvidence, policy: Policy, pull: PullRequest, place: str, key: str, *, sure: bool
) -> Link:
    accepted = sure and place in policy.ticket_sources
    ticket = next((one for one in evidence.tickets if one.key == key), None)
    return Link(
        kind=LinkKind.REQUEST,
        source=change_reference(evidence),
        target=f"ticket:{key}",
        basis=f"{place}_key",
        strength=Strength.INFERRED if accepted else Strength.CANDIDATE,
        detail=f"{key} stands in the {place}",
        entries=entries_of(pull, ticket),
    )


def names_ticket(text: str, key: str, pull: PullRequest) -> bool:
    """Whether a text of a pull request names a ticket: its key, `#12` of its own, or its URL."""
    if "#" not in key:
        return key in set(_tracker_keys(text))
    home, number = key.rpartition("#")[::2]
    wanted = (home.lower(), number)
    plain = ((match[1] or _home(pull), match[2]) for match in _ISSUE.finditer(text[:_TEXT_LIMIT]))
    urls = ((match[1], match[2]) for match in _ISSUE_URL.finditer(text[:_TEXT_LIMIT]))
    return any((owner.lower(), found) == wanted for owner, found in (*plain, *urls))


def key_in_message(evidence: ChangeEvidence, _policy: Policy) -> Iterator[Link]:
    """A ticket key in the message of a direct commit: a claim by its author, so a candidate."""
    if evidence.change.number:
        return
    for commit in evidence.commits:
        if commit.sha not in evidence.change.commits:
            continue
        for match in _tracker_keys(commit.message):
            yield Link(
                kind=LinkKind.REQUEST,
                source=f"commit:{commit.repository}:{commit.sha}",
                target=f"ticket:{match}",
                basis="message_key",
                strength=Strength.CANDIDATE,
                detail=f"{match} stands in the commit message",
            )


def _tracker_keys(text: str) -> Iterator[str]:
    if "-" not in text:
        return
    for match in _KEY.finditer(text[:_TEXT_LIMIT]):
        if match[1].split("-")[0].rstrip("0123456789") not in _NOT_TICKETS:
            yield match[1]


def _keys(text: str, pull: PullRequest, evidence: ChangeEvidence) -> Iterator[tuple[str, bool]]:
    """(ticket key, whether it can only mean a ticket) of every key in a text."""
    for key in _tracker_keys(text):
        yield key, True
    if "#" not in text:
        return
    known = {ticket.key.lower(): ticket.key for ticket in evidence.tickets}
    home = _home(pull)
    for match in _ISSUE.finditer(text[:_TEXT_LIMIT]):
        owner = match[1] or home
        if not owner or (int(match[2]) == pull.number and owner == home):
            continue
        key = f"{owner}#{match[2]}"
        yield known.get(key.lower(), key), key.lower() in known


def _home(pull: PullRequest) -> str:
    """`owner/name` of the pull request's own repository, read off its URL; "" where unusual."""
    parts = pull.url.split("/")
    return "/".join(parts[-4:-2]) if len(parts) >= 5 and parts[-2] == "pull" else ""
