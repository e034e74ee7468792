"""Golden cases: a small story, and what an auditor must find in it."""

from __future__ import annotations

import pytest
from case_files import read_case
from case_run import IMPLEMENTED, differences, reread_otherwise, run_case
from losing import gained, traced_by_loss, without_one_capture, without_one_object
from sqlalchemy import make_url

pytestmark = pytest.mark.long

UNTESTED = "control not implemented"


def test_case(case_path, case_store, tmp_path, record_property):
    case = read_case(case_path)
    for control in sorted(case.controls - IMPLEMENTED):
        record_property(UNTESTED, (control, case.id))

    seen = run_case(case, tmp_path, case_store)

    assert differences(case, seen) == []
    assert reread_otherwise(seen) == []
    if make_url(case_store).get_backend_name() == "sqlite":
        # Of what was read already, and alike from both: once is enough.
        assert gained_by_loss(seen) == []


def gained_by_loss(seen):
    """What passes only without some of the evidence."""
    policy, as_of = seen.decision.policy, seen.decision.as_of
    return [
        *gained(seen.chains, policy, as_of, without_one_object),
        *gained(seen.chains, policy, as_of, without_one_capture),
        *traced_by_loss(seen.decision, seen.inputs),
    ]
