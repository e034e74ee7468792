"""Results of scanners and policy engines that somebody hands over as a file.

What the file does not say (which commit or image it is about, which version of the tool ran) is
told beside it, and kept with the capture: such a binding is asserted, and shown as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evidence import canonical
from evidence.collectors.http import iso_micros, redact_url
from evidence.collectors.ingested.given import Document, Given
from evidence.collectors.interface import Parsed
from evidence.collectors.parsing import malformed, of_json
from evidence.collectors.scans.formats import names_to_hide, reports_of
from evidence.collectors.scans.hiding import RULE, without_secrets
from evidence.collectors.scans.report import ScanReport
from evidence.errors import MalformedError
from evidence.model.capture import Capture, Form, Redaction
from evidence.model.policy_result import Binding, PolicyResult, Subject

SCAN = "ingest.scan"
TOLD = (
    "tool",
    "tool_version",
    "database",
    "scanned_at",
    "commit",
    "image_digest",
    "repository",
    "run_url",
)
"""What may be told of a file; each is a text, empty where it is not told."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def captures(given: Given) -> tuple[Capture, ...]:
    """The file as one capture, without the secrets that it may hold.

    Its key is a digest of it and of what is told of it: the same once more adds nothing.

    Raises:
        MalformedError: no known result, one about another subject than is told, or about none.
    """
    told = {name: given.told[name] for name in TOLD if given.told.get(name)}
    _check(told)
    if "run_url" in told:
        told["run_url"] = redact_url(told["run_url"])
    value = _value(given)
    names = names_to_hide(value, told.get("tool", ""))
    text, hidden = without_secrets(given.data.decode("utf-8-sig"), names)
    payload = text.encode("utf-8", "surrogatepass") if hidden else given.data
    if not list(results_of(given.source, "", told, value)):
        raise MalformedError(f"{given.name} holds no result.")
    key = canonical.sha256_hex(
        canonical.canonical_json({**told, "file": canonical.sha256_hex(payload)})
    )
    document = Document(payload=payload, value={}, form=Form.EXACT, place="document")
    taken = replace(given, told=told).capture(SCAN, key, document)
    found = (Redaction(rule=RULE, count=hidden),) if hidden else ()
    return (replace(taken, redactions=found),)


@of_json
def parse(capture: Capture, value: Any) -> Parsed:
    """The results of a capture, one for each run and subject. Never raises."""
    try:
        facts = tuple(results_of(capture.source, capture.key, capture.context, value))
    except MalformedError as error:
        return malformed(capture, error.message)
    return Parsed(facts=facts)


def _value(given: Given) -> Any:
    try:
        return canonical.loads(given.data)
    except MalformedError as error:
        raise MalformedError(
            f"{given.name}: {error.message}",
            next_step="Let the scanner write JSON or SARIF; of Kubernetes objects `-o json`.",
        ) from error


def _check(told: Mapping[str, str]) -> None:
    wrong = ""
    if told.get("commit") and not _COMMIT.fullmatch(told["commit"]):
        wrong = "--commit is no full commit id (40 hexadecimal digits)"
    if told.get("image_digest") and not _DIGEST.fullmatch(told["image_digest"]):
        wrong = "--image-digest is not sha256: with 64 hexadecimal digits"
    if told.get("scanned_at") and not iso_micros(told["scanned_at"]):
        wrong = "--scanned-at is no time with a zone, such as 2026-07-06T09:00:00Z"
    if wrong:
        raise MalformedError(f"{wrong}.", next_step="Nothing was stored.")


def results_of(
    source: str, key: str, told: Mapping[str, str], value: object
) -> Iterator[PolicyResult]:
    """The results of a document, by what is told of it.

    Raises:
        MalformedError: nobody's result, one about another subject than is told, or about none.
    """
    for number, report in enumerate(reports_of(value, told.get("tool", ""))):
        for kind, subject, binding in _subjects(report, told):
            yield _shown(report, told).bound(
                source,
                f"{key}:{number}:{subject}",
                kind,
                subject,
                binding,
                repository=told.get("repository", ""),
            )


def _subjects(
    report: ScanReport, told: Mapping[str, str]
) -> Iterator[tuple[Subject, str, Binding]]:
    """What it is about: what is told, which the file must not contradict, else what it says."""
    wanted = (
        (Subject.COMMIT, told.get("commit", ""), report.commits),
        (Subject.IMAGE, told.get("image_digest", ""), report.digests),
    )
    asked = any(subject for _, subject, _ in wanted)
    if not asked and not report.commits and not report.digests:
        raise MalformedError(
            f"This result of {report.tool} does not say which commit or image it is about.",
            next_step="Say it by --commit or --image-digest.",
        )
    for kind, subject, known in wanted:
        if subject and known and subject not in known:
            raise MalformedError(
                f"This result says that it is about {', '.join(known)}, not about {subject}."
            )
        if subject:
            yield kind, subject, Binding.IN_FILE if subject in known else Binding.ASSERTED
        elif not asked:
            yield from ((kind, one, Binding.IN_FILE) for one in known)


def _shown(report: ScanReport, told: Mapping[str, str]) -> ScanReport:
    """With what is told where the file says nothing.

    What found nothing and does not say which version of the tool ran shows nothing, either.
    """
    database = report.database or told.get("database", "")
    shown = replace(
        report,
        tool_version=report.tool_version or told.get("tool_version", ""),
        database=database,
        database_at=report.database_at or iso_micros(database),
        scanned_at=report.scanned_at or iso_micros(told.get("scanned_at")),
        url=report.url or told.get("run_url", ""),
    )
    if shown.problem or shown.findings or shown.tool_version:
        return shown
    return replace(shown, problem="it found nothing and names no version of the tool")
