"""What a forge recorded of a repository's refs, read by what it brought or when: an index each."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, FromClause, func, select

from evidence.model.activity import RepositoryActivity, RuleSuite
from evidence.model.git import RefTip
from evidence.model.pull_request import PullRequest
from evidence.store.escaped import from_text, to_text
from evidence.store.facts import fact_table
from evidence.store.load import builder, current
from evidence.store.session import Store

REFUSED = "fail"
"""Result of a rule suite whose push did not take place."""
LEAVING = ("force_push", "branch_deletion")
"""Kinds of activity after which a ref may be without a commit that it held."""
TAGS = "refs/tags/"
EVER = 2**62
"""A moment after all, microseconds UTC."""


def suites_between(store: Store, repository: str, begin: int, end: int = EVER) -> list[RuleSuite]:
    """Rule suites of a repository of a span of time, half-open, microseconds UTC."""
    when = fact_table(RuleSuite).table.c.pushed_at
    return current(store, RuleSuite, when >= begin, when < end, repository=repository)


def moves_between(
    store: Store, repository: str, ref: str, begin: int, end: int = EVER
) -> list[RepositoryActivity]:
    """Movements of a ref of a span of time, half-open, microseconds UTC."""
    when = fact_table(RepositoryActivity).table.c.at
    rules = (when >= begin, when < end)
    return current(store, RepositoryActivity, *rules, repository=repository, ref=ref)


def moves_before(
    store: Store, repository: str, ref: str, moment: int, limit: int
) -> list[RepositoryActivity]:
    """The last movements of a ref before a moment, the newest first; versions of one may repeat."""
    table = fact_table(RepositoryActivity).table
    own = (table.c.repository == to_text(repository), table.c.ref == to_text(ref))
    query = select(table).where(*own, table.c.at < moment).order_by(table.c.at.desc()).limit(limit)
    with store.read() as connection:
        build = builder(RepositoryActivity)
        return [build(row) for row in connection.execute(query)]


def next_move(store: Store, repository: str, ref: str, moment: int) -> int:
    """When a ref moved first at or after a moment; `EVER` where it did not."""
    table = fact_table(RepositoryActivity).table
    own = (table.c.repository == to_text(repository), table.c.ref == to_text(ref))
    query = select(table.c.at).where(*own, table.c.at >= moment).order_by(table.c.at).limit(1)
    with store.read() as connection:
        found = connection.execute(query).scalar()
    return EVER if found is None else int(found)


def refused(store: Store, repository: str) -> list[RuleSuite]:
    """Rule suites of pushes that were refused: their commits may have landed at any time after."""
    return current(store, RuleSuite, repository=repository, result=REFUSED)


def holds_on(store: Store, repository: str, refs: Iterable[str]) -> bool:
    """Whether activity was recorded, and none of it took a commit away from one of the refs."""
    table = fact_table(RepositoryActivity).table
    own = table.c.repository == to_text(repository)
    left = select(table.c.entry_seq).where(
        own, table.c.ref.in_(sorted(map(to_text, refs))), table.c.kind.in_(LEAVING)
    )
    with store.read() as connection:
        known = connection.execute(select(table.c.entry_seq).where(own).limit(1)).first()
        return known is not None and connection.execute(left.limit(1)).first() is None


def tips_between(store: Store, repository: str, name: str, begin: int, end: int) -> list[RefTip]:
    """Versions of a ref that were seen in a span of time, half-open, in order of the entries."""
    table = fact_table(RefTip).table
    own = (table.c.repository == to_text(repository), table.c.name == to_text(name))
    query = select(table).where(*own, table.c.observed_at >= begin, table.c.observed_at < end)
    with store.read() as connection:
        build = builder(RefTip)
        rows = connection.execute(query.order_by(*table.primary_key.columns))
        return [build(row) for row in rows]


def tags_moved(store: Store, since: int) -> set[tuple[str, str]]:
    """(repository, short name) of the Git tags that entries from `since` on show at another commit
    than the look before."""  # noqa: D205, D209
    tips = fact_table(RefTip).table
    older = tips.alias()
    before = (
        select(_commit(older))
        .where(
            older.c.repository == tips.c.repository,
            older.c.name == tips.c.name,
            older.c.entry_seq < tips.c.entry_seq,
        )
        .order_by(older.c.entry_seq.desc(), older.c.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(tips.c.repository, tips.c.name).where(
        tips.c.entry_seq >= since,
        tips.c.name.like(f"{TAGS}%"),
        before != _commit(tips),
    )
    with store.read() as connection:
        return {
            (from_text(repository), from_text(name).removeprefix(TAGS))
            for repository, name in connection.execute(query)
        }


def _commit(tips: FromClause) -> ColumnElement[str]:
    """The commit behind a ref, through the object of an annotated tag."""
    return func.coalesce(func.nullif(tips.c.peeled, ""), tips.c.sha)


def told_elsewhere(
    store: Store, repository: str, ref: str, shas: Iterable[str], begin: int
) -> set[str]:
    """Those of the commits that a movement of a ref ever ended in or began at before all others,
    or that Git was seen to have there before `begin`."""  # noqa: D205, D209
    moves, tips = fact_table(RepositoryActivity).table, fact_table(RefTip).table
    wanted = sorted(map(to_text, shas))
    own = (moves.c.repository == to_text(repository), moves.c.ref == to_text(ref))
    first = select(moves.c.before_sha).where(*own).order_by(moves.c.at, moves.c.activity_id)
    ended = select(moves.c.after_sha).where(*own, moves.c.after_sha.in_(wanted))
    seen = select(tips.c.sha).where(
        tips.c.repository == to_text(repository),
        tips.c.name == to_text(ref),
        tips.c.sha.in_(wanted),
        tips.c.observed_at < begin,
    )
    found: set[str] = set()
    with store.read() as connection:
        for query in (first.limit(1), ended, seen):
            found.update(map(from_text, connection.execute(query).scalars()))
    return found


def numbers_of(store: Store, repository: str, branches: Iterable[str]) -> set[int]:
    """Numbers of the pull requests that ever had one of these branches (short names) as head."""
    table = fact_table(PullRequest).table
    query = select(table.c.number).where(
        table.c.repository == to_text(repository),
        table.c.head_ref.in_(sorted(map(to_text, branches))),
    )
    with store.read() as connection:
        return {int(one) for one in connection.execute(query.distinct()).scalars()}
