"""Where GraphQL queries of the simulated GitHub begin: repository, node, search, user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from evidence.demo.github_deployments import deployments
from evidence.demo.github_ids import node_id, parts_of
from evidence.demo.github_issues import issue_node, issue_updated
from evidence.demo.github_owners import owner_node
from evidence.demo.github_pages import Key, TypedError, connection
from evidence.demo.github_pulls import pull_node, pull_state, pull_updated
from evidence.demo.github_search import search
from evidence.demo.github_view import Node, View
from evidence.demo.history import PullRecord, RepositoryRecord
from evidence.demo.history_tickets import IssueRecord
from evidence.demo.moments import iso, moment
from evidence.demo.series import as_of


def roots(view: View) -> Node:
    """The fields of `Query`, except `rateLimit`, which the server adds."""
    return {
        "repository": lambda **given: _repository(view, given),
        "repositoryOwner": lambda **given: owner_node(view, given["login"]),
        "node": lambda **given: find_node(view, given["id"]),
        "nodes": lambda **given: [_node_or_error(view, one) for one in given["ids"]],
        "search": lambda **given: search(view, given),
        "user": lambda **given: _user(view, given["login"]),
        "viewer": collector_account(),
    }


def collector_account() -> Node:
    """The account whose token the collector has."""
    return {
        "__typename": "User",
        "id": node_id("User", "evidence-reader"),
        "databaseId": 900,
        "login": "evidence-reader",
        "name": "Evidence reader",
        "organizationVerifiedDomainEmails": lambda **_: [],
    }


def _repository(view: View, given: Mapping[str, Any]) -> Node:
    name = f"{given['owner']}/{given['name']}"
    where = view.repository_named(name, follow=given.get("followRenames", True))
    if where is None:
        raise TypedError("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
    return repository_node(view, where)


def _user(view: View, login: str) -> Node:
    for person in view.world.person:
        node = view.user(person.key)
        if node and node["login"].lower() == login.lower():
            return node
    raise TypedError("NOT_FOUND", f"Could not resolve to a User with the login of '{login}'.")


def find_node(view: View, text: str) -> Node:
    """A node by its global id."""
    kind, *parts = parts_of(text) or ("",)
    find = _BY_ID.get(kind)
    node = find(view, parts) if find else None
    if node is None:
        raise TypedError("NOT_FOUND", f"Could not resolve to a node with the global id of '{text}'")
    return node


def _node_or_error(view: View, text: str) -> Node | TypedError:
    """One of several nodes: what is not there is null with an error of its own, as GitHub does."""
    try:
        return find_node(view, text)
    except TypedError as error:
        return error


def _visible(view: View, number: str) -> RepositoryRecord | None:
    for where in view.history.repositories.values():
        if str(where.id) == number and view.shows(where):
            return where
    return None


def _pull_by_id(view: View, parts: Sequence[str]) -> Node | None:
    where = _visible(view, parts[0])
    return _pull(view, where, int(parts[1])) if where else None


def _issue_by_id(view: View, parts: Sequence[str]) -> Node | None:
    where = _visible(view, parts[0])
    return _issue(view, where, int(parts[1])) if where else None


def _commit_by_id(view: View, parts: Sequence[str]) -> Node | None:
    where = _visible(view, parts[0])
    return view.commit_or_none(where, parts[1]) if where else None


def _repository_by_id(view: View, parts: Sequence[str]) -> Node | None:
    where = _visible(view, parts[0])
    return repository_node(view, where) if where else None


def _actor_by_id(view: View, parts: Sequence[str]) -> Node | None:
    return view.actor(parts[0])


_BY_ID: Final[Mapping[str, Callable[[View, Sequence[str]], Node | None]]] = {
    "PullRequest": _pull_by_id,
    "Issue": _issue_by_id,
    "Commit": _commit_by_id,
    "Repository": _repository_by_id,
    "User": _actor_by_id,
    "Bot": _actor_by_id,
}


def repository_node(view: View, where: RepositoryRecord) -> Node:
    """A repository with its pull requests, issues and references."""
    name = view.full_name(where)
    return {
        "__typename": "Repository",
        "id": node_id("Repository", where.id),
        "databaseId": where.id,
        "name": name.split("/")[1],
        "nameWithOwner": name,
        "url": view.url(where),
        "owner": view.owner(where),
        "isPrivate": where.world.private,
        "isArchived": False,
        "isFork": False,
        "createdAt": iso(where.created_at),
        "pushedAt": iso(where.created_at),
        "defaultBranchRef": lambda: view.ref(where, f"refs/heads/{where.default_at(view.at)}"),
        "ref": lambda **given: view.ref(where, given["qualifiedName"]),
        "refs": lambda **given: _refs(view, where, given),
        "object": lambda **given: _object(view, where, given),
        "pullRequest": lambda **given: _found(_pull(view, where, given["number"]), given),
        "pullRequests": lambda **given: _pulls(view, where, given),
        "issue": lambda **given: _found(_issue(view, where, given["number"]), given),
        "issues": lambda **given: _issues(view, where, given),
        "deployments": lambda **given: deployments(view, where, given),
    }


def _found(node: Node | None, given: Mapping[str, Any]) -> Node:
    if node is None:
        raise TypedError(
            "NOT_FOUND", f"Could not resolve to an item with the number of {given['number']}."
        )
    return node


def _pull(view: View, where: RepositoryRecord, number: int) -> Node | None:
    pull = where.pulls.get(number)
    return pull_node(view, where, pull) if pull and pull.at <= view.at else None


def _issue(view: View, where: RepositoryRecord, number: int) -> Node | None:
    issue = where.issues.get(number)
    return issue_node(view, issue) if issue and view.issue_exists(issue) else None


def _object(view: View, where: RepositoryRecord, given: Mapping[str, Any]) -> Node | None:
    if given.get("oid"):
        return view.object(where, given["oid"])
    ref = view.ref(where, given.get("expression") or "HEAD")
    target: Node | None = ref["target"] if ref else None
    return target or view.object(where, given.get("expression") or "")


def _refs(view: View, where: RepositoryRecord, given: Mapping[str, Any]) -> Node:
    asked = [
        name
        for name in sorted(view.refs(where))
        if name.startswith(given["refPrefix"]) and (given.get("query") or "") in name
    ]
    return connection("refs", asked, lambda name: view.ref(where, name), given)


def _pulls(view: View, where: RepositoryRecord, given: Mapping[str, Any]) -> Node:
    states, labels = given.get("states"), given.get("labels")
    base, head = given.get("baseRefName"), given.get("headRefName")
    found = [
        pull
        for pull in view.pulls(where)
        if (not states or pull_state(view, pull) in states)
        and (not base or as_of(pull.bases, view.at, "") == base)
        and (not head or pull.branch == head)
        and (not labels or set(labels) & set(as_of(pull.labels, view.at, ())))
    ]
    by = (given.get("orderBy") or {}).get("field", "CREATED_AT")

    def key(pull: PullRecord) -> Key:
        return (pull_updated(view, pull) if by == "UPDATED_AT" else pull.at, pull.id)

    return _ordered("pullRequests", found, key, lambda pull: pull_node(view, where, pull), given)


def _issues(view: View, where: RepositoryRecord, given: Mapping[str, Any]) -> Node:
    wanted = given.get("filterBy") or {}
    states = given.get("states") or wanted.get("states")
    since = moment(wanted["since"], 0) if wanted.get("since") else 0
    found = [
        issue
        for issue in view.issues(where)
        if (not states or as_of(issue.states, view.at, ("OPEN", ""))[0] in states)
        and issue_updated(view, issue) >= since
    ]
    by = (given.get("orderBy") or {}).get("field", "CREATED_AT")

    def key(issue: IssueRecord) -> Key:
        return (issue_updated(view, issue) if by == "UPDATED_AT" else issue.at, issue.id)

    return _ordered("issues", found, key, lambda issue: issue_node(view, issue), given)


def _ordered(
    field: str,
    found: list[Any],
    key: Callable[[Any], Key],
    node: Callable[[Any], Node],
    given: Mapping[str, Any],
) -> Node:
    descending = (given.get("orderBy") or {}).get("direction") == "DESC"
    found.sort(key=key, reverse=descending)
    return connection(field, found, node, given, key=key, descending=descending)


# --- search
