"""Which sources deliver, how each signs, and what its headers say of one delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve
from evidence.errors import ConfigError
from evidence.receiver import signatures
from evidence.receiver.signatures import Headers, Scheme, Verdict

PREFIX = "/webhooks/"
MOST_SECRETS = 2
_ID = re.compile(rb"[A-Za-z0-9_.-]{8,128}")
_EVENT = re.compile(rb"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """How deliveries of one kind of source are signed, and the headers that describe them."""

    name: str
    """The reader of its bodies (`evidence.collectors.received.readers`)."""
    scheme: Scheme
    id_header: str = ""
    event_header: str = ""


SYSTEMS: Mapping[str, System] = {
    "github": System(
        name="github",
        scheme=signatures.github,
        id_header="x-github-delivery",
        event_header="x-github-event",
    ),
    "flux": System(name="flux", scheme=signatures.flux, event_header="gotk-component"),
    "argocd": System(name="argocd", scheme=signatures.token),
    "argo-rollouts": System(name="argo-rollouts", scheme=signatures.token),
    "flagger": System(name="flagger", scheme=signatures.token),
}
"""ADD A SYSTEM HERE: kind of source -> how it delivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One source that may deliver: POST /webhooks/<source id>."""

    source: str
    system: System
    secrets: tuple[str, ...] = field(repr=False)
    references: tuple[str, ...]
    """Where the secrets are; never the secrets."""

    @property
    def path(self) -> str:
        """Where it is posted to."""
        return f"{PREFIX}{self.source}"

    def delivery_id(self, headers: Headers) -> str:
        """The sender's id of a delivery; empty where it gives no usable one."""
        values = headers.get(self.system.id_header, ())
        usable = len(values) == 1 and _ID.fullmatch(values[0])
        return bytes(values[0]).decode("ascii").lower() if usable else ""

    def context(self, headers: Headers, verdict: Verdict) -> dict[str, str]:
        """What is kept beside the bytes. The signature itself is not: from it and the bytes a weak
        secret could be guessed."""  # noqa: D205, D209
        events = headers.get(self.system.event_header, ())
        event = events[0] if len(events) == 1 and _EVENT.fullmatch(events[0]) else b""
        kinds = headers.get("content-type", (b"",))
        return {
            "system": self.system.name,
            "event": bytes(event).decode("ascii"),
            "content_type": bytes(kinds[0]).split(b";")[0].strip().lower().decode("latin-1")[:100],
            "signature": verdict.method,
            "secret": str(verdict.secret),
        }


def endpoints(loaded: Loaded) -> dict[str, Endpoint]:
    """Source id -> endpoint, of the sources that have secrets for deliveries.

    Raises:
        ConfigError: a secret cannot be resolved, there are more than two, the kind of source
            delivers nothing, or no source has any.
    """
    chosen = [one for one in loaded.settings.source if one.webhook_secrets]
    if not chosen:
        raise ConfigError(
            "No source has `webhook_secrets`: nothing could be told from a forged delivery.",
            next_step="Set webhook_secrets of a source; docs/how-to/receiver.md shows each system.",
        )
    return {one.id: _endpoint(one) for one in chosen}


def _endpoint(source: Source) -> Endpoint:
    if source.kind not in SYSTEMS:
        raise ConfigError(
            f"source {source.id}: a source of kind {source.kind} delivers nothing.",
            next_step=f"Take webhook_secrets away; kinds that deliver: {', '.join(SYSTEMS)}.",
        )
    if len(source.webhook_secrets) > MOST_SECRETS:
        raise ConfigError(
            f"source {source.id}: of webhook_secrets there are at most two.",
            next_step="Name the new secret and the one that it replaces.",
        )
    secrets = tuple(resolve(reference) for reference in source.webhook_secrets)
    if not all(secrets):
        raise ConfigError(f"source {source.id}: a secret in webhook_secrets is empty.")
    return Endpoint(
        source=source.id,
        system=SYSTEMS[source.kind],
        secrets=secrets,
        references=tuple(source.webhook_secrets),
    )
