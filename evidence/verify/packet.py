"""The check of a whole packet: runs the steps and gives a verdict, whatever the bytes are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evidence.errors import EvidenceError, VerificationError
from evidence.manifest import paths
from evidence.verify.examination import Examination
from evidence.verify.files import open_packet
from evidence.verify.steps import STEPS, NotChecked
from evidence.verify.trust import Trust
from evidence.verify.verdict import Outcome, Status, Step, Verdict, plain


def verify_packet(
    path: Path, trust: Trust | None = None, *, now: datetime | None = None
) -> Verdict:
    """The verdict on the packet (folder or stored ZIP) at `path`, if it is intact.

    Its status is `verified` with `trust`, and `untrusted` without.

    Raises:
        VerificationError: something differs, is missing, extra or unreadable, or the packet was
            sealed by a key that is not trusted. Nothing else is raised.
    """
    verdict = examine_packet(path, trust, now=now)
    if verdict.status is Status.REJECTED:
        raise VerificationError(verdict.summary)
    return verdict


def examine_packet(
    path: Path, trust: Trust | None = None, *, now: datetime | None = None
) -> Verdict:
    """The verdict on what lies at `path`, also when it does not verify. Raises nothing.

    `now` (default: the clock) only refuses signing times in the future.
    """
    steps: list[Step] = []
    exam: Examination | None = None
    try:
        with open_packet(path) as files:
            exam = Examination(files=files, trust=trust, now=now or datetime.now(UTC))
            _run(exam, steps)
    except EvidenceError as error:
        steps.append(_failed("files", error.message))
    except OSError as error:
        steps.append(_failed("files", f"The packet cannot be read: {error.strerror or error}"))
    except Exception as error:  # noqa: BLE001 - hostile bytes: whatever breaks, nothing was shown
        steps.append(_failed("files", f"The packet cannot be judged ({type(error).__name__})"))
    return _verdict(exam, tuple(steps))


def _run(exam: Examination, steps: list[Step]) -> None:
    for name, step in STEPS.items():
        try:
            sentence = step(exam)
        except NotChecked as reason:
            steps.append(Step(name=name, outcome=Outcome.NOT_CHECKED, sentence=str(reason)))
            continue
        except EvidenceError as error:
            steps.append(_failed(name, error.message))
            return
        if sentence is not None:
            steps.append(Step(name=name, outcome=Outcome.OK, sentence=sentence))


def _failed(name: str, message: str) -> Step:
    sentence = message if message.endswith(".") else message + "."
    return Step(name=name, outcome=Outcome.FAILED, sentence=sentence)


def _verdict(exam: Examination | None, steps: tuple[Step, ...]) -> Verdict:
    if exam is None or exam.statement is None:
        return Verdict(status=Status.REJECTED, steps=steps)
    said = exam.statement.predicate
    return Verdict(
        status=_status(exam, steps),
        steps=steps,
        digest=exam.subjects.get(paths.SUMS, ""),
        fingerprints=tuple(key.fingerprint for key in exam.signers),
        trusted=exam.trusted,
        entity=plain(said.entity),
        period_from=plain(said.period_from),
        period_to=plain(said.period_to),
        zone=plain(said.zone),
        scope=plain(said.scope),
        sealed_at=plain(said.sealed_at),
        simulated=said.simulated,
        files=len(exam.files.sizes),
        size=sum(exam.files.sizes.values()),
    )


def _status(exam: Examination, steps: tuple[Step, ...]) -> Status:
    if any(step.outcome is Outcome.FAILED for step in steps):
        return Status.REJECTED
    return Status.UNTRUSTED if exam.trust is None else Status.VERIFIED
