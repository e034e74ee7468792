"""A delivery as a capture, and what it says: one fact, or none where it is of another version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from evidence import canonical
from evidence.canonical import sha256_hex
from evidence.collectors.interface import Parsed
from evidence.collectors.received.readers import READERS, Named
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Exchange, Form
from evidence.model.delivery import Delivery

COLLECTOR = "receiver"
VERSION = "1"
KIND = "receiver.delivery"
SERIES = "delivery/1"
FORM_FIELD = b"payload="
"""How GitHub's other content type, that of an HTML form, begins: the JSON is this field."""


def capture(
    *,
    source: str,
    key: str,
    body: bytes,
    received_at: int,
    path: str,
    context: Mapping[str, str],
) -> Capture:
    """The bytes of a delivery with how they came and how they were found to be the sender's.

    `context` has `system`, `event`, `content_type`, `signature` and `secret`; `received_at` is in
    microseconds UTC.
    """
    return Capture(
        source=source,
        kind=KIND,
        key=key,
        series=SERIES,
        observed_at=received_at,
        form=Form.EXACT,
        payload=body,
        collector=COLLECTOR,
        collector_version=VERSION,
        exchanges=(Exchange(method="POST", url=path, status=200),),
        context=dict(context),
    )


def parse(found: Capture) -> Parsed:
    """The one fact of a delivery. Never raises; a body that is no JSON object names nothing."""
    told = found.context
    system, event = told.get("system", ""), told.get("event", "")
    reader = READERS.get(system)
    if found.kind != KIND or reader is None:
        return Parsed()
    value = _body(found)
    named = Named(event=event) if value is None else reader(event, value)
    secret = told.get("secret", "")
    return Parsed(
        facts=(
            Delivery(
                source=found.source,
                delivery_id=found.key,
                content=sha256_hex(found.payload),
                system=system,
                event=named.event,
                about=named.about,
                repository=named.repository,
                uid=named.uid,
                revision=named.revision,
                happened_at=named.happened_at,
                received_at=found.observed_at,
                signature=told.get("signature", ""),
                secret=int(secret) if secret in ("1", "2") else 0,
            ),
        )
    )


def _body(found: Capture) -> Mapping[str, Any] | None:
    """The JSON object, or None where the bytes are none."""
    try:
        data: bytes | str = found.payload
        if found.payload.startswith(FORM_FIELD):
            fields = parse_qs(found.payload.decode("ascii", "replace"), max_num_fields=10)
            data = next(iter(fields.get("payload", ())), "")
        value = canonical.loads(data)
    except (MalformedError, ValueError):
        return None
    return value if isinstance(value, dict) else None
