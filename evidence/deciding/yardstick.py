"""Our own yardstick is evidence too: each version in force is a ledger entry with its full text."""

from __future__ import annotations

import json
import time

from evidence import __version__
from evidence.canonical import canonical_json, sha256_hex
from evidence.controls.catalog import catalog_text
from evidence.model.codec import encode
from evidence.policy import Policy
from evidence.store import queries, writer
from evidence.store.session import Store


def yardstick_text(policy: Policy) -> bytes:
    """Canonical JSON of the policy and the catalogue in force; it holds no secrets."""
    return canonical_json({"policy": encode(policy), "catalogue": catalog_text()})


def record_yardstick(store: Store, policy: Policy) -> str:
    """Appends the yardstick where it differs from the last one; returns its version (sha256)."""
    text = yardstick_text(policy)
    version = sha256_hex(text)
    recorded = queries.policies(store)
    if not recorded or recorded[-1].envelope["body"]["version"] != version:
        body: dict[str, object] = {
            "version": version,
            "program": __version__,
            "profile": policy.profile,
            "observed_at": time.time_ns() // 1000,
        }
        if policy.simulated:  # outside of the payload: a purge does not take it away
            body["simulated"] = True
        writer.append_entry(store, "policy", body, text)
    return version


def is_simulated(store: Store, policy: Policy) -> bool:
    """Whether the organisation is invented: the configuration says so, or once did.

    Evidence collected under one recorded yardstick that says so may be simulated, so the whole
    store stays marked, at every ledger size.
    """
    recorded = (row.envelope["body"] for row in queries.policies(store))
    return policy.simulated or any(body.get("simulated") is True for body in recorded)


def recorded_text(payload: bytes | None) -> str:
    """The text of a recorded yardstick, indented for reading; "" where it was purged."""
    return json.dumps(json.loads(payload), indent=2, ensure_ascii=False) if payload else ""
