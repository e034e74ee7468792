"""Provenance of images that somebody hands over as a file.

Accepted: what `evidence.collectors.attested` reads, arrays and JSON lines of it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from evidence.collectors.attested import refusal, statement_facts
from evidence.collectors.ingested.given import Given, documents
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.errors import MalformedError
from evidence.model.capture import Capture

PROVENANCE = "ingest.provenance"


def captures(given: Given) -> tuple[Capture, ...]:
    """One capture per document; its key is the digest of its bytes, so that twice adds nothing.

    Raises:
        MalformedError: one of them says nothing about the origin of a digest; none is taken then.
    """
    found: dict[str, Capture] = {}
    for document in documents(given):
        if not list(statement_facts(given.source, document.value)):
            raise MalformedError(
                f"{given.name}, {document.place}: {refusal(document.value)}",
                next_step="Hand over a DSSE envelope, a Sigstore bundle or an in-toto statement.",
            )
        key = hashlib.sha256(document.payload).hexdigest()
        found[key] = given.capture(PROVENANCE, key, document)
    if not found:
        raise MalformedError(f"{given.name} holds no provenance.")
    return tuple(found.values())


@of_json
def parse(capture: Capture, value: Any) -> Parsed:
    """The statements of a capture, one fact per subject. Never raises."""
    facts = tuple(statement_facts(capture.source, value))
    return Parsed(facts=facts) if facts else malformed(capture, refusal(value))
