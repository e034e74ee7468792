"""Results of scanners as files: bound to what they are about, once, without the secret itself."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.ingested import scan
from evidence.collectors.ingested.given import Given
from evidence.errors import MalformedError
from evidence.model.capture import Capture, GapReason
from evidence.model.policy_result import Binding, PolicyResult, Subject, Verdict
from evidence.store.facts import row_of

sys.path.insert(0, str(Path(__file__).parents[1] / "scans"))

from samples import EVERY
from spoiling import spoiled as spoil

SHA = "4be1c0ffee0123456789abcdef0123456789abcd"
OTHER = "0" * 40
DIGEST = "sha256:" + "c4" * 32
PLATFORM = "sha256:" + "d5" * 32
AT = 1_783_330_200_000_000

LEAK = [{"RuleID": "generic-key", "File": "keys.py", "StartLine": 3, "Secret": "not a real one"}]
IMAGE: dict[str, Any] = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.74.0"},
    "CreatedAt": "2026-07-06T09:30:00Z",
    "Metadata": {"RepoDigests": [f"registry.example/a@{DIGEST}", f"registry.example/b@{PLATFORM}"]},
    "Results": [{"Target": "alpine", "Class": "os-pkgs"}],
}


def take(value: object, **told: str) -> Capture:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    given = Given(name="result.json", data=data, source="ci", observed_at=1, told=told)
    (capture,) = scan.captures(given)
    return capture


def results(value: object, **told: str) -> list[PolicyResult]:
    return list(scan.parse(take(value, **told)).facts)  # type: ignore[arg-type]


def test_a_file_is_about_what_is_told_of_it() -> None:
    (one,) = results(LEAK, commit=SHA, tool_version="8.30.1", repository="shop", run_url="u")
    assert (Subject.COMMIT, SHA, Binding.ASSERTED) == (one.subject_kind, one.subject, one.binding)
    assert ("8.30.1", "shop", "u", Verdict.FAIL) == (
        one.tool_version,
        one.repository,
        one.url,
        one.verdict,
    )


def test_a_file_is_about_what_it_says_itself_each_digest_of_it() -> None:
    found = results(IMAGE)
    assert [(DIGEST, Binding.IN_FILE), (PLATFORM, Binding.IN_FILE)] == [
        (one.subject, one.binding) for one in found
    ]
    assert 2 == len({one.scan_id for one in found})


def test_what_is_told_and_what_the_file_says_may_agree() -> None:
    (one,) = results(IMAGE, image_digest=DIGEST)
    assert (DIGEST, Binding.IN_FILE) == (one.subject, one.binding)


def test_a_file_about_something_else_than_is_told_is_refused() -> None:
    with pytest.raises(MalformedError, match="not about sha256:0000"):
        take(IMAGE, image_digest="sha256:" + "0" * 64)


def test_a_commit_may_be_told_of_the_scan_of_an_image() -> None:
    found = results(IMAGE, image_digest=DIGEST, commit=SHA)
    assert [(SHA, Binding.ASSERTED), (DIGEST, Binding.IN_FILE)] == [
        (one.subject, one.binding) for one in found
    ]


def test_a_file_about_nothing_is_refused() -> None:
    with pytest.raises(MalformedError, match="which commit or image") as caught:
        take(LEAK)
    assert "--commit" in caught.value.next_step


@pytest.mark.parametrize(
    "told", [{"commit": SHA[:7]}, {"image_digest": "latest"}, {"commit": SHA, "scanned_at": "now"}]
)
def test_a_subject_or_time_that_is_none_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(MalformedError, match="--"):
        take(LEAK, **told)


def test_what_the_file_says_itself_is_not_overridden() -> None:
    (one,) = results(
        IMAGE, image_digest=DIGEST, tool_version="9", scanned_at="2026-07-07T09:30:00Z"
    )
    assert ("0.74.0", AT) == (one.tool_version, one.scanned_at)


def test_a_database_that_is_told_as_a_time_is_one() -> None:
    (one,) = results(IMAGE, image_digest=DIGEST, database="2026-07-06T09:30:00Z")
    assert ("2026-07-06T09:30:00Z", AT) == (one.database, one.database_at)


def test_nothing_found_by_an_unknown_version_is_no_pass() -> None:
    told = {"tool": "gitleaks", "commit": SHA}
    assert Verdict.INCONCLUSIVE is results([], **told)[0].verdict
    assert Verdict.PASS is results([], **told, tool_version="8.30.1")[0].verdict


def test_the_secret_itself_is_not_kept_and_that_is_said() -> None:
    capture = take(LEAK, commit=SHA)
    assert b"not a real one" not in capture.payload
    assert [("scanned-secret", 1)] == [(one.rule, one.count) for one in capture.redactions]


def test_a_file_without_secrets_is_kept_byte_by_byte() -> None:
    data = b'\xef\xbb\xbf{ "SchemaVersion" : 2,\n"Results":[{"Target":"a"}] }'
    assert data == take(data, commit=SHA).payload


def test_the_same_file_about_the_same_is_the_same_and_about_another_is_another() -> None:
    assert take(LEAK, commit=SHA).key == take(LEAK, commit=SHA).key
    assert take(LEAK, commit=SHA).key != take(LEAK, commit=OTHER).key


def test_a_password_in_the_address_of_a_run_is_not_kept() -> None:
    told = take(LEAK, commit=SHA, run_url="https://ada:hush@ci.example/1").context["run_url"]
    assert "hush" not in told
    assert "ci.example/1" in told


@pytest.mark.parametrize("data", [b"", b"<xml/>", b'{"SchemaVersion": 2, "Resul', b"a: b"])
def test_what_is_no_json_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        take(data, commit=SHA)
    assert "SARIF" in caught.value.next_step


def test_a_stored_result_that_can_no_longer_be_read_is_a_gap() -> None:
    capture = replace(take(LEAK, commit=SHA), payload=b'{"a": 1}')
    parsed = scan.parse(capture)
    assert ((), [GapReason.MALFORMED]) == (parsed.facts, [one.reason for one in parsed.gaps])


@given(name=st.sampled_from(sorted(EVERY)), data=st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_handed_over_is_stored_or_refused(name: str, data: st.DataObject) -> None:
    tool, value = EVERY[name]
    spoiled = spoil(data, value)
    told = {"commit": SHA, "tool": data.draw(st.sampled_from(["", tool]))}
    try:
        capture = take(spoiled, **told)
    except MalformedError:
        return
    parsed = scan.parse(capture)
    assert parsed.facts
    for fact in parsed.facts:
        row_of(fact)


@given(data=st.binary(max_size=40))
def test_bytes_of_any_kind_are_refused_with_words(data: bytes) -> None:
    with pytest.raises(MalformedError):
        take(data, commit=SHA)
