"""R9: everything that discovery saw, less what is in scope, is an explicit list of exclusions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from evidence.chain.looks import Looks
from evidence.chain.scenes import is_configured
from evidence.config.settings import Settings
from evidence.deciding.case import Case
from evidence.in_scope import Exclusion
from evidence.model.scope import ScopeEntry
from evidence.model.settings import AccessSnapshot
from evidence.report.data import Reconciliation, ScopeItem
from evidence.store import queries

_EXPLAINED = frozenset({"configured", "included", "excluded", "gone"})
"""Reasons of the register that somebody gave, or that leave nothing to be in scope."""
_PARTLY = "Not performed: the credential sees selected repositories only."


def registers(case: Case, settings: Settings) -> Iterator[Reconciliation]:
    """One count for each forge's owner, and one for each deployer's applications."""
    yield from _repositories(case, settings)
    yield from _applications(case)
    yield from _left_out(case)


def exclusions(case: Case) -> Iterator[ScopeItem]:
    """What was seen and is not in scope, and what is left out unseen: each with its reason."""
    for one in sorted(_register(case), key=lambda one: (one.source, one.name)):
        if one.reason not in {"configured", "included", "gone"}:
            reason = f"excluded by {one.pattern}" if one.reason == "excluded" else ""
            yield ScopeItem(
                kind="repository",
                id=one.name,
                detail=f"listed by {one.source} for {one.owner}",
                in_scope=False,
                reason=_declared(case, "repository", one.name)
                or reason
                or "seen, and neither configured nor excluded: nobody said why",
            )
    for source, names in sorted(_unconfigured(case).items()):
        for name in names:
            yield ScopeItem(
                kind="application",
                id=name,
                detail=f"seen at {source}",
                in_scope=False,
                reason=_declared(case, "application", name)
                or "seen, and not configured: nobody said why",
            )
    for declared in _unseen(case):
        yield ScopeItem(
            kind=declared.kind,
            id=declared.name,
            detail="nothing of it was collected",
            in_scope=False,
            reason=_told(declared),
        )


def _declared(case: Case, kind: str, name: str) -> str:
    """Why the configuration leaves it out; empty where it does not say so."""
    found = (one for one in case.policy.exclusions if _is(one, kind, name))
    return next((_told(one) for one in found), "")


def _is(one: Exclusion, kind: str, name: str) -> bool:
    return (one.kind, one.name.lower()) == (kind, name.lower())


def _told(one: Exclusion) -> str:
    return f"left out by {one.owner} since {one.date}: {one.reason}"


def _unseen(case: Case) -> list[Exclusion]:
    """What is declared as left out and was not listed by any source."""
    seen = {("repository", one.name.lower()) for one in _register(case)}
    seen |= {
        ("application", name.lower()) for names in _unconfigured(case).values() for name in names
    }
    return [one for one in case.policy.exclusions if (one.kind, one.name.lower()) not in seen]


def _left_out(case: Case) -> Iterator[Reconciliation]:
    """What nobody can count: no source lists it, and what happens in it is not known."""
    unseen = _unseen(case)
    if unseen:
        names = ", ".join(one.name for one in unseen[:5])
        yield Reconciliation(
            id="R9",
            what="what the configuration leaves out and no source lists",
            numbers=(("left out, with owner, reason and date", len(unseen)),),
            unexplained=0,
            command="[[exclusion]] in the configuration; the section on scope prints each",
            note=f"Nothing of it was collected, and no change in it is judged: {names}",
        )


def _register(case: Case) -> list[ScopeEntry]:
    """The newest line of each repository."""
    found = queries.load_versions(case.store, ScopeEntry, at=case.at)
    return list({(one.source, one.object_id): one for one in found}.values())


def _repositories(case: Case, settings: Settings) -> Iterator[Reconciliation]:
    lines: dict[tuple[str, str], list[ScopeEntry]] = defaultdict(list)
    for one in _register(case):
        lines[one.source, one.owner].append(one)
    selected = _selected_apps(case)
    for source in settings.source:
        if source.kind != "github":
            continue
        partly = bool(source.app_id) and source.app_id in selected
        for owner in source.organisations or [""]:
            own = lines.get((source.id, owner.lower()), [])
            yield _owner(case, source.id, owner, own, partly=partly)


def _selected_apps(case: Case) -> frozenset[str]:
    """Ids of apps that were last seen to be installed on selected repositories only."""
    newest = {
        one.repository: one
        for one in queries.load_versions(case.store, AccessSnapshot, at=case.at)
        if one.scope == "apps"
    }
    return frozenset(
        holder.actor.id
        for one in newest.values()
        for holder in one.holders
        if holder.through == "selected"
    )


def _owner(
    case: Case, source: str, owner: str, own: Iterable[ScopeEntry], *, partly: bool
) -> Reconciliation:
    own = list(own)
    counts = Counter(one.reason for one in own)
    rest = sorted(one.name for one in own if one.reason not in _EXPLAINED)
    open_ends = [name for name in rest if not _declared(case, "repository", name)]
    note = ", ".join(open_ends[:5])
    if not own:
        note = f"Not performed: `organisations` of {source} names no owner whose list was read."
    return Reconciliation(
        id="R9",
        what=f"{source}: repositories of {owner or 'any owner'} against those in scope",
        numbers=(
            ("listed", len(own)),
            ("in scope", counts["configured"] + counts["included"]),
            ("excluded by a pattern", counts["excluded"]),
            ("left out with owner, reason and date", len(rest) - len(open_ends)),
            ("gone", counts["gone"]),
            ("neither in scope nor excluded", len(open_ends)),
        ),
        unexplained=None if partly or not own else len(open_ends),
        command="gh api --paginate orgs/OWNER/repos --jq '.[].full_name' | wc -l",
        note=_PARTLY if partly else note,
    )


def _applications(case: Case) -> Iterator[Reconciliation]:
    unknown = _unconfigured(case)
    seen: dict[str, set[str]] = defaultdict(set)
    for state in case.inputs.states:
        seen[state.source].add(state.application)
    for source, names in sorted(seen.items()):
        out = unknown.get(source, ())
        rest = [name for name in out if not _declared(case, "application", name)]
        yield Reconciliation(
            id="R9",
            what=f"{source}: applications that it showed against those configured",
            numbers=(
                ("seen", len(names)),
                ("configured", len(names) - len(out)),
                ("left out with owner, reason and date", len(out) - len(rest)),
                ("not configured", len(rest)),
            ),
            unexplained=len(rest),
            command="argocd app list, or flux get all --all-namespaces",
            note=", ".join(rest[:5]),
        )


def _unconfigured(case: Case) -> dict[str, tuple[str, ...]]:
    """Source -> names of applications that no [[application]] selects, sorted."""
    looks = Looks(case.inputs.states, {})
    found: dict[str, set[str]] = defaultdict(set)
    for key in looks.objects():
        state = looks.of(key)[-1].state
        if not is_configured(case.policy, state) and not state.deleted:
            found[state.source].add(state.application)
    return {source: tuple(sorted(names)) for source, names in found.items()}
