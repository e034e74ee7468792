"""The pure half of the identity collector: captures in, facts and gaps out. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evidence.collectors.github import identity_kinds as kinds
from evidence.collectors.github.parse_records import settings_read
from evidence.collectors.github.reading import actor, at, items, mapping, text
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.identity import SAML, VERIFIED, AccountIdentity

Facts = tuple[Fact, ...] | None


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """Facts and gaps of one capture; what cannot be read is a gap."""
    read = _KINDS.get(capture.kind)
    facts = read(capture, payload) if read and isinstance(payload, dict) else None
    if facts is None:
        return malformed(capture, "The answer is not of the shape that is documented.")
    return Parsed(facts=facts)


def _saml(capture: Capture, node: Mapping[str, Any]) -> Facts:
    """An identity of the provider and the account that it is linked to."""
    saml, scim = mapping(node.get("samlIdentity")), mapping(node.get("scimIdentity"))
    subject = text(saml.get("nameId"))
    told: list[object] = [subject, saml.get("username"), scim.get("username")]
    told += [at(one, "value") for each in (saml, scim) for one in items(each.get("emails"))]
    return _identity(capture, SAML, node.get("user"), told, subject.strip().lower())


def _verified(capture: Capture, node: Mapping[str, Any]) -> Facts:
    """A member and the addresses that it confirmed."""
    listed = node.get("organizationVerifiedDomainEmails")
    if not isinstance(listed, list):
        return None
    return _identity(capture, VERIFIED, node, listed, "")


def _identity(
    capture: Capture, kind: str, user: object, told: Iterable[object], subject: str
) -> Facts:
    who = actor(capture.context.get("host", ""), user, type_name="User")
    if who is None or not mapping(user).get("databaseId"):
        return None
    addresses = {text(one).strip().lower() for one in told}
    return (
        AccountIdentity(
            source=capture.source,
            organisation=capture.context.get("organisation", ""),
            kind=kind,
            account=who.key,
            login=who.login,
            subject=subject,
            emails=tuple(sorted(one for one in addresses if "@" in one)),
        ),
    )


_KINDS: dict[str, Callable[[Capture, Mapping[str, Any]], Facts]] = {
    kinds.READ: settings_read,
    kinds.SAML: _saml,
    kinds.VERIFIED: _verified,
}
