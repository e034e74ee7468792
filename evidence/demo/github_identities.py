"""Members of the simulated organisation and who stands behind them, as of a view's moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.demo.github_ids import node_id
from evidence.demo.github_pages import connection
from evidence.demo.github_view import Node, View
from evidence.demo.moments import moment
from evidence.demo.world_identity import Identity


def _present(view: View) -> list[Identity]:
    """The row of each account that holds now, of members alone, by account."""
    found: dict[str, Identity] = {}
    begun = [one for one in view.world.identity if _since(view, one) <= view.at]
    for one in sorted(begun, key=lambda row: _since(view, row)):
        found[one.person] = one
    return [one for _, one in sorted(found.items()) if not one.removed and view.user(one.person)]


def _since(view: View, row: Identity) -> int:
    return moment(row.at, view.epoch) if row.at else 0


def saml_provider(view: View) -> Node | None:
    """None where no account is linked: the organisation has no provider then."""
    linked = [one for one in _present(view) if one.subject]
    if not linked:
        return None

    def identities(**given: Any) -> Node:
        return connection("externalIdentities", linked, lambda one: _external(view, one), given)

    return {
        "__typename": "OrganizationIdentityProvider",
        "id": node_id("OrganizationIdentityProvider", "saml"),
        "externalIdentities": identities,
    }


def _external(view: View, one: Identity) -> Node:
    return {
        "__typename": "ExternalIdentity",
        "id": node_id("ExternalIdentity", one.person),
        "guid": f"identity-{one.person}",
        "samlIdentity": {
            "nameId": one.subject,
            "username": None,
            "emails": [{"value": email} for email in one.emails],
        },
        "scimIdentity": None,
        "user": view.user(one.person),
    }


def members(view: View, given: Mapping[str, Any]) -> Node:
    """The members that the world says something of."""
    return connection("membersWithRole", _present(view), lambda one: _member(view, one), given)


def _member(view: View, one: Identity) -> Node:
    return {
        **(view.user(one.person) or {}),
        "organizationVerifiedDomainEmails": lambda **_: list(one.verified),
    }
