"""What the terminal prints of one deviation and of one disposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.deviations import Deviation
    from evidence.model.disposition import Disposition


def standing(one: Deviation) -> str:
    """What dispositions make of a deviation."""
    held = one.accepted
    if held:
        return f"accepted ({held.kind}, {held.disposition})"
    return ", ".join(f"{each.disposition}: {each.reason}" for each in one.rulings) or "none"


def state(one: Disposition) -> str:
    """How far a disposition got, its validity aside."""
    if one.revoked:
        return "revoked"
    return f"{len(one.approvals)} approvals" if one.approvals else "asked for"


def rows_of(one: Disposition) -> list[tuple[str, str]]:
    """All that was said of it and by whom, labelled; times in UTC."""
    from evidence.report.text import utc

    terms = one.terms
    scope = ", ".join(f"{name}={value}" for name, value in terms.scope.items())
    rows = [
        ("disposition", f"{one.id}, {terms.kind}, for {terms.control} ({terms.rule_version})"),
        ("on", ", ".join((*terms.subjects, *([scope] if scope else [])))),
        ("deviation", terms.reason),
        ("valid", f"{utc(terms.valid_from)} to {utc(terms.valid_to)}"),
        ("asked for", f"{utc(one.requested.at)} by {one.requested.by}"),
        *(("approved", f"{utc(act.at)} by {act.by}") for act in one.approvals),
        ("revoked", f"{utc(one.revoked.at)} by {one.revoked.by}" if one.revoked else ""),
        ("why", one.revocation),
        ("cause", terms.cause),
        ("impact", terms.impact),
        ("response", f"{terms.response} ({terms.owner}, {terms.role})"),
        ("compensating", terms.compensating),
        *(("evidence", f"{a.name}, entry {a.entry}: {a.statement}") for a in terms.evidence),
        ("link", terms.link),
        ("remediation", terms.remediation),
        ("due", utc(terms.due) if terms.due else ""),
        ("renews", terms.renews),
    ]
    return [(label, value) for label, value in rows if value]
