"""The pure half of reading job logs: the digest of a log beside the check that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.collectors.github.log_text import shows_failed_step
from evidence.collectors.github.reading import integer, text
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import gap, malformed, of_json
from evidence.model.capture import Capture, GapReason
from evidence.model.check import GONE, LOG, READ, SOFT_FAIL, CheckRun

JOB_LOG = "github.job_log"


@of_json
def parse(capture: Capture, found: Any) -> Parsed:
    """Facts and gaps of one capture; never raises."""
    if not isinstance(found, dict) or not text(found.get("sha")) or not text(found.get("job")):
        return malformed(capture, "This is no log of a job.")
    if integer(found.get("status")) == 200:
        return Parsed(facts=(_log(capture, found, READ),))
    expired = integer(found.get("status")) == 410
    reason = GapReason.RETENTION if expired else GapReason.NOT_FOUND_OR_FORBIDDEN
    why = "is not kept any more" if expired else "is not there"
    detail = f"The log of {text(found.get('check'))} on {text(found.get('sha'))[:12]} {why}."
    return Parsed(facts=(_log(capture, found, GONE),), gaps=(gap(capture, reason, detail),))


def _log(capture: Capture, found: Mapping[str, Any], status: str) -> CheckRun:
    succeeded = text(found.get("conclusion")).upper() == "SUCCESS"
    soft = succeeded and shows_failed_step(text(found.get("log")))
    digest, ended = text(found.get("sha256")), integer(found.get("ended_at"), 0)
    return CheckRun(
        repository=capture.context.get("repository", ""),
        sha=text(found.get("sha")),
        kind=LOG,
        check_id=text(found.get("job")),
        name=text(found.get("check")),
        app=text(found.get("app")),
        app_id="",
        status=status,
        conclusion=SOFT_FAIL if soft else "",
        started_at=ended,
        completed_at=ended,
        url=f"sha256:{digest}" if digest else "",
    )
