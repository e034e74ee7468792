"""What captures of a registry say: tags, what images say of themselves, statements. Pure.

Labels are text that whoever built or pushed the image chose, and a base image hands its own on: the
chain believes a revision only beside a source that is the mapped repository.
Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from evidence import canonical
from evidence.collectors.attested import refusal, statement_facts
from evidence.collectors.interface import Parsed
from evidence.collectors.lenient import at, mapping, text
from evidence.collectors.oci.reading import CONFIG, MANIFEST, PLATFORMS, STATEMENT, platforms
from evidence.collectors.parsing import malformed, of_json
from evidence.model.capture import Capture
from evidence.model.fact import Fact
from evidence.model.provenance import LABELS, MEMBER, TAG, Provenance

_PREFIX = "org.opencontainers.image."
_NAMES = ("source", "revision", "version", "created", "base.name")
_SHA = re.compile(r"(?:^|[@:/])(?:sha1:|sha256:)?([0-9a-f]{64}|[0-9a-f]{40})$")
_TEXT_LIMIT = 1_000


@of_json
def parse(capture: Capture, body: Any) -> Parsed:
    """The facts of one capture. Never raises."""
    if capture.kind == STATEMENT:
        facts: tuple[Fact, ...] = tuple(statement_facts(capture.source, body))
        return Parsed(facts=facts) if facts else malformed(capture, refusal(body))
    if not isinstance(body, dict):
        return malformed(capture, "This is no JSON object.")
    reader = _READERS.get(capture.kind)
    return Parsed(facts=tuple(reader(capture, body))) if reader else Parsed()


def _manifest(capture: Capture, body: Mapping[str, Any]) -> Iterator[Provenance]:
    image, digest = capture.context.get("image", ""), capture.context.get("digest", "")
    tag, index = capture.context.get("tag", ""), capture.context.get("index", "")
    if tag:
        yield _fact(capture, digest, f"{image}:{tag}", TAG, {"tag": tag})
    if index:
        yield _fact(capture, digest, image, MEMBER, {"index": index}, ref=index)
    for member in islice(platforms(body), PLATFORMS):
        yield _fact(capture, member, image, MEMBER, {"index": digest}, ref=digest)
    notes = _chosen(body.get("annotations"))
    if notes:
        yield from _labelled(capture, notes, "annotation")


def _config(capture: Capture, body: Mapping[str, Any]) -> Iterator[Provenance]:
    yield from _labelled(capture, _chosen(at(body, "config", "Labels")), "label")


def _labelled(capture: Capture, labels: dict[str, str], where: str) -> Iterator[Provenance]:
    """What an image says of itself, of its own digest and of the index that lists it."""
    revision = labels.get("revision", "")
    whole = _SHA.search(revision.strip().lower())
    for digest in (capture.context.get("digest", ""), capture.context.get("index", "")):
        if digest:
            yield _fact(
                capture,
                digest,
                capture.context.get("image", ""),
                LABELS,
                {"where": where, **labels},
                url=labels.get("source", ""),
                ref=revision.strip(),
                commit=whole[1] if whole else "",
            )


def _chosen(value: object) -> dict[str, str]:
    own = mapping(value)
    found = {name: text(own.get(_PREFIX + name))[:_TEXT_LIMIT] for name in _NAMES}
    return {name: value for name, value in found.items() if value}


def _fact(
    capture: Capture,
    digest: str,
    name: str,
    kind: str,
    said: Mapping[str, str],
    *,
    url: str = "",
    ref: str = "",
    commit: str = "",
) -> Provenance:
    payload = canonical.canonical_json({"kind": kind, "name": name, "digest": digest, **said})
    return Provenance(
        source=capture.source,
        statement=hashlib.sha256(payload).hexdigest(),
        subject_name=name[:_TEXT_LIMIT],
        subject_digest=digest,
        predicate_type=kind,
        builder="",
        repository_url=url,
        ref=ref,
        commit=commit,
        invocation="",
        payload_type="",
        payload=base64.b64encode(payload).decode(),
        signatures=(),
    )


_READERS = {MANIFEST: _manifest, CONFIG: _config}
