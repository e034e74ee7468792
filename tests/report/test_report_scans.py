"""Results of scans in a dossier and in a trace: what ran on what, who says so, what was open."""

from __future__ import annotations

from dataclasses import replace

from packet_factory import make_small

from evidence.model.policy_result import (
    Binding,
    Finding,
    FindingState,
    PolicyResult,
    Severity,
    Subject,
)
from evidence.report.render import write_packet
from evidence.report.scanned import scan_line, scan_rows
from evidence.report.timeline import timeline

DIGEST = "sha256:" + "c4" * 32
BAD = Finding(rule="CVE-2026-0001", severity=Severity.CRITICAL)
QUIET = Finding(rule="CVE-2026-0002", severity=Severity.LOW, state=FindingState.SUPPRESSED)
IMAGE = PolicyResult(
    source="ci",
    scan_id="1",
    tool="trivy",
    tool_version="0.74.0",
    database="2026-03-01T06:12:00Z",
    subject_kind=Subject.IMAGE,
    subject=DIGEST,
    binding=Binding.IN_FILE,
    scanned_at=1_772_445_600_000_000,
    findings=(QUIET, BAD, replace(BAD, severity=Severity.MEDIUM), BAD),
    entry_seq=17,
    observed_at=1_772_445_900_000_000,
)
EMPTY = replace(
    IMAGE,
    scan_id="2",
    tool="gitleaks",
    tool_version="",
    database="",
    subject_kind=Subject.COMMIT,
    subject="4be1c0ffee0123456789abcdef0123456789abcd",
    binding=Binding.ASSERTED,
    scanned_at=0,
    problem="it holds no list",
    findings=(),
    entry_seq=18,
)


def with_scans(*scans):
    data = make_small()
    (one,) = data.chains
    return replace(data, chains=(replace(one, evidence=replace(one.evidence, scans=scans)),))


def test_a_line_says_tool_subject_binding_and_what_was_open():
    lines = [scan_line(row) for row in scan_rows([IMAGE, EMPTY])]
    assert lines == [
        "gitleaks, version not told on 4be1c0ffee01 (asserted): inconclusive (it holds no list)",
        (
            "trivy 0.74.0 on sha256:c4c4c4c4c4c4 (in-file): fail (2 critical, 1 medium), "
            "1 ignored by the tool"
        ),
    ]


def test_a_dossier_prints_each_result_with_its_whole_digest(tmp_path):
    write_packet(with_scans(IMAGE, EMPTY), tmp_path)
    page = (tmp_path / "packet.html").read_text("utf-8")
    table = page[page.index("Scans and policy tests") :].split("</table>")[0]
    for told in (
        DIGEST,
        EMPTY.subject,
        "2026-03-01T06:12:00Z",
        "2 critical, 1 medium",
        "1 ignored by the tool",
        "as the result claims",
        "not told",
        "asserted",
    ):
        assert told in table


def test_a_dossier_without_results_has_no_table_of_them(tmp_path):
    write_packet(with_scans(), tmp_path)
    assert "Scans and policy tests" not in (tmp_path / "packet.html").read_text("utf-8")


def test_the_timeline_says_whose_word_the_time_of_a_scan_is():
    (one,) = with_scans(IMAGE, EMPTY, replace(IMAGE, server_time=True)).chains
    told = [row for row in timeline(one.evidence, ()) if row.what.startswith("Scan by")]
    assert [(row.what, row.reference, row.entry) for row in told] == [
        ("Scan by trivy: fail", "on sha256:c4c4c4c4c4c4, at a time that it claims", 17),
        ("Scan by trivy: fail", "on sha256:c4c4c4c4c4c4", 17),
    ]
