"""What a stored capture of a file that was handed over says: one explicit table, kind -> parse."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evidence.collectors.ingested import attachment, audit_log, deployment, provenance, scan
from evidence.collectors.interface import Parsed
from evidence.model.capture import Capture

PARSERS: Mapping[str, Callable[[Capture], Parsed]] = {
    deployment.DEPLOYMENT: deployment.parse,
    audit_log.AUDIT_EVENT: audit_log.parse,
    provenance.PROVENANCE: provenance.parse,
    scan.SCAN: scan.parse,
    attachment.ATTACHMENT: attachment.parse,
}
"""ADD A KIND HERE, beside its handler in `evidence.ingest`."""


def parse(capture: Capture) -> Parsed:
    """Facts and gaps of one capture. Never raises; a kind of a newer version says nothing."""
    read = PARSERS.get(capture.kind)
    return read(capture) if read else Parsed()
