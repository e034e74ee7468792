"""Reads who has access to a repository: collaborators, teams and members, deploy keys, apps."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.reading import items, mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.rest_reading import stable
from evidence.collectors.github.settings_context import SettingsContext
from evidence.model.settings import Subject

_UNSAID = (
    "/pages/*/*/avatar_url",
    "/pages/*/*/user_view_type",
    "/pages/*/*/last_used",
    "/pages/*/*/description",
    "/pages/*/installations/*/updated_at",
)
"""Left out when two readings are compared: it says nothing about who has access."""


def read_access(context: SettingsContext) -> None:
    """Every list that says who could merge, push, deploy or bypass."""
    root = context.root
    _list(context, "collaborators", f"{root}/collaborators", {"affiliation": "all"})
    _list(context, "deploy_keys", f"{root}/keys")
    if not context.organisation:
        return
    # Read whole each time: that the list is as before says nothing of the teams' members.
    for team in _list(context, "teams", f"{root}/teams", conditional=False):
        number, slug = stable(team.get("id")), text(team.get("slug"))
        if number and slug:
            path = f"/orgs/{context.organisation}/teams/{quote(slug, safe='')}/members"
            _list(context, f"team:{number}", path, shared=True, name=slug)
    _list(context, "apps", f"/orgs/{context.organisation}/installations", shared=True)


def _list(
    context: SettingsContext,
    scope: str,
    path: str,
    parameters: Mapping[str, str] | None = None,
    *,
    shared: bool = False,
    conditional: bool = True,
    name: str = "",
) -> list[Mapping[str, object]]:
    """One list; its rows where it was read."""
    if conditional:
        answers = context.whole(path, parameters, shared=shared)
    else:
        answers = context.rest.settled(path, parameters)
    last, key = answers[-1], context.key("access", scope)
    if last.status == 304:
        context.look(Subject.ACCESS, scope, last, "unchanged")
        return []
    if not last.ok:
        what = f"the list `{scope}` of who has access"
        context.refused(Subject.ACCESS, scope, kinds.ACCESS, key, last, what)
        return []
    context.listed(
        kinds.ACCESS, key, answers, volatile=_UNSAID, context={"scope": scope, "name": name}
    )
    context.look(Subject.ACCESS, scope, answers[0], "read")
    return [mapping(row) for answer in answers for row in _rows(answer)]


def _rows(answer: RestAnswer) -> list[object]:
    found = answer.data
    return items(found) if isinstance(found, list) else items(mapping(found).get("installations"))
