"""Golden cases: a small story, and what an auditor must find in it."""

from __future__ import annotations

from case_files import read_case
from case_run import IMPLEMENTED, differences, reread_otherwise, run_case
from losing import gained, without_one_capture, without_one_object

UNTESTED = "control not implemented"


def test_case(case_path, tmp_path, record_property):
    case = read_case(case_path)
    for control in sorted(case.controls - IMPLEMENTED):
        record_property(UNTESTED, (control, case.id))
    seen = run_case(case, tmp_path)
    assert differences(case, seen) == []
    assert reread_otherwise(seen) == []
    assert gained(seen.chains, seen.policy, seen.as_of, without_one_object) == []
    assert gained(seen.chains, seen.policy, seen.as_of, without_one_capture) == []
