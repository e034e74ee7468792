"""Statements about the origin of images (SLSA v0.2 and v1, Chainloop), whatever carries them.

Read are DSSE envelopes, Sigstore bundles, in-toto statements without envelope (a claim that nobody
signed), and GitHub's answer `{"attestations": [{"bundle": ...}]}`. Nothing is verified here: who is
believed is a matter of the policy. Formats: https://slsa.dev/spec/v1.0/provenance,
https://github.com/in-toto/attestation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence import canonical
from evidence.collectors.lenient import at, items, mapping, text
from evidence.errors import MalformedError
from evidence.model.provenance import Provenance

IN_TOTO = "application/vnd.in-toto+json"
SUBJECTS = 256
"""Subjects of one statement that are kept; an image build has one or a few."""
SIGNATURES = 16
_SHA = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_URI = re.compile(
    r"^(?:git\+)?(?P<url>[a-z0-9+.-]+://[^/]+/[^@]+|[^@/]+@[^@]+|[^@]+)(?:@(?P<ref>.+))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The signed bytes of a document and what is said of who signed them."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, str], ...] = ()
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a statement says that its subjects were built from."""

    builder: str = ""
    url: str = ""
    ref: str = ""
    commit: str = ""
    invocation: str = ""


def refusal(value: object) -> str:
    """Why a document says nothing about the origin of a digest, in words for the reader."""
    body = mapping(value)
    if "messageSignature" in body:
        return "a message signature carries no statement about the origin of an image."
    if "buildDefinition" in body or "runDetails" in body:
        return "a predicate without its statement names no image."
    return "this says nothing about the origin of a digest."


def statement_facts(source: str, value: object) -> Iterator[Provenance]:
    """What a document states, one fact per subject; nothing where it states nothing."""
    for envelope in _envelopes(value):
        statement = _statement(envelope.payload)
        origin = origin_of(statement)
        payload = base64.b64encode(envelope.payload).decode()
        digest = hashlib.sha256(envelope.payload).hexdigest()
        for name, subject in _subjects(statement):
            yield Provenance(
                source=source,
                statement=digest,
                subject_name=name,
                subject_digest=f"sha256:{subject}",
                predicate_type=_either(statement, "predicateType", "predicate_type"),
                builder=origin.builder,
                repository_url=origin.url,
                ref=origin.ref,
                commit=origin.commit,
                invocation=origin.invocation,
                payload_type=envelope.payload_type,
                payload=payload,
                signatures=envelope.signatures,
                certificate=envelope.certificate,
            )


def _envelopes(value: object, depth: int = 0) -> Iterator[Envelope]:
    body = mapping(value)
    inner = [body.get(name) for name in ("bundle", "dsseEnvelope", "attestation") if name in body]
    inner += items(body.get("attestations"))
    if inner and depth < 4:
        certificate = _certificate(at(body, "verificationMaterial"))
        for one in inner:
            for found in _envelopes(one, depth + 1):
                kept = found.certificate or certificate
                yield Envelope(
                    payload_type=found.payload_type,
                    payload=found.payload,
                    signatures=found.signatures,
                    certificate=kept,
                )
    elif "payload" in body:
        payload = _decoded(text(body["payload"]))
        if payload is not None:
            yield Envelope(
                payload_type=_either(body, "payloadType", "payload_type"),
                payload=payload,
                signatures=tuple(_signatures(body)),
            )
    elif "subject" in body:
        yield Envelope(payload_type=IN_TOTO, payload=canonical.canonical_json(dict(body)))


def _signatures(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in items(body.get("signatures"))[:SIGNATURES]:
        signed = mapping(one)
        if text(signed.get("sig")):
            yield text(signed.get("keyid")), text(signed["sig"])


def _certificate(material: object) -> str:
    single = text(at(material, "certificate", "rawBytes"))
    chain = items(at(material, "x509CertificateChain", "certificates"))
    return single or (text(mapping(chain[0]).get("rawBytes")) if chain else "")


def _decoded(written: str) -> bytes | None:
    """Both alphabets of base64, with or without padding, as the DSSE specification allows."""
    plain = written.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None


def _statement(payload: bytes) -> Mapping[str, Any]:
    try:
        return mapping(canonical.loads(payload))
    except MalformedError:
        return {}


def _either(body: Mapping[str, Any], *names: str) -> str:
    return next((text(body[name]) for name in names if text(body.get(name))), "")


def _subjects(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for one in items(statement.get("subject"))[:SUBJECTS]:
        digest = text(at(one, "digest", "sha256")).lower()
        name = text(mapping(one).get("name"))
        if _DIGEST.match(digest) and (name, digest) not in seen:
            seen.add((name, digest))
            yield name, digest


def origin_of(statement: Mapping[str, Any]) -> Origin:
    """What a statement says of the sources: SLSA v1, then v0.2, then Chainloop's Git subject."""
    predicate = mapping(statement.get("predicate"))
    for read in (_slsa_v1, _slsa_v02):
        found = read(predicate)
        if found.commit or found.url:
            return found
    return _chainloop(statement, predicate)


def _slsa_v1(predicate: Mapping[str, Any]) -> Origin:
    workflow = mapping(at(predicate, "buildDefinition", "externalParameters", "workflow"))
    materials = items(at(predicate, "buildDefinition", "resolvedDependencies"))
    own = text(workflow.get("repository"))
    url, ref, commit = _git_material(materials, ("gitCommit", "sha1"), own)
    return Origin(
        builder=text(at(predicate, "runDetails", "builder", "id")),
        url=url or own,
        ref=ref or text(workflow.get("ref")),
        commit=commit,
        invocation=text(at(predicate, "runDetails", "metadata", "invocationId")),
    )


def _slsa_v02(predicate: Mapping[str, Any]) -> Origin:
    config = mapping(at(predicate, "invocation", "configSource"))
    names = ("sha1", "gitCommit")
    told = _git_material([config], names, "")
    url, ref, commit = (
        told if told[2] else _git_material(items(predicate.get("materials")), names, "")
    )
    return Origin(
        builder=text(at(predicate, "builder", "id")),
        url=url,
        ref=ref,
        commit=commit,
        invocation=text(at(predicate, "metadata", "buildInvocationId"))
        or text(at(predicate, "metadata", "buildInvocationID")),
    )


def _git_material(
    materials: list[Any], names: tuple[str, ...], wanted: str
) -> tuple[str, str, str]:
    """(url, ref, commit) of the one Git material; several that differ name no commit."""
    found: dict[tuple[str, str], str] = {}
    for one in materials:
        uri = text(mapping(one).get("uri"))
        commit = _either(mapping(at(one, "digest")), *names).lower()
        match = _URI.match(uri)
        if match and _SHA.match(commit):
            found[match["url"], commit] = match["ref"] or ""
    if wanted and len(found) > 1:
        found = {key: ref for key, ref in found.items() if key[0] == wanted} or found
    urls, commits = {url for url, _ in found}, {commit for _, commit in found}
    if len(commits) != 1:
        return (urls.pop() if len(urls) == 1 else ""), "", ""
    (url, commit), ref = next(iter(found.items()))
    return url, ref, commit


def _chainloop(statement: Mapping[str, Any], predicate: Mapping[str, Any]) -> Origin:
    for one in items(statement.get("subject"))[:SUBJECTS]:
        commit = text(at(one, "digest", "sha1")).lower()
        if text(mapping(one).get("name")) == "git.head" and _SHA.match(commit):
            remotes = items(at(one, "annotations", "remotes"))
            return Origin(
                builder=text(at(predicate, "builder", "id")),
                url=text(mapping(remotes[0]).get("url")) if len(remotes) == 1 else "",
                commit=commit,
            )
    return Origin(builder=text(at(predicate, "builder", "id")))
