"""The pure half of the attestation collector: captures in, facts and gaps out. Never raises.

Nothing is verified here: who is believed is a matter of the policy.
"""

from __future__ import annotations

from typing import Any

from evidence.collectors.attested import statement_facts
from evidence.collectors.interface import Parsed
from evidence.collectors.lenient import items, mapping
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.capture import Capture, GapReason

ATTESTATION = "github.attestation"


@of_json
def parse(capture: Capture, payload: Any) -> Parsed:
    """What the attestations of one digest state; one that came without its bundle is a gap."""
    pages = mapping(payload).get("pages")
    if capture.kind != ATTESTATION or not isinstance(pages, list):
        return malformed(capture, "The answer is not of the shape that is documented.")
    rows = [row for page in pages for row in items(mapping(page).get("attestations"))]
    whole = [row for row in rows if isinstance(mapping(row).get("bundle"), dict)]
    facts = tuple(statement_facts(capture.source, {"attestations": whole}))
    lacking = len(rows) - len(whole)
    if not lacking:
        return Parsed(facts=facts)
    digest = capture.context.get("digest", "")
    detail = f"{lacking} of {len(rows)} attestations of {digest} came without what they state."
    return Parsed(facts=facts, gaps=(gap(capture, GapReason.TRUNCATED, detail),))
