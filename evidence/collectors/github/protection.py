"""Reads classic protection of branches and the errors of CODEOWNERS."""

from __future__ import annotations

from urllib.parse import quote

from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.rest import RestAnswer
from evidence.collectors.github.settings_context import SettingsContext
from evidence.model.capture import Form
from evidence.model.settings import Subject

NOT_PROTECTED = "branch not protected"
"""What GitHub says, with status 404, to who may see that a branch has no protection."""


def read_protection(context: SettingsContext, branch: str) -> None:
    """Classic protection of one branch; that there is none is an answer."""
    answer = context.get(f"{context.root}/branches/{quote(branch, safe='')}/protection")
    subject = Subject.BRANCH_PROTECTION
    if answer.status == 304:
        context.look(subject, branch, answer, "unchanged")
        return
    absent = answer.status == 404 and NOT_PROTECTED in answer.message.lower()
    if not (answer.ok or absent) and answer.status in (403, 404):
        plain = context.get(f"{context.root}/branches/{quote(branch, safe='')}")
        if plain.ok and isinstance(plain.data, dict) and plain.data.get("protected") is False:
            # Neither protected nor under a ruleset, says what needs no administration.
            answer, absent = plain, True
    if not (answer.ok or absent):
        key = context.key(branch)
        what = f"the protection of {branch}"
        context.refused(subject, branch, kinds.PROTECTION, key, answer, what)
        return
    _keep(context, kinds.PROTECTION, branch, answer, absent=absent)
    context.look(subject, branch, answer, "absent" if absent else "read")


def read_codeowners(context: SettingsContext, branch: str) -> None:
    """What GitHub finds wrong in the CODEOWNERS of a branch; that there is none is an answer."""
    answer = context.get(f"{context.root}/codeowners/errors", {"ref": branch})
    if answer.status == 304:
        context.look(Subject.CODEOWNERS, branch, answer, "unchanged")
        return
    absent = answer.status == 404 and bool(answer.message)
    if not (answer.ok or absent):
        key = context.key(branch)
        what = f"the errors of CODEOWNERS on {branch}"
        context.refused(Subject.CODEOWNERS, branch, kinds.CODEOWNERS, key, answer, what)
        return
    _keep(context, kinds.CODEOWNERS, branch, answer, absent=absent)
    context.look(Subject.CODEOWNERS, branch, answer, "absent" if absent else "read")


def _keep(
    context: SettingsContext, kind: str, branch: str, answer: RestAnswer, *, absent: bool
) -> None:
    context.capture(
        kind,
        context.key(branch),
        answer.text,
        (answer,),
        form=Form.EXACT,
        context={"branch": branch, "status": "404" if absent else "200"},
    )
