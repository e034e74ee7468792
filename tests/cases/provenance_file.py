"""What a builder would state of the images of a case, signed with a key made from a name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from evidence.manifest.envelope import pae

KIND = "application/vnd.in-toto+json"
MARK = "key:"
"""`key:release` in a configuration is the public key of that name."""
BUILDER = "https://builder.example/release"


def key_of(name: str) -> ed25519.Ed25519PrivateKey:
    """The signing key of a name: the same in every run, and nobody's."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def with_keys(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration whose marked keys are the public keys of their names."""
    rows = [{**row, "key": _pem(row["key"])} for row in configuration.get("provenance", ())]
    return {**configuration, "provenance": rows} if rows else dict(configuration)


def _pem(written: str) -> str:
    if not written.startswith(MARK):
        return written
    return (
        key_of(written.removeprefix(MARK))
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def statements(
    wanted: Iterable[Mapping[str, str]], commit_of: Callable[[str], str], url: str
) -> str:
    """JSON lines of DSSE envelopes; `url` is where the sources are."""
    return "".join(
        json.dumps(_envelope(_statement(one, commit_of(one["commit"]), url), one.get("key", "")))
        + "\n"
        for one in wanted
    )


def _statement(one: Mapping[str, str], commit: str, url: str) -> dict[str, Any]:
    digest = hashlib.sha256(one["digest"].encode()).hexdigest()
    source = one.get("source", url)
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "image", "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "resolvedDependencies": [{"uri": f"git+{source}", "digest": {"gitCommit": commit}}]
            },
            "runDetails": {"builder": {"id": one.get("builder", BUILDER)}},
        },
    }


def _envelope(statement: Mapping[str, Any], key: str) -> dict[str, Any]:
    payload = json.dumps(statement).encode()
    signed = [base64.b64encode(key_of(key).sign(pae(KIND, payload))).decode()] if key else []
    return {
        "payloadType": KIND,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key, "sig": one} for one in signed],
    }
