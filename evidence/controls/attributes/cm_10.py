"""CM-10: an owner approved every owned path, by CODEOWNERS of the base branch at merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.chain.answers import changed_paths
from evidence.chain.owners import OwnersFile, owners_file
from evidence.controls.approvals import Approval
from evidence.controls.attributes import cm_03
from evidence.controls.case import Case, case_of
from evidence.controls.codeowners import SIZE_LIMIT, Owned, owner_of, parse
from evidence.controls.currency import Currency, currency_of
from evidence.controls.determine import on_change
from evidence.controls.owners import Membership, membership
from evidence.controls.words import clip, listing
from evidence.model.chain import Chain
from evidence.model.change import ChangeKind
from evidence.model.determination import Determination, Outcome
from evidence.model.globs import matches
from evidence.policy import Policy

CONTROL = "CM-10"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What one group of paths with the same owners gives."""

    reason: str
    words: str
    entries: tuple[int, ...] = ()


def determine(chain: Chain, policy: Policy, as_of: int) -> Determination:
    """Every owned changed path has an owner's approval that counts and is current."""
    early = cm_03.not_testable(CONTROL, chain, as_of)
    if early is not None:
        return early
    approval = cm_03.determine(chain, policy, as_of)
    if chain.change.kind == ChangeKind.DIRECT and approval.outcome == Outcome.UNKNOWN:
        return _as(chain, approval.reason, approval.sentence, entries=approval.entries)
    paths = changed_paths(chain)
    if paths is None:
        return _as(chain, "paths-not-read", "Which files it changed was not read.")
    found = owners_file(chain)
    if found.problem:
        sentence = f"CODEOWNERS of the base at merge was not read: {clip(found.problem)}."
        return _as(chain, "codeowners-not-read", sentence)
    return _by_file(chain, policy, found, paths)


def _by_file(
    chain: Chain, policy: Policy, found: OwnersFile, paths: tuple[str, ...]
) -> Determination:
    too_large = len(found.text.encode("utf-8", "surrogatepass")) > SIZE_LIMIT
    lines = () if too_large else parse(found.text)
    owned = [owner_of(path, lines) for path in paths]
    demanded = [one for one in owned if not one.owners and _demanded(one.path, policy)]
    verdicts = _groups(chain, policy, [one for one in owned if one.owners or one.skipped])
    if demanded:
        words = f"the policy demands an owner of {_named(demanded)}, and none is declared"
        verdicts.insert(0, _Verdict(reason="no-owner-declared", words=words))
    if verdicts:
        return _decide(chain, found, verdicts)
    if not found.path or too_large:
        size = " that GitHub reads (it is too large)" if too_large else ""
        sentence = f"The base branch had no CODEOWNERS{size} at merge."
        return _as(chain, "no-codeowners", sentence, entries=found.entries)
    sentence = f"{found.path} of the base at merge gives no owner to any file that it changed."
    return _as(chain, "no-owned-path", sentence, entries=found.entries)


def _demanded(path: str, policy: Policy) -> bool:
    return matches(path, policy.owner_required_paths)


def _decide(chain: Chain, found: OwnersFile, verdicts: list[_Verdict]) -> Determination:
    worst = min(verdicts, key=lambda one: _RANK.get(one.reason, 1))
    told = [one for one in verdicts if _RANK.get(one.reason, 1) == _RANK.get(worst.reason, 1)]
    words = "; ".join(dict.fromkeys(one.words for one in told[:5]))
    more = f" (and {len(told) - 5} more groups of files)" if len(told) > 5 else ""
    lead = f"By {found.path} of the base at merge, " if found.path else ""
    sentence = f"{lead}{words}{more}."
    return on_change(
        CONTROL,
        chain,
        worst.reason,
        sentence[:1].upper() + sentence[1:],
        entries=[*found.entries, *(entry for one in verdicts for entry in one.entries)],
    )


_RANK = {"no-owner-declared": 0, "no-owner-approval": 0, "owner-approved": 2}
"""Failures first, approvals last; every other reason leaves it open."""


def _groups(chain: Chain, policy: Policy, owned: Iterable[Owned]) -> list[_Verdict]:
    """One verdict per set of owners, and one per skipped line."""
    groups: dict[tuple[str, ...], list[Owned]] = {}
    open_lines: dict[int, list[Owned]] = {}
    for one in owned:
        if one.skipped is not None:
            open_lines.setdefault(one.skipped.line, []).append(one)
        else:
            groups.setdefault(one.owners, []).append(one)
    case = case_of(chain, policy)
    verdicts = [_judge(case, owners, paths) for owners, paths in groups.items()]
    for line, paths in open_lines.items():
        why = paths[0].skipped.invalid if paths[0].skipped else ""
        words = f"line {line} may be meant for {_named(paths)}, but {why}, so GitHub skips it"
        verdicts.append(_Verdict(reason="codeowners-line-skipped", words=words))
    return verdicts


def _judge(case: Case, owners: tuple[str, ...], paths: list[Owned]) -> _Verdict:
    what = f"{_named(paths)} {'belong' if len(paths) > 1 else 'belongs'} to {listing(owners)}"
    approvals = case.approvals
    current = [(one, currency_of(case.chain, case.policy, one)) for one in approvals.counting]
    sure = [one for one, judged in current if judged.currency == Currency.CURRENT]
    loose = [one for one, judged in current if judged.currency == Currency.OPEN]
    members = membership(case, owners)
    for one in sure:
        if members.holds(one):
            return _approved(what, one, members)
    return _not_approved(case, what, members, [*sure, *loose, *approvals.open])


def _approved(what: str, approval: Approval, members: Membership) -> _Verdict:
    return _Verdict(
        reason="owner-approved",
        words=f"{what}; approved by {approval.told()}",
        entries=(*members.entries, *(one.entry_seq for one in approval.versions if one.entry_seq)),
    )


def _not_approved(case: Case, what: str, members: Membership, possible: list[Approval]) -> _Verdict:
    """No approval is known to be an owner's: open where one may be, else a deviation."""
    if not case.approvals.whole:
        words = f"{what}, and not all reviews were read"
        return _Verdict(reason="reviews-incomplete", words=words)
    for one in possible:
        if members.holds(one) is not False:
            lead = f"{what}; the approval by {one.told()}"
            if members.holds(one) is None:
                words = f"{lead} may be an owner's: {members.open}"
                return _Verdict(reason="owner-unknown", words=words, entries=members.entries)
            reason = one.reason or "content-not-read"
            return _Verdict(reason="owner-approval-open", words=f"{lead} is open ({reason})")
    words = f"{what}, and no owner's approval counts and is current"
    return _Verdict(reason="no-owner-approval", words=words, entries=members.entries)


def _named(paths: Iterable[Owned]) -> str:
    return listing((clip(one.path) for one in paths), limit=3)


def _as(chain: Chain, reason: str, sentence: str, entries: Iterable[int] = ()) -> Determination:
    return on_change(CONTROL, chain, reason, sentence, entries=entries)
