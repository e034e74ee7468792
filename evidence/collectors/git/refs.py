"""What a capture of refs says: one line per ref, parsed purely."""

from __future__ import annotations

from evidence.collectors.git.objects import OBJECT_NAME
from evidence.collectors.interface import Parsed
from evidence.model.capture import Capture, Gap, GapReason
from evidence.model.git import RefTip


def parse(capture: Capture) -> Parsed:
    """Ref tips in the order of the payload; a line that cannot be read is a gap."""
    repository = capture.context.get("repository", capture.key)
    tips: list[RefTip] = []
    bad = 0
    for line in capture.payload.split(b"\n"):
        tip = _tip(line, repository)
        if tip is not None:
            tips.append(tip)
        elif line:
            bad += 1
    gaps = () if not bad else (_malformed(capture, repository, bad),)
    return Parsed(facts=tuple(tips), gaps=gaps)


def _tip(line: bytes, repository: str) -> RefTip | None:
    parts = line.decode("utf-8", "surrogateescape").split(" ", 3)
    if len(parts) != 4:
        return None
    sha, _, peeled, name = parts
    peeled = "" if peeled == "-" else peeled
    if not name.startswith("refs/") or not OBJECT_NAME.fullmatch(sha):
        return None
    if peeled and not OBJECT_NAME.fullmatch(peeled):
        return None
    return RefTip(repository=repository, name=name, sha=sha, peeled=peeled)


def _malformed(capture: Capture, repository: str, bad: int) -> Gap:
    return Gap(
        source=capture.source,
        kind=capture.kind,
        key=capture.key,
        reason=GapReason.MALFORMED,
        detail=f"{bad} lines of the ref list cannot be read; sync again with a current version.",
        repository=repository,
    )
