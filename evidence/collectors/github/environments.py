"""Reads the environments of a repository and who guards them."""

from __future__ import annotations

from urllib.parse import quote

from evidence.canonical import splice_array, splice_object
from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.reading import at, items, mapping, text
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.settings_context import SettingsContext
from evidence.model.settings import Subject


def read_environments(context: SettingsContext) -> None:
    """All environments with their reviewers, timers and branch policies."""
    path = f"{context.root}/environments"
    answers = context.whole(path)
    last, key = answers[-1], context.key("environments")
    if last.status == 304:
        context.look(Subject.ENVIRONMENTS, "", last, "unchanged")
        return
    if not last.ok:
        what = "the environments"
        context.refused(Subject.ENVIRONMENTS, "", kinds.ENVIRONMENTS, key, last, what)
        return
    policies: list[tuple[str, str]] = []
    for each in (mapping(row) for page in answers for row in _listed(page)):
        if at(each, "deployment_branch_policy", "custom_branch_policies") is True:
            # The list's own tag does not tell of these patterns: look at it whole next time.
            context.state.etags.pop(path, None)
            name = text(each.get("name"))
            pages = context.rest.settled(
                f"{path}/{quote(name, safe='')}/deployment-branch-policies"
            )
            if not pages[-1].ok:
                what = f"the branches that may deploy to {name}"
                subject, kind = Subject.ENVIRONMENTS, kinds.ENVIRONMENTS
                context.refused(subject, "", kind, key, pages[-1], what)
                return
            policies.append((name, splice_array(one.text for one in pages)))
    context.listed(
        kinds.ENVIRONMENTS,
        key,
        answers,
        more=(("policies", splice_object(policies)),),
    )
    context.look(Subject.ENVIRONMENTS, "", answers[0], "read")


def _listed(answer: RestAnswer) -> list[object]:
    return items(mapping(answer.data).get("environments"))
