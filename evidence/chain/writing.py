"""Writing the changes out: with the deployments that carried them, their strata and aliases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from evidence.chain.book import ChangeBook, change_type, write_change, write_not_landed
from evidence.chain.carried import Carried
from evidence.chain.changes import Group
from evidence.chain.inquiry import Inquiry
from evidence.chain.promotions import Promotions
from evidence.chain.supersession import mark_superseded
from evidence.model.change import Change, MergeMethod
from evidence.policy import Policy


def write_changes(
    policy: Policy,
    previous_ids: Iterable[str],
    books: Mapping[str, ChangeBook],
    carried: Mapping[str, Carried],
    promotions: Promotions,
    inquiry: Inquiry,
) -> tuple[Change, ...]:
    """All changes of all repositories by id, landed or not."""
    accounts = frozenset(one for automation in policy.automations for one in automation.accounts)
    aliases = _aliases(books, previous_ids)
    nothing = Carried()
    changes: list[Change] = []
    for book in books.values():
        primary = book.primary()
        for change_id, (part, group) in primary.items():
            head = book.heads.get(group.number)
            own = carried.get(change_id, nothing)
            promotes = _promotes(book, group, own, promotions)
            changes.append(
                write_change(
                    book,
                    change_id,
                    part,
                    group,
                    scope_start=policy.scope_start,
                    change_type=change_type(
                        policy,
                        head,
                        accounts,
                        promotion=promotes,
                        imported=book.imports(group),
                    ),
                    aliases=aliases.get(change_id, ()),
                    deployments=own.in_order,
                    first_deployed_at=own.first_at,
                )
            )
        changes.extend(_not_landed(policy, book, primary, accounts))
    changes.sort(key=lambda change: change.change_id)
    return tuple(mark_superseded(changes, inquiry))


def _promotes(book: ChangeBook, group: Group, carried: Carried, promotions: Promotions) -> bool:
    """Whether a deployed change of a configuration repository only moves images of ours."""
    if book.repository.role != "configuration" or not carried.images:
        return False
    graph = book.graph
    rebased = group.method == MergeMethod.REBASE
    commits = group.commits if rebased else (group.landing,)
    below = graph.parents[commits[0]]
    base = graph.shas[below[0]] if below else ""
    shas = [graph.shas[commit] for commit in commits]
    return promotions.promotes(book.repository.id, shas, base, carried.images, carried.keys)


def _not_landed(
    policy: Policy, book: ChangeBook, primary: Mapping[str, object], accounts: frozenset[str]
) -> list[Change]:
    """Pull requests into production branches that the mirror does not show on them."""
    found: list[Change] = []
    for head in book.heads.values():
        change_id = f"{book.repository.id}:pr:{head.number}"
        if change_id in primary or head.base_ref not in book.repository.production_branches:
            continue
        if head.state != "MERGED":
            flag = "not_merged"
        elif not head.merge_sha or head.merge_sha not in book.graph.index:
            flag = "merge_commit_not_found"
        else:
            flag = "not_landed"
        kind = change_type(policy, head, accounts)
        found.append(write_not_landed(book.repository.id, head, flag, change_type=kind))
    return found


def _aliases(
    books: Mapping[str, ChangeBook], previous_ids: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Earlier ids of commits that meanwhile belong to another change."""
    found: dict[str, set[str]] = defaultdict(set)
    for previous in previous_ids:
        repository, kind, sha = ["", "", *previous.rsplit(":", 2)][-3:]
        book = books.get(repository)
        if book is None or kind != "commit" or sha not in book.graph.index:
            continue
        commit = book.graph.index[sha]
        for _commit, change_id in book.owners(commit, [commit]):
            if change_id and change_id != previous:
                found[change_id].add(previous)
    return {change_id: tuple(sorted(ids)) for change_id, ids in found.items()}
