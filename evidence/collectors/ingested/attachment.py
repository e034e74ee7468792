"""A file that somebody attaches to a record of the register: minutes, a report, an export.

Any bytes. It is evidence as it stands, nothing is read out of it.
"""

from __future__ import annotations

import hashlib

from evidence.collectors.ingested.given import Document, Given
from evidence.collectors.interface import Parsed
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Form

ATTACHMENT = "ingest.attachment"


def captures(given: Given) -> tuple[Capture, ...]:
    """The file as one capture; its key is the digest of its bytes, so that twice adds nothing.

    Raises:
        MalformedError: the file is empty.
    """
    if not given.data:
        raise MalformedError(f"{given.name} is empty.", next_step="Attach what shows something.")
    whole = Document(payload=given.data, value={}, form=Form.EXACT, place="file")
    return (given.capture(ATTACHMENT, hashlib.sha256(given.data).hexdigest(), whole),)


def parse(_capture: Capture) -> Parsed:
    """It gives no facts: people read it."""
    return Parsed()
